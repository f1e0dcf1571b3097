// One read loop, one write a turn, one timer: a connection on an endpoint whose every completion the test decides.
import { assert, assertEquals, assertLessOrEqual, assertMatch } from "@std/assert";
import type { EventEngine } from "../../pollers/contract/engine.ts";
import { IoError } from "../../pollers/contract/io_error.ts";
import { Simulation } from "../../pollers/simulated/mod.ts";
import { Driver } from "../../transport/driver.ts";
import { ByteSink } from "../../transport/hpack/byte_sink.ts";
import { Encoder } from "../../transport/hpack/encoder.ts";
import { HeaderList } from "../../transport/hpack/header_list.ts";
import { Connection } from "../../transport/http2/connection.ts";
import { ErrorCode, Http2Error } from "../../transport/http2/error.ts";
import { type KeepaliveTimes, newKeepalive } from "../../transport/http2/keepalive.ts";
import { PingPurpose } from "../../transport/http2/ping.ts";
import type { Stream } from "../../transport/http2/stream.ts";
import { concat } from "../bytes.ts";
import { test } from "../harness.ts";
import {
  ACK,
  Bench as Wire,
  data,
  describe,
  END_HEADERS,
  END_STREAM,
  frame,
  parse,
  PREFACE,
  REQUEST_LIST,
  RESPONSE_LIST,
  rst,
  setting,
  SETTINGS_ACK,
  uint32,
} from "./http2/wire.ts";
import { brief, DrivenRecorder, sideOf } from "./pair.ts";
import { ScriptedEndpoint } from "./scripted_endpoint.ts";

/** A connection, its driver, and the endpoint that the test steers. */
class Bench {
  readonly simulation = new Simulation();
  readonly engine = this.simulation.host();
  readonly endpoint = new ScriptedEndpoint(this.engine);
  readonly sink = new DrivenRecorder();
  readonly connection: Connection;
  readonly driver: Driver;
  private seen = 0;

  constructor(
    role: "client" | "server" = "client",
    seen: (engine: EventEngine) => EventEngine = (same) => same,
    keepalive?: KeepaliveTimes,
  ) {
    this.connection = new Connection({
      ...sideOf(role),
      management: { ...(keepalive && { keepalive }), makeKeepalive: newKeepalive },
    }, this.sink);
    this.driver = new Driver(seen(this.engine), this.endpoint, this.connection);
    this.sink.driver = this.driver;
  }

  /** Connected, with the first exchange behind it. */
  static async ready(
    role: "client" | "server" = "client",
    seen?: (engine: EventEngine) => EventEngine,
    keepalive?: KeepaliveTimes,
  ): Promise<Bench> {
    const bench = new Bench(role, seen, keepalive);
    bench.driver.start();
    await bench.rest();
    bench.endpoint.arrive(concat(...role === "server" ? [PREFACE] : [], setting(), SETTINGS_ACK));
    await bench.rest();
    bench.sink.take();
    bench.writes();
    return bench;
  }

  /** Lets everything happen that is due now, and no time pass. */
  rest(): Promise<void> {
    return this.simulation.run({ until: this.simulation.now });
  }

  pass(ms: number): Promise<void> {
    return this.simulation.run({ until: this.simulation.now + ms });
  }

  /** The connection's end, or "open". */
  get outcome(): string {
    return this.connection.closed ? brief(this.sink.error) : "open";
  }

  turn(closure: () => void): void {
    this.engine.execCtx.enter(closure, undefined);
  }

  open(): Stream {
    return this.connection.open(REQUEST_LIST, undefined, false, this.sink);
  }

  /** Each write since the last call, as its frames. */
  writes(): string[][] {
    const { writes } = this.endpoint;
    const from = this.seen;
    this.seen = writes.length;
    return writes.slice(from).map((bytes) => parse(bytes).map(describe));
  }
}

const userAbort = new Http2Error("connection", ErrorCode.NO_ERROR, "user", "enough");
const ping = (opaque: number) => frame("PING", 0, 0, uint32(0, opaque));

test("driver: the preface goes out in one write, and nothing is read on the caller's stack", async () => {
  const bench = new Bench();
  bench.driver.start();
  assertEquals([bench.endpoint.reads, bench.endpoint.writes.length], [0, 0]);
  await bench.rest();
  assertEquals([bench.endpoint.reads, bench.endpoint.isReading], [1, true]);
  assertEquals(bench.endpoint.writes[0]!.subarray(0, PREFACE.length), PREFACE);
  assertEquals(bench.writes().map((frames) => frames[0]), ["SETTINGS"]);
});

