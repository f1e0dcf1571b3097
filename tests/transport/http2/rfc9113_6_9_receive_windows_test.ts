// RFC 9113, sections 5.2 and 6.9: the windows we announce, on receipt for the connection and as it is read for a stream.
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import type { Stream } from "../../../transport/http2/stream.ts";
import { test } from "../../harness.ts";
import { Bench, data, END_STREAM, frame, PREFACE, setting, SETTINGS_ACK, uint32 } from "./wire.ts";

const FRAME = 16_384;

/** The client sends `bytes` on `stream`, and the application consumes them. */
function read(bench: Bench, stream: Stream, bytes: number): string[] {
  for (let left = bytes; left > 0; left -= FRAME) {
    bench.send(data(stream.id, Math.min(left, FRAME)));
    bench.connection.release(stream, Math.min(left, FRAME));
  }
  return bench.sent();
}

/** A server's streams 1, 3, ... that its client has opened. */
function open(bench: Bench, count: number): Stream[] {
  const before = bench.sink.streams.length;
  for (let i = 0; i < count; i++) bench.send(bench.headers(2 * (before + i) + 1));
  return bench.sink.streams.slice(before);
}

/** What the receive window of `stream` is in all. */
function windowOf({ receiveWindow: { available, unreleased, unclaimed } }: Stream): number {
  return available + unreleased + unclaimed;
}

test("6.9: the connection's window comes back on receipt, in halves, though nobody reads", () => {
  const bench = new Bench("server", { connectionWindowSize: 65_535 });
  open(bench, 9);
  for (let id = 1; id < 17; id += 2) {
    bench.send(data(id, FRAME), data(id, FRAME));
    assertEquals(bench.sent(), ["WINDOW_UPDATE 0 +32768"]);
    bench.send(data(id, FRAME), data(id, FRAME));
    assertEquals(bench.sent(), ["WINDOW_UPDATE 0 +32768"]);
  }
  assertEquals(bench.sink.streams.map(({ receiveWindow }) => receiveWindow.available), [
    ...new Array(8).fill(66_560 - 65_536),
    66_560,
  ]);
  assertEquals(bench.outcome, "open");
});

test("6.9: padding, late frames and frames that are an error come back to the connection too, once each", () => {
  const bench = new Bench("server", { connectionWindowSize: 65_535 });
  const [one] = open(bench, 2);
  bench.send(frame("DATA", 8, 1, new Uint8Array(100).fill(9, 0, 1)), frame("RST_STREAM", 0, 1, uint32(8)));
  bench.send(data(3, 10, END_STREAM), data(3, 20), data(3, 30));
  const { flow } = bench.connection;
  assertEquals(flow["unclaimed"], 100 + 10 + 20 + 30);
  assertEquals(flow.connectionWindow + flow["unclaimed"], 65_535);
  bench.connection.release(one!, 90); // it is closed
  assertEquals(bench.sent(), ["RST_STREAM 3 STREAM_CLOSED"]);
});

test("5.2: a stream's window comes back as the application consumes, in batches of a quarter", () => {
  const bench = new Bench("server", { initialWindowSize: 1_000, maxWindowSize: 1_000 });
  const [stream] = open(bench, 1);
  bench.send(data(1, 900));
  bench.connection.release(stream!, 249);
  assertEquals(bench.sent(), []);
  bench.connection.release(stream!, 1);
  assertEquals(bench.sent(), ["WINDOW_UPDATE 1 +250"]);
  assertEquals(stream!.receiveWindow.available, 350);
  bench.connection.release(stream!, 250);
  assertEquals([bench.sent(), stream!.receiveWindow.available], [["WINDOW_UPDATE 1 +250"], 600]);
});

test("5.2: a stream that has ended gets no WINDOW_UPDATE", () => {
  const bench = new Bench("server");
  const [stream] = open(bench, 1);
  bench.send(data(1, FRAME), data(1, FRAME), data(1, FRAME, END_STREAM));
  bench.connection.release(stream!, 3 * FRAME);
  assertEquals(bench.sent(), []);
});

test("windows: a stream that is read doubles its window, to 1 MiB without a measurement; an unread one stays", () => {
  const bench = new Bench("server");
  const [stream, unread] = open(bench, 2);
  const windows = Array.from({ length: 6 }, () => {
    read(bench, stream!, windowOf(stream!) >> 2);
    return windowOf(stream!);
  });
  assertEquals(windows, [133_120, 266_240, 532_480, 1_048_576, 1_048_576, 1_048_576]);
  assertEquals([windowOf(unread!), bench.connection.flow.grown], [66_560, 1_048_576 - 66_560]);
});

