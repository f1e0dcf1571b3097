// RFC 9113, sections 6.4 and 8.1: how streams end before their time.
import { assertEquals } from "@std/assert";
import { ErrorCode, Http2Error } from "../../../transport/http2/error.ts";
import { test } from "../../harness.ts";
import {
  ACK,
  Bench,
  data,
  END_STREAM,
  frame,
  REQUEST,
  RESPONSE_LIST,
  rst,
  TRAILERS_LIST,
  windowUpdate,
} from "./wire.ts";

const OK: Array<[string, string]> = [[":status", "200"]];
const NO_ERROR = new Http2Error("stream", ErrorCode.NO_ERROR, "library", "answered");

test("6.4: RST_STREAM closes the stream with the peer's code", () => {
  const bench = new Bench("client");
  bench.open();
  bench.send(rst(1, ErrorCode.INTERNAL_ERROR));
  assertEquals(bench.sink.take(), ["closed 1 stream INTERNAL_ERROR remote"]);
  assertEquals([bench.sent(), bench.connection.activeStreams], [["HEADERS 1"], 0]);
});

test("6.4: REFUSED_STREAM says that the stream was not processed", () => {
  const bench = new Bench("client");
  bench.open();
  bench.send(rst(1, ErrorCode.REFUSED_STREAM));
  assertEquals(bench.sink.take(), ["closed 1 stream REFUSED_STREAM remote unprocessed"]);
});

test("8.1: a whole response and then RST_STREAM(NO_ERROR) is no error", () => {
  const bench = new Bench("client");
  bench.open();
  bench.send(bench.headers(1, OK), data(1, 2), bench.headers(1, [["grpc-status", "0"]], true));
  bench.send(rst(1, ErrorCode.NO_ERROR));
  assertEquals(bench.sink.take(), ["headers 1", "data 1 2", "trailers 1", "closed 1 ok"]);
});

test("8.1: RST_STREAM(NO_ERROR) before the response's end is an error", () => {
  const bench = new Bench("client");
  bench.open();
  bench.send(bench.headers(1, OK), rst(1, ErrorCode.NO_ERROR));
  assertEquals(bench.sink.take(), ["headers 1", "closed 1 stream NO_ERROR remote"]);
  assertEquals(bench.connection.counters().streamsFailed, 1);
});

test("8.1: a server that has answered in full asks the client to stop sending", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1));
  const stream = bench.sink.streams[0]!;
  bench.connection.sendHeaders(stream, RESPONSE_LIST, undefined, false);
  bench.connection.sendHeaders(stream, TRAILERS_LIST, undefined, true);
  bench.connection.reset(stream, NO_ERROR);
  assertEquals(bench.sent(), ["HEADERS 1", "HEADERS 1 end", "RST_STREAM 1 NO_ERROR"]);
  assertEquals(bench.sink.take(), ["headers 1", "closed 1 ok"]);
  bench.send(data(1, 100), data(1, 5, END_STREAM));
  assertEquals([bench.outcome, bench.sent()], ["open", []]);
});

test("8.1: reset(NO_ERROR) of an answer that is still queued waits for it", () => {
  const bench = new Bench("server", {}, { peer: [[4, 10]] });
  bench.send(bench.headers(1));
  const stream = bench.sink.streams[0]!;
  bench.connection.sendHeaders(stream, RESPONSE_LIST, undefined, false);
  assertEquals(bench.connection.sendData(stream, new Uint8Array(15), false), false);
  bench.connection.sendHeaders(stream, TRAILERS_LIST, undefined, true);
  bench.connection.reset(stream, NO_ERROR);
  assertEquals(bench.sent(), ["HEADERS 1", "DATA 1 10"]);
  bench.send(windowUpdate(1, 10));
  assertEquals(bench.sent(), ["DATA 1 5", "HEADERS 1 end", "RST_STREAM 1 NO_ERROR"]);
  assertEquals(bench.sink.take(), ["headers 1", "closed 1 ok"]);
});

test("6.4: our reset drops what is queued and tells the sink before it returns", () => {
  const bench = new Bench("client", {}, { peer: [[4, 0]] });
  const stream = bench.open();
  assertEquals(bench.connection.sendData(stream, new Uint8Array(100), true), false);
  bench.connection.reset(stream, new Http2Error("stream", ErrorCode.CANCEL, "user", "enough"));
  assertEquals(bench.sink.take(), ["closed 1 stream CANCEL user"]);
  bench.send(windowUpdate(1, 1_000));
  assertEquals(bench.sent(), ["HEADERS 1", "RST_STREAM 1 CANCEL"]);
});

