// Header sections of requests, responses and trailers, and the status of calls that ended without one.
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  parseRequest,
  parseResponse,
  parseTrailers,
  requestTemplate,
  requestTooLarge,
  statusHeaders,
} from "../../../transport/grpc/headers.ts";
import { GrpcStatus, statusFromErrorCode, statusFromHttp } from "../../../transport/grpc/status_mapping.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { test } from "../../harness.ts";
import { STATUS_OF_ERROR_CODE } from "./error_codes.ts";

const REQUEST: Array<[string, string]> = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/a.B/C"],
  [":authority", "host:1"],
  ["te", "trailers"],
  ["content-type", "application/grpc"],
];
const RESPONSE: Array<[string, string]> = [[":status", "200"], ["content-type", "application/grpc"]];

/** `fields` with some replaced, added, or (where undefined) left out. */
function changed(fields: Array<[string, string]>, changes: Record<string, string | undefined>): HeaderList {
  const all = new Map<string, string | undefined>([...fields, ...Object.entries(changes)]);
  return HeaderList.of([...all].filter((field): field is [string, string] => field[1] !== undefined));
}

test("requests: what we send is what PROTOCOL-HTTP2.md orders, pseudo-headers first", () => {
  const fields = [...requestTemplate("/a.B/C", "host:1", "http", "ours/1").headers];
  assertEquals(fields.slice(0, 6), [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", "/a.B/C"],
    [":authority", "host:1"],
    ["te", "trailers"],
    ["content-type", "application/grpc"],
  ]);
  const head = parseRequest(HeaderList.of(fields));
  assert("path" in head);
  assertEquals([head.path, head.authority, head.timeoutMs], ["/a.B/C", "host:1", undefined]);
  assertEquals([...head.metadata], []);
});

test("requests: metadata is what does not belong to the protocol", () => {
  const list = changed(REQUEST, {
    "grpc-timeout": "2S",
    "grpc-encoding": "identity",
    "user-agent": "x",
    "x-mine": "1",
    "grpc-trace-bin": "AA",
    "authorization": "Bearer t",
  });
  const head = parseRequest(list);
  assert("path" in head);
  assertEquals([head.timeoutMs, head.encoding], [2_000, "identity"]);
  assertEquals([...head.metadata], [["x-mine", "1"], ["grpc-trace-bin", "AA"], [
    "authorization",
    "Bearer t",
  ]]);
  assert(parseRequest(list) === head, "a list that comes again is read again");
});

test("[C80] requests: content-type application/grpc and application/grpc+proto are ours, other media types HTTP 415", () => {
  for (
    const type of [
      "application/grpc",
      "application/grpc+proto",
      "application/grpc;charset=utf-8",
      "application/grpc+proto; charset=utf-8",
      "Application/GRPC",
    ]
  ) {
    assert("path" in parseRequest(changed(REQUEST, { "content-type": type })), type);
  }
  for (const type of ["application/json", "application/grpcx", "application/grpc-web", "", undefined]) {
    const refusal = parseRequest(changed(REQUEST, { "content-type": type }));
    assert("httpStatus" in refusal, type);
    assertEquals(refusal.httpStatus, "415");
  }
  // Whatever else is wrong: as servers of grpc-js, Go and Java answer.
  for (const changes of [{ ":method": "GET" }, { ":method": "GET", "grpc-timeout": "soon" }]) {
    const refusal = parseRequest(changed(REQUEST, { ...changes, "content-type": undefined }));
    assert("httpStatus" in refusal);
    assertEquals([refusal.httpStatus, refusal.fields], ["415", undefined]);
  }
});

test("requests: a subtype that is not spoken here (application/grpc+json) is UNIMPLEMENTED, and no HTTP error", () => {
  for (const type of ["application/grpc+json", "application/grpc+foo", "application/grpc+protox"]) {
    const refusal = parseRequest(changed(REQUEST, { "content-type": type }));
    assert("httpStatus" in refusal, type);
    assertEquals([refusal.httpStatus, refusal.grpcStatus], ["200", GrpcStatus.UNIMPLEMENTED]);
    assertMatch(refusal.message, /only application\/grpc and application\/grpc\+proto/);
  }
});

test("requests: another method is HTTP 405 with the one that is allowed, a malformed timeout INTERNAL", () => {
  for (const method of ["GET", "CONNECT", "OPTIONS", "post"]) {
    for (const type of ["application/grpc", "application/grpc+json"]) {
      const refusal = parseRequest(changed(REQUEST, { ":method": method, "content-type": type }));
      assert("httpStatus" in refusal);
      assertEquals([refusal.httpStatus, [...refusal.fields!]], ["405", [["allow", "POST"]]]);
    }
  }
  const timeout = parseRequest(changed(REQUEST, { "grpc-timeout": "soon" }));
  assert("httpStatus" in timeout);
  assertEquals([timeout.httpStatus, timeout.grpcStatus], ["200", GrpcStatus.INTERNAL]);
});

