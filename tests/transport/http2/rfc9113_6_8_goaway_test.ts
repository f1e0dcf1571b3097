// RFC 9113, section 6.8: GOAWAY, sent and received.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { ErrorCode, Http2Error } from "../../../transport/http2/error.ts";
import { BUDGETS, LATE_FRAMES_A_STREAM } from "../../../transport/http2/abuse.ts";
import { test } from "../../harness.ts";
import {
  ACK,
  Bench,
  data,
  END_STREAM,
  frame,
  goAway,
  PREFACE,
  REQUEST,
  RESPONSE_LIST,
  rst,
  setting,
  uint32,
  windowUpdate,
} from "./wire.ts";

const OK: Array<[string, string]> = [[":status", "200"]];
const MAX = 0x7fffffff;

test("6.8: streams above the last identifier are unprocessed, the others go on, then the connection ends", () => {
  const bench = new Bench("client");
  for (let i = 0; i < 3; i++) bench.open(true);
  bench.send(goAway(3, ErrorCode.NO_ERROR, "bye"));
  assertEquals(bench.sink.take(), [
    "goaway 3 connection NO_ERROR remote",
    "closed 5 connection REFUSED_STREAM remote unprocessed",
  ]);
  assertEquals([bench.connection.canOpen, bench.connection.closed], [false, false]);
  bench.send(bench.headers(1, OK, true), bench.headers(3, OK, true));
  assertEquals(bench.sink.take().slice(-2), ["closed 3 ok", "connection closed ok"]);
});

test("6.8: a second GOAWAY lowers the last identifier", () => {
  const bench = new Bench("client");
  bench.open(true);
  bench.open(true);
  bench.send(goAway(MAX, ErrorCode.NO_ERROR), goAway(1, ErrorCode.NO_ERROR));
  assertEquals(bench.sink.take().pop(), "closed 3 connection REFUSED_STREAM remote unprocessed");
});

test("6.8: late frames of a stream that GOAWAY closed are ignored", () => {
  const bench = new Bench("client");
  bench.open(true);
  bench.open(true);
  bench.send(goAway(1, ErrorCode.NO_ERROR), bench.headers(3, OK), data(3, 4));
  assertEquals(bench.outcome, "open");
});

test("6.8: what was in flight on streams above GOAWAY costs no budget, and no more than that", () => {
  const bench = new Bench("client", { initialWindowSize: 65_535, connectionWindowSize: 1_048_576 });
  for (let i = 0; i < 3; i++) bench.open(i !== 2);
  bench.send(bench.headers(5, OK), data(5, 535, END_STREAM)); // which may send no more
  bench.send(goAway(1, ErrorCode.NO_ERROR));
  const most = 65_535 + BUDGETS.lateFrames.burst + 3 * LATE_FRAMES_A_STREAM;
  let taken = 0;
  for (; taken <= most && bench.outcome === "open"; taken++) {
    bench.send(data(3, 1));
    if (bench.connection.wantsTransmit) bench.sent(); // the connection's window comes back
  }
  assertEquals([taken, bench.outcome], [most + 1, "connection STREAM_CLOSED library"]);
});

test("5.4.1: GOAWAY with an error ends what is open at once, whether or not the peer closes", () => {
  const said = "connection COMPRESSION_ERROR remote";
  const client = new Bench("client");
  client.open(true);
  client.open(true);
  client.send(goAway(1, ErrorCode.COMPRESSION_ERROR));
  assertEquals(client.sink.take(), [
    `goaway 1 ${said}`,
    "closed 3 connection REFUSED_STREAM remote unprocessed",
    `closed 1 ${said}`,
    `connection closed ${said}`,
  ]);
  const server = new Bench("server");
  server.send(server.headers(1), goAway(0, ErrorCode.COMPRESSION_ERROR));
  assertEquals(server.sink.take().slice(1), [
    `goaway 0 ${said}`,
    `closed 1 ${said}`,
    `connection closed ${said}`,
  ]);
  const graceful = new Bench("server");
  graceful.send(graceful.headers(1), goAway(0, ErrorCode.NO_ERROR));
  assertEquals(graceful.outcome, "open");
});

test("6.8: the peer's code and words are in the reason", () => {
  const bench = new Bench("client");
  bench.open();
  bench.send(goAway(0, ErrorCode.ENHANCE_YOUR_CALM, "too_many_pings"));
  const { reason } = bench.sink.streamErrors.get(1)!;
  assertStringIncludes(reason, "ENHANCE_YOUR_CALM");
  assertStringIncludes(reason, '"too_many_pings"');
});

test("6.8: a connection that ends after GOAWAY says what that was", () => {
  const bench = new Bench("client");
  bench.open(true);
  bench.send(goAway(1, ErrorCode.NO_ERROR, "maintenance"));
  bench.connection.receiveEnd(new Http2Error("io", ErrorCode.INTERNAL_ERROR, "remote", "end of stream"));
  assertEquals(
    bench.sink.streamErrors.get(1)!.reason,
    'end of stream; before that the peer sent GOAWAY NO_ERROR "maintenance"',
  );
});

