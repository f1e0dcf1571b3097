// What the error of a stream, a connection or a socket means for a call.

import { ErrorCode, type Http2Error } from "../http2/error.ts";
import type { StreamStatus } from "../transport.ts";
import { NO_HEADERS } from "./headers.ts";
import { GrpcStatus, statusFromErrorCode } from "./status_mapping.ts";

/** The status of a call whose stream ended with `error`: its code, and who ended it. */
export function statusOfError(error: Http2Error): StreamStatus {
  const { unprocessed } = error;
  const lost = error.kind !== "stream";
  const code = lost || unprocessed ? GrpcStatus.UNAVAILABLE : statusFromErrorCode(error.code);
  const when = unprocessed ? "ended before it took the call" : "lost before the call ended";
  const message = lost ? `connection ${when}: ${error.reason}` : detailsOf(error);
  return { code, message, metadata: NO_HEADERS, cause: error, unprocessed };
}

/** PROTOCOL-HTTP2.md, "Errors": two codes of the peer come with words of ours. A reason of our own says what it is. */
function detailsOf({ code, initiator, reason }: Http2Error): string {
  if (initiator !== "remote") return reason;
  if (code === ErrorCode.ENHANCE_YOUR_CALM) return `${reason}: bandwidth is exhausted`;
  if (code === ErrorCode.INADEQUATE_SECURITY) {
    return `${reason}: the protocol is not secure enough for the call`;
  }
  return reason;
}
