// Receive windows that grow with the bandwidth-delay product, as gRPC's do: measured by PING while DATA comes in.
import { assert, assertEquals } from "@std/assert";
import { BdpEstimator } from "../../../transport/http2/bdp_estimator.ts";
import { concat } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { ACK, Bench, data, frame, uint32 } from "./wire.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** A server whose streams have a window of 1 MiB, and a client that fills it. */
class Path {
  readonly bench = new Bench("server", { initialWindowSize: MIB, maxWindowSize: 4 * MIB });
  readonly stream;

  constructor() {
    this.bench.send(this.bench.headers(1));
    this.stream = this.bench.sink.streams[0]!;
    this.bench.sent();
  }

  /** The client sends `bytes`, and the application takes them at once. */
  receive(bytes: number, stream = this.stream): string[] {
    for (let left = bytes; left > 0; left -= 16 * KIB) {
      this.bench.send(data(stream.id, new Uint8Array(Math.min(left, 16 * KIB))));
      this.bench.connection.release(stream, Math.min(left, 16 * KIB));
    }
    return this.bench.sent();
  }

  /** The answers to our PING and to SETTINGS, `ms` later. */
  answer(ms: number, ...frames: Uint8Array[]): string[] {
    this.bench.now += ms;
    return this.bench.send(...frames).sent();
  }
}

const pong = () => frame("PING", ACK, 0, concat(uint32(0), uint32(0x6264_7069)));

/** What the stream's windows grew by beyond what was taken. */
function extra(sent: string[], taken: number): number {
  const increments = sent.flatMap((one) => /^WINDOW_UPDATE 1 \+(\d+)$/.exec(one)?.[1] ?? []).map(Number);
  return increments.reduce((sum, increment) => sum + increment, 0) - taken;
}

test("BDP: a quarter of a window taken sends a PING; a full window in a round trip doubles it, up to the maximum", () => {
  const path = new Path();
  assert(path.receive(256 * KIB).includes("PING"));
  path.receive(MIB);
  assertEquals(path.answer(50, pong()), []);
  const grown = path.receive(256 * KIB);
  assertEquals(extra(grown, 256 * KIB), MIB);
  assert(grown.includes("PING"), "a growing path is measured again at once");
  path.receive(6 * MIB);
  path.answer(50, pong());
  const most = path.receive(512 * KIB);
  assertEquals(extra(most, 512 * KIB), 2 * MIB);
  assertEquals(path.stream.receiveWindow.available, 4 * MIB);
  path.answer(20_000);
  assert(![...most, ...path.receive(16 * MIB)].includes("PING"), "windows have reached their maximum");
  assertEquals(path.stream.receiveWindow.available + path.stream.receiveWindow.unclaimed, 4 * MIB);
});

test("BDP: the PING goes out at once, and does not wait for a WINDOW_UPDATE", () => {
  const path = new Path();
  // A large message is consumed while it is put together, and read as a whole when it is taken.
  path.bench.send(data(1, 100));
  path.bench.connection.release(path.stream, 100, MIB / 4);
  assertEquals(path.bench.sent(), ["PING"]);
});

test("BDP: a stream opened later starts with the setting, and grows as it is read", () => {
  const path = new Path();
  path.receive(256 * KIB);
  path.receive(MIB);
  path.answer(50, pong());
  path.bench.send(path.bench.headers(3));
  const later = path.bench.sink.streams[1]!;
  assertEquals(later.receiveWindow.available, MIB);
  path.receive(256 * KIB, later);
  assertEquals(later.receiveWindow.available, 2 * MIB);
});

test("BDP: a path that holds less than the window leaves it, and is measured ever more seldom", () => {
  const path = new Path();
  path.receive(256 * KIB);
  path.answer(1, pong());
  const next = path.receive(256 * KIB);
  assertEquals(extra(next, 256 * KIB), 0);
  assert(!next.includes("PING"), "too soon");
  path.answer(100);
  assert(path.receive(256 * KIB).includes("PING"));
});

test("BDP: while nothing changes the pauses grow by 100 ms to 10 s, and growth makes them short again", () => {
  const estimator = new BdpEstimator(1_000);
  let now = 0;
  /** Measures, and gives how long the next measurement has to wait. */
  const measure = (arrived: number) => {
    estimator.begin(now);
    assert(!estimator.wantsProbe(1, now + 100_000), "two at once");
    const measuredAt = now += 10;
    estimator.end(arrived, now);
    while (!estimator.wantsProbe(arrived, now)) now += 10;
    return now - measuredAt;
  };
  assertEquals([1, 2, 3, 4].map(() => measure(10)), [100, 200, 300, 400]);
  for (let i = 0; i < 100; i++) measure(10);
  assertEquals([measure(10), measure(900), measure(10), measure(10)], [10_000, 0, 100, 200]);
});

test("BDP: an estimate grows only by more bandwidth than was ever seen", () => {
  const estimator = new BdpEstimator(1_000);
  estimator.begin(0);
  assertEquals([estimator.end(900, 10), estimator.estimate], [true, 2_000]);
  estimator.begin(10);
  assertEquals([estimator.end(1_800, 40), estimator.estimate], [false, 2_000]); // more data, but slower: a queue filled
  estimator.begin(200);
  assertEquals([estimator.end(5_000, 210), estimator.estimate], [true, 5_000]);
});

test("BDP: nothing is measured before a window has grown as far as it may without", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1));
  const stream = bench.sink.streams[0]!;
  const sent: string[] = [];
  let bytes = 0;
  for (; !sent.includes("PING"); bytes += 100) {
    assert(bytes < 2 * MIB, "no PING at all");
    bench.send(data(1, 100));
    bench.connection.release(stream, 100);
    sent.push(...bench.sent());
  }
  assert(bytes > 240 * KIB, `a PING after ${bytes} octets`);
  assertEquals(stream.receiveWindow.available, MIB);
});