test("windows: a stream that takes more than a second for a quarter of its window does not grow, but once", () => {
  const bench = new Bench("server");
  const [stream] = open(bench, 1);
  bench.now = 50_000;
  const windows = [0, 1_000, 1_001, 5_000, 1].map((ms) => {
    bench.now += ms;
    assertEquals(read(bench, stream!, windowOf(stream!) >> 2).length, 1);
    return windowOf(stream!);
  });
  assertEquals(windows, [133_120, 266_240, 266_240, 266_240, 532_480]);
});

test("windows: what is put together of a message comes back, and nothing grows before it is read", () => {
  const bench = new Bench("server");
  const [stream] = open(bench, 1);
  for (let i = 0; i < 20; i++) {
    bench.send(data(1, FRAME));
    bench.connection.release(stream!, FRAME, 0);
  }
  assertEquals([windowOf(stream!), stream!.receiveWindow.available > 66_560 - 2 * FRAME], [66_560, true]);
  bench.connection.release(stream!, 0, 20 * FRAME);
  assertEquals(windowOf(stream!), 1_048_576);
});

test("windows: all streams grow by windowGrowthSize at most, and at the bound nothing else stops", () => {
  const growth = 1_000_000;
  const bench = new Bench("server", { windowGrowthSize: growth });
  const { flow } = bench.connection;
  const streams = open(bench, 40);
  for (let round = 0; round < 5; round++) {
    for (const stream of streams) {
      const due = windowOf(stream) >> 2;
      const [given] = read(bench, stream, due);
      assertLessOrEqual(due, Number(given?.split("+")[1]), "it did not get back what was read");
      const sum = streams.reduce((sum, one) => sum + windowOf(one) - 66_560, 0);
      assertEquals(flow.grown, sum);
      assertLessOrEqual(sum, growth);
    }
  }
  assert(flow.grown > growth * 0.99, `only ${flow.grown} were used`);
  const before = windowOf(streams[0]!);
  assert(before > 66_560 && before < 1_048_576);
  assertEquals(windowOf(streams.at(-1)!) < 70_000, true, "the last one had as much as the first");
});

test("windows: what a closed stream had grown by goes to the others", () => {
  const bench = new Bench("server", { windowGrowthSize: 60_000 });
  const { flow } = bench.connection;
  const [first, second] = open(bench, 2);
  for (let i = 0; i < 10; i++) read(bench, first!, windowOf(first!) >> 1);
  const { grown } = flow;
  assert(grown > 55_000 && grown <= 60_000, `${grown}`);
  read(bench, second!, 20_000);
  assertLessOrEqual(windowOf(second!), 66_560 + (60_000 - grown) / 2);
  bench.send(frame("RST_STREAM", 0, 1, uint32(8)));
  assertEquals(flow.grown, windowOf(second!) - 66_560);
  read(bench, second!, 40_000);
  assert(windowOf(second!) > 66_560 + 25_000);
  bench.send(data(3, 1, END_STREAM));
  bench.connection.reset(second!, bench.sink.streamErrors.get(1)!);
  assertEquals(flow.grown, 0);
});

test("windows: what a message needs is let in as soon as its length is known, and no more than its bounds allow", () => {
  const bench = new Bench("server", { maxWindowSize: 3_000_000 });
  const [fits, large, huge] = open(bench, 3);
  bench.send(data(1, FRAME), data(1, FRAME), data(1, FRAME));
  bench.connection.release(fits!, 3 * FRAME, 3 * FRAME, 66_560 - 3 * FRAME - 1, true);
  assertEquals(bench.sent(), [], "nothing need be announced for a message that fits");
  bench.send(data(3, FRAME));
  bench.connection.release(large!, FRAME, FRAME, 400_000, true);
  assertEquals(bench.sent(), [`WINDOW_UPDATE 3 +${FRAME + 400_000}`]);
  bench.send(data(3, FRAME));
  bench.connection.release(large!, FRAME, FRAME, 400_000 - FRAME, true);
  assertEquals(bench.sent(), []);
  bench.send(data(5, FRAME));
  bench.connection.release(huge!, FRAME, 0, 4_000_000);
  assertEquals(windowOf(huge!), 3_000_000);
  bench.sent();
  bench.send(data(5, FRAME));
  bench.connection.release(huge!, FRAME, 0, 4_000_000 - FRAME);
  assertEquals(bench.sent(), [], "a quarter is due before the next one");
});

