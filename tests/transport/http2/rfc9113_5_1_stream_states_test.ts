// RFC 9113, sections 5.1, 5.1.1 and 5.1.2: states, identifiers and concurrency of streams.
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ErrorCode, Http2Error } from "../../../transport/http2/error.ts";
import { BUDGETS, LATE_FRAMES_A_STREAM } from "../../../transport/http2/abuse.ts";
import { test } from "../../harness.ts";
import {
  Bench,
  data,
  frame,
  goAway,
  REQUEST,
  RESPONSE_LIST,
  rst,
  setting,
  TRAILERS_LIST,
  uint32,
  windowUpdate,
} from "./wire.ts";

const CANCEL = new Http2Error("stream", ErrorCode.CANCEL, "user", "cancelled");
const OK: Array<[string, string]> = [[":status", "200"]];

test("5.1: DATA, RST_STREAM and WINDOW_UPDATE on an idle stream are PROTOCOL_ERRORs of the connection", () => {
  for (const bytes of [data(1, 3), rst(1, 8), windowUpdate(1, 5)]) {
    for (const role of ["client", "server"] as const) {
      assertEquals(new Bench(role).send(bytes).outcome, "connection PROTOCOL_ERROR library");
    }
  }
});

test("5.1: after END_STREAM the peer's DATA and HEADERS are STREAM_CLOSED on the stream", () => {
  for (const type of ["DATA", "HEADERS"]) {
    const bench = new Bench("server");
    bench.send(bench.headers(1, REQUEST, true));
    bench.send(type === "DATA" ? data(1, 1) : bench.headers(1, [["x", "y"]], true));
    assertEquals(bench.sent(), ["RST_STREAM 1 STREAM_CLOSED"]);
    assertEquals(bench.outcome, "open");
  }
});

test("5.1: half-closed (remote) still takes WINDOW_UPDATE, PRIORITY and RST_STREAM", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1, REQUEST, true), windowUpdate(1, 5), frame("PRIORITY", 0, 1, new Uint8Array(5)));
  assertEquals(bench.connection.activeStreams, 1);
  bench.send(rst(1, ErrorCode.CANCEL));
  assertEquals(bench.sink.take().pop(), "closed 1 stream CANCEL remote");
});

test("5.1: frames that crossed our RST_STREAM are ignored, their window given back, their block decoded", () => {
  const bench = new Bench("server", { connectionWindowSize: 65_535 });
  bench.send(bench.headers(1));
  bench.connection.reset(bench.sink.streams[0]!, CANCEL);
  assertEquals(bench.sent(), ["RST_STREAM 1 CANCEL"]);
  bench.send(data(1, 16_384), data(1, 16_384), bench.headers(1, [["x-late", "v"]], true), rst(1, 8));
  assertEquals(bench.sent(), ["WINDOW_UPDATE 0 +32768"]);
  bench.send(bench.headers(3, [...REQUEST, ["x-late", "v"]], true));
  assertEquals(bench.sink.headers.get(3)!.get("x-late"), "v");
  assertEquals(bench.outcome, "open");
});

test("5.1: frames on a stream that both sides ended are an error, WINDOW_UPDATE and RST_STREAM are not", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1, REQUEST, true));
  bench.connection.sendHeaders(bench.sink.streams[0]!, RESPONSE_LIST, undefined, true);
  bench.send(windowUpdate(1, 9), rst(1, 0), frame("PRIORITY", 0, 1, new Uint8Array(5)));
  assertEquals(bench.outcome, "open");
  bench.send(data(1, 1));
  assertEquals(bench.outcome, "connection STREAM_CLOSED library");
});

test("5.1: late frames of many reset streams never end the connection", () => {
  const bench = new Bench("client");
  for (let i = 0; i < 2_000; i++) bench.connection.reset(bench.open(true), CANCEL);
  for (const id of [1, 3, 1001, 3999]) bench.send(bench.headers(id, OK), data(id, 5));
  assertEquals([bench.outcome, bench.connection.activeStreams], ["open", 0]);
});

/** How the streams of a client may have closed. */
/** Frames on closed streams that a connection on which `opened` streams were opened takes at once. */
const lateFrames = (opened: number): number => BUDGETS.lateFrames.burst + LATE_FRAMES_A_STREAM * opened;