test("6.4: an answer and a reset from inside a callback end the stream once", () => {
  const bench = new Bench("server");
  bench.sink.on = (event, stream) => {
    if (stream === undefined || event.startsWith("closed")) return;
    bench.connection.sendHeaders(stream, TRAILERS_LIST, undefined, true);
    bench.connection.reset(stream, new Http2Error("stream", ErrorCode.CANCEL, "user", "late"));
  };
  bench.send(bench.headers(1, REQUEST, true));
  assertEquals(bench.sink.take(), ["headers 1 end", "closed 1 ok"]);
  assertEquals(bench.sent(), ["HEADERS 1 end"]);
});

test("8.1: a response that asks for no reset leaves its stream half-closed, where every rule still holds", () => {
  const answered = (): Bench => {
    const bench = new Bench("server");
    bench.send(bench.headers(1));
    bench.sink.streams[0]!.takesWholeRequest = true;
    bench.connection.sendHeaders(bench.sink.streams[0]!, RESPONSE_LIST, undefined, true);
    assertEquals([bench.sent(), bench.connection.activeStreams], [["HEADERS 1 end"], 1]);
    bench.sink.take();
    return bench;
  };
  const ended = answered().send(data(1, 3), data(1, 0, END_STREAM));
  assertEquals(ended.sink.take(), ["data 1 3", "data 1 0 end", "closed 1 ok"]);
  const wrong = answered();
  wrong.send(wrong.headers(1, [[":path", "/"]], true));
  assertEquals(wrong.sent(), ["RST_STREAM 1 PROTOCOL_ERROR"]);
  assertEquals(answered().send(windowUpdate(1, 0)).sent(), ["RST_STREAM 1 PROTOCOL_ERROR"]);
  const reset = answered().send(rst(1, ErrorCode.CANCEL), data(1, 1));
  assertEquals(reset.outcome, "connection STREAM_CLOSED library");
});

test("8.1: a graceful shutdown does not wait for the rest of a request whose response is complete", () => {
  for (const answerFirst of [true, false]) {
    const bench = new Bench("server");
    bench.send(bench.headers(1));
    const stream = bench.sink.streams[0]!;
    stream.takesWholeRequest = true;
    const answer = () => bench.connection.sendHeaders(stream, RESPONSE_LIST, undefined, true);
    if (answerFirst) answer();
    bench.connection.drain("enough", bench.now);
    const ping = bench.frames().find(({ type }) => type === "PING")!;
    bench.send(frame("PING", ACK, 0, ping.payload));
    if (!answerFirst) answer();
    assertEquals(bench.sent().filter((line) => line.startsWith("RST")), ["RST_STREAM 1 NO_ERROR"]);
    assertEquals(bench.connection.closed, true);
  }
});

test("5.1: a stream that both sides have ended gets no RST_STREAM from a sink that resets it then", () => {
  for (const event of ["headers 1 end", "data 1 3 end", "trailers 1"]) {
    const bench = new Bench("client");
    const stream = bench.open(true);
    bench.sink.on = (said) => said === event && bench.connection.reset(stream, NO_ERROR);
    if (event === "headers 1 end") bench.send(bench.headers(1, OK, true));
    else if (event === "trailers 1") bench.send(bench.headers(1, OK), bench.headers(1, [["a", "b"]], true));
    else bench.send(bench.headers(1, OK), data(1, 3, END_STREAM));
    assertEquals(bench.sink.take().at(-1), "closed 1 stream NO_ERROR library");
    assertEquals([bench.sent(), bench.outcome], [["HEADERS 1 end"], "open"], event);
  }
});

test("8.1: a stream that the end of another one resets as the connection drains gets no second one", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1), bench.headers(3), bench.headers(5));
  const { sink, connection } = bench;
  for (const stream of sink.streams.slice(0, 2)) {
    stream.takesWholeRequest = true;
    connection.sendHeaders(stream, RESPONSE_LIST, undefined, true);
  }
  sink.on = (event) => {
    if (event.startsWith("closed 1")) {
      for (const stream of sink.streams.slice(1)) connection.reset(stream, NO_ERROR);
    }
  };
  connection.drain("over", bench.now);
  bench.sent();
  bench.pass(10_000);
  const resets = bench.sent().filter((line) => line.startsWith("RST_STREAM"));
  assertEquals(resets, ["RST_STREAM 1 NO_ERROR", "RST_STREAM 3 NO_ERROR", "RST_STREAM 5 NO_ERROR"]);
});
