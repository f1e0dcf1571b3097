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
    "grpc-encoding": "gzip",
    "user-agent": "x",
    "x-mine": "1",
    "grpc-trace-bin": "AA",
    "authorization": "Bearer t",
  });
  const head = parseRequest(list);
  assert("path" in head);
  assertEquals([head.timeoutMs, head.encoding], [2_000, "gzip"]);
  assertEquals([...head.metadata], [["x-mine", "1"], ["grpc-trace-bin", "AA"], [
    "authorization",
    "Bearer t",
  ]]);
  assert(parseRequest(list) === head, "a list that comes again is read again");
});

test("requests: content-type application/grpc with a suffix is ours, everything else is HTTP 415", () => {
  for (const type of ["application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"]) {
    assert("path" in parseRequest(changed(REQUEST, { "content-type": type })), type);
  }
  for (const type of ["application/json", "application/grpcx", "application/grpc-web", "", undefined]) {
    const refusal = parseRequest(changed(REQUEST, { "content-type": type }));
    assert("httpStatus" in refusal, type);
    assertEquals(refusal.httpStatus, "415");
  }
});

test("requests: another method is HTTP 405, a malformed timeout INTERNAL", () => {
  const get = parseRequest(changed(REQUEST, { ":method": "GET" }));
  assert("httpStatus" in get);
  assertEquals(get.httpStatus, "405");
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

test("responses: a grpc-status is believed whatever the HTTP status", () => {
  const head = parseResponse(changed(RESPONSE, { ":status": "503", "grpc-status": "5" }));
  assertEquals(head.refusal, undefined);
});

test("trailers: status, message and metadata; unknown codes are UNKNOWN, none is said so", () => {
  const trailers = HeaderList.of([["grpc-status", "5"], ["grpc-message", "n%C3%B3"], ["x-why", "w"]]);
  const { code, message, metadata } = parseTrailers(trailers);
  assertEquals([code, message, [...metadata]], [GrpcStatus.NOT_FOUND, "nó", [["x-why", "w"]]]);
  assertEquals(parseTrailers(HeaderList.of([["grpc-status", "99"]])).code, GrpcStatus.UNKNOWN);
  assertMatch(parseTrailers(HeaderList.of([["x", "y"]])).message, /without grpc-status/);
  assertMatch(parseTrailers(HeaderList.of([["grpc-status", "five"]])).message, /"five"/);
});

test("trailers that we send are read back", () => {
  for (let code = 0; code <= 16; code++) {
    const read = parseTrailers(statusHeaders(code, "wéll %", false));
    assertEquals([read.code, read.message], [code, "wéll %"]);
    const only = statusHeaders(code, "", true);
    assertEquals([parseResponse(only).refusal, parseTrailers(only).code], [undefined, code]);
  }
});

test("HTTP status to gRPC status, as http-grpc-status-mapping.md has it", () => {
  const { INTERNAL, UNAUTHENTICATED, PERMISSION_DENIED, UNIMPLEMENTED, UNAVAILABLE, UNKNOWN } = GrpcStatus;
  const table = { 400: INTERNAL, 401: UNAUTHENTICATED, 403: PERMISSION_DENIED, 404: UNIMPLEMENTED };
  for (const [http, code] of Object.entries(table)) assertEquals(statusFromHttp(Number(http)), code, http);
  for (const http of [429, 502, 503, 504]) assertEquals(statusFromHttp(http), UNAVAILABLE);
  for (const http of [200, 302, 405, 500, 501]) assertEquals(statusFromHttp(http), UNKNOWN);
});

test("HTTP/2 error code to gRPC status, as PROTOCOL-HTTP2.md has it", () => {
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