const CLOSINGS: Array<[how: string, close: (bench: Bench, id: number) => void]> = [
  [
    "both sides ended it",
    (bench, id) => bench.send(bench.headers(id, OK), bench.headers(id, TRAILERS_LIST, true)),
  ],
  ["the server answered with one header section", (bench, id) => bench.send(bench.headers(id, OK, true))],
  ["the server reset it", (bench, id) => bench.send(rst(id, ErrorCode.INTERNAL_ERROR))],
  ["GOAWAY was below it", (bench, id) => bench.send(goAway(id - 2, ErrorCode.NO_ERROR))],
];

for (const [how, close] of CLOSINGS) {
  test(`5.1: a client ignores a second answer on a stream that is closed because ${how}`, () => {
    const bench = new Bench("client", { connectionWindowSize: 65_535 });
    bench.open(true); // and stays, so that GOAWAY does not end the connection
    const beside = bench.open(true);
    const { id } = bench.open(true);
    close(bench, id);
    bench.sink.take();
    bench.send(bench.headers(id, [...OK, ["x-late", "v"]]), data(id, 16_384), data(id, 16_384), data(id, 0));
    bench.send(bench.headers(id, TRAILERS_LIST, true), rst(id, 0), windowUpdate(id, 1));
    bench.send(frame("PRIORITY", 0, id, new Uint8Array(5)), windowUpdate(id, 0x7fffffff));
    assertEquals(bench.sink.take(), []);
    assertEquals(bench.sent().at(-1), "WINDOW_UPDATE 0 +32768");
    bench.send(bench.headers(beside.id, [...OK, ["x-late", "v"]], true));
    assertEquals([bench.outcome, bench.sink.headers.get(beside.id)!.get("x-late")], ["open", "v"]);
  });
}

test("5.1: a client's late HEADERS and DATA have a budget, beyond which they end the connection and say so", () => {
  for (const type of ["HEADERS", "DATA"]) {
    const bench = new Bench("client");
    bench.open(true);
    const { id } = bench.open(true);
    bench.send(bench.headers(id, OK, true));
    const late = () => type === "HEADERS" ? bench.headers(id, TRAILERS_LIST, true) : data(id, 1);
    for (let i = 0; i < lateFrames(2); i++) bench.send(late());
    assertEquals(bench.outcome, "open", type);
    bench.send(late());
    assertEquals(bench.outcome, "connection STREAM_CLOSED library", type);
    assertMatch(bench.sink.error!.reason, new RegExp(`^${type} on closed stream 3, and too many frames`));
  }
});

test("5.1: 20,000 calls that a client gives up at once may all be answered, for that was on its way", () => {
  const bench = new Bench("client");
  const beside = bench.open(true);
  const streams = Array.from({ length: 20_000 }, () => bench.open(true));
  for (const stream of streams) bench.connection.reset(stream, CANCEL);
  for (const { id } of streams) {
    bench.send(bench.headers(id, OK), data(id, 5), bench.headers(id, TRAILERS_LIST, true));
  }
  bench.send(bench.headers(beside.id, OK, true));
  assertEquals([bench.outcome, bench.sink.take().at(-1)], ["open", `closed ${beside.id} ok`]);
});

test("5.1: 20,000 calls that are answered as their client gives them up may all be reset", () => {
  const bench = new Bench("server", { maxConcurrentStreams: 20_000 });
  const ids = Array.from({ length: 20_000 }, (_, i) => 2 * i + 1);
  for (const id of ids) bench.send(bench.headers(id, REQUEST, true));
  for (const stream of [...bench.sink.streams]) {
    bench.connection.sendHeaders(stream, RESPONSE_LIST, undefined, true);
  }
  for (const id of ids) bench.send(rst(id, ErrorCode.CANCEL));
  assertEquals(bench.outcome, "open");
});

test("5.1: the budget of late frames comes back with time", () => {
  const bench = new Bench("client");
  const { id } = bench.open(true);
  bench.send(bench.headers(id, OK, true));
  for (let second = 0; second < 3; second++) {
    for (let i = 0; i < BUDGETS.lateFrames.perSecond; i++) bench.send(data(id, 0));
    bench.now += 1_000;
  }
  assertEquals(bench.outcome, "open");
});