test("driver: what one turn makes goes out in one write, at its end", async () => {
  const bench = await Bench.ready();
  bench.turn(() => {
    for (let i = 0; i < 10; i++) {
      bench.connection.sendData(bench.open(), Uint8Array.of(i), true);
      assertEquals(bench.writes(), [], "it wrote before the turn's end");
    }
  });
  const [frames, ...others] = bench.writes();
  assertEquals([frames!.length, others], [20, []]);
});

test("driver: what promise continuations make together goes out in one write", async () => {
  const bench = await Bench.ready();
  for (let i = 0; i < 5; i++) Promise.resolve().then(() => void bench.open());
  await bench.rest();
  assertEquals(bench.writes(), [["HEADERS 1", "HEADERS 3", "HEADERS 5", "HEADERS 7", "HEADERS 9"]]);
});

test("driver: answers to what one read brought go out in one write", async () => {
  const bench = await Bench.ready();
  bench.endpoint.arrive(concat(ping(1), ping(2)));
  assertEquals(bench.writes(), [["PING ack", "PING ack"]]);
});

test("driver: one write at a time; what comes meanwhile waits, then goes out in one", async () => {
  const bench = await Bench.ready();
  bench.endpoint.writesAtOnce = false;
  bench.turn(() => void bench.open());
  for (let i = 0; i < 3; i++) bench.turn(() => void bench.open());
  assertEquals(bench.writes(), [["HEADERS 1"]]);
  bench.endpoint.completeWrite(); // which checks that its bytes were left alone
  assertEquals(bench.writes(), [["HEADERS 3", "HEADERS 5", "HEADERS 7"]]);
  bench.endpoint.completeWrite();
  assertEquals([bench.writes(), bench.endpoint.isWriting], [[], false]);
});

test("driver: bytes that are there already are read in a row, but others get their turn in between", async () => {
  const bench = await Bench.ready();
  const order: number[] = [];
  bench.sink.onPong = (opaque) => void order.push(opaque);
  const pongs = Array.from({ length: 100 }, (_, i) => frame("PING", 1, 0, uint32(0, i)));
  bench.engine.run(() => bench.endpoint.arrive(...pongs));
  bench.engine.run(() => void order.push(-1));
  await bench.rest();
  assertEquals(order.filter((one) => one >= 0), Array.from({ length: 100 }, (_, i) => i));
  assertLessOrEqual(order.indexOf(-1), 8, "another task waited for all of them");
});

