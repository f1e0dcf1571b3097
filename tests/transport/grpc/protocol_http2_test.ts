// PROTOCOL-HTTP2.md, sentence by sentence, where no other file here has the sentence; docs/http2.md has them all.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { USER_AGENT } from "../../../surface/version.ts";
import { GrpcStatus, statusName } from "../../../transport/grpc/status_mapping.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { ErrorCode, errorCodeName } from "../../../transport/http2/error.ts";
import { concat } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { ascii, data, END_HEADERS, END_STREAM, frame, rst } from "../http2/wire.ts";
import { ClientCall, message, REQUEST, RESPONSE, ServerCalls } from "./recording_call.ts";

type Field = readonly [name: string, value: string];

const OK: Field[] = [["grpc-status", "0"]];

function serving(extra: Field[], ...parts: Uint8Array[]): ServerCalls {
  const calls = new ServerCalls();
  calls.bench.send(calls.bench.headers(1, [...REQUEST, ...extra]), ...parts);
  return calls;
}

test("Requests: a header section may be in HEADERS and CONTINUATION frames", () => {
  const calls = new ServerCalls();
  const block = calls.bench.block(REQUEST);
  calls.bench.send(
    frame("HEADERS", 0, 1, block.subarray(0, 3)),
    frame("CONTINUATION", 0, 1, block.subarray(3, 9)),
    frame("CONTINUATION", END_HEADERS, 1, block.subarray(9)),
  );
  assertEquals(calls.events, ["begin /a.B/C"]);
});

test("Path: it is case-sensitive, and handed up as it was sent", () => {
  const path = "/Pkg.Service/%4dethod?x";
  const calls = new ServerCalls();
  calls.bench.send(calls.bench.headers(1, REQUEST.map(([n, v]): Field => [n, n === ":path" ? path : v])));
  assertEquals(calls.events, [`begin ${path}`]);
});

test("TE: a request without te is served, for it is there to find proxies that drop trailers", () => {
  const calls = new ServerCalls();
  calls.bench.send(calls.bench.headers(1, REQUEST.filter(([name]) => name !== "te")));
  assertEquals(calls.events, ["begin /a.B/C"]);
});

test("ASCII-Value: a field value of HTTP that is none ends no call", () => {
  for (const value of ["caf\xc3\xa9", "a\tb", "\xff", ""]) {
    assertEquals(serving([["x", value]]).events, ["begin /a.B/C"], JSON.stringify(value));
    const call = new ClientCall();
    call.bench.send(call.bench.headers(1, [...RESPONSE, ["x", value]]), call.bench.headers(1, OK, true));
    assertEquals(call.events, [`headers x=${value}`, "OK"]);
  }
});

test("Content-Type: it is matched without case, as media types are (RFC 9110, section 8.3.1)", () => {
  const calls = new ServerCalls();
  const typed = REQUEST.map(([n, v]): Field => [n, n === "content-type" ? "Application/GRPC+Proto" : v]);
  calls.bench.send(calls.bench.headers(1, typed));
  assertEquals(calls.events, ["begin /a.B/C"]);
});

test("Authority: host stands for it where it is absent, and counts for nothing where it is not (gRFC A41)", () => {
  for (
    const [fields, answer] of [
      [[[":authority", "a"], ["host", "b"], ["host", "c"]], undefined],
      [[["host", "b"]], undefined],
      [[["host", "b"], ["host", "b"]], "400"],
      [[], undefined],
    ] as Array<[Field[], string | undefined]>
  ) {
    const calls = new ServerCalls();
    calls.bench.send(
      calls.bench.headers(1, [
        ...REQUEST.slice(0, 3),
        ...fields.filter(([name]) => name === ":authority"),
        ...REQUEST.slice(4),
        ...fields.filter(([name]) => name !== ":authority"),
      ]),
    );
    assertEquals(calls.events, answer === undefined ? ["begin /a.B/C"] : []);
    assertEquals(calls.answers()[0]?.[0], answer === undefined ? undefined : [":status", answer]);
  }
});

test("Request: no trailers are part of one, and END_STREAM on HEADERS ends it like one on DATA", () => {
  const calls = serving([], data(1, message(2)));
  calls.bench.send(calls.bench.headers(1, [["x", "y"]], true));
  assertEquals(calls.events, ["begin /a.B/C", "message 2", "half-close"]);
});

test("Message-Length is 4 octets, big endian, and an empty message has no octets", () => {
  const calls = serving([], data(1, concat(Uint8Array.of(0, 0, 0, 0, 3), ascii("abc"), new Uint8Array(5))));
  assertEquals(calls.events, ["begin /a.B/C", "message 3", "message 0"]);
  const sent = serving([]);
  sent.stream!.sendMessage(new Uint8Array(5 + 0x0102));
  const { payload } = sent.bench.frames().find(({ type }) => type === "DATA")!;
  assertEquals([...payload.subarray(0, 5)], [0, 0, 0, 1, 2]);
});