/** Sends frames of `octets` on stream `id` until the connection ends, at most `most`; gives how many were taken. */
function lateData(bench: Bench, id: number, octets: number, most: number): number {
  const frame = data(id, octets);
  for (let sent = 0; sent < most; sent++) {
    if (bench.send(frame).outcome !== "open") return sent;
    if (bench.connection.wantsTransmit) bench.sent(); // the connection's window comes back
  }
  return most;
}

test("5.1: what was in flight on a stream that we reset costs no budget, however small its frames are", () => {
  const bench = new Bench("client", { initialWindowSize: 65_535, connectionWindowSize: 1_048_576 });
  const stream = bench.open(true);
  bench.connection.reset(stream, CANCEL);
  assertEquals(lateData(bench, stream.id, 1, 80_000), 65_535 + lateFrames(1));
});

test("5.1: DATA that came before the reset is no longer in flight", () => {
  const bench = new Bench("client", { initialWindowSize: 65_535, connectionWindowSize: 1_048_576 });
  const stream = bench.open(true);
  bench.send(bench.headers(1, OK), data(1, 16_384));
  bench.connection.reset(stream, CANCEL);
  assertEquals(lateData(bench, stream.id, 1, 80_000), 65_535 - 16_384 + lateFrames(1));
});

test("5.1: nothing is in flight on a stream that the peer had ended before we reset it", () => {
  for (const role of ["client", "server"] as const) {
    const bench = new Bench(role, { initialWindowSize: 65_535, connectionWindowSize: 1_048_576 });
    if (role === "client") bench.open();
    bench.send(bench.headers(1, role === "client" ? OK : REQUEST, true));
    bench.connection.reset(bench.connection.streams.get(1)!, CANCEL);
    assertEquals(lateData(bench, 1, 1, 80_000), lateFrames(1), role);
  }
});

test("5.1: on all streams together no more is in flight than the connection's window let through", () => {
  const bench = new Bench("client", { initialWindowSize: 40_000, connectionWindowSize: 65_535 });
  const streams = [bench.open(true), bench.open(true), bench.open(true)];
  for (const stream of streams) bench.connection.reset(stream, CANCEL);
  assertEquals(lateData(bench, 1, 1, 150_000), 65_535 + lateFrames(3));
});

test("5.1: a server ignores what was in flight on streams it refused, answered early or reset", () => {
  const settings = { initialWindowSize: 65_535, maxConcurrentStreams: 1 };
  for (const how of ["refuse", "answer", "reset"]) {
    const bench = new Bench("server", settings);
    bench.send(bench.headers(1));
    const [stream] = bench.sink.streams;
    if (how === "refuse") bench.send(bench.headers(3));
    else if (how === "reset") bench.connection.reset(stream!, CANCEL);
    else bench.connection.sendHeaders(stream!, RESPONSE_LIST, undefined, true);
    const id = how === "refuse" ? 3 : 1;
    assertEquals(lateData(bench, id, 1, 80_000), 65_535 + lateFrames(1), how);
  }
});

test("5.1: a stream that the client itself reset takes no more of it at a server", () => {
  for (const type of ["DATA", "HEADERS"]) {
    const bench = new Bench("server");
    bench.send(bench.headers(1), rst(1, ErrorCode.CANCEL), windowUpdate(1, 5), rst(1, ErrorCode.CANCEL));
    assertEquals(bench.outcome, "open");
    bench.send(type === "DATA" ? data(1, 1) : bench.headers(1, [["x", "y"]], true));
    assertEquals(bench.outcome, "connection STREAM_CLOSED library", type);
  }
});

test("5.1.1: streams of a client are odd and grow; others are PROTOCOL_ERRORs", () => {
  const even = new Bench("server");
  assertEquals(even.send(even.headers(2)).outcome, "connection PROTOCOL_ERROR library");
  const lower = new Bench("server");
  lower.send(lower.headers(5, REQUEST, true), lower.headers(3, REQUEST, true));
  assertEquals(lower.outcome, "connection PROTOCOL_ERROR library");
});

