// How a client's call ends (PROTOCOL-HTTP2.md, "Responses" and "Errors"): by trailers, without them, by RST_STREAM.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { GrpcStatus } from "../../../transport/grpc/status_mapping.ts";
import { ErrorCode, errorCodeName, Http2Error } from "../../../transport/http2/error.ts";
import { concat } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { data, END_STREAM, goAway, rst, windowUpdate } from "../http2/wire.ts";
import { STATUS_OF_ERROR_CODE } from "./error_codes.ts";
import { ClientCall, codeName, message, RESPONSE } from "./recording_call.ts";

const OK: ReadonlyArray<readonly [string, string]> = [["grpc-status", "0"]];

/** What a call says that gets `parts` after the response's header section. */
function after(...parts: Array<(call: ClientCall) => Uint8Array>): ClientCall {
  const call = new ClientCall();
  call.bench.send(call.bench.headers(1, RESPONSE), ...parts.map((part) => part(call)));
  return call;
}

const trailers = (fields = OK) => (call: ClientCall) => call.bench.headers(1, fields, true);
const bytes = (content: Uint8Array, flags = 0) => () => data(1, content, flags);

test("headers, messages and trailers come in their order, metadata without the protocol's fields", () => {
  const call = new ClientCall();
  call.bench.send(
    call.bench.headers(1, [...RESPONSE, ["grpc-encoding", "identity"], ["x-a", "1"], ["x-a", "2"]]),
    data(1, concat(message(3), message(0))),
    data(1, message(5)),
    call.bench.headers(1, [...OK, ["x-t", "3"]], true),
  );
  assertEquals(call.events, ["headers x-a=1 x-a=2", "message 3", "message 0", "message 5", "OK"]);
  assertEquals([...call.status!.metadata], [["x-t", "3"]]);
});

test("a trailers-only response is a status without headers", () => {
  const call = new ClientCall();
  call.bench.send(
    call.bench.headers(1, [...RESPONSE, ["grpc-status", "5"], ["grpc-message", "no%21"]], true),
  );
  assertEquals([call.events, call.status!.message], [["NOT_FOUND"], "no!"]);
});

test("OK with a message cut off, at each octet of it, is INTERNAL; without a rest it is OK", () => {
  const whole = message(8);
  for (let end = 1; end < whole.length; end++) {
    const call = after(bytes(message(2)), bytes(whole.subarray(0, end)), trailers());
    assertEquals(call.events, ["headers", "message 2", "INTERNAL"], `${end} octets`);
    assertMatch(call.status!.message, /middle of a message/);
  }
  assertEquals(after(bytes(whole), trailers()).events, ["headers", "message 8", "OK"]);
});

test("an error that the server says is believed though a message was cut off", () => {
  const call = after(
    bytes(message(8).subarray(0, 6)),
    trailers([["grpc-status", "10"], ["grpc-message", "x"]]),
  );
  assertEquals([call.events, call.status!.message], [["headers", "ABORTED"], "x"]);
});

test("a response that ends without a status is an error, whatever came before", () => {
  assertEquals(after(bytes(message(1), END_STREAM)).events, ["headers", "message 1", "INTERNAL"]);
  assertEquals(after(trailers([["x", "y"]])).events, ["headers", "UNKNOWN"]);
  const call = new ClientCall();
  call.bench.send(call.bench.headers(1, RESPONSE, true));
  assertEquals(call.events, ["UNKNOWN"]);
});

test("a response that is not gRPC is its HTTP status's error, and the rest of it is not wanted", () => {
  const call = new ClientCall();
  call.bench.send(call.bench.headers(1, [[":status", "503"], ["content-type", "text/html"]]));
  assertEquals(call.events, ["UNAVAILABLE"]);
  assertEquals(call.bench.sent(), ["RST_STREAM 1 CANCEL"]);
  call.bench.send(data(1, 50, END_STREAM));
  assertEquals([call.events, call.bench.outcome], [["UNAVAILABLE"], "open"]);
});

test("a message above the limit is RESOURCE_EXHAUSTED, and the stream is reset", () => {
  const call = after(bytes(message(100)), bytes(message(101)), bytes(message(1)));
  assertEquals(call.events, ["headers", "message 100", "RESOURCE_EXHAUSTED"]);
  assert(call.bench.sent().includes("RST_STREAM 1 CANCEL"));
});

