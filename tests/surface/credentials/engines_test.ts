// TLS where the runtime's loop has no part: under a thread that blocks, and over a simulated network in virtual time.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  callCredentials,
  Channel,
  CompletionQueue,
  createCall,
  createClient,
  createSyncClient,
  type Metadata,
  QueueServer,
  receiveInitialMetadata,
  receiveMessage,
  receiveStatusOnClient,
  selectPoller,
  sendCloseFromClient,
  sendInitialMetadata,
  sendMessage,
  Server,
  tls,
} from "pollwire";
import { Authority } from "../../../examples/tls/authority.ts";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import type { TlsProvider } from "../../../transport/tls/config.ts";
import { NODE_TLS } from "../../../transport/tls/node/context.ts";
import { OPENSSL } from "../../../transport/tls/openssl/provider.ts";
import { test } from "../../harness.ts";
import { ALL_WAYS, LOCAL_WAYS, ServingThread, thrown } from "../blocking/bench.ts";
import { collect, echo, failure, type Note, numbersOf, Trial } from "../serving.ts";

const authority = new Authority();
const server = authority.issue({ name: "server", dns: ["localhost"], ip: ["127.0.0.1", "10.0.0.1"] });
const ca = authority.cert;

/** Calls `use` with the port of a server on another thread. */
async function servedElsewhere(provider: string, use: (port: number) => Promise<void> | void): Promise<void> {
  const serving = new ServingThread("127.0.0.1", { ...server, provider });
  try {
    await use(await serving.port);
  } finally {
    await serving.end();
  }
}

const skipped = ({ probe }: TlsProvider) => {
  const probed = probe();
  return probed.usable ? {} : { skip: probed.because };
};

for (const provider of [OPENSSL, NODE_TLS]) {
  for (const [poller, engineOptions] of ALL_WAYS) {
    const how = `${poller}${engineOptions.ownThread ? ", own thread" : ""}`;
    test(
      `TLS by ${provider.name}, ${how}: calls of all four kinds block their thread`,
      () =>
        servedElsewhere(provider.name, async (port) => {
          const engine = selectPoller(poller).create(engineOptions);
          const credentials = tls.client({ ca, provider: provider.name });
          const channel = new Channel(`127.0.0.1:${port}`, { poller: engine, credentials });
          const client = createSyncClient(Trial, channel);
          const options = { deadlineMs: 20_000 };
          assertEquals(client.one({ text: "a", number: 3 }, options).number, 3);
          assertEquals(numbersOf([...client.down({ number: 3 }, options)]), [1, 2, 3]);
          assertEquals(client.up([{ number: 1 }, { number: 2 }], options).number, 3);
          assertEquals(numbersOf([...client.both([{ number: 1 }, { number: 2 }], options)]), [1, 2]);
          const body = new Uint8Array(300_000).fill(7);
          for (let i = 0; i < 5; i++) assertEquals(client.one({ body }, options).body, body);
          const other = new Channel(`127.0.0.1:${port}`, {
            poller: engine,
            credentials: tls.client({ ca: new Authority("Other").cert, provider: provider.name }),
          });
          const error = thrown(() => createSyncClient(Trial, other).one({}, options));
          assertMatch(error.details, /TLS handshake failed/);
          await other[Symbol.asyncDispose]();
          await channel[Symbol.asyncDispose]();
          await new Promise<void>((resolve) => engine.onceIdle(resolve));
          await engine.shutdown();
        }),
      { ...skipped(provider), leaves: "a helper thread ends after the last of its channels" },
    );
  }

  for (const [poller, engineOptions] of ALL_WAYS) {
    test(
      `[C86] TLS by ${provider.name}, ${poller}${
        engineOptions.ownThread ? ", own thread" : ""
      }: calls that block show credentials`,
      () =>
        servedElsewhere(provider.name, async (port) => {
          const engine = selectPoller(poller).create(engineOptions);
          const channel = new Channel(`localhost:${port}`, {
            poller: engine,
            credentials: tls.client({ ca, provider: provider.name }),
            callCredentials: callCredentials.from(({ serviceUrl }) => ({ "x-said": serviceUrl })),
          });
          const client = createSyncClient(Trial, channel);
          const said: unknown[] = [];
          const onTrailers = (trailers: Metadata): unknown => said.push(trailers.getAll("x-said"));
          client.one({}, { onTrailers, deadlineMs: 20_000 });
          const ofCall = callCredentials.from(() => ({ "x-said": "the call's" }));
          client.one({}, { onTrailers, callCredentials: ofCall, deadlineMs: 20_000 });
          const url = `https://localhost:${port}/trial.Trial`;
          assertEquals(said, [[url], [url]]); // the channel's come first
          await channel[Symbol.asyncDispose]();
          await new Promise<void>((resolve) => engine.onceIdle(resolve));
          await engine.shutdown();
        }),
      { ...skipped(provider), leaves: "a helper thread ends after the last of its channels" },
    );
  }

  for (const [poller, engineOptions] of LOCAL_WAYS) {
    const how = `${poller}${engineOptions.ownThread ? ", own thread" : ""}`;
    const what = provider.isAsynchronous
      ? "no queue blocks its thread"
      : "a queue that blocks gets its events";
    test(`TLS by ${provider.name}, ${how}: ${what}`, () =>
      servedElsewhere(provider.name, async (port) => {
        const engine = selectPoller(poller).create(engineOptions);
        const credentials = tls.client({ ca, provider: provider.name });
        const channel = new Channel(`127.0.0.1:${port}`, { poller: engine, credentials });
        const queue = new CompletionQueue<string>({ poller: engine });
        const call = createCall(channel, Trial.methods.one, { queue, deadline: queue.deadlineIn(20_000) });
        const [response, status] = [receiveMessage<Note>(), receiveStatusOnClient()];
        const operations = [sendMessage<Note>({ number: 7 }), receiveInitialMetadata(), response, status];
        call.startBatch([sendInitialMetadata(), ...operations, sendCloseFromClient()], "done");
        if (provider.isAsynchronous) {
          assertThrows(() => queue.nextSync(), TypeError, "its TLS is by node:tls");
          call.cancel();
          await queue.next();
        } else {
          const event = queue.nextSync();
          assert(event.type === "OP_COMPLETE", event.type);
          assertEquals([event.tag, status.status?.details, response.message?.number], ["done", "", 7]);
        }
        queue.shutdown();
        await channel[Symbol.asyncDispose]();
        await new Promise<void>((resolve) => engine.onceIdle(resolve));
        await engine.shutdown();
      }), { ...skipped(provider), leaves: "a channel that was closed in its handshake" });
  }
}

