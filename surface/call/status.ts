// Status codes by name, and names by code (https://grpc.github.io/grpc/core/md_doc_statuscodes.html).

import { GrpcStatus } from "../../transport/mod.ts";

export { statusName } from "../../transport/mod.ts";

/** The seventeen status codes: `Status.NOT_FOUND` is 5. */
export const Status = GrpcStatus;

/** A status code, 0 to 16. */
export type StatusCode = number;
