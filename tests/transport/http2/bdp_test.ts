// Receive windows that grow with the bandwidth-delay product, as gRPC's do: measured by PING while DATA comes in.
import { assert, assertEquals } from "@std/assert";
import { BdpEstimator } from "../../../transport/http2/bdp_estimator.ts";
import { test } from "../../harness.ts";
import { Bench, concat, data, frame, SETTINGS_ACK, uint32 } from "./wire.ts";

const ACK = 1;
const KIB = 1024;

/** A server whose streams have a window of 64 KiB, and a client that fills it. */
class Path {
  readonly bench = new Bench("server", { initialWindowSize: 64 * KIB, maxWindowSize: 256 * KIB });
  readonly stream;

  constructor() {
    this.bench.send(this.bench.headers(1));
    this.stream = this.bench.sink.streams[0]!;
    this.bench.sent();
  }

  /** The client sends `bytes`, and the application takes them at once. */
  receive(bytes: number): string[] {
    for (let left = bytes; left > 0; left -= 16 * KIB) {
      this.bench.send(data(1, new Uint8Array(Math.min(left, 16 * KIB))));
      this.bench.connection.release(this.stream, Math.min(left, 16 * KIB));
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

test("BDP: half a window taken sends a PING; a full window in a round trip doubles it, up to the maximum", () => {
  const path = new Path();
  assert(path.receive(32 * KIB).some((sent) => sent.startsWith("PING")));
  path.receive(60 * KIB);
  const grown = path.answer(50, pong());
  assert(grown.some((sent) => sent.startsWith("SETTINGS")), grown.join());
  assertEquals(path.bench.connection.streamWindow, 128 * KIB);
  // The peer may use it once it has acknowledged it, on open streams as well.
  const before = path.stream.receiveWindow;
  path.answer(1, SETTINGS_ACK);
  assertEquals(path.stream.receiveWindow - before, 64 * KIB);
  assertEquals(path.bench.connection.initialReceiveWindow, 128 * KIB);
  assert(path.receive(64 * KIB).some((sent) => sent.startsWith("PING")), "a growing path is measured again");
  path.receive(200 * KIB);
  path.answer(50, pong());
  path.answer(1, SETTINGS_ACK);
  assertEquals(path.bench.connection.streamWindow, 256 * KIB);
  assert(
    !path.receive(512 * KIB).some((sent) => sent.startsWith("PING")),
    "windows have reached their maximum",
  );
});

test("BDP: a path that holds less than the window leaves it, and is measured ever more seldom", () => {
  const path = new Path();
  path.receive(32 * KIB);
  assertEquals(path.answer(1, pong()).filter((sent) => sent.startsWith("SETTINGS")), []);
  assertEquals(path.bench.connection.streamWindow, 64 * KIB);
  assert(!path.receive(32 * KIB).some((sent) => sent.startsWith("PING")), "too soon");
  path.answer(100);
  assert(path.receive(32 * KIB).some((sent) => sent.startsWith("PING")));
});

test("BDP: an estimate grows only by more bandwidth than was ever seen", () => {
  const estimator = new BdpEstimator(1_000);
  estimator.begin(0);
  estimator.arrived = 900;
  assertEquals([estimator.end(10), estimator.estimate], [true, 2_000]);
  estimator.begin(10);
  estimator.arrived = 1_800;
  assertEquals([estimator.end(40), estimator.estimate], [false, 2_000]); // more data, but slower: a queue filled
  estimator.begin(200);
  estimator.arrived = 5_000;
  assertEquals([estimator.end(210), estimator.estimate], [true, 5_000]);
});

test("BDP: small messages never cost a PING", () => {
  const path = new Path();
  assertEquals(path.receive(16 * KIB), []);
});