test("windows: a message larger than a window that cannot grow gets a quarter of it at a time", () => {
  const bench = new Bench("server", { windowGrowthSize: 0 });
  const [stream] = open(bench, 1);
  const sent: string[] = [];
  for (let left = 200_000; left > 0; left -= FRAME) {
    bench.send(data(1, Math.min(left, FRAME)));
    bench.connection.release(stream!, Math.min(left, FRAME), 0, Math.max(0, left - FRAME));
    sent.push(...bench.sent());
  }
  assertEquals(sent, new Array(6).fill(`WINDOW_UPDATE 1 +${2 * FRAME}`));
  assertEquals(windowOf(stream!), 66_560);
});

test("windows: nothing is announced where nothing more is expected, unless nothing could come at all", () => {
  const bench = new Bench("client", { initialWindowSize: 2 * FRAME });
  const [one, three] = [bench.open(), bench.open()];
  bench.send(bench.headers(1, [[":status", "200"]]), data(1, FRAME), data(1, FRAME - 1));
  bench.connection.release(one, 2 * FRAME - 1, 2 * FRAME - 1, 0, true);
  assertEquals(bench.sent().slice(2), []);
  bench.send(bench.headers(3, [[":status", "200"]]), data(3, FRAME), data(3, FRAME));
  bench.connection.release(three, 2 * FRAME, 2 * FRAME, 0, true);
  assertEquals(bench.sent(), [`WINDOW_UPDATE 3 +${2 * FRAME}`]);
});

test("6.9.2: what was too little to announce of a window may be enough of the smaller one we asked for", () => {
  const bench = new Bench("server", { initialWindowSize: 1_000 }, { handshake: false });
  bench.send(PREFACE, setting(), bench.headers(1), data(1, 5_000));
  const [stream] = bench.sink.streams;
  bench.connection.release(stream!, 5_000);
  assertEquals(bench.sent().filter((sent) => sent.startsWith("WINDOW_UPDATE 1")), []);
  bench.send(SETTINGS_ACK);
  assertEquals(stream!.receiveWindow.available, 1_000);
  assertEquals(bench.sent(), ["WINDOW_UPDATE 1 +5000"]);
});

test("windows: what is expected and was let in before, or would be, asks for no more", () => {
  const bench = new Bench("server");
  const [one, three] = open(bench, 2);
  for (let left = 60_000; left > 0; left -= 10_000) bench.send(data(1, 10_000));
  bench.connection.release(one!, 100, 0, 59_900, true);
  assertEquals([bench.sent(), one!.receiveWindow.growth], [[], 0]);
  bench.send(data(3, 10_000), data(3, 10_000));
  bench.connection.release(three!, 20_000, 0, 30_000);
  assertEquals([bench.sent(), three!.receiveWindow.growth], [["WINDOW_UPDATE 3 +20000"], 0]);
});

test("windows: of what they may grow by in all, a stream takes half of what is left at a time", () => {
  const bench = new Bench("server", { windowGrowthSize: 200_000 });
  const [first, second] = open(bench, 2);
  for (let i = 0; i < 2; i++) read(bench, first!, windowOf(first!) >> 2);
  assertEquals(first!.receiveWindow.growth, 66_560 + 66_720);
  read(bench, second!, windowOf(second!) >> 2);
  assertEquals(second!.receiveWindow.growth, 33_360);
});

test("windows: padding is given back and is nothing that was read, so no window grows by it", () => {
  const bench = new Bench("server");
  const [stream] = open(bench, 1);
  const padding = frame("DATA", 8, 1, new Uint8Array(256).fill(255, 0, 1));
  for (let i = 0; i < 400; i++) bench.send(padding).sent();
  assertEquals([stream!.receiveWindow.growth, windowOf(stream!), stream!.receiveWindow.unreleased], [
    0,
    66_560,
    0,
  ]);
});

test("windows: a setting of 0 leaves what came before it to be read, and then lets more in", () => {
  const bench = new Bench("server", { initialWindowSize: 0 }, { handshake: false }).send(PREFACE, setting());
  const [stream] = open(bench, 1);
  bench.send(data(1, FRAME), data(1, FRAME), SETTINGS_ACK).sent();
  assertEquals(stream!.receiveWindow.available, -2 * FRAME);
  bench.connection.release(stream!, 2 * FRAME);
  assertEquals([stream!.receiveWindow.available > 0, bench.outcome], [true, "open"]);
});
