// RFC 9113, sections 5.4, 5.5 and 7: how errors are told, once; and what is unknown, which is ignored.
import { assert, assertEquals } from "@std/assert";
import { ErrorCode, Http2Error } from "../../../transport/http2/error.ts";
import { ascii } from "../http2/wire.ts";
import { test } from "../../harness.ts";
import {
  Bench,
  data,
  EMPTY,
  END_HEADERS,
  frame,
  goAway,
  PREFACE,
  REQUEST,
  rst,
  setting,
  SETTINGS_ACK,
  uint32,
  windowUpdate,
} from "./wire.ts";

const OK: Array<[string, string]> = [[":status", "200"]];
const PING = frame("PING", 0, 0, new Uint8Array(8));
const WRONG_PING = frame("PING", 0, 0, new Uint8Array(7));

test("3.4: the first frame must be SETTINGS at a server too, and is acknowledged after our own", () => {
  for (const first of [PING, SETTINGS_ACK, frame(0x42, 0, 0, EMPTY), windowUpdate(0, 1)]) {
    const bench = new Bench("server", {}, { handshake: false });
    bench.send(PREFACE, first);
    assertEquals(bench.outcome, "connection PROTOCOL_ERROR library");
  }
  for (const role of ["server", "client"] as const) {
    const bench = new Bench(role, {}, { handshake: false });
    bench.send(...role === "server" ? [PREFACE, setting()] : [setting()]);
    const sent = bench.sent();
    assertEquals([sent[0], sent.at(-1)], ["SETTINGS", "SETTINGS ack"]);
  }
});

test("3.4: any other octet in the place of the preface is an invalid one", () => {
  for (let at = 0; at < PREFACE.length; at++) {
    const wrong = PREFACE.slice();
    wrong[at]! ^= 0x20;
    const bench = new Bench("server", {}, { handshake: false }).send(wrong, setting());
    assertEquals(bench.outcome, "connection PROTOCOL_ERROR library", `octet ${at}`);
  }
});

test("5.4.1: GOAWAY has the last stream that was received, and nothing comes after it", () => {
  const bench = new Bench("server");
  bench.send(
    bench.headers(1),
    bench.headers(5, REQUEST, true),
    WRONG_PING,
    bench.headers(7),
    PING,
    WRONG_PING,
  );
  assertEquals(bench.sent(), ["GOAWAY 5 FRAME_SIZE_ERROR"]);
  assertEquals(bench.connection.activeStreams, 0);
  bench.send(PING, rst(1, 8), goAway(0, 2), bench.headers(9));
  bench.connection.abort(new Http2Error("connection", ErrorCode.INTERNAL_ERROR, "user", "again"));
  assertEquals(bench.sent(), []);
});

test("5.4.1: an error during a graceful shutdown sends one more GOAWAY, with the error", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1));
  bench.connection.drain("enough", bench.now);
  assertEquals(bench.sent(), ["GOAWAY 2147483647 NO_ERROR", "PING"]);
  bench.send(WRONG_PING);
  assertEquals(bench.sent(), ["GOAWAY 1 FRAME_SIZE_ERROR"]);
});

test("5.4.1: a connection that is ended in order says so by GOAWAY before it is closed", () => {
  for (const role of ["client", "server"] as const) {
    const bench = new Bench(role);
    bench.connection.abort(new Http2Error("connection", ErrorCode.NO_ERROR, "user", "bye"));
    assertEquals([bench.sent(), bench.connection.closed], [["GOAWAY 0 NO_ERROR"], true]);
  }
});

test("5.4.2: RST_STREAM is never answered by RST_STREAM, in any state of its stream", () => {
  for (const role of ["client", "server"] as const) {
    const bench = new Bench(role);
    if (role === "client") { for (let i = 0; i < 3; i++) bench.open(i === 1); }
    else bench.send(bench.headers(1), bench.headers(3, REQUEST, true), bench.headers(5));
    bench.connection.reset(
      bench.connection.streams.get(5)!,
      new Http2Error("stream", ErrorCode.CANCEL, "user", "enough"),
    );
    bench.sent();
    for (const id of [1, 1, 3, 3, 5, 5]) bench.send(rst(id, ErrorCode.PROTOCOL_ERROR));
    assertEquals([bench.sent(), bench.outcome], [[], "open"], role);
  }
});

test("5.4.2: a stream is reset once, whatever comes on it afterwards", () => {
  for (const role of ["client", "server"] as const) {
    const bench = new Bench(role);
    if (role === "client") bench.open();
    else bench.send(bench.headers(1));
    bench.send(bench.headers(1, [["UPPER", "x"]], true));
    assertEquals(bench.sent().filter((line) => line.startsWith("RST")), ["RST_STREAM 1 PROTOCOL_ERROR"]);
    bench.send(data(1, 5), bench.headers(1, [["UPPER", "x"]], true), windowUpdate(1, 0), data(1, 0));
    assertEquals([bench.sent(), bench.outcome], [[], "open"], role);
  }
});

test("5.5: frames of every unknown type are discarded, on stream 0, on idle, open and closed ones", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1), bench.headers(3, REQUEST, true), rst(3, ErrorCode.CANCEL));
  bench.sink.take();
  for (let type = 0x0a; type <= 0xff; type++) {
    for (const id of [0, 1, 3, 9]) bench.send(frame(type, 0xff, id, ascii("what is this")));
  }
  assertEquals([bench.outcome, bench.sent(), bench.sink.take()], ["open", [], []]);
  bench.send(data(1, 3));
  assertEquals(bench.sink.take(), ["data 1 3"]);
});

