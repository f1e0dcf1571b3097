// The status of a call that failed before the server was asked, for a reason that is no matter of the call itself (gRFC A54).

import { messageOf } from "../../pollers/mod.ts";
import { RpcError } from "./rpc_error.ts";
import { Status, type StatusCode, statusName } from "./status.ts";

/** Codes by which services speak of the request: a name server or a token source must not, for clients act on them. */
const OF_SERVICES: ReadonlySet<StatusCode> = new Set([
  Status.OK,
  Status.INVALID_ARGUMENT,
  Status.NOT_FOUND,
  Status.ALREADY_EXISTS,
  Status.FAILED_PRECONDITION,
  Status.ABORTED,
  Status.OUT_OF_RANGE,
  Status.DATA_LOSS,
]);

/** The status of a call for which `what` threw `error`: that of an RpcError, where it may be; `otherwise` of other errors. */
export function controlPlaneStatus(
  what: string,
  error: unknown,
  otherwise: StatusCode,
): { readonly code: StatusCode; readonly message: string } {
  if (!(error instanceof RpcError)) {
    return { code: otherwise, message: `${what} failed: ${messageOf(error)}` };
  }
  const { code, details } = error;
  if (!OF_SERVICES.has(code)) return { code, message: `${what} failed: ${details}` };
  return { code: Status.INTERNAL, message: `${what} failed with ${statusName(code)}: ${details}` };
}
