// Handlers of one connection: as many as it may have streams, however the streams ended; further calls wait in order.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Channel, createClient, type Logger, Server, type ServerCall, Status } from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { ErrorCode } from "../../../transport/http2/error.ts";
import { test } from "../../harness.ts";
import {
  Bench,
  data,
  END_STREAM,
  PREFACE,
  rst,
  setting,
  SETTINGS_ACK,
  windowUpdate,
} from "../../transport/http2/wire.ts";
import { RawPeer } from "../../transport/raw_peer.ts";
import { collect, failure, type Handlers, type Note, Trial, type TrialClient } from "../serving.ts";

const LIMIT = 3;

/** A server whose handlers take no notice of their signal: a test ends them one by one. */
class World {
  readonly simulation = new Simulation();
  readonly warnings: string[] = [];
  /** Of handlers that run: what ends each. */
  readonly running: Array<{ number: number; end: () => void }> = [];
  private readonly host = this.simulation.host();
  private readonly server = new Server({
    poller: this.host,
    settings: { maxConcurrentStreams: LIMIT },
    logger: { error() {}, warn: (line) => this.warnings.push(line), info() {}, debug() {} } as Logger,
  });

  async serve(handlers: Handlers): Promise<Channel> {
    this.server.addService(Trial, handlers);
    await this.server.listen(`${this.host.hostAddress}:80`);
    return new Channel(`${this.host.hostAddress}:80`, { poller: this.simulation.host() });
  }

  /** What a handler waits for. */
  work(number: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.running.splice(this.running.findIndex((one) => one.end === end), 1);
        resolve();
      };
      this.running.push({ number, end });
    });
  }

  get numbers(): number[] {
    return this.running.map(({ number }) => number);
  }

  /** Ends the oldest handler. */
  endOne(): Promise<void> {
    this.running[0]!.end();
    return this.pass(10);
  }

  pass(ms: number): Promise<void> {
    return this.simulation.run({ until: this.simulation.now + ms });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.running.length > 0) await this.endOne();
    void this.server.shutdown();
    await this.simulation.run();
  }
}

const kinds: Array<[
  name: string,
  handlers: (world: World) => Handlers,
  call: (client: TrialClient, number: number, deadlineMs?: number) => PromiseLike<unknown>,
]> = [
  ["unary", (world) => ({
    one: async (request) => {
      await world.work(request.number!);
      return request;
    },
  }), (client, number, deadlineMs) => client.one({ number }, options(deadlineMs))],
  ["client streaming", (world) => ({
    up: async (requests) => {
      const [first] = await collect(requests).catch(() => [{ number: -1 }]);
      await world.work(first!.number!);
      return first!;
    },
  }), (client, number, deadlineMs) => client.up([{ number }], options(deadlineMs))],
  ["server streaming", (world) => ({
    async *down({ number }) {
      await world.work(number!);
      yield { number: number! };
    },
  }), (client, number, deadlineMs) => collect(client.down({ number }, options(deadlineMs)))],
  ["bidirectional", (world) => ({
    async *both(requests) {
      const [first] = await collect(requests).catch(() => [{ number: -1 }]);
      await world.work(first!.number!);
      yield first!;
    },
  }), (client, number, deadlineMs) => collect(client.both([{ number }], options(deadlineMs)))],
];

function options(deadlineMs: number | undefined) {
  return deadlineMs === undefined ? {} : { deadlineMs };
}

