// What a server's call makes of a request, and what the client gets (PROTOCOL-HTTP2.md, compression.md).
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { GrpcStatus } from "../../../transport/grpc/status_mapping.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { ErrorCode } from "../../../transport/http2/error.ts";
import { concat } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { data, describe, END_STREAM, rst, windowUpdate } from "../http2/wire.ts";
import { message, REQUEST, ServerCalls } from "./recording_call.ts";

/** A server that has had a request's header section and `parts`. */
function serving(extra: Array<readonly [string, string]>, ...parts: Uint8Array[]): ServerCalls {
  const calls = new ServerCalls();
  calls.bench.send(calls.bench.headers(1, [...REQUEST, ...extra]), ...parts);
  return calls;
}

/** The value of `name` in the last header list that went to the client. */
function answered(calls: ServerCalls, ...names: string[]): Array<string | undefined> {
  const list = HeaderList.of(calls.answers().at(-1)!);
  return names.map((name) => list.get(name));
}

test("messages and the end of the request, in one DATA frame or apart", () => {
  const events = ["begin /a.B/C", "message 3", "message 0", "half-close"];
  const content = concat(message(3), message(0));
  assertEquals(serving([], data(1, content, END_STREAM)).events, events);
  assertEquals(serving([], data(1, content), data(1, 0, END_STREAM)).events, events);
});

test("END_STREAM with the header section is a request without messages", () => {
  const calls = new ServerCalls();
  calls.bench.send(calls.bench.headers(1, REQUEST, true));
  assertEquals(calls.events, ["begin /a.B/C", "half-close"]);
});

test("a request that ends within a message, at each octet of it, is INTERNAL to the client", () => {
  const whole = message(8);
  for (let end = 1; end < whole.length; end++) {
    const calls = serving([], data(1, whole.subarray(0, end), END_STREAM));
    assertEquals(calls.events, ["begin /a.B/C", "closed stream INTERNAL_ERROR library"], `${end} octets`);
    assertEquals(answered(calls, ":status", "grpc-status"), ["200", String(GrpcStatus.INTERNAL)]);
  }
});

test("a message above the limit is RESOURCE_EXHAUSTED to the client", () => {
  const calls = serving([], data(1, message(100)), data(1, message(101)), data(1, message(1)));
  assertEquals(calls.events, ["begin /a.B/C", "message 100", "closed stream INTERNAL_ERROR library"]);
  assertEquals(answered(calls, "grpc-status"), [String(GrpcStatus.RESOURCE_EXHAUSTED)]);
});

test("compression.md: an encoding we do not support is UNIMPLEMENTED, with those that we do", () => {
  const calls = serving([["grpc-encoding", "gzip"]], data(1, message(1, 1)));
  const [status, text, accepted] = answered(calls, "grpc-status", "grpc-message", "grpc-accept-encoding");
  assertEquals([status, accepted], [String(GrpcStatus.UNIMPLEMENTED), "identity"]);
  assertMatch(text!, /"gzip" is not supported.*identity/);
});

test("compression.md: such a call does not begin, though no message of it should be compressed", () => {
  for (const encoding of ["gzip", "foo", ""]) {
    const calls = serving([["grpc-encoding", encoding]], data(1, message(1), END_STREAM));
    assertEquals(answered(calls, "grpc-status", "grpc-accept-encoding"), ["12", "identity"], encoding);
    assertEquals(calls.events, []);
  }
});

test("compression.md: compressed without a grpc-encoding, or with identity, is INTERNAL", () => {
  for (const extra of [[], [["grpc-encoding", "identity"]]] as Array<Array<[string, string]>>) {
    const calls = serving(extra, data(1, message(1, 1)));
    assertEquals(answered(calls, "grpc-status", "grpc-accept-encoding"), ["13", undefined]);
  }
});

test("[C80] a request that is not gRPC is answered in HTTP, with 415 and the reason as text, and begins no call", () => {
  const calls = new ServerCalls();
  const html = REQUEST.map(([name, value]): [string, string] =>
    name === "content-type" ? [name, "text/html"] : [name, value]
  );
  calls.bench.send(calls.bench.headers(1, html), data(1, 50, END_STREAM));
  assertEquals(calls.events, []);
  const frames = calls.bench.frames();
  const text = 'content-type is "text/html", not application/grpc\n';
  assertEquals(frames.map(describe).slice(0, 2), ["HEADERS 1", `DATA 1 ${text.length} end`]);
  assertEquals([...calls.decode(frames[0]!.payload)], [
    [":status", "415"],
    ["content-type", "text/plain; charset=utf-8"],
    ["content-length", String(text.length)],
  ]);
  assertEquals(new TextDecoder().decode(frames[1]!.payload), text);
  assertEquals(calls.bench.outcome, "open");
});

