// Failures that another attempt would meet again.

import { Http2Error } from "../../../transport/mod.ts";

/** Whether an attempt failed by what is wrong with the call itself, such as a message above a limit of ours. */
export function isOwnFault(cause: unknown): boolean {
  return cause instanceof Http2Error && cause.kind === "stream" && cause.initiator === "library";
}