for (const [kind, handlers, call] of kinds) {
  test(`handlers, ${kind}: those of calls past their deadline count, and further calls wait in order`, async () => {
    await using world = new World();
    using channel = await world.serve(handlers(world));
    const client = createClient(Trial, channel);
    const codes: number[] = [];
    for (let number = 1; number <= 10; number++) {
      void failure(call(client, number, 20)).then(({ code }) => codes.push(code));
      await world.pass(50);
    }
    assertEquals(world.numbers, [1, 2, 3], "more handlers run than the connection may have streams");
    assertEquals(codes, new Array(10).fill(Status.DEADLINE_EXCEEDED));

    const answered: number[] = [];
    for (const number of [11, 12, 13]) void call(client, number).then(() => answered.push(number));
    await world.pass(50);
    assertEquals(world.numbers, [1, 2, 3]);
    await world.endOne();
    assertEquals(world.numbers, [2, 3, 11], "calls whose deadline passed while they waited are served");
    await world.endOne();
    await world.endOne();
    assertEquals(world.numbers, [11, 12, 13]);
    while (world.running.length > 0) await world.endOne();
    assertEquals(answered, [11, 12, 13]);
    assertEquals(world.warnings.length, 1);
    assertStringIncludes(world.warnings[0]!, `wait: ${LIMIT} handlers of its connection run`);
  });
}

test("handlers: calls wait while there is a stream for them, and what is beyond that is refused", async () => {
  await using world = new World();
  using channel = await world.serve(kinds[0]![1](world));
  const client = createClient(Trial, channel);
  for (let number = 1; number <= LIMIT; number++) void failure(client.one({ number }, { deadlineMs: 20 }));
  await world.pass(50);
  const calls = [4, 5, 6, 7, 8].map((number) => client.one({ number }));
  await world.pass(50);
  assertEquals(world.numbers, [1, 2, 3]);
  for (let i = 0; i < 8; i++) await world.endOne();
  assertEquals((await Promise.all(calls)).map(({ number }) => number), [4, 5, 6, 7, 8]);
});

test("handlers: those that end with their call leave room at once, and sync ones wait for nobody", async () => {
  await using world = new World();
  let most = 0;
  let running = 0;
  const signalled = (_: Note, { signal }: ServerCall) => {
    most = Math.max(most, ++running);
    return new Promise<Note>((resolve) =>
      signal.addEventListener("abort", () => {
        running--;
        resolve({});
      })
    );
  };
  using channel = await world.serve({ one: signalled, down: ({ number }) => [{ number: number! }] });
  const client = createClient(Trial, channel);
  for (let i = 0; i < 4 * LIMIT; i++) {
    void failure(client.one({}, { deadlineMs: 20 }));
    await world.pass(i % 3 === 0 ? 30 : 0);
  }
  await world.pass(100);
  assertEquals([running, most], [0, LIMIT]);
  const numbers = Array.from({ length: 20 }, (_, number) => number);
  const streams = Promise.all(numbers.map((number) => collect(client.down({ number }))));
  await world.pass(500);
  assertEquals((await streams).map(([note]) => note!.number), numbers);
  assertEquals(world.warnings, []);
});

test("handlers: those that end with their call are not warned of, where the next call comes with the end", async () => {
  await using world = new World();
  let served = 0;
  using channel = await world.serve({
    one: (_, { signal }) => {
      served++;
      return new Promise<Note>((resolve) => signal.addEventListener("abort", () => resolve({})));
    },
  });
  const client = createClient(Trial, channel);
  const deadlines = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => number * 100);
  const calls = Promise.all(deadlines.map((deadlineMs) => failure(client.one({}, { deadlineMs }))));
  await world.pass(2_000);
  assertEquals((await calls).map(({ code }) => code), deadlines.map(() => Status.DEADLINE_EXCEEDED));
  assertEquals([served, world.warnings], [9, []]);
});

/** Unary calls made of frames, by a client that may read nothing. */
class RawCaller {
  private id = 1;
  private readonly encoder = new Bench("client");
  constructor(readonly peer: RawPeer) {
    peer.send(PREFACE, setting(), SETTINGS_ACK);
  }

