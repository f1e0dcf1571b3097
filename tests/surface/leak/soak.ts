// Makes calls, streams and connections, and prints what the heap holds between them: a child of leak_test.ts, because
// collecting garbage on demand needs a flag of its own on Deno.
import process from "node:process";
import { Channel, createClient, createEngine, describePollers, Server } from "pollwire";
import { Authority } from "../../../examples/tls/authority.ts";
import { OpenSslContext } from "../../../transport/tls/openssl/context.ts";
import { openOpenSsl } from "../../../transport/tls/openssl/library.ts";
import { collect, echo, Trial } from "../serving.ts";

const WARM_UP_CALLS = 100_000;
const CALLS = 1_000_000;
const IN_FLIGHT = 100;
const STREAMS = 2_000;
const CONNECTIONS = 500;
/** Of one call, each removed again: what its handler waits for with the call's signal does so. */
const LISTENERS = 40_000;
/** Of TLS, as each credentials have one. */
const CONTEXTS = 100;
/** With a poller thread each. */
const ENGINES = 20;

const server = new Server();
server.addService(Trial, {
  ...echo,
  async *both(requests, { signal }) {
    for await (const request of requests) {
      listen(signal, request.number!);
      yield request;
    }
  },
});
const address = `127.0.0.1:${await server.listen("127.0.0.1:0")}`;
const channel = new Channel(address);
const client = createClient(Trial, channel);

await calls(WARM_UP_CALLS);
await streams(100);
await connections(50);
const before = await heapBytes();
await calls(CALLS);
const afterCalls = await heapBytes();
await streams(STREAMS);
const afterStreams = await heapBytes();
await connections(CONNECTIONS);
const afterConnections = await heapBytes();
const afterListeners = before + await listeners();
channel.close();
await server.shutdown();
const contexts = await contextsLeft();
const engines = await enginesLeft();
console.log(
  JSON.stringify({ before, afterCalls, afterStreams, afterConnections, afterListeners, contexts, engines }),
);

async function calls(count: number): Promise<void> {
  let left = count;
  const one = async (): Promise<void> => {
    while (left-- > 0) if ((await client.one({ number: 7 })).number !== 7) throw new Error("a wrong answer");
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
}

async function streams(count: number): Promise<void> {
  const all = Array.from({ length: count }, () => collect(client.down({ number: 3 })));
  for (const messages of await Promise.all(all)) if (messages.length !== 3) throw new Error("a wrong answer");
}

async function connections(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const other = new Channel(address, { shareConnections: false });
    await createClient(Trial, other).one({ number: i });
    other.close();
  }
}

/** Bytes more in use while the call goes on. */
async function listeners(): Promise<number> {
  let bytes = 0;
  const asked = async function* () {
    yield { number: 1 };
    bytes = -await heapBytes();
    yield { number: LISTENERS };
    bytes += await heapBytes();
  };
  await collect(client.both(asked()));
  return bytes;
}

function listen(signal: AbortSignal, times: number): void {
  for (let i = 0; i < times; i++) {
    const listener = (): void => {};
    const step = new AbortController();
    signal.addEventListener("abort", listener, { once: true, signal: step.signal });
    if (i % 2 === 0) signal.removeEventListener("abort", listener);
    else step.abort();
  }
}

/** Contexts of OpenSSL that nobody has any more, and that were not freed. */
async function contextsLeft(): Promise<number> {
  const opened = openOpenSsl();
  if (!opened.ok) return 0;
  let left = CONTEXTS;
  const openssl = Object.create(opened.openssl, {
    SSL_CTX_free: {
      value: (...context: Parameters<typeof opened.openssl.SSL_CTX_free>) => {
        left--;
        opened.openssl.SSL_CTX_free(...context);
      },
    },
  });
  const ca = new Authority().cert;
  for (let i = 0; i < CONTEXTS; i++) new OpenSslContext(openssl, { ca });
  await heapBytes();
  return left;
}

/** Engines that were shut down while their poller threads waited for events, and that something still has. */
async function enginesLeft(): Promise<number> {
  if (!describePollers().some(({ name, usable }) => name === "epoll" && usable)) return 0;
  const gone = await Promise.all(Array.from({ length: ENGINES }, engineThatWaited));
  await heapBytes();
  return gone.filter((engine) => engine.deref() !== undefined).length;
}

async function engineThatWaited(): Promise<WeakRef<object>> {
  const engine = createEngine("epoll");
  const idle = new Server({ poller: engine });
  await idle.listen("127.0.0.1:0");
  await new Promise((resolve) => setTimeout(resolve, 1_000)); // the threads start meanwhile
  await idle.shutdown();
  await engine.shutdown();
  return new WeakRef(engine);
}

/** Bytes in use once nothing more can be collected. */
async function heapBytes(): Promise<number> {
  const runtime = globalThis as unknown as { gc?: () => void; Bun?: { gc(sync: boolean): void } };
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (runtime.Bun !== undefined) runtime.Bun.gc(true);
    else runtime.gc!();
  }
  return process.memoryUsage().heapUsed;
}
