// Errors of calls as connect-es has them.

import { Code, ConnectError } from "@connectrpc/connect";
import { isInstance } from "../../../pollers/mod.ts";
import { Http2Error } from "../../../transport/mod.ts";
import { isRpcError, RpcError } from "../../call/rpc_error.ts";
import { Status } from "../../call/status.ts";
import { statusDetail } from "../../call/status_details.ts";
import { DecodeError, EncodeError } from "../../proto/mod.ts";
import { protobufEsCodec } from "../protobuf_es/mod.ts";
import { addMetadata, metadataOf } from "./headers.ts";

/** Connect's words for a deadline. */
const TIMED_OUT = "the operation timed out";

/** What is thrown in connect's place for `error`, with which a call ended; `header`: what the server had sent before. */
export function connectError(error: unknown, header: Headers): ConnectError {
  if (!isRpcError(error)) return ConnectError.from(error);
  const { cause } = error;
  // A message that does not fit: what protobuf-es or a limit says of it.
  if (isInstance(cause, EncodeError) || isInstance(cause, DecodeError)) return ConnectError.from(cause.cause);
  // The iterable of requests threw; a channel that the application closes ends its calls with an Http2Error.
  if (error.endedBy === "user" && cause !== undefined && !isInstance(cause, Http2Error)) {
    return ConnectError.from(cause, Code.Internal);
  }
  return ofStatus(error, header);
}

/**
 * The status of a call for what an implementation of connect's threw. What is no ConnectError is an accident, of which the
 * client learns nothing. `trailer`: what goes with the status besides.
 */
export function rpcError(thrown: unknown, trailer: Headers): RpcError {
  const error = thrown instanceof ConnectError
    ? thrown
    : new ConnectError("internal error", Code.Internal, undefined, undefined, thrown);
  const metadata = metadataOf(trailer);
  const { isWireError = false } = error as { isWireError?: boolean };
  if (!isWireError) metadata.appendAll(metadataOf(error.metadata));
  const statusDetails = error.details.map((detail) =>
    "desc" in detail
      ? statusDetail(protobufEsCodec(detail.desc), detail.value as never)
      : { typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value }
  );
  return new RpcError(error.code as number, error.rawMessage, {
    metadata,
    ...(statusDetails.length === 0 ? {} : { statusDetails }),
    cause: error.cause,
  });
}

/** Why a call that is served was cancelled, as handlers of connect's find it in the reason of their signal. */
export function abortReason(error: RpcError): ConnectError {
  const { code, details } = error;
  const text = code === Status.DEADLINE_EXCEEDED ? TIMED_OUT : details;
  return new ConnectError(text, code as number, undefined, undefined, error);
}

function ofStatus(error: RpcError, header: Headers): ConnectError {
  const metadata = new Headers();
  addMetadata(metadata, error.metadata);
  header.forEach((value, name) => metadata.append(name, value));
  const { code, details, endedBy } = error;
  const expired = code === Status.DEADLINE_EXCEEDED && endedBy !== "remote";
  const cause = expired ? error : error.cause; // which says what was waited for
  const made = new ConnectError(expired ? TIMED_OUT : details, code as number, metadata, undefined, cause);
  made.details = error.statusDetails.map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value,
  }));
  // A handler of connect that throws what its own call failed with does not pass on that call's metadata.
  if (endedBy === "remote") Object.assign(made, { isWireError: true });
  return made;
}
