// The status codes, held to https://grpc.github.io/grpc/core/md_doc_statuscodes.html, where each has one number.
import { assertEquals } from "@std/assert";
import { type ErrorStatusCode, RpcError, Status, type StatusCode, type StatusName } from "pollwire";
import { statusName } from "../../../surface/call/status.ts";
import { isStatusCode } from "../../../transport/grpc/status_mapping.ts";
import { test } from "../../harness.ts";

const CODES: ReadonlyArray<readonly [name: string, code: number]> = [
  ["OK", 0],
  ["CANCELLED", 1],
  ["UNKNOWN", 2],
  ["INVALID_ARGUMENT", 3],
  ["DEADLINE_EXCEEDED", 4],
  ["NOT_FOUND", 5],
  ["ALREADY_EXISTS", 6],
  ["PERMISSION_DENIED", 7],
  ["RESOURCE_EXHAUSTED", 8],
  ["FAILED_PRECONDITION", 9],
  ["ABORTED", 10],
  ["OUT_OF_RANGE", 11],
  ["UNIMPLEMENTED", 12],
  ["INTERNAL", 13],
  ["UNAVAILABLE", 14],
  ["DATA_LOSS", 15],
  ["UNAUTHENTICATED", 16],
];

test("status: the seventeen codes, each with its number, and no others", () => {
  assertEquals(Object.entries(Status), CODES.map(([name, code]) => [name, code]));
});

test("status: every code has its name, and what is no code is UNKNOWN", () => {
  for (const [name, code] of CODES) assertEquals(statusName(code), name);
  for (const code of [-1, 17, 255, 1.5, NaN, Infinity]) assertEquals(statusName(code), "UNKNOWN", `${code}`);
});

test("a status code is one of seventeen literals, to the compiler too", () => {
  const codes: StatusCode[] = Object.values(Status);
  assertEquals(codes, Array.from({ length: 17 }, (_, code) => code));
  // @ts-expect-error there is no such code
  const none: StatusCode = 17;
  assertEquals([-1, 0, 16, none, 1.5, NaN].map(isStatusCode), [false, true, true, false, false, false]);
});

test("codes and names are literal types, and the code of an error is never OK", () => {
  const name: StatusName = statusName(5);
  const { code }: { code: ErrorStatusCode } = new RpcError(name as "NOT_FOUND");
  // @ts-expect-error: no error has this code
  const isOk: boolean = code === Status.OK;
  assertEquals([name, code, isOk], ["NOT_FOUND", 5, false]);
});
