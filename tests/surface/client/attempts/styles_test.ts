// Retries and hedging of calls in every style, over real sockets: no style does anything of its own for them.
import { assertEquals } from "@std/assert";
import {
  Channel,
  ClientBidiReactor,
  ClientReadReactor,
  ClientWriteReactor,
  CompletionQueue,
  createCall,
  createClient,
  createQueueClient,
  createReactorClient,
  genericClient,
  receiveInitialMetadata,
  receiveMessage,
  receiveStatusOnClient,
  RpcError,
  sendCloseFromClient,
  sendInitialMetadata,
  sendMessage,
  Server,
  type ServerCall,
} from "pollwire";
import { test } from "../../../harness.ts";
import { ALL_WAYS, blocking, endSharedServer, startSharedServer } from "../../blocking/bench.ts";
import { collect, type Note, sum, Trial, type TrialClient } from "../../serving.ts";
import { hedge, retry } from "./retrying.ts";

await startSharedServer();

const quickly = { initialBackoff: "0.002s", maxBackoff: "0.002s" };
/** Both make three attempts where two fail at once. */
const POLICIES = { retry: retry(quickly), hedging: hedge({ hedgingDelay: "60s" }) };

const through = (client: TrialClient): Promise<number> =>
  client.one({ number: 6 }).then(({ number }) => number!);

/** Calls that give 6. */
const STYLES: Readonly<Record<string, (channel: Channel) => Promise<number>>> = {
  unary: (channel) => through(createClient(Trial, channel)),
  "server streaming": (channel) => collect(createClient(Trial, channel).down({ number: 3 })).then(sum),
  "client streaming": (channel) =>
    createClient(Trial, channel).up([{ number: 2 }, { number: 4 }]).then(({ number }) => number!),
  bidirectional: (channel) =>
    collect(createClient(Trial, channel).both([{ number: 1 }, { number: 5 }])).then(sum),
  intercepted: (channel) =>
    through(createClient(Trial, channel, { interceptors: [(next) => (call) => next(call)] })),
  generic: async (channel) => {
    const request = Uint8Array.of(0x10, 6);
    return (await genericClient(channel).unary("/trial.Trial/One", request))[1]!;
  },
  "one batch": async (channel) => {
    const queue = new CompletionQueue<number>();
    const call = createCall(channel, Trial.methods.one, { queue });
    const message = receiveMessage<Note>();
    const sends = [sendInitialMetadata(), sendMessage<Note>({ number: 6 }, 0), sendCloseFromClient()];
    call.startBatch([...sends, receiveInitialMetadata(), message, receiveStatusOnClient()], 1);
    await queue.next();
    queue.shutdown();
    return message.message!.number!;
  },
  batches: async (channel) => {
    const queue = new CompletionQueue<number>();
    const call = createCall(channel, Trial.methods.one, { queue });
    const message = receiveMessage<Note>();
    const sends = [sendInitialMetadata(), sendMessage<Note>({ number: 6 }), sendCloseFromClient()];
    for (
      const batch of [...sends.map((one) => [one]), [
        receiveInitialMetadata(),
        message,
        receiveStatusOnClient(),
      ]]
    ) {
      call.startBatch(batch, 1);
      assertEquals((await queue.next() as { success: boolean }).success, true);
    }
    queue.shutdown();
    return message.message!.number!;
  },
  "queue client": async (channel) => {
    const queue = new CompletionQueue<number>();
    const call = createQueueClient(Trial, channel, queue).asyncOne({ number: 6 });
    call.finish(1);
    await queue.next();
    queue.shutdown();
    return call.response!.number!;
  },
  "unary callback": (channel) =>
    new Promise((resolve) => {
      createReactorClient(Trial, channel).one(
        { number: 6 },
        (_status, response) => resolve(response!.number!),
      );
    }),
  "write reactor": (channel) => new Promise((resolve) => new Writes(channel, resolve)),
  "read reactor": (channel) => new Promise((resolve) => new Reads(channel, resolve)),
  "bidi reactor": (channel) => new Promise((resolve) => new Both(channel, resolve)),
};

