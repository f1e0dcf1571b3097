// http-grpc-status-mapping.md, sentence by sentence: the status of a call whose response has no grpc-status.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { GrpcStatus, statusName } from "../../../transport/grpc/status_mapping.ts";
import { concat } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { data, END_STREAM } from "../http2/wire.ts";
import { ClientCall, message, RESPONSE } from "./recording_call.ts";

type Field = readonly [name: string, value: string];

const HTML: Field = ["content-type", "text/html"];
const OK: Field[] = [["grpc-status", "0"]];

/** The table of the document, and some of its "All other codes". */
const TABLE: ReadonlyArray<readonly [http: number, code: number]> = [
  [400, GrpcStatus.INTERNAL],
  [401, GrpcStatus.UNAUTHENTICATED],
  [403, GrpcStatus.PERMISSION_DENIED],
  [404, GrpcStatus.UNIMPLEMENTED],
  [429, GrpcStatus.UNAVAILABLE],
  [431, GrpcStatus.INTERNAL],
  [502, GrpcStatus.UNAVAILABLE],
  [503, GrpcStatus.UNAVAILABLE],
  [504, GrpcStatus.UNAVAILABLE],
  ...[201, 204, 301, 402, 405, 408, 409, 412, 413, 415, 418, 500, 501, 505, 599, 999].map(
    (http) => [http, GrpcStatus.UNKNOWN] as const,
  ),
];

test("[C78] each HTTP status without grpc-status has the status of the table, and stands in the message", () => {
  for (const [http, code] of TABLE) {
    for (const endStream of [true, false]) {
      const call = new ClientCall();
      call.bench.send(call.bench.headers(1, [[":status", String(http)], HTML], endStream));
      assertEquals(call.events, [statusName(code)], `${http}, END_STREAM ${endStream}`);
      assertMatch(call.status!.message, new RegExp(`HTTP status ${http} .*text/html`));
      assertEquals(call.status!.unprocessed, false);
    }
  }
});

test("[C78] 200 without grpc-status is UNKNOWN, for an OK response has one", () => {
  const bare = new ClientCall();
  bare.bench.send(bare.bench.headers(1, RESPONSE, true));
  const withTrailers = new ClientCall();
  withTrailers.bench.send(
    withTrailers.bench.headers(1, RESPONSE),
    data(1, message(1)),
    withTrailers.bench.headers(1, [["grpc-message", "m"]], true),
  );
  for (const call of [bare, withTrailers]) {
    assertEquals(call.status!.code, GrpcStatus.UNKNOWN);
    assertMatch(call.status!.message, /^server ended the call without grpc-status/);
  }
});

test("[C78] a grpc-status that was provided is used, whatever the HTTP status and content type", () => {
  for (const [http] of TABLE) {
    const call = new ClientCall();
    const fields: Field[] = [[":status", String(http)], HTML, ["grpc-status", "5"], ["grpc-message", "gone"]];
    call.bench.send(call.bench.headers(1, fields, true));
    assertEquals([call.events, call.status!.message], [["NOT_FOUND"], "gone"], `HTTP ${http}`);
  }
});

test("[C78] 503 with HTML, and a grpc-status in headers that go on: UNAVAILABLE, the page is not read as messages", () => {
  const call = new ClientCall();
  const page = new TextEncoder().encode("<html>no healthy upstream</html>");
  call.bench.send(
    call.bench.headers(1, [[":status", "503"], HTML, ["grpc-status", "0"]]),
    data(1, page, END_STREAM),
  );
  assertEquals(call.events, ["UNAVAILABLE"]);
  assert(call.bench.sent().includes("RST_STREAM 1 CANCEL"));
});

test("[C78] 1xx are skipped with all their fields, and the next header section is read", () => {
  const call = new ClientCall();
  const { bench } = call;
  bench.send(
    bench.headers(1, [[":status", "100"], ["grpc-status", "13"], HTML]),
    bench.headers(1, [[":status", "103"], ["link", "</a>"]]),
    bench.headers(1, [...RESPONSE, ["x", "1"]]),
    data(1, concat(message(1))),
    bench.headers(1, OK, true),
  );
  assertEquals(call.events, ["headers x=1", "message 1", "OK"]);
  const failing = new ClientCall();
  failing.bench.send(
    failing.bench.headers(1, [[":status", "103"]]),
    failing.bench.headers(1, [[":status", "503"]], true),
  );
  assertEquals(failing.events, ["UNAVAILABLE"]);
});

test("[C80] a content type other than gRPC's is told by HTTP status, with the type in the message", () => {
  for (
    const type of ["text/html", "application/json", "application/grpc-web+proto", "application/grpcx", ""]
  ) {
    const call = new ClientCall();
    call.bench.send(call.bench.headers(1, [[":status", "200"], ["content-type", type]]), data(1, 5));
    assertEquals(call.events, ["UNKNOWN"], type);
    assertEquals(
      call.status!.message,
      `server answered with content-type ${JSON.stringify(type)}, not application/grpc`,
    );
  }
  const json = new ClientCall();
  json.bench.send(json.bench.headers(1, [[":status", "200"], ["content-type", "application/grpc+json"]]));
  assertEquals(json.events, ["INTERNAL"]);
});