test("compression.md: compressed without a grpc-encoding, or with identity, is INTERNAL", () => {
  for (const encoding of [[], [["grpc-encoding", "identity"]]] as Array<Array<[string, string]>>) {
    const call = new ClientCall();
    call.bench.send(call.bench.headers(1, [...RESPONSE, ...encoding]), data(1, message(1, 1)));
    assertEquals(call.events, ["headers", "INTERNAL"]);
    assertMatch(call.status!.message, /compressed/);
  }
});

test("compression.md: compressed by the server in a way we do not support is INTERNAL, and says what we do", () => {
  const call = new ClientCall();
  call.bench.send(call.bench.headers(1, [...RESPONSE, ["grpc-encoding", "gzip"]]), data(1, message(1, 1)));
  assertEquals(call.events, ["headers", "INTERNAL"]);
  assertMatch(call.status!.message, /"gzip" is not supported.*identity/);
});

test("a grpc-encoding that no message makes use of is no error", () => {
  const call = new ClientCall();
  call.bench.send(
    call.bench.headers(1, [...RESPONSE, ["grpc-encoding", "gzip"]]),
    data(1, message(1)),
    call.bench.headers(1, OK, true),
  );
  assertEquals(call.events, ["headers", "message 1", "OK"]);
});

test("[C79] RST_STREAM ends the call with the status of its code, before headers and after them", () => {
  for (const [code, status] of STATUS_OF_ERROR_CODE) {
    const before = new ClientCall();
    before.bench.send(rst(1, code));
    assertEquals(before.events, [codeName(status)], errorCodeName(code));
    assertEquals(before.status!.unprocessed, code === ErrorCode.REFUSED_STREAM);
    assertEquals(after(() => rst(1, code)).events, ["headers", codeName(status)], errorCodeName(code));
  }
});

test("GOAWAY below our stream is UNAVAILABLE and may be tried elsewhere; above it the call goes on", () => {
  const refused = new ClientCall();
  refused.bench.send(goAway(0, ErrorCode.NO_ERROR));
  assertEquals([refused.events, refused.status!.unprocessed], [["UNAVAILABLE"], true]);
  assertEquals(after(() => goAway(1, ErrorCode.NO_ERROR), trailers()).events, ["headers", "OK"]);
});

test("[C83] Early Server Closure: trailers before our END_STREAM are answered with RST_STREAM(NO_ERROR)", () => {
  const early = after(bytes(message(1)), trailers());
  assertEquals(early.bench.sent().filter((frame) => frame.startsWith("RST")), ["RST_STREAM 1 NO_ERROR"]);
  const call = new ClientCall();
  call.stream.halfClose();
  call.bench.send(call.bench.headers(1, RESPONSE), call.bench.headers(1, OK, true));
  assertEquals(call.bench.sent().filter((frame) => frame.startsWith("RST")), []);
});

test("Client Cancellation: RST_STREAM(CANCEL), the status at once, and nothing after it", () => {
  const call = after(bytes(message(1)));
  call.bench.sent();
  call.stream.cancel(GrpcStatus.DEADLINE_EXCEEDED, "too late");
  assertEquals(call.events, ["headers", "message 1", "DEADLINE_EXCEEDED"]);
  assertEquals(call.bench.sent(), ["RST_STREAM 1 CANCEL"]);
  call.bench.send(data(1, message(2)), call.bench.headers(1, OK, true));
  assertEquals(call.events.length, 3);
});

test("only the last message ends the request, and a half-close does", () => {
  const call = new ClientCall();
  call.stream.sendMessage(message(3));
  assertEquals(call.bench.sent(), ["DATA 1 8"]);
  call.stream.sendMessage(message(3), true);
  assertEquals(call.bench.sent(), ["DATA 1 8 end"]);
  const closed = new ClientCall();
  closed.stream.halfClose();
  assertEquals(closed.bench.sent(), ["DATA 1 0 end"]);
  const cancelled = new ClientCall();
  cancelled.stream.cancel(GrpcStatus.CANCELLED, "enough");
  cancelled.stream.halfClose();
  assertEquals(cancelled.bench.sent(), ["RST_STREAM 1 CANCEL"]);
});

test("a message that waits is told when it is sent, and its producer when it may go on", () => {
  const call = new ClientCall([[4, 0]]);
  const large = message(70_000);
  assertEquals([call.stream.sendMessage(large), call.stream.sendMessage(message(20_000))], [false, false]);
  assertEquals([call.stream.queuedBytes, call.stream.writeBlocked, call.events], [90_010, true, []]);
  call.bench.send(windowUpdate(0, 100_000), windowUpdate(1, 70_005));
  call.bench.sent();
  assertEquals(call.events.splice(0), ["writable", "sent 70005"]);
  assertEquals([call.stream.queuedBytes, call.stream.writeBlocked], [20_005, false]);
  // The second time too.
  for (let i = 0; i < 3; i++) call.stream.sendMessage(message(20_000));
  assertEquals(call.stream.writeBlocked, true);
  call.bench.send(windowUpdate(1, 60_000));
  call.bench.sent();
  assertEquals(call.events.splice(0), ["sent 20005", "sent 20005", "writable"]);
  call.stream.cancel(GrpcStatus.CANCELLED, "enough");
  call.bench.send(windowUpdate(1, 60_000));
  assertEquals([call.events, call.bench.sent()], [["CANCELLED"], ["RST_STREAM 1 CANCEL"]]);
});

