// Status codes by name, and names by code (https://grpc.github.io/grpc/core/md_doc_statuscodes.html).

import { GrpcStatus, type StatusCode, type StatusName } from "../../transport/mod.ts";

export { type StatusCode, type StatusName, statusName } from "../../transport/mod.ts";

/** The seventeen status codes: `Status.NOT_FOUND` is 5. */
export const Status: typeof GrpcStatus = GrpcStatus;

/** The code of an error: 1 to 16. */
export type ErrorStatusCode = Exclude<StatusCode, 0>;

/** Its name: "NOT_FOUND". */
export type ErrorStatusName = Exclude<StatusName, "OK">;

/** Whether `code` is one that an error may have: a whole number, 1 to 16. */
export function isErrorCode(code: unknown): code is ErrorStatusCode {
  return Number.isInteger(code) && (code as number) >= 1 && (code as number) <= 16;
}

/** 5 for "NOT_FOUND"; undefined for what is no name of a status. */
export function statusCode(name: string): StatusCode | undefined {
  return Object.hasOwn(GrpcStatus, name) ? GrpcStatus[name as StatusName] : undefined;
}