test("responses: HTTP status and content-type decide whether there is a call at all", () => {
  assertEquals(parseResponse(changed(RESPONSE, {})).refusal, undefined);
  const gone = parseResponse(changed(RESPONSE, { ":status": "503", "content-type": "text/html" })).refusal;
  assertEquals(gone!.code, GrpcStatus.UNAVAILABLE);
  assertMatch(gone!.message, /HTTP status 503/);
  const html = parseResponse(changed(RESPONSE, { "content-type": "text/html" })).refusal;
  assertEquals(html!.code, GrpcStatus.UNKNOWN);
  assertMatch(html!.message, /content-type "text\/html"/);
});

test("[C78] responses: a grpc-status in a header section that is not the last one says nothing", () => {
  for (
    const [type, http, code] of [
      ["text/html", "503", GrpcStatus.UNAVAILABLE],
      ["application/grpc", "503", GrpcStatus.UNAVAILABLE],
      ["text/html", "200", GrpcStatus.UNKNOWN],
    ] as const
  ) {
    const changes = { ":status": http, "content-type": type, "grpc-status": "5", "grpc-message": "no" };
    const { refusal } = parseResponse(changed(RESPONSE, changes));
    assertEquals(refusal!.code, code, `${http} ${type}`);
    assertMatch(refusal!.message, /: no$/);
  }
});

test("[C80] responses: the content type stands in the message, whatever the HTTP status", () => {
  for (const http of ["200", "503"]) {
    const { refusal } = parseResponse(changed(RESPONSE, { ":status": http, "content-type": "text/html" }));
    assertMatch(refusal!.message, /content-type "text\/html"/);
  }
  for (const type of ["application/grpc+proto", "Application/grpc; charset=utf-8"]) {
    assertEquals(parseResponse(changed(RESPONSE, { "content-type": type })).refusal, undefined, type);
  }
  const { refusal } = parseResponse(changed(RESPONSE, { "content-type": "application/grpc+json" }));
  assertEquals(refusal!.code, GrpcStatus.INTERNAL);
  assertMatch(refusal!.message, /"application\/grpc\+json", only/);
});

test("trailers: status, message and metadata; unknown codes are UNKNOWN, none is said so", () => {
  const trailers = HeaderList.of([["grpc-status", "5"], ["grpc-message", "n%C3%B3"], ["x-why", "w"]]);
  const { code, message, metadata } = parseTrailers(trailers);
  assertEquals([code, message, [...metadata]], [GrpcStatus.NOT_FOUND, "nó", [["x-why", "w"]]]);
  assertEquals(parseTrailers(HeaderList.of([["grpc-status", "99"]])).code, GrpcStatus.UNKNOWN);
  assertMatch(parseTrailers(HeaderList.of([["x", "y"]])).message, /without grpc-status/);
});

test("[C81] trailers: a grpc-status that is no number, or is there twice, is UNKNOWN, and the message is kept", () => {
  for (const values of [["five"], ["-1"], ["5.0"], [""], ["0x5"], ["1234"], ["0", "0"], ["0", "5"]]) {
    const list = HeaderList.of([...values.map((value) => ["grpc-status", value] as const), [
      "grpc-message",
      "m",
    ]]);
    const { code, message } = parseTrailers(list);
    const found = values.map((value) => JSON.stringify(value)).join(", ");
    assertEquals([code, message], [GrpcStatus.UNKNOWN, `server ended the call with grpc-status ${found}: m`]);
  }
});

test("trailers that we send are read back", () => {
  for (const code of Object.values(GrpcStatus)) {
    const read = parseTrailers(statusHeaders(code, "wéll %", false));
    assertEquals([read.code, read.message], [code, "wéll %"]);
    const only = statusHeaders(code, "", true);
    assertEquals([parseResponse(only).refusal, parseTrailers(only).code], [undefined, code]);
  }
});

test("[C78] HTTP status to gRPC status, as http-grpc-status-mapping.md has it", () => {
  const { INTERNAL, UNAUTHENTICATED, PERMISSION_DENIED, UNIMPLEMENTED, UNAVAILABLE, UNKNOWN } = GrpcStatus;
  const table = {
    400: INTERNAL,
    401: UNAUTHENTICATED,
    403: PERMISSION_DENIED,
    404: UNIMPLEMENTED,
    431: INTERNAL,
  };
  for (const [http, code] of Object.entries(table)) assertEquals(statusFromHttp(Number(http)), code, http);
  for (const http of [429, 502, 503, 504]) assertEquals(statusFromHttp(http), UNAVAILABLE);
  for (const http of [200, 302, 405, 500, 501]) assertEquals(statusFromHttp(http), UNKNOWN);
});

test("[C79] HTTP/2 error code to gRPC status, as PROTOCOL-HTTP2.md has it", () => {
  for (const [code, status] of STATUS_OF_ERROR_CODE) {
    assertEquals(statusFromErrorCode(code), status, `code ${code}`);
  }
});

test("a request whose metadata is too large is 431 to HTTP clients, and to gRPC's a status that says why", () => {
  assertEquals([...requestTooLarge("far too much")], [
    [":status", "431"],
    ["content-type", "application/grpc"],
    ["grpc-status", String(GrpcStatus.RESOURCE_EXHAUSTED)],
    ["grpc-message", "far too much"],
  ]);
});