test("a message above the limit of what may be sent ends the call, and its bytes are the caller's again", () => {
  const call = new ClientCall([[4, 0]], { sendBytes: 10 });
  assertEquals(call.stream.sendMessage(message(10)), false);
  assertEquals(call.stream.sendMessage(message(11)), true);
  assertEquals([call.events, call.bench.sent()], [["RESOURCE_EXHAUSTED"], ["RST_STREAM 1 CANCEL"]]);
  assertMatch(call.status!.message, /maxSendMessageBytes/);
});

test("what ends a call here, or by what the server says, is not said to be unprocessed, so nobody makes the call again", () => {
  const cancelled = new ClientCall();
  cancelled.stream.cancel(GrpcStatus.CANCELLED, "enough");
  const tooLarge = after(bytes(message(101)));
  const cutOff = after(bytes(message(8).subarray(0, 6)), trailers());
  const noTrailers = after(bytes(message(1), END_STREAM));
  const refused = new ClientCall();
  refused.bench.send(refused.bench.headers(1, [[":status", "503"]]));
  const silent = new ClientCall();
  silent.stream.onClosed(silent.stream.stream, undefined);
  assertEquals(silent.events, ["INTERNAL"]);
  const said = [after(trailers([["grpc-status", "14"]])), after(trailers([["x", "y"]]))];
  for (const { status } of [cancelled, tooLarge, cutOff, noTrailers, refused, silent, ...said]) {
    assertEquals(status!.unprocessed, false, status!.message);
  }
  assertEquals([cancelled, tooLarge, cutOff].map(({ status }) => status!.cause!.initiator), [
    "user",
    "library",
    "library",
  ]);
});

test("a connection that is lost is UNAVAILABLE, whatever the error's code, and says why", () => {
  const call = new ClientCall();
  const why = new Http2Error("io", ErrorCode.INTERNAL_ERROR, "remote", "connection reset by peer");
  call.bench.connection.receiveEnd(why);
  assertEquals([call.events, call.status!.cause], [["UNAVAILABLE"], why]);
  assertEquals(call.status!.message, "connection lost before the call ended: connection reset by peer");
  const stream = new ClientCall();
  stream.bench.send(rst(1, ErrorCode.INTERNAL_ERROR));
  assertEquals(stream.status!.message, "peer sent RST_STREAM INTERNAL_ERROR");
});

test("a call that ends in the middle of what came hands nothing more up", () => {
  for (const split of [false, true]) {
    const call = new ClientCall();
    const { onMessage } = call;
    call.onMessage = (content, wireBytes) => {
      onMessage.call(call, content, wireBytes);
      call.stream.cancel(GrpcStatus.CANCELLED, "enough");
    };
    const parts = split
      ? [data(1, message(1)), data(1, message(2))]
      : [data(1, concat(message(1), message(2)))];
    call.bench.send(call.bench.headers(1, RESPONSE), ...parts, call.bench.headers(1, OK, true));
    assertEquals(call.events, ["headers", "message 1", "CANCELLED"]);
  }
});

test("a grpc-status that comes with the headers of a response that goes on says nothing yet", () => {
  const call = new ClientCall();
  call.bench.send(
    call.bench.headers(1, [...RESPONSE, ["grpc-status", "5"]]),
    data(1, message(1)),
    call.bench.headers(1, OK, true),
  );
  assertEquals(call.events, ["headers", "message 1", "OK"]);
});

test("what is released goes back to the stream's window, but for the last message of a response", () => {
  for (const last of [false, true]) {
    const call = new ClientCall([], { receiveBytes: 20_000 });
    call.singleMessage = last;
    call.bench.send(call.bench.headers(1, RESPONSE), data(1, message(8_000)), data(1, message(8_635)));
    call.bench.send(data(1, message(10)));
    assertEquals(
      call.bench.sent().filter((frame) => frame.startsWith("WINDOW_UPDATE 1")).length,
      last ? 0 : 1,
    );
  }
});