test("5.5: a frame of an unknown type inside a field block is a PROTOCOL_ERROR of the connection", () => {
  const bench = new Bench("server");
  const block = bench.block(REQUEST);
  bench.send(frame("HEADERS", 0, 1, block.subarray(0, 1)), frame(0x42, 0, 1, EMPTY));
  bench.send(frame("CONTINUATION", END_HEADERS, 1, block.subarray(1)));
  assertEquals(bench.outcome, "connection PROTOCOL_ERROR library");
});

test("5.5 and 6.5.3: unknown settings are ignored wherever they stand, and the known ones taken in their order", () => {
  const bench = new Bench("client", {}, {
    peer: [[0, 1], [3, 7], [0x42, 9], [3, 5], [0xffff, 0xffff_ffff], [4, 9]],
  });
  const { maxConcurrentStreams, initialWindowSize } = bench.connection.peerSettings;
  assertEquals([maxConcurrentStreams, initialWindowSize, bench.outcome], [5, 9, "open"]);
});

test("6.5.3: each SETTINGS frame is acknowledged, an empty one too, and an acknowledgement is not", () => {
  const bench = new Bench("server");
  bench.send(setting(), setting([4, 1]), SETTINGS_ACK, setting([4, 2]), SETTINGS_ACK);
  assertEquals(bench.sent(), ["SETTINGS ack", "SETTINGS ack", "SETTINGS ack"]);
});

test("6.5.2: MAX_CONCURRENT_STREAMS of 0 is a limit like any other", () => {
  const bench = new Bench("client", {}, { peer: [[3, 0]] });
  assertEquals(bench.connection.canOpen, false);
  bench.send(setting([3, 1]));
  assertEquals(bench.sink.take(), ["settings", "canOpen"]);
  bench.open();
  assertEquals(bench.connection.canOpen, false);
});

test("6.6: PUSH_PROMISE is a PROTOCOL_ERROR of the connection, on any stream, at either side", () => {
  for (const role of ["client", "server"] as const) {
    for (const id of [0, 1, 2, 3, 5]) {
      const bench = new Bench(role);
      if (role === "client") bench.open();
      else bench.send(bench.headers(1));
      bench.send(frame("PUSH_PROMISE", END_HEADERS, id, uint32(2)));
      assertEquals(bench.outcome, "connection PROTOCOL_ERROR library", `${role}, stream ${id}`);
    }
  }
});

test("6.7: an answer to a PING is not answered, though nobody waits for it", () => {
  const bench = new Bench("server");
  bench.send(frame("PING", 1, 0, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)));
  assertEquals([bench.sent(), bench.outcome], [[], "open"]);
});

test("6.8: after a GOAWAY no stream is opened, and streams up to its number go on", () => {
  const bench = new Bench("client");
  bench.open(true);
  bench.send(goAway(1, ErrorCode.NO_ERROR));
  assertEquals(bench.connection.canOpen, false);
  bench.send(bench.headers(1, OK), data(1, 3), bench.headers(1, [["grpc-status", "0"]], true));
  assert(bench.sink.take().includes("trailers 1"));
});

test("6.8: a GOAWAY whose number is above an earlier one opens nothing again", () => {
  const bench = new Bench("client");
  bench.open(true);
  bench.open(true);
  bench.send(goAway(1, ErrorCode.NO_ERROR), goAway(0x7fff_ffff, ErrorCode.NO_ERROR));
  assertEquals([bench.connection.canOpen, bench.connection.activeStreams, bench.outcome], [false, 1, "open"]);
});

test("6.9: the reserved bit of WINDOW_UPDATE is no part of the increment", () => {
  const bench = new Bench("client", {}, { peer: [[4, 0]] });
  const stream = bench.open();
  bench.connection.sendData(stream, new Uint8Array(9), false);
  bench.send(windowUpdate(1, 0x8000_0005));
  assertEquals(bench.sent(), ["HEADERS 1", "DATA 1 5"]);
  bench.send(windowUpdate(0, 0x8000_0000));
  assertEquals(bench.outcome, "connection PROTOCOL_ERROR library");
});

test("6.10: CONTINUATION after a block that is whole is a PROTOCOL_ERROR of the connection", () => {
  for (const split of [false, true]) {
    const bench = new Bench("server");
    const block = bench.block(REQUEST);
    if (split) {
      bench.send(frame("HEADERS", 0, 1, block.subarray(0, 1)));
      bench.send(frame("CONTINUATION", END_HEADERS, 1, block.subarray(1)));
    } else bench.send(frame("HEADERS", END_HEADERS, 1, block));
    bench.send(frame("CONTINUATION", END_HEADERS, 1, EMPTY));
    assertEquals(bench.outcome, "connection PROTOCOL_ERROR library");
  }
});

test("7: unknown error codes end what they end, and nothing more", () => {
  for (const code of [0x0e, 0xff, 0xffff_ffff]) {
    const bench = new Bench("client");
    bench.open();
    bench.open();
    bench.send(rst(1, code));
    const hex = `0x${code.toString(16)}`;
    assertEquals([bench.sink.take(), bench.outcome], [[`closed 1 stream ${hex} remote`], "open"]);
    bench.send(goAway(3, code));
    assertEquals(bench.outcome, `connection ${hex} remote`);
  }
});
