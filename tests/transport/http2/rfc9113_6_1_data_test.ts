// RFC 9113, section 6.1: DATA, its padding, and how pieces of a frame arrive.
import { assertEquals } from "@std/assert";
import { ErrorCode, Http2Error } from "../../../transport/http2/error.ts";
import { concat } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { Bench, data, EMPTY, END_STREAM, frame, PADDED } from "./wire.ts";

const PING = frame("PING", 0, 0, new Uint8Array(8));

function padded(id: number, content: Uint8Array, padding: number, flags = 0): Uint8Array {
  return frame("DATA", PADDED | flags, id, concat(Uint8Array.of(padding), content, new Uint8Array(padding)));
}

test("6.1: padding is stripped and its window given back", () => {
  for (const step of [1, 3, 1_000]) {
    const bench = new Bench("server", { initialWindowSize: 65_535 });
    const bytes = concat(
      bench.headers(1),
      padded(1, Uint8Array.of(1, 2, 3), 10),
      padded(1, Uint8Array.of(4), 0),
      padded(1, EMPTY, 20),
      padded(1, Uint8Array.of(5), 255, END_STREAM),
    );
    for (let at = 0; at < bytes.length; at += step) bench.send(bytes.subarray(at, at + step));
    assertEquals(bench.sink.bodies.get(1), [1, 2, 3, 4, 5]);
    const stream = bench.sink.streams[0]!;
    assertEquals([stream.receiveWindow.unreleased, stream.remoteClosed], [5, true]);
    assertEquals(
      stream.receiveWindow.available + stream.receiveWindow.unclaimed + stream.receiveWindow.unreleased,
      65_535,
    );
  }
});

test("6.1: padding as long as the payload or longer is a PROTOCOL_ERROR of the connection", () => {
  for (const payload of [Uint8Array.of(3, 0, 0), Uint8Array.of(255), Uint8Array.of(1)]) {
    const bench = new Bench("server");
    bench.send(bench.headers(1), frame("DATA", PADDED, 1, payload));
    assertEquals(bench.outcome, "connection PROTOCOL_ERROR library");
  }
});

test("6.1: END_STREAM comes with the last piece, once, even when the frame is empty", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1), bench.headers(3), data(3, 0, END_STREAM));
  const bytes = data(1, 6, END_STREAM);
  bench.send(bytes.subarray(0, 11));
  bench.send(bytes.subarray(11));
  assertEquals(bench.sink.take(), ["headers 1", "headers 3", "data 3 0 end", "data 1 2", "data 1 4 end"]);
});

test("6.1: END_STREAM of padded DATA comes after its content, once, whether there is any or not", () => {
  for (const step of [1, 2, 1_000]) {
    for (const [content, padding] of [[0, 0], [0, 3], [1, 0], [1, 3]] as const) {
      const bench = new Bench("server");
      bench.send(bench.headers(1)).sink.take();
      const bytes = padded(1, new Uint8Array(content), padding, END_STREAM);
      for (let at = 0; at < bytes.length; at += step) bench.send(bytes.subarray(at, at + step));
      assertEquals(bench.sink.take(), [`data 1 ${content} end`]);
      bench.send(PING);
      assertEquals(bench.sent(), ["PING ack"], "the next frame is not found");
    }
  }
});

test("6.1: the rest of a DATA frame whose stream was reset in the middle goes nowhere", () => {
  const bench = new Bench("server", { connectionWindowSize: 65_535 });
  bench.send(bench.headers(1), bench.headers(3));
  const bytes = data(1, 16_000);
  bench.send(bytes.subarray(0, 109));
  bench.sink.take();
  const [one] = bench.sink.streams;
  bench.connection.release(one!, 100);
  bench.connection.reset(one!, new Http2Error("stream", ErrorCode.CANCEL, "user", "enough"));
  bench.send(bytes.subarray(109), data(3, 5));
  assertEquals(bench.sink.take(), ["closed 1 stream CANCEL user", "data 3 5"]);
  const { flow } = bench.connection;
  assertEquals(flow.connectionWindow + flow["unclaimed"], 65_535);
});
