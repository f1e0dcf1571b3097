// Errors of calls as connect-es has them.

import { Code, ConnectError } from "@connectrpc/connect";
import { isInstance } from "../../../pollers/mod.ts";
import { isRpcError, type RpcError } from "../../call/rpc_error.ts";
import { DecodeError, EncodeError } from "../../proto/mod.ts";
import { addMetadata } from "./headers.ts";

/** What is thrown in connect's place for `error`, with which a call ended; `header`: what the server had sent before. */
export function connectError(error: unknown, header: Headers): ConnectError {
  if (!isRpcError(error)) return ConnectError.from(error);
  const { cause } = error;
  // A message that does not fit: what protobuf-es or a limit says of it.
  if (isInstance(cause, EncodeError) || isInstance(cause, DecodeError)) return ConnectError.from(cause.cause);
  // The iterable of requests threw.
  if (error.endedBy === "user" && cause !== undefined) return ConnectError.from(cause, Code.Internal);
  return ofStatus(error, header);
}

function ofStatus(error: RpcError, header: Headers): ConnectError {
  const metadata = new Headers();
  addMetadata(metadata, error.metadata);
  header.forEach((value, name) => metadata.append(name, value));
  const made = new ConnectError(error.details, error.code as number, metadata, undefined, error.cause);
  made.details = error.statusDetails.map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value,
  }));
  // A handler of connect that throws what its own call failed with does not pass on that call's metadata.
  if (error.endedBy === "remote") Object.assign(made, { isWireError: true });
  return made;
}