class Writes extends ClientWriteReactor<Note, Note> {
  private number = 2;

  constructor(channel: Channel, private readonly resolve: (sum: number) => void) {
    super();
    createReactorClient(Trial, channel).up(this);
    this.startWrite({ number: 2 }, { through: true });
    this.startCall();
  }
  override onWriteDone(ok: boolean): void {
    if (!ok) return;
    this.number += 2;
    if (this.number === 4) this.startWriteLast({ number: 4 });
  }
  override onDone(): void {
    this.resolve(this.response.number!);
  }
}

class Reads extends ClientReadReactor<Note> {
  private total = 0;

  constructor(channel: Channel, private readonly resolve: (sum: number) => void) {
    super();
    createReactorClient(Trial, channel).down({ number: 3 }, this);
    this.startRead();
    this.startCall();
  }
  override onReadDone(ok: boolean): void {
    if (!ok) return;
    this.total += this.message.number!;
    this.startRead();
  }
  override onDone(): void {
    this.resolve(this.total);
  }
}

class Both extends ClientBidiReactor<Note, Note> {
  private total = 0;
  private written = 0;

  constructor(channel: Channel, private readonly resolve: (sum: number) => void) {
    super();
    createReactorClient(Trial, channel).both(this);
    this.startRead();
    this.startWrite({ number: 1 });
    this.startCall();
  }
  override onWriteDone(ok: boolean): void {
    if (!ok) return;
    if (++this.written === 1) this.startWrite({ number: 5 });
    else this.startWritesDone();
  }
  override onReadDone(ok: boolean): void {
    if (!ok) return;
    this.total += this.message.number!;
    this.startRead();
  }
  override onDone(): void {
    this.resolve(this.total);
  }
}

/** A server whose methods fail before the third attempt. */
async function served(
  policy: object,
  check: (channel: Channel, seen: string[]) => Promise<void>,
): Promise<void> {
  const seen: string[] = [];
  const attempt = ({ metadata }: ServerCall): void => {
    const before = String(metadata.get("grpc-previous-rpc-attempts") ?? "-");
    seen.push(before);
    if (before !== "2") throw new RpcError("UNAVAILABLE", "not yet");
  };
  const server = new Server();
  server.addService(Trial, {
    one: (request, call) => (attempt(call), request),
    async *down({ number }, call) {
      attempt(call);
      for (let i = 1; i <= number!; i++) yield { number: i };
    },
    up: async (requests, call) => {
      attempt(call);
      return { number: sum(await collect(requests)) };
    },
    async *both(requests, call) {
      attempt(call);
      yield* requests;
    },
  });
  const port = await server.listen("127.0.0.1:0");
  const serviceConfig = { methodConfig: [{ name: [{}], ...policy }] };
  const channel = new Channel(`127.0.0.1:${port}`, { serviceConfig });
  try {
    await check(channel, seen);
  } finally {
    channel.close();
    server.close();
    await server.shutdown();
  }
}

for (const [policy, config] of Object.entries(POLICIES)) {
  for (const [style, call] of Object.entries(STYLES)) {
    test(`[C57] ${style}: ${policy} makes a call until it succeeds`, () =>
      served(config, async (channel, seen) => {
        assertEquals([await call(channel), seen], [6, ["-", "1", "2"]]);
      }));
  }

  blocking(
    ALL_WAYS,
    `[C57] blocking calls: ${policy} makes a call until it succeeds`,
    ({ client, channel }) => {
      const attempts: number[] = [];
      channel.observe({ onCallEnd: (call) => void attempts.push(call.attempts) });
      assertEquals(client.one({ text: "third", number: 6 }).number, 6);
      assertEquals([...client.down({ text: "third", number: 3 })].map(({ number }) => number), [1, 2, 3]);
      assertEquals(client.up([2, 4].map((number) => ({ text: "third", number }))).number, 6);
      assertEquals(attempts, [3, 3, 3]);
    },
    { serviceConfig: { methodConfig: [{ name: [{}], ...config }] } },
  );
}

endSharedServer();