test("6.8: a connection that ends without GOAWAY says what ended it, and nothing else", () => {
  const bench = new Bench("client");
  bench.open(true);
  bench.connection.receiveEnd(new Http2Error("io", ErrorCode.INTERNAL_ERROR, "remote", "end of stream"));
  assertEquals(bench.sink.streamErrors.get(1)!.reason, "end of stream");
});

test("6.8: once the last GOAWAY is out nothing is waited for but the streams", () => {
  const client = new Bench("client");
  client.open();
  client.connection.drain("enough", client.now);
  const server = new Bench("server");
  server.send(server.headers(1));
  server.connection.drain("enough", server.now);
  server.send(frame("PING", ACK, 0, server.frames()[1]!.payload));
  for (const { connection } of [client, server]) {
    assertEquals([connection.nextTimeout(), connection.closed], [Infinity, false]);
  }
});

test("6.8: a server drains in two steps, and serves what is opened between them", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1));
  bench.connection.drain("maintenance", bench.now);
  const [first, ping] = bench.frames();
  assertEquals([first!.type, new DataView(first!.payload.slice().buffer).getUint32(0), ping!.type], [
    "GOAWAY",
    MAX,
    "PING",
  ]);
  bench.send(bench.headers(3));
  bench.send(frame("PING", ACK, 0, ping!.payload));
  assertEquals(bench.sent(), ["GOAWAY 3 NO_ERROR"]);
  bench.send(bench.headers(5, [...REQUEST, ["x-table", "kept"]]), data(5, 10, END_STREAM));
  assertEquals(bench.sink.take(), ["headers 1", "headers 3"]);
  assertEquals([bench.sent(), bench.connection.closed], [[], false]);
  for (const stream of bench.sink.streams) {
    bench.connection.sendHeaders(stream, RESPONSE_LIST, undefined, true);
  }
  assertEquals(bench.sink.take().pop(), "connection closed ok");
  assertEquals(bench.connection.closed, true);
});

test("6.8: what comes in one read with the answer to a drain's PING is served, behind the answer too", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1));
  bench.connection.drain("maintenance", bench.now);
  const [, ping] = bench.frames();
  bench.send(frame("PING", ACK, 0, ping!.payload), bench.headers(3), data(3, 10), bench.headers(5));
  assertEquals(bench.sent(), ["GOAWAY 5 NO_ERROR"]);
  assertEquals(bench.sink.take(), ["headers 1", "headers 3", "data 3 10", "headers 5"]);
  bench.send(bench.headers(7));
  assertEquals([bench.sink.take(), bench.outcome], [[], "open"]);
});

test("6.8: a server whose last stream ends between its two GOAWAYs still serves what was on its way", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1, REQUEST, true));
  bench.connection.drain("maintenance", bench.now);
  bench.connection.sendHeaders(bench.sink.streams[0]!, RESPONSE_LIST, undefined, true);
  assertEquals([bench.sink.take().at(-1), bench.outcome], ["closed 1 ok", "open"]);
  bench.send(bench.headers(3));
  assertEquals(bench.sink.take(), ["headers 3"]);
});

test("6.8: requests after the last GOAWAY are ignored with their DATA, but not without end", () => {
  const bench = new Bench("server", { initialWindowSize: 65_535 });
  bench.send(bench.headers(1));
  bench.connection.drain("maintenance", bench.now);
  bench.send(frame("PING", ACK, 0, bench.frames()[1]!.payload));
  bench.send(bench.headers(3));
  for (let i = 0; i < 20_000; i++) bench.send(data(3, 1));
  const most = BUDGETS.lateFrames.burst + LATE_FRAMES_A_STREAM;
  for (let i = 1; i < most; i++) bench.send(bench.headers(2 * i + 3));
  assertEquals(bench.outcome, "open");
  bench.send(bench.headers(2 * most + 3));
  assertEquals(bench.outcome, "connection STREAM_CLOSED library");
});

test("6.8: a client that is told to go may reset what it has numbered and not sent, but not without end", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1));
  bench.connection.drain("maintenance", bench.now);
  const [, ping] = bench.frames();
  bench.send(rst(5, ErrorCode.CANCEL));
  bench.send(bench.headers(3), frame("PING", ACK, 0, ping!.payload));
  bench.send(rst(9, ErrorCode.CANCEL));
  assertEquals([bench.sink.take(), bench.outcome], [["headers 1", "headers 3"], "open"]);
  for (const stream of bench.sink.streams.slice(1)) {
    bench.connection.sendHeaders(stream, RESPONSE_LIST, undefined, true);
  }
  const most = BUDGETS.lateFrames.burst + 2 * LATE_FRAMES_A_STREAM;
  for (let i = 2; i < most; i++) bench.send(rst(9, ErrorCode.CANCEL));
  assertEquals(bench.outcome, "open");
  bench.send(rst(9, ErrorCode.CANCEL));
  assertEquals(bench.outcome, "connection STREAM_CLOSED library");
  for (const wrong of [windowUpdate(5, 1), data(5, 1), rst(2, ErrorCode.CANCEL)]) {
    const other = new Bench("server");
    other.send(other.headers(1));
    other.connection.drain("maintenance", other.now);
    other.send(wrong);
    assertEquals(other.outcome, "connection PROTOCOL_ERROR library");
  }
});