test("a request that was answered in HTTP stays open to its end, and what little comes of it is dropped", () => {
  const html = REQUEST.filter(([name]) => name !== "content-type");
  const calls = new ServerCalls();
  const { bench } = calls;
  bench.send(bench.headers(1, html), data(1, 10_000));
  assertEquals(bench.sent().filter((line) => line.startsWith("RST")), []);
  bench.send(bench.headers(1, [["x", "y"]], true));
  assertEquals([bench.sent(), bench.connection.activeStreams, calls.events], [[], 0, []]);
  bench.send(bench.headers(3, html), data(3, 16_384));
  assertEquals(bench.connection.activeStreams, 1);
  bench.send(data(3, 1));
  assertEquals(bench.sent().at(-1), "RST_STREAM 3 NO_ERROR");
  assertEquals([bench.connection.activeStreams, bench.outcome], [0, "open"]);
});

test("a request that was answered in HTTP and fills its window, the answer still unread, is stopped after it", () => {
  const calls = new ServerCalls([[4, 0]]);
  const { bench } = calls;
  bench.send(
    bench.headers(1, REQUEST.filter(([name]) => name !== "content-type")),
    data(1, 16_384),
    data(1, 16_384),
  );
  assertEquals(bench.sent(), ["HEADERS 1"]);
  bench.send(windowUpdate(1, 1_000));
  assertEquals(bench.sent(), ["DATA 1 41 end", "RST_STREAM 1 NO_ERROR"]);
});

test("RFC 9110, 15.5.6: another method is answered with 405 and the one that is allowed; HEAD without content", () => {
  for (
    const [method, sent] of [["GET", ["HEADERS 1", "DATA 1 25 end"]], ["HEAD", ["HEADERS 1 end"]]] as const
  ) {
    const calls = new ServerCalls();
    calls.bench.send(calls.bench.headers(1, [[":method", method], ...REQUEST.slice(1)], true));
    const frames = calls.bench.frames();
    assertEquals(frames.map(describe), [...sent]);
    const answer = calls.decode(frames[0]!.payload);
    assertEquals([answer.get(":status"), answer.get("allow")], ["405", "POST"]);
  }
});

test("what a client that does not speak gRPC is told has a bound, whatever it sent", () => {
  const calls = new ServerCalls();
  calls.bench.send(
    calls.bench.headers(1, [...REQUEST.slice(0, 5), ["content-type", "x".repeat(9_000)]], true),
  );
  const [, content] = calls.bench.frames();
  assertEquals(content!.payload.length, 1_001);
  // And may have to wait for the client's window.
  const late = new ServerCalls([[4, 0]]);
  late.bench.send(
    late.bench.headers(1, [...REQUEST.slice(0, 5), ["content-type", "\xe9".repeat(9_000)]], true),
  );
  assertEquals(late.bench.sent(), ["HEADERS 1"]);
  late.bench.send(windowUpdate(1, 10_000));
  assertEquals(late.bench.sent(), ["DATA 1 1984 end"]);
});

test("status before anything else is a trailers-only response: one header section, END_STREAM", () => {
  const calls = serving([]);
  calls.stream!.sendStatus(GrpcStatus.NOT_FOUND, "é", HeaderList.of([["x", "1"]]));
  assertEquals(calls.answers(), [[
    [":status", "200"],
    ["content-type", "application/grpc"],
    ["grpc-status", "5"],
    ["grpc-message", "%C3%A9"],
    ["x", "1"],
  ]]);
});

test("[C83] Early Server Closure: RST_STREAM(NO_ERROR) follows trailers while the client still sends", () => {
  const calls = serving([]);
  calls.stream!.sendStatus(GrpcStatus.OK, "", undefined);
  assertEquals(calls.bench.sent(), ["HEADERS 1 end", "RST_STREAM 1 NO_ERROR"]);
});