for (const [poller, engineOptions] of LOCAL_WAYS) {
  const how = `${poller}${engineOptions.ownThread ? ", own thread" : ""}`;
  test(`TLS by ${NODE_TLS.name}, ${how}: no queue of a server blocks its thread`, async () => {
    const engine = selectPoller(poller).create(engineOptions);
    const serving = new Server({
      poller: engine,
      credentials: tls.server({ ...server, provider: NODE_TLS.name }),
    });
    const queue = new CompletionQueue<string>({ poller: engine });
    assertEquals(queue.nextSync(0).type, "QUEUE_TIMEOUT");
    new QueueServer(serving).registerCompletionQueue(queue);
    assertThrows(() => queue.nextSync(0), TypeError, "its TLS is by node:tls");
    serving.close();
    queue.shutdown();
    await new Promise<void>((resolve) => engine.onceIdle(resolve));
    await engine.shutdown();
  }, skipped(NODE_TLS));
}

for (const seed of [1, 2, 3, 4, 5]) {
  test(`TLS by openssl: over a simulated network, seed ${seed}`, async () => {
    const conditions = { maxSegmentBytes: [1, 7, 100, 1_500, 65_536][seed - 1]!, jitterMs: 3 };
    const simulation = new Simulation({
      seed,
      conditions: { ...conditions, bufferBytes: 20_000 },
      traceLines: 0,
    });
    const [here, there] = [simulation.host(), simulation.host()];
    const serving = new Server({
      poller: there,
      credentials: tls.server({ ...server, provider: "openssl" }),
    });
    serving.addService(Trial, echo);
    await serving.listen("0.0.0.0:443");
    const credentials = tls.client({ ca, serverName: "localhost", provider: "openssl" });
    const channel = new Channel(`${there.hostAddress}:443`, { poller: here, credentials });
    const client = createClient(Trial, channel);
    const body = new Uint8Array(seed === 1 ? 5_000 : 100_000).fill(5);
    const made = Promise.all([
      client.one({ body }).then((note) => assertEquals(note.body, body)),
      collect(client.down({ number: 20 })).then((notes) => assertEquals(notes.length, 20)),
      client.up([{ number: 4 }, { number: 5 }]).then((note) => assertEquals(note.number, 9)),
      collect(client.both([{ number: 6 }, { number: 7 }])).then((notes) => assertEquals(notes.length, 2)),
    ]);
    await simulation.run();
    await made;
    const wrong = new Channel(`${there.hostAddress}:443`, {
      poller: here,
      credentials: tls.client({ ca, serverName: "other.example", provider: "openssl" }),
    });
    const refused = failure(createClient(Trial, wrong).one({}));
    await simulation.run();
    assertMatch((await refused).details, /hostname mismatch/);
    wrong.close();
    channel.close();
    serving.close();
    await simulation.run();
  }, skipped(OPENSSL));
}
