// RFC 9113, section 3.4: what each side sends first, and what happens when it does not.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Connection } from "../../../transport/http2/connection.ts";
import { serverHalf } from "../../../transport/http2/server_half.ts";
import { ErrorCode, Http2Error } from "../../../transport/http2/error.ts";
import { test } from "../../harness.ts";
import { brief, drainOutput, Recorder } from "../pair.ts";
import { ascii, Bench, describe, EMPTY, frame, parse, PREFACE, setting } from "./wire.ts";

test("3.4: a client sends the preface, SETTINGS with ENABLE_PUSH 0, and the connection's window", () => {
  const client = new Connection({}, new Recorder());
  client.start(0);
  const bytes = drainOutput(client);
  assertEquals(bytes.subarray(0, 24), PREFACE);
  const frames = parse(bytes);
  assertEquals(frames.map(describe), ["SETTINGS", "WINDOW_UPDATE 0 +33488897"]);
  const payload = frames[0]!.payload;
  const ids = [];
  for (let at = 0; at < payload.length; at += 6) {
    ids.push([payload[at + 1], payload.subarray(at + 2, at + 6).join()]);
  }
  assertEquals(ids.find(([id]) => id === 2), [2, "0,0,0,0"]);
  assertEquals(ids.find(([id]) => id === 4), [4, "0,1,4,0"]); // 65 KiB
});

test("3.4: a server sends SETTINGS at once, without waiting for the client", () => {
  const server = new Connection({ server: serverHalf }, new Recorder());
  server.start(7);
  assertEquals([server.now, parse(drainOutput(server)).map(describe)[0]], [7, "SETTINGS"]);
});

test("3.4: the preface may arrive one byte at a time", () => {
  const bench = new Bench("server", {}, { handshake: false });
  for (const byte of PREFACE) bench.send(Uint8Array.of(byte));
  bench.send(setting());
  assertEquals([bench.outcome, bench.sink.take()], ["open", ["settings"]]);
});

test("3.4: a client that speaks HTTP/1.1 is refused in words that quote it, at its first wrong byte", () => {
  const bench = new Bench("server", {}, { handshake: false });
  bench.send(ascii("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  assertEquals(bench.outcome, "connection PROTOCOL_ERROR library");
  assertStringIncludes(bench.sink.error!.reason, "GET / HTTP/1.1");
  const late = new Bench("server", {}, { handshake: false });
  late.send(ascii("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX"));
  assertEquals(late.outcome, "connection PROTOCOL_ERROR library");
});

test("3.4: a proxy that speaks the PROXY protocol is named as such, in both of its versions", () => {
  for (
    const header of ["PROXY TCP4 10.0.0.1 10.0.0.2 4000 50051\r\n", "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"]
  ) {
    const bench = new Bench("server", {}, { handshake: false });
    bench.send(ascii(header));
    assertEquals(bench.outcome, "connection PROTOCOL_ERROR library");
    assertStringIncludes(bench.sink.error!.reason, "PROXY protocol");
    assertStringIncludes(bench.sink.error!.reason, JSON.stringify(header.slice(0, 24)));
  }
});

test("3.4: a server that answers in HTTP/1.1 is named as such", () => {
  for (const step of [1, 100]) {
    const bench = new Bench("client", {}, { handshake: false });
    const answer = ascii("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    for (let at = 0; at < answer.length; at += step) bench.send(answer.subarray(at, at + step));
    assertEquals(bench.connection.closed, true);
    assertStringIncludes(bench.sink.error!.reason, "HTTP/1.1");
    assertStringIncludes(bench.sink.error!.reason, "does not speak HTTP/2");
  }
});

test("3.4: a server that speaks another protocol in words is named by them", () => {
  for (
    const greeting of ["220 mail.example ESMTP\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "-ERR unknown command\r\n"]
  ) {
    const bench = new Bench("client", {}, { handshake: false });
    bench.send(ascii(greeting));
    assertEquals(bench.connection.closed, true);
    const quoted = JSON.stringify(greeting.slice(0, 24));
    assertEquals(bench.sink.error!.reason, `peer does not speak HTTP/2: expected a frame, found ${quoted}`);
  }
});

test("3.4: the first frame must be SETTINGS, and no acknowledgement", () => {
  for (const first of [frame("PING", 0, 0, new Uint8Array(8)), frame("SETTINGS", 1, 0, EMPTY)]) {
    const bench = new Bench("client", {}, { handshake: false });
    bench.send(first);
    assertEquals(bench.outcome, "connection PROTOCOL_ERROR library");
  }
});

test("3.4: an end of the byte stream fails every stream, then the connection, once", () => {
  const bench = new Bench("client");
  bench.open();
  bench.open();
  bench.sent();
  const error = new Http2Error("io", ErrorCode.NO_ERROR, "remote", "connection reset");
  bench.connection.receiveEnd(error);
  bench.connection.receiveEnd(error);
  const said = brief(error);
  assertEquals(bench.sink.take(), [`closed 1 ${said}`, `closed 3 ${said}`, `connection closed ${said}`]);
  assertEquals(bench.connection.nextTimeout(), Infinity);
});

test("[C54] a stream of which nothing was taken to be written when the byte stream ends is unsent, and says so", () => {
  const bench = new Bench("client");
  bench.open();
  bench.sent();
  bench.open();
  bench.connection.receiveEnd(new Http2Error("io", ErrorCode.NO_ERROR, "remote", "connection reset"));
  const ends = [...bench.sink.streamErrors.values()].map((error) => [error!.unsent, error!.unprocessed]);
  assertEquals(ends, [[false, false], [true, true]]);
});

test("3.4: no other stream is unsent: none of a server's, and none of a connection that ended itself", () => {
  for (const [role, kind] of [["server", "io"], ["client", "connection"]] as const) {
    const bench = new Bench(role);
    if (role === "client") bench.open();
    else bench.send(bench.headers(1));
    bench.connection.receiveEnd(new Http2Error(kind, ErrorCode.INTERNAL_ERROR, "library", "over"));
    const [error] = bench.sink.streamErrors.values();
    assertEquals([error!.unsent, error!.unprocessed], [false, false], role);
  }
});