test("5.1.1: HEADERS from a server on a stream we have not opened are a PROTOCOL_ERROR", () => {
  for (const id of [1, 2]) {
    const bench = new Bench("client");
    assertEquals(bench.send(bench.headers(id, OK)).outcome, "connection PROTOCOL_ERROR library");
  }
});

test("5.1.1: a client out of identifiers cannot open", () => {
  const bench = new Bench("client");
  bench.connection.streams.nextId = 0x7fffffff;
  assertEquals(bench.connection.canOpen, true);
  assertEquals(bench.open(true).id, 0x7fffffff);
  assertEquals(bench.connection.canOpen, false);
  assertThrows(() => bench.open(), TypeError);
});

test("5.1.2: streams above our limit are refused, and may be tried again", () => {
  const bench = new Bench("server", { maxConcurrentStreams: 2 });
  bench.send(bench.headers(1), bench.headers(3), bench.headers(5), data(5, 10));
  assertEquals(bench.sent(), ["RST_STREAM 5 REFUSED_STREAM"]);
  assertEquals(bench.sink.take(), ["headers 1", "headers 3"]);
  bench.send(rst(1, ErrorCode.CANCEL), bench.headers(7));
  assertEquals(bench.sink.take().pop(), "headers 7");
});

test("5.1.2: only a client hears that a stream can be opened", () => {
  for (const role of ["client", "server"] as const) {
    const bench = new Bench(role, {}, { peer: [[3, 0]] });
    bench.send(setting([3, 1]));
    assertEquals(bench.sink.take(), role === "client" ? ["settings", "canOpen"] : ["settings"]);
  }
});

test("5.1.2: canOpen keeps to the peer's limit and onCanOpen says when it is over", () => {
  const bench = new Bench("client", {}, { peer: [[3, 2]] });
  const first = bench.open();
  bench.open();
  assertEquals(bench.connection.canOpen, false);
  assertThrows(() => bench.open(), TypeError);
  bench.connection.reset(first, CANCEL);
  assertEquals(bench.sink.take(), ["closed 1 stream CANCEL user", "canOpen"]);
  assertEquals(bench.connection.canOpen, true);
});

test("5.1: misuse throws: DATA before HEADERS, anything after END_STREAM, a second response", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1), bench.headers(3));
  const [one, three] = bench.sink.streams;
  const { connection } = bench;
  assertThrows(() => connection.sendData(one!, new Uint8Array(1), false), TypeError);
  connection.sendHeaders(one!, RESPONSE_LIST, undefined, false);
  assertThrows(() => connection.sendHeaders(one!, RESPONSE_LIST, undefined, false), TypeError);
  connection.sendHeaders(one!, TRAILERS_LIST, undefined, true);
  bench.send(data(3, 4));
  assertThrows(() => connection.release(three!, 5), RangeError);
  const client = new Bench("client");
  const stream = client.open(true);
  assertThrows(() => client.connection.sendData(stream, new Uint8Array(1), true), TypeError);
});

test("5.1: commands on a stream that is closed do nothing", () => {
  const bench = new Bench("client");
  const stream = bench.open();
  bench.send(rst(1, ErrorCode.CANCEL));
  bench.sent();
  assertEquals(bench.connection.sendData(stream, new Uint8Array(5), true), true);
  bench.connection.sendHeaders(stream, TRAILERS_LIST, undefined, true);
  bench.connection.release(stream, 5);
  bench.connection.reset(stream, CANCEL);
  assertEquals(bench.sent(), []);
});

test("6.3: PRIORITY is ignored, even a stream that depends on itself, but its size is checked", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1), frame("PRIORITY", 0, 1, new Uint8Array([0, 0, 0, 1, 16])));
  bench.send(frame("PRIORITY", 0, 99, new Uint8Array(5)));
  assertEquals(bench.sent(), []);
  bench.send(frame("PRIORITY", 0, 1, uint32(0)));
  assertEquals(bench.sent(), ["RST_STREAM 1 FRAME_SIZE_ERROR"]);
});

test("6.6: PUSH_PROMISE is a PROTOCOL_ERROR, for push is off", () => {
  const bench = new Bench("client");
  bench.open();
  bench.send(frame("PUSH_PROMISE", 4, 1, uint32(2)));
  assertEquals(bench.outcome, "connection PROTOCOL_ERROR library");
});