  /** Calls `one` with a text of `length`. */
  call(count: number, length: number): void {
    const text = [0x0a, length & 127 | 128, length >> 7, ...new Array(length).fill(65)];
    const framed = Uint8Array.of(0, 0, 0, text.length >> 8, text.length & 255, ...text);
    for (; count > 0; count--, this.id += 2) {
      const fields = {
        ":method": "POST",
        ":scheme": "http",
        ":path": "/trial.Trial/One",
        ":authority": "test",
      };
      const more: Array<[string, string]> = [["te", "trailers"], ["content-type", "application/grpc"]];
      this.peer.send(
        this.encoder.headers(this.id, [...Object.entries(fields), ...more]),
        data(this.id, framed, END_STREAM),
      );
    }
  }

  /** Answers that are whole, and streams that were refused. */
  get ends(): [answered: number, refused: number] {
    const { frames } = this.peer;
    const count = (pattern: RegExp) => frames.filter((frame) => pattern.test(frame)).length;
    return [count(/^HEADERS \d+ end/), count(/^RST_STREAM \d+ REFUSED_STREAM/)];
  }
}

test("handlers: while a client's window lets no answer out, no further handler begins; then all that waited do", async () => {
  const simulation = new Simulation();
  const host = simulation.host();
  const server = new Server({ poller: host });
  let begun = 0;
  server.addService(Trial, {
    one: (request) => {
      begun++;
      return request;
    },
  });
  await server.listen(`${host.hostAddress}:80`);
  let caller: RawCaller | undefined;
  simulation.host().connect({ family: "ipv4", host: host.hostAddress, port: 80 }, {}, (result) => {
    if (result.ok) caller = new RawCaller(new RawPeer(result.value));
  });
  const pass = () => simulation.run({ until: simulation.now + 100 });
  await pass();
  caller!.call(500, 1_000);
  await pass();
  // 65,535 octets of answers go out, 8 wait, and the rest has not begun.
  assertEquals(begun, 65 + 8);
  assertEquals(caller!.ends, [65, 0]);
  // Those that wait and are reset wait no more, though no window opens: as many others begin.
  for (let waiting = 65; waiting < 65 + 8; waiting++) {
    caller!.peer.send(rst(1 + 2 * waiting, ErrorCode.CANCEL));
  }
  await pass();
  assertEquals([begun, caller!.ends], [65 + 8 + 8, [65, 0]]);
  caller!.peer.send(windowUpdate(0, 1_000_000));
  await pass();
  assertEquals([begun, caller!.ends], [500, [500 - 8, 0]]);
  caller!.peer.close();
  void server.shutdown();
  await simulation.run();
});

test("handlers: where calls of many connections wait fewer of each may, and what is beyond is refused", async () => {
  const simulation = new Simulation();
  const host = simulation.host();
  const server = new Server({ poller: host });
  server.addService(Trial, { one: (request) => request });
  await server.listen(`${host.hostAddress}:80`);
  const callers: RawCaller[] = [];
  for (let i = 0; i < 12; i++) {
    simulation.host().connect({ family: "ipv4", host: host.hostAddress, port: 80 }, {}, (result) => {
      if (result.ok) callers.push(new RawCaller(new RawPeer(result.value)));
    });
  }
  const pass = () => simulation.run({ until: simulation.now + 100 });
  await pass();
  const answered = 65;
  const queued = 8;
  for (const caller of callers.slice(0, 9)) caller.call(answered + queued + 1_000, 1_000);
  await pass();
  const refused = callers.slice(0, 9).map(({ ends }) => ends[1]);
  assertEquals(refused.reduce((sum, count) => sum + count), 9 * 1_000 - 8_192, "8,192 calls wait");
  callers[10]!.call(answered + queued + 20, 1_000);
  callers[11]!.call(answered, 1_000);
  await pass();
  assertEquals(callers[10]!.ends, [answered, 4], "16 of a connection wait in any case");
  assertEquals(callers[11]!.ends, [answered, 0]);
  callers[0]!.peer.close();
  await pass();
  callers[10]!.call(20, 1_000);
  await pass();
  assertEquals(callers[10]!.ends, [answered, 4], "others have gone, so there is room");
  for (const { peer } of callers) peer.close();
  void server.shutdown();
  await simulation.run();
});