/** An engine whose clock goes on by `ms` whenever somebody looks at it. */
function hurried(engine: EventEngine, ms: number): EventEngine {
  let passed = 0;
  return new Proxy(engine, {
    get(target, name) {
      if (name === "now") return () => target.now() + (passed += ms);
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

for (const role of ["client", "server"] as const) {
  test(`driver, ${role}: a turn ends when its time is over, though more has come in the same read`, async () => {
    const bench = await Bench.ready(role, (engine) => hurried(engine, 0.2));
    const order: number[] = [];
    bench.sink.onPong = (opaque) => void order.push(opaque);
    const count = 2_000; // 34,000 octets: 17 looks at the clock
    const pongs = Array.from({ length: count }, (_, i) => frame("PING", 1, 0, uint32(0, i)));
    const other = () => {
      order.push(-1);
      if (order.length < count) bench.engine.run(other);
    };
    bench.engine.run(other);
    bench.engine.run(() => bench.endpoint.arrive(concat(...pongs)));
    await bench.rest();
    assertEquals(order.filter((one) => one >= 0), Array.from({ length: count }, (_, i) => i));
    let longest = 0;
    for (let at = 0, run = 0; at < order.length; at++) {
      longest = Math.max(longest, run = order[at]! < 0 ? 0 : run + 1);
    }
    assertLessOrEqual(longest, 4 * 2_048 / 17, "a turn went on after its time");
    assertEquals(bench.outcome, "open");
  });
}

test("driver: a turn ends when it has a write's worth of output", async () => {
  const bench = await Bench.ready("server");
  const block = new ByteSink();
  new Encoder().encode(REQUEST_LIST, undefined, block);
  const head = frame("HEADERS", END_HEADERS, 1, block.bytes.slice(0, block.length));
  bench.sink.onData = () => bench.connection.ping(1, bench.engine.now());
  const pieces = Array.from({ length: 20_000 }, () => frame("DATA", 0, 1, Uint8Array.of(0)));
  bench.endpoint.arrive(concat(head, ...pieces));
  await bench.rest();
  const writes = bench.writes();
  assertEquals([writes.flat().length, writes.length], [20_000, 2]);
});

const lost: Array<[string, (bench: Bench) => void, RegExp]> = [
  [
    "reset",
    (bench) => bench.endpoint.failRead(new IoError("reset", "read", bench.endpoint.peer)),
    /reset by peer/,
  ],
  ["end of stream", (bench) => bench.endpoint.failRead(), /closed by the peer/],
  ["a write that fails", (bench) => {
    bench.endpoint.completeWrite(new IoError("timed-out", "write", bench.endpoint.peer));
  }, /write.*timed out/],
];
for (const [what, fail, reason] of lost) {
  test(`driver, ${what}: every stream ends with it, then the connection, and the endpoint is closed`, async () => {
    const bench = await Bench.ready();
    bench.endpoint.writesAtOnce = false;
    bench.turn(() => {
      for (let i = 0; i < 3; i++) bench.open();
    });
    fail(bench);
    await bench.pass(60_000);
    assertEquals(bench.sink.take(), [
      "closed 1 io INTERNAL_ERROR remote",
      "closed 3 io INTERNAL_ERROR remote",
      "closed 5 io INTERNAL_ERROR remote",
      "connection closed io INTERNAL_ERROR remote",
    ]);
    assertMatch(bench.sink.error!.reason, reason);
    assert(bench.endpoint.closed);
    assertEquals([bench.endpoint.isReading, bench.endpoint.isWriting], [false, false]);
  });
}

/** A connection with three streams of which the last write has failed, as the peer is gone. */
async function unwritable(role: "client" | "server" = "client"): Promise<Bench> {
  const bench = await Bench.ready(role);
  const { endpoint } = bench;
  if (role === "server") endpoint.arrive(requests(3));
  await bench.rest();
  endpoint.writesAtOnce = false;
  bench.turn(() => {
    if (role === "server") bench.connection.ping(1, bench.engine.now());
    else for (let i = 0; i < 3; i++) bench.open();
  });
  bench.sink.take();
  bench.writes();
  endpoint.completeWrite(new IoError("reset", "write", endpoint.peer, "EPIPE"));
  return bench;
}

test("driver: a client reads what its peer sent before a write failed: ends of streams, and which it has not seen", async () => {
  const bench = await unwritable();
  const { endpoint, sink } = bench;
  bench.turn(() => void bench.open()); // of which nothing can be written
  endpoint.arrive(new Wire("client").headers(1, [[":status", "200"]], true));
  endpoint.arrive(frame("GOAWAY", 0, 0, uint32(3, ErrorCode.NO_ERROR)));
  await bench.rest();
  assertEquals([bench.outcome, bench.writes(), endpoint.isReading], ["open", [], true]);
  endpoint.failRead();
  await bench.rest();
  assertEquals(sink.take(), [
    "headers 1 end",
    "goaway 3 connection NO_ERROR remote",
    "closed 5 connection REFUSED_STREAM remote unprocessed",
    "closed 7 connection REFUSED_STREAM remote unprocessed",
    "closed 1 io INTERNAL_ERROR remote",
    "closed 3 io INTERNAL_ERROR remote",
    "connection closed io INTERNAL_ERROR remote",
  ]);
  assertMatch(sink.error!.reason, /write.*EPIPE/);
  assertEquals([endpoint.closed, bench.simulation.pending], [true, 0]);
});

test("driver: a client whose peer says nothing more after a write failed loses the connection after 1 s", async () => {
  const bench = await unwritable();
  await bench.pass(999);
  assertEquals([bench.sink.take(), bench.endpoint.closed], [[], false]);
  await bench.pass(2);
  assertEquals([bench.sink.take().length, bench.endpoint.closed, bench.simulation.pending], [4, true, 0]);
});

test("driver: a client that is closed after a write failed does not wait for what its peer sent", async () => {
  const bench = await unwritable();
  bench.turn(() => bench.connection.abort(userAbort));
  assertEquals([bench.writes(), bench.endpoint.closed], [[], true]);
  await bench.rest();
  assertEquals(bench.simulation.pending, 0);
});

test("driver: a server whose write failed takes no more requests", async () => {
  const bench = await unwritable("server");
  assertEquals([bench.sink.take().at(-1), bench.endpoint.closed], [
    "connection closed io INTERNAL_ERROR remote",
    true,
  ]);
});

test("driver: bytes before the end of the stream are taken before it", async () => {
  const bench = await Bench.ready();
  bench.endpoint.arrive(frame("GOAWAY", 0, 0, uint32(0, ErrorCode.NO_ERROR)));
  bench.endpoint.failRead();
  await bench.rest();
  assertEquals(bench.sink.take(), ["goaway 0 connection NO_ERROR remote", "connection closed ok"]);
});

test("driver: abort with nothing pending writes GOAWAY, then closes", async () => {
  const bench = await Bench.ready();
  bench.turn(() => {
    bench.open();
    bench.connection.abort(userAbort);
    assert(!bench.endpoint.closed, "GOAWAY is not out yet");
  });
  assertEquals(bench.writes().flat().at(-1), "GOAWAY 0 NO_ERROR");
  assertEquals([bench.endpoint.closed, bench.sink.take()], [true, [
    "closed 1 connection NO_ERROR user",
    "connection closed connection NO_ERROR user",
  ]]);
});

test("driver: abort while a write is pending waits for it, and writes GOAWAY after it, then closes", async () => {
  const bench = await Bench.ready();
  bench.endpoint.writesAtOnce = false;
  bench.turn(() => void bench.open());
  bench.turn(() => bench.connection.abort(userAbort));
  assertEquals(brief(bench.sink.error), "connection NO_ERROR user"); // streams do not wait for the endpoint
  await bench.pass(50);
  assertEquals([bench.endpoint.closed, bench.writes()], [false, [["HEADERS 1"]]]);
  bench.endpoint.completeWrite();
  assertEquals(bench.writes(), [["GOAWAY 0 NO_ERROR"]]);
  bench.endpoint.completeWrite();
  assert(bench.endpoint.closed);
});

const failure = new Http2Error("connection", ErrorCode.PROTOCOL_ERROR, "library", "a bad frame");
const ENDS: ReadonlyArray<readonly [what: string, lingerMs: number, end: (bench: Bench) => void]> = [
  ["the application closes", 100, ({ connection }) => connection.abort(userAbort)],
  ["fails", 1_000, ({ connection }) => connection.abort(failure)],
  ["is through with its last stream", 20_000, (bench) => {
    bench.connection.drain("done", bench.engine.now());
    bench.endpoint.arrive(rst(1, ErrorCode.CANCEL));
  }],
];
for (const [what, lingerMs, end] of ENDS) {
  test(`driver: a peer that reads nothing holds a connection that ${what} for ${lingerMs} ms`, async () => {
    const bench = await Bench.ready();
    bench.endpoint.writesAtOnce = false;
    bench.turn(() => void bench.connection.open(REQUEST_LIST, undefined, true, bench.sink));
    bench.turn(() => end(bench));
    bench.turn(() => bench.connection.abort(userAbort)); // over already
    await bench.pass(lingerMs - 1);
    assert(!bench.endpoint.closed);
    await bench.pass(2);
    assert(bench.endpoint.closed);
    assertEquals(bench.endpoint.isWriting, false);
    assertEquals(bench.simulation.pending, 0, "a timer is left");
  });
}

test("driver: whoever closes a connection that waits for its last bytes does not wait for them any longer", async () => {
  const bench = await Bench.ready();
  bench.driver.hurry(); // not over yet
  bench.endpoint.writesAtOnce = false;
  bench.turn(() => void bench.open());
  bench.turn(() => bench.connection.abort(failure));
  await bench.pass(500);
  bench.driver.hurry();
  await bench.pass(99);
  assert(!bench.endpoint.closed);
  await bench.pass(2);
  assert(bench.endpoint.closed);
  bench.driver.hurry();
  assertEquals(bench.simulation.pending, 0, "a timer is left");
});

/** A response whose header section takes 8 KB. */
const LARGE = HeaderList.of([[":status", "200"], ["x-large", "x".repeat(8_000)]]);

/** Frames of `count` requests that are complete. */
function requests(count: number): Uint8Array {
  const encoder = new Encoder();
  const request = (id: number): Uint8Array => {
    const block = new ByteSink();
    encoder.encode(REQUEST_LIST, undefined, block);
    return frame("HEADERS", END_HEADERS | END_STREAM, id, block.bytes.slice(0, block.length));
  };
  return concat(...Array.from({ length: count }, (_, i) => request(2 * i + 1)));
}

test("driver: while a client leaves a megabyte of a server's answers unread, nothing more is read of it", async () => {
  const bench = await Bench.ready("server");
  bench.endpoint.arrive(requests(301));
  await bench.rest();
  const [first, ...others] = bench.sink.streams;
  bench.endpoint.writesAtOnce = false;
  bench.turn(() => bench.connection.sendHeaders(first!, LARGE, undefined, true));
  bench.turn(() => {
    for (const stream of others) bench.connection.sendHeaders(stream, LARGE, undefined, true);
  });
  bench.endpoint.arrive(ping(1));
  await bench.rest();
  assertEquals([others.length, bench.endpoint.isReading], [300, false]);
  bench.endpoint.completeWrite();
  await bench.rest();
  assert(bench.endpoint.isReading, "it does not go on reading");
});

test("driver: a write that completes while reading is paused at its turn's end makes one read, not two", async () => {
  const bench = await Bench.ready("server");
  bench.endpoint.arrive(requests(301));
  await bench.rest();
  const [first, ...others] = bench.sink.streams;
  bench.endpoint.writesAtOnce = false;
  bench.turn(() => bench.connection.sendHeaders(first!, LARGE, undefined, true));
  const { endpoint } = bench;
  const { reads } = endpoint;
  const read = endpoint.read.bind(endpoint);
  endpoint.read = (into, done) => {
    if (endpoint.reads === reads + 3) { // what is read last in a turn causes the answers
      for (const stream of others) bench.connection.sendHeaders(stream, LARGE, undefined, true);
    }
    return read(into, done);
  };
  endpoint.arrive(ping(1), ping(2), ping(3), ping(4), ping(5));
  assertEquals([endpoint.reads, endpoint.isReading], [reads + 4, false]);
  endpoint.completeWrite();
  await bench.rest();
  assertEquals([bench.outcome, endpoint.reads, endpoint.isReading], ["open", reads + 5, true]);
});

test("driver: a client reads whatever it has to write, for the server may wait for that", async () => {
  const bench = await Bench.ready();
  const extra = HeaderList.of([["x-large", "x".repeat(8_000)]]);
  bench.endpoint.writesAtOnce = false;
  bench.turn(() => void bench.open());
  bench.turn(() => {
    for (let i = 0; i < 300; i++) bench.connection.open(REQUEST_LIST, extra, false, bench.sink);
  });
  bench.endpoint.arrive(ping(1));
  await bench.rest();
  assert(bench.connection.outputBytes > 1_000_000 && bench.endpoint.isWriting);
  assert(bench.endpoint.isReading, "it waits for its own writes");
});

test("driver: the connection's own deadline is kept, and its timer is gone when it is met", async () => {
  const bench = new Bench();
  await bench.pass(5_000);
  bench.driver.start();
  await bench.rest();
  bench.endpoint.arrive(setting());
  await bench.pass(19_999);
  assert(!bench.connection.closed);
  bench.sink.take();
  await bench.pass(2);
  assertEquals(bench.sink.take(), ["connection closed connection SETTINGS_TIMEOUT library"]);
  assertEquals([bench.writes().flat().at(-1), bench.endpoint.closed], ["GOAWAY 0 SETTINGS_TIMEOUT", true]);
  const acknowledged = await Bench.ready();
  assertEquals(acknowledged.simulation.pending, 0);
});

test("driver: a connection that is lost while it writes is released at once, and no timer is left of it", async () => {
  const bench = await Bench.ready();
  bench.endpoint.writesAtOnce = false;
  bench.turn(() => void bench.open());
  bench.endpoint.failRead();
  assert(bench.endpoint.closed, "it waits for bytes that nobody will read");
  bench.turn(() => bench.driver.touch());
  await bench.rest();
  assertEquals([bench.endpoint.isWriting, bench.simulation.pending], [false, 0]);
});

test("driver: what touches a connection that is over does not make it stay longer", async () => {
  const bench = await Bench.ready();
  bench.endpoint.writesAtOnce = false;
  bench.turn(() => void bench.open());
  bench.turn(() => bench.connection.abort(userAbort));
  for (let i = 0; i < 3; i++) {
    await bench.pass(30);
    bench.turn(() => bench.driver.touch());
  }
  await bench.pass(11);
  assertEquals([bench.endpoint.closed, bench.simulation.pending], [true, 0]);
});

test("driver: a client that does not answer the PING of a drain has its second GOAWAY 10 s later", async () => {
  const bench = await Bench.ready("server");
  bench.turn(() => bench.connection.drain("maintenance", bench.engine.now()));
  assertEquals(bench.writes(), [["GOAWAY 2147483647 NO_ERROR", "PING"]]);
  await bench.pass(9_999);
  assertEquals([bench.writes(), bench.endpoint.closed], [[], false]);
  await bench.pass(2);
  assertEquals([bench.writes(), bench.outcome], [[["GOAWAY 0 NO_ERROR"]], "ok"]);
});

test("driver: a deadline that is only moved when it comes, as that of a silence that is over, is waited for again", async () => {
  const keepalive = { timeMs: 10_000, timeoutMs: 5_000, permitWithoutCalls: true };
  const bench = await Bench.ready("client", undefined, keepalive);
  await bench.pass(5_000);
  bench.endpoint.arrive(ping(1));
  await bench.pass(9_990);
  assertEquals(bench.writes(), [["PING ack"]]);
  await bench.pass(20);
  assertEquals(bench.writes(), [["PING"]]);
});

/** A server's connection whose last stream has ended, while its client is still sending. */
async function finished(): Promise<Bench> {
  const bench = await Bench.ready("server");
  const { connection, endpoint } = bench;
  endpoint.arrive(new Wire("client").headers(1));
  await bench.rest();
  bench.turn(() => connection.drain("maintenance", bench.engine.now()));
  endpoint.arrive(frame("PING", ACK, 0, uint32(0, PingPurpose.DRAIN)));
  await bench.rest();
  bench.turn(() => connection.sendHeaders(bench.sink.streams[0]!, RESPONSE_LIST, undefined, true));
  await bench.rest();
  assertEquals([bench.writes().at(-1), connection.closed], [
    ["HEADERS 1 end", "RST_STREAM 1 NO_ERROR"],
    true,
  ]);
  return bench;
}

// The system resets a connection that is closed with octets unread, and the client loses the answers it has not read.
test("driver: a server's connection drops what still comes after its last stream, until the client closes it", async () => {
  const { endpoint, sink, simulation } = await finished();
  sink.take();
  for (let i = 0; i < 10; i++) endpoint.arrive(data(1, 1_000), data(1, 1_000));
  await simulation.run({ until: simulation.now + 500 });
  assertEquals([sink.take(), endpoint.isReading, endpoint.closed], [[], true, false]);
  endpoint.failRead();
  assert(endpoint.closed);
  await simulation.run({ until: simulation.now });
  assertEquals(simulation.pending, 0, "a timer is left");
});

test("driver: a client that does not close what is finished has 1 s from the last it sent", async () => {
  for (const sends of [false, true]) {
    const bench = await finished();
    if (sends) {
      await bench.pass(900);
      bench.endpoint.arrive(data(1, 1_000));
    }
    await bench.pass(999);
    assert(!bench.endpoint.closed);
    await bench.pass(2);
    assertEquals([bench.endpoint.closed, bench.simulation.pending], [true, 0]);
  }
});

test("driver: a client that does not close what is finished has 20 s, however much it sends", async () => {
  const bench = await finished();
  for (let ms = 0; ms < 19_999; ms++) {
    bench.endpoint.arrive(data(1, 1_000));
    await bench.pass(1);
  }
  assert(!bench.endpoint.closed);
  await bench.pass(2);
  assertEquals([bench.endpoint.closed, bench.simulation.pending], [true, 0]);
});

test("driver: what is finished and waits for its client is closed by the application in 100 ms", async () => {
  const bench = await finished();
  bench.driver.hurry();
  await bench.pass(50);
  bench.endpoint.arrive(data(1, 1_000));
  await bench.pass(49);
  assert(!bench.endpoint.closed);
  await bench.pass(2);
  assertEquals([bench.endpoint.closed, bench.simulation.pending], [true, 0]);
});

/** A server's connection that was aborted with `error`, while its client is still sending. */
async function aborted(error: Http2Error): Promise<Bench> {
  const bench = await Bench.ready("server");
  bench.endpoint.arrive(new Wire("client").headers(1));
  await bench.rest();
  bench.turn(() => bench.connection.abort(error));
  assertMatch(bench.writes().flat().at(-1)!, /^GOAWAY 1 /);
  bench.sink.take();
  return bench;
}

test("driver: a server's connection that failed drops what still comes, until the client has GOAWAY and closes it", async () => {
  const bench = await aborted(failure);
  for (let i = 0; i < 10; i++) bench.endpoint.arrive(data(1, 1_000));
  await bench.pass(500);
  assertEquals([bench.sink.take(), bench.endpoint.isReading, bench.endpoint.closed], [[], true, false]);
  bench.endpoint.failRead();
  await bench.rest();
  assertEquals([bench.endpoint.closed, bench.simulation.pending], [true, 0]);
});

test("driver: a client that does not close what failed has 1 s, however much it sends", async () => {
  const bench = await aborted(failure);
  for (let ms = 0; ms < 999; ms += 3) {
    bench.endpoint.arrive(data(1, 1_000));
    await bench.pass(3);
  }
  assert(!bench.endpoint.closed);
  await bench.pass(2);
  assertEquals([bench.endpoint.closed, bench.simulation.pending], [true, 0]);
});

test("driver: a server's connection that ends with NO_ERROR, whoever ends it, waits for its client too", async () => {
  for (const initiator of ["user", "library"] as const) {
    const bench = await aborted(new Http2Error("connection", ErrorCode.NO_ERROR, initiator, "max_age"));
    bench.endpoint.arrive(data(1, 1_000));
    await bench.pass(990);
    assertEquals([bench.endpoint.closed, bench.endpoint.isReading], [false, true]);
    await bench.pass(20);
    assertEquals([bench.endpoint.closed, bench.simulation.pending], [true, 0]);
  }
});

test("driver: a server's connection on which nothing was asked is closed once GOAWAY with NO_ERROR is written", async () => {
  const bench = await Bench.ready("server");
  bench.turn(() => bench.connection.abort(userAbort));
  assertEquals([bench.writes(), bench.endpoint.closed], [[["GOAWAY 0 NO_ERROR"]], true]);
  await bench.rest();
  assertEquals(bench.simulation.pending, 0, "a timer is left");
});

test("driver: what was written is used again after every write, at once or later", async () => {
  const bench = await Bench.ready();
  const out = bench.connection["out"] as unknown as { inFlight: Uint8Array };
  for (const atOnce of [false, true, false, false]) {
    bench.endpoint.writesAtOnce = atOnce;
    bench.turn(() => void bench.open());
    assertEquals(out.inFlight.length > 0, !atOnce);
    bench.endpoint.completeWrite();
    assertEquals(out.inFlight.length, 0, "the memory of a write that is done is still held");
  }
});

test("driver: reads lend their bytes while few views of them are kept, where the endpoint can lend", async () => {
  const block = new ByteSink();
  new Encoder().encode(REQUEST_LIST, undefined, block);
  for (const lends of [true, false]) {
    const bench = await Bench.ready("server");
    const { endpoint, connection: { received } } = bench;
    endpoint.lends = lends;
    const lending: boolean[] = [];
    let kept = 0;
    bench.sink.on = (event) => {
      for (let i = 0; event.startsWith("data") && i < kept; i++) received.keep(block.bytes, 0, 1);
    };
    const headers = frame("HEADERS", END_HEADERS, 1, block.bytes.slice(0, block.length));
    for (kept of [0, 0, 2, 0]) {
      endpoint.arrive(concat(lending.length === 0 ? headers : new Uint8Array(0), data(1, 16_384)));
      await bench.rest();
      lending.push(endpoint.lending);
      assertEquals(endpoint.lending, received.lent);
    }
    assertEquals([lending, bench.outcome], [
      lends ? [true, true, false, true] : [false, false, false, false],
      "open",
    ]);
  }
});