test("6.8: a drain whose PING never comes back goes on when its time is up, and no earlier", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1));
  bench.sent();
  const now = 3_600_000; // long after anything was received
  bench.connection.drain("maintenance", now);
  bench.connection.handleTimeout(now);
  assertEquals(bench.sent(), [`GOAWAY ${MAX} NO_ERROR`, "PING"]);
  const at = bench.connection.nextTimeout();
  assertEquals(at > now && at < now + 60_000, true);
  bench.connection.handleTimeout(at);
  assertEquals(bench.sent(), ["GOAWAY 1 NO_ERROR"]);
  bench.send(frame("PING", ACK, 0, uint32(0, 0x6472_6169)));
  assertEquals([bench.sent(), bench.outcome], [[], "open"], "an answer after its time changes nothing");
});

test("6.8: a client drains by opening no more, and ends with its last stream", () => {
  const bench = new Bench("client");
  bench.open(true);
  bench.connection.drain("done", bench.now);
  assertEquals([bench.connection.canOpen, bench.connection.closed], [false, false]);
  bench.send(bench.headers(1, OK, true));
  assertEquals(bench.sink.take().pop(), "connection closed ok");
  const idle = new Bench("client");
  idle.connection.drain("done", idle.now);
  assertEquals([idle.connection.closed, idle.sent()], [true, ["GOAWAY 0 NO_ERROR"]]);
});

test("5.4.1: abort sends GOAWAY, fails every stream, and ends", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1));
  bench.connection.abort(new Http2Error("connection", ErrorCode.INTERNAL_ERROR, "user", "close"));
  const said = "connection INTERNAL_ERROR user";
  assertEquals(bench.sink.take(), ["headers 1", `closed 1 ${said}`, `connection closed ${said}`]);
  assertEquals(bench.sent(), ["GOAWAY 1 INTERNAL_ERROR"]);
  bench.send(bench.headers(3));
  assertEquals([bench.sink.take(), bench.connection.wantsTransmit], [[], false]);
});

test("6.8: the GOAWAY of an error takes no stream that the one of a drain did not", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1));
  bench.connection.drain("maintenance", bench.now);
  const ping = bench.frames()[1]!;
  bench.send(frame("PING", ACK, 0, ping.payload));
  assertEquals(bench.sent(), ["GOAWAY 1 NO_ERROR"]);
  bench.send(bench.headers(3)); // which was on its way, and is not taken
  bench.connection.abort(new Http2Error("connection", ErrorCode.INTERNAL_ERROR, "user", "close"));
  assertEquals(bench.sent(), ["GOAWAY 1 INTERNAL_ERROR"]);
});

test("6.8: GOAWAY that leaves no stream is the end, with the peer's error where it gave one", () => {
  for (
    const [code, end] of [[ErrorCode.NO_ERROR, "ok"], [
      ErrorCode.PROTOCOL_ERROR,
      "connection PROTOCOL_ERROR remote",
    ]]
  ) {
    for (const streams of [0, 2]) {
      const bench = new Bench("client");
      for (let i = 0; i < streams; i++) bench.open();
      bench.send(goAway(0, code as number));
      assertEquals(bench.sink.take().at(-1), `connection closed ${end}`);
    }
  }
});

test("6.8: of the peer's words no more is kept than a message has room for", () => {
  const bench = new Bench("client");
  bench.open();
  bench.send(goAway(0, ErrorCode.NO_ERROR, "x".repeat(10_000)));
  assertEquals(bench.sink.streamErrors.get(1)!.reason, `peer sent GOAWAY NO_ERROR "${"x".repeat(256)}"`);
});

test("6.8: a connection that one of its deadlines has ended says nothing of another that has come as well", () => {
  const bench = new Bench("server", {}, { handshake: false });
  bench.send(PREFACE, setting(), bench.headers(1));
  bench.connection.drain("over", bench.now);
  bench.sent();
  bench.connection.handleTimeout(bench.now + 60_000);
  assertEquals(bench.sent(), ["GOAWAY 1 SETTINGS_TIMEOUT"]);
});

test("6.8: nothing follows the GOAWAY of an error, not the window that was due", () => {
  const bench = new Bench("client", { connectionWindowSize: 65_535 });
  bench.open();
  bench.sent();
  bench.send(bench.headers(1, OK), data(1, 16_384), data(1, 16_384), frame("PING", 0, 1, new Uint8Array(8)));
  assertEquals(bench.sent(), ["GOAWAY 0 PROTOCOL_ERROR"]);
});
