// Calls that the server certainly did not process are made again, of all four kinds, while what was sent is kept.
import { assertEquals, assertMatch } from "@std/assert";
import {
  Channel,
  ClientBidiReactor,
  CompletionQueue,
  createCall,
  createClient,
  createReactorClient,
  type DoneStatus,
  receiveInitialMetadata,
  receiveMessage,
  receiveStatusOnClient,
  type RpcError,
  sendCloseFromClient,
  sendInitialMetadata,
  sendMessage,
  Server,
  Status,
  statusName,
} from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { ErrorCode } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";
import {
  goAway,
  parse,
  PREFACE,
  rst,
  setting,
  SETTINGS_ACK,
  windowUpdate,
} from "../../transport/http2/wire.ts";
import { listenAt, RawPeer } from "../../transport/raw_peer.ts";
import {
  collect,
  echo,
  failure,
  gate,
  type Note,
  serving,
  sum,
  Trial,
  type TrialClient,
} from "../serving.ts";

const INITIAL_WINDOW_SIZE = 4;

const REFUSALS: ReadonlyArray<[string, (peer: RawPeer, id: number) => void]> = [
  [
    "REFUSED_STREAM",
    (peer, id) => peer.send(goAway(2 ** 31 - 1, ErrorCode.NO_ERROR), rst(id, ErrorCode.REFUSED_STREAM)),
  ],
  ["GOAWAY below its stream", (peer) => peer.send(goAway(0, ErrorCode.NO_ERROR))],
];

/** What the calls of each kind give. */
const KINDS: Readonly<Record<string, [call: (client: TrialClient) => Promise<unknown>, gives: unknown]>> = {
  unary: [(client) => client.one({ number: 5 }).then(({ number }) => number), 5],
  "server streaming": [(client) => collect(client.down({ number: 3 })).then(sum), 6],
  "client streaming": [(client) => client.up([{ number: 1 }, { number: 2 }]).then(({ number }) => number), 3],
  bidirectional: [(client) => collect(client.both(slowly())).then(sum), 6],
};

/** Two requests, the second one later than the first refusal. */
async function* slowly(): AsyncGenerator<Note> {
  yield { number: 1 };
  await Promise.resolve();
  yield { number: 2 };
}

/** A channel whose first connection refuses its stream once it has `afterBytes` octets of DATA; the second one is served. */
class World {
  readonly simulation = new Simulation();
  connections = 0;
  /** Opened with the second connection. */
  readonly again = gate();
  readonly client: TrialClient;
  private readonly at = this.simulation.host();
  readonly channel: Channel;
  private readonly server = new Server({ poller: this.at });

  constructor(private readonly refuse: (peer: RawPeer, id: number) => void) {
    this.channel = new Channel(`${this.at.hostAddress}:80`, { poller: this.simulation.host() });
    this.client = createClient(Trial, this.channel);
    this.server.addService(Trial, echo);
  }

  async serve(afterBytes = 0): Promise<void> {
    await listenAt(this.at, (endpoint) => {
      if (++this.connections > 1) {
        this.again.open();
        return this.server.serveEndpoint(endpoint);
      }
      let refused = false;
      const peer = new RawPeer(endpoint, () => {
        const frames = parse(peer.received.subarray(PREFACE.length));
        const bytes = frames.filter(({ type }) => type === "DATA").reduce(
          (sum, { payload }) => sum + payload.length,
          0,
        );
        const request = frames.find(({ type }) => type === "HEADERS");
        if (refused || request === undefined || bytes < afterBytes) return;
        refused = true;
        this.refuse(peer, request.id);
      });
      peer.send(setting([INITIAL_WINDOW_SIZE, 2 ** 30]), SETTINGS_ACK, windowUpdate(0, 2 ** 30));
    });
  }

  /** What `call` gives, or its status. */
  async outcome(call: Promise<unknown>): Promise<unknown> {
    const ended = call.catch((error: RpcError) => error.code);
    await this.simulation.run({ until: 60_000 });
    this.channel.close();
    this.server.close();
    return await ended;
  }
}

for (const [what, refuse] of REFUSALS) {
  for (const [kind, [call, gives]] of Object.entries(KINDS)) {
    test(`replay: ${what} of a ${kind} call: it is made again, with all that was sent`, async () => {
      const world = new World(refuse);
      await world.serve();
      assertEquals(await world.outcome(call(world.client)), gives);
      assertEquals(world.connections, 2);
    });
  }
}