test("Trailers: Status is sent though it is OK, in one header section, the last frame, with END_STREAM", () => {
  const calls = serving([], data(1, message(1), END_STREAM));
  calls.stream!.sendMessage(message(1));
  calls.stream!.sendStatus(GrpcStatus.OK, "", undefined);
  const frames = calls.bench.frames();
  const last = frames.at(-1)!;
  assertEquals([last.type, last.flags], ["HEADERS", END_HEADERS | END_STREAM]);
  calls.decode(frames[0]!.payload);
  assertEquals([...calls.decode(last.payload)], [["grpc-status", "0"]]);
});

test("Status: zeros before it are taken, and 17 and more are UNKNOWN with their message", () => {
  for (
    const [text, code] of [
      ["05", "NOT_FOUND"],
      ["000", "OK"],
      [`${"0".repeat(20)}5`, "NOT_FOUND"],
      ["17", "UNKNOWN"],
      ["999", "UNKNOWN"],
    ] as const
  ) {
    const call = new ClientCall();
    call.bench.send(call.bench.headers(1, [...RESPONSE, ["grpc-status", text], ["grpc-message", "m"]], true));
    assertEquals([call.events, call.status!.message], [[code], "m"], text);
  }
});

test("[C81] a status that is there twice is never taken for OK", () => {
  for (const values of [["0", "0"], ["0", "13"], ["13", "0"]]) {
    const call = new ClientCall();
    const trailers = values.map((value): Field => ["grpc-status", value]);
    call.bench.send(call.bench.headers(1, RESPONSE), call.bench.headers(1, trailers, true));
    assertEquals(call.events, ["headers", "UNKNOWN"], values.join());
  }
});

test("[C81] Status-Message: a broken percent coding or broken UTF-8 ends no call, and loses no message", () => {
  for (
    const [sent, read] of [
      ["100%", "100%"],
      ["%", "%"],
      ["%4", "%4"],
      ["%zz%41", "%zzA"],
      ["%ff", "\ufffd"],
      ["%C3", "\ufffd"],
      ["caf\xc3\xa9", "café"],
    ] as const
  ) {
    const call = new ClientCall();
    call.bench.send(
      call.bench.headers(1, [...RESPONSE, ["grpc-status", "9"], ["grpc-message", sent]], true),
    );
    assertEquals([call.events, call.status!.message], [["FAILED_PRECONDITION"], read], sent);
  }
});

test("[C79] Errors: exhausted bandwidth and a protocol that is not secure enough are said in words", () => {
  const told = (code: number) => {
    const call = new ClientCall();
    call.bench.send(rst(1, code));
    return call.status!.message;
  };
  assertMatch(told(ErrorCode.ENHANCE_YOUR_CALM), /bandwidth is exhausted/);
  assertMatch(told(ErrorCode.INADEQUATE_SECURITY), /not secure enough/);
  assertEquals(told(ErrorCode.PROTOCOL_ERROR), "peer sent RST_STREAM PROTOCOL_ERROR");
  // What we say by the same code has a reason of its own, and no bandwidth in it.
  const call = new ClientCall([], {}, { maxHeaderListSize: 200 });
  call.bench.send(call.bench.headers(1, [...RESPONSE, ["x", "v".repeat(200)]]));
  assertEquals(call.events, ["RESOURCE_EXHAUSTED"]);
  assertMatch(call.status!.message, /the largest field is "x" with 233$/);
});

test("[C79] Errors: codes that the table does not have are INTERNAL, with their name or number", () => {
  for (const code of [ErrorCode.STREAM_CLOSED, ErrorCode.HTTP_1_1_REQUIRED, 0xe, 0xffff_ffff]) {
    const call = new ClientCall();
    call.bench.send(rst(1, code));
    assertEquals(call.events, [statusName(GrpcStatus.INTERNAL)]);
    assert(call.status!.message.includes(errorCodeName(code)));
  }
});

test("Errors: RST_STREAM is the full closure of the stream at once, on both sides", () => {
  const calls = serving([], data(1, message(1)), rst(1, ErrorCode.CANCEL));
  calls.bench.sent();
  calls.stream!.sendMessage(message(1));
  calls.stream!.sendStatus(GrpcStatus.OK, "", undefined);
  assertEquals([calls.bench.sent(), calls.bench.connection.activeStreams], [[], 0]);
  const call = new ClientCall();
  call.bench.send(rst(1, ErrorCode.INTERNAL_ERROR), call.bench.headers(1, RESPONSE), data(1, message(1)));
  assertEquals(call.events, ["INTERNAL"]);
});

test("[C82] Binary-Header: the protocol's own binary fields are metadata, other names with grpc- are not", () => {
  const list = HeaderList.of([...REQUEST, ["grpc-trace-bin", "AA"], ["grpc-future-bin", "AA"], [
    "x-bin",
    "AA==",
  ]]);
  const calls = new ServerCalls();
  let metadata: Field[] = [];
  calls.onBegin = (head) => void (metadata = [...head.metadata]);
  calls.bench.send(calls.bench.headers(1, [...list]));
  assertEquals(metadata, [["grpc-trace-bin", "AA"], ["x-bin", "AA=="]]);
});

test("[C84] User Agents: ours is grpc-, language, variant and version, the same on every runtime", () => {
  assertMatch(USER_AGENT, /^grpc-[a-z]+-[a-z]+\/\d+\.\d+\.\d+$/);
});