test("RST_STREAM from the client ends the call, whatever its code", () => {
  for (const [code, name] of [[ErrorCode.CANCEL, "CANCEL"], [ErrorCode.NO_ERROR, "NO_ERROR"]] as const) {
    const calls = serving([], data(1, message(1)), rst(1, code));
    assertEquals(calls.events, ["begin /a.B/C", "message 1", `closed stream ${name} remote`]);
  }
});

test("a response begins with its header section, once, and no message ends it", () => {
  const calls = serving([]);
  const stream = calls.stream!;
  stream.sendMessage(message(1));
  stream.sendMessage(message(2));
  assertEquals(calls.bench.sent(), ["HEADERS 1", "DATA 1 6", "DATA 1 7"]);
  assertThrows(() => stream.sendHeaders(undefined), TypeError, "sent before");
  stream.sendStatus(GrpcStatus.OK, "", undefined);
  assertEquals(calls.bench.sent(), ["HEADERS 1 end", "RST_STREAM 1 NO_ERROR"]);
  const only = serving([]);
  only.stream!.sendStatus(GrpcStatus.NOT_FOUND, "", undefined);
  assertThrows(() => only.stream!.sendHeaders(undefined), TypeError, "sent before");
});

test("cancel: RST_STREAM(CANCEL), the end at once, and nothing after it", () => {
  const calls = serving([]);
  const { onMessage } = calls;
  calls.onMessage = (content, wireBytes) => {
    onMessage.call(calls, content, wireBytes);
    calls.stream!.cancel("enough");
  };
  calls.bench.send(data(1, concat(message(1), message(2)), END_STREAM));
  assertEquals(calls.events, ["begin /a.B/C", "message 1", "closed stream CANCEL user"]);
  assertEquals(calls.bench.sent(), ["RST_STREAM 1 CANCEL"]);
});

test("a message that waits is told when it is sent, and its producer when it may go on", () => {
  const calls = new ServerCalls([[4, 0]]);
  calls.bench.send(calls.bench.headers(1, REQUEST));
  const stream = calls.stream!;
  calls.events.length = 0;
  for (let round = 0; round < 2; round++) {
    assertEquals([stream.sendMessage(message(70_000)), stream.sendMessage(message(20_000))], [false, false]);
    assertEquals([stream.queuedBytes, stream.writeBlocked], [90_010, true]);
    calls.bench.send(windowUpdate(0, 100_000), windowUpdate(1, 90_010));
    calls.bench.sent();
    assertEquals(calls.events.splice(0), ["writable", "sent 70005", "sent 20005"]);
    assertEquals([stream.queuedBytes, stream.writeBlocked], [0, false]);
  }
});

test("a message above the limit of what may be sent ends the call, and its bytes are the caller's again", () => {
  const calls = new ServerCalls([], { sendBytes: 10 });
  calls.bench.send(calls.bench.headers(1, REQUEST));
  calls.stream!.sendMessage(message(10));
  assertEquals(calls.stream!.sendMessage(message(11)), true);
  assertEquals(calls.events, ["begin /a.B/C", "closed stream INTERNAL_ERROR library"]);
  assertEquals(answered(calls, "grpc-status"), [String(GrpcStatus.RESOURCE_EXHAUSTED)]);
  const closed = new ServerCalls([], { sendBytes: 10 });
  closed.bench.send(closed.bench.headers(1, REQUEST), rst(1, ErrorCode.CANCEL));
  assertEquals(closed.stream!.sendMessage(message(11)), true);
  assertEquals(closed.events, ["begin /a.B/C", "closed stream CANCEL remote"]); // and no second end
});

test("a request that breaks off after the status is queued ends the call once, and the status stands", () => {
  const calls = new ServerCalls([[4, 0]]);
  calls.bench.send(calls.bench.headers(1, REQUEST));
  calls.stream!.sendMessage(message(3));
  calls.stream!.sendStatus(GrpcStatus.OK, "", undefined);
  calls.bench.send(data(1, message(101)), calls.bench.headers(1, [["x", "y"]], true));
  assertEquals(calls.events, ["begin /a.B/C", "closed stream INTERNAL_ERROR library"]);
  calls.bench.sent();
  calls.bench.send(windowUpdate(1, 8));
  assertEquals(calls.bench.sent(), ["DATA 1 8", "HEADERS 1 end"]);
  assertEquals(calls.events.length, 2);
});