test("replay: observers see one call of two attempts, whose requests are counted once", async () => {
  for (const [kind, requests] of [["unary", 1], ["client streaming", 2]] as const) {
    const world = new World(REFUSALS[0]![1]);
    const seen: string[] = [];
    world.channel.observe({
      onCallBegin: () => void seen.push("begin"),
      onAttempt: ({ attempts }) => void seen.push(`attempt ${attempts}`),
      onCallEnd: ({ attempts, messagesSent, status }) =>
        void seen.push(`${status} ${attempts} ${messagesSent}`),
    });
    await world.serve();
    await world.outcome(KINDS[kind]![0](world.client));
    assertEquals(seen, ["begin", "attempt 1", "attempt 2", `OK 2 ${requests}`]);
  }
});

/** Requests of 64 KiB. */
function* chunks(count: number): Generator<Note> {
  for (let number = 1; number <= count; number++) yield { number, body: new Uint8Array(65_536) };
}

test("replay: requests are kept up to 256 KiB, and a call that sent more is not made again", async () => {
  for (const [count, outcome] of [[3, 6], [6, Status.UNAVAILABLE]] as const) {
    const world = new World(REFUSALS[0]![1]);
    await world.serve(count * 65_536);
    const call = world.client.up(chunks(count)).then(({ number }) => number);
    assertEquals([count, await world.outcome(call)], [count, outcome]);
  }
});

test("replay: requests that come while there is no stream are sent with the next one, in their order", async () => {
  const world = new World(REFUSALS[1]![1]);
  await world.serve();
  async function* requests(): AsyncGenerator<Note> {
    yield { number: 1 };
    await world.again.opened;
    yield { number: 2 };
  }
  const call = collect(world.client.both(requests())).then((notes) => notes.map(({ number }) => number));
  assertEquals(await world.outcome(call), [2, 4]);
});

test("replay: a request above what is kept, and above what may be sent, ends its call alone", async () => {
  const body = new Uint8Array(300_000);
  const wrong: unknown[] = [];
  await serving(echo, async ({ client, channel }) => {
    const isTooLarge = async (call: PromiseLike<unknown>): Promise<void> =>
      assertMatch(
        `${await failure(call)}`,
        /^RpcError: RESOURCE_EXHAUSTED: message of 3000\d\d bytes to be sent/,
      );
    for (let i = 0; i < 2; i++) { // before there is a connection, and with one
      await isTooLarge(client.up([{ body }]));
      await isTooLarge(client.up([{ body }], { corked: true }));
      await isTooLarge(collect(client.both([{ number: 1, body }])));
      assertEquals((await client.up([{ number: 1 }])).number, 1);
    }
    const status = new Promise<string>((resolve) => {
      class Writer extends ClientBidiReactor<Note, Note> {
        override onDone({ code }: DoneStatus): void {
          resolve(statusName(code));
        }
      }
      const writer = createReactorClient(Trial, channel).both(new Writer());
      writer.addHold();
      writer.startCall();
      writer.startWrite({ body });
      writer.removeHold();
    });
    assertEquals(await status, "RESOURCE_EXHAUSTED");
  }, { channel: { maxSendMessageBytes: 1_000, onError: (error) => void wrong.push(error) } });
  assertEquals(wrong, []);
});

/** A call over a completion queue: its batches, each started when the one before it is done. */
async function byQueue(world: World, whole: boolean): Promise<unknown> {
  const queue = new CompletionQueue<number>({ poller: world.simulation.host() });
  const call = createCall(world.channel, Trial.methods.one, { queue });
  const [message, status] = [receiveMessage<Note>(), receiveStatusOnClient()];
  const sends = [sendInitialMetadata(), sendMessage<Note>({ number: 5 }), sendCloseFromClient()];
  const receives = [receiveInitialMetadata(), message, status];
  for (const batch of whole ? [[...sends, ...receives]] : [...sends.map((one) => [one]), receives]) {
    call.startBatch(batch, 1);
    await queue.next();
  }
  queue.destroy();
  return status.status?.code === Status.OK ? message.message?.number : status.status?.code;
}

for (const whole of [true, false]) {
  test(`replay: a call over a completion queue, in ${whole ? "one batch" : "batches"}, is made again`, async () => {
    for (const [, refuse] of REFUSALS) {
      const world = new World(refuse);
      await world.serve(1);
      assertEquals(await world.outcome(byQueue(world, whole)), 5);
      assertEquals(world.connections, 2);
    }
  });
}
