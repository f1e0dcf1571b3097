// What the client of a call gets for what its handler threw, whatever that was: making a status of it never throws.

import { isInstance, messageOf, propertyOf, textOf } from "../../pollers/mod.ts";
import { isRpcError, RpcError } from "../call/rpc_error.ts";
import { sendable } from "../call/sendable.ts";
import { type ErrorStatusCode, isErrorCode, Status, type StatusCode } from "../call/status.ts";
import { EncodeError } from "../proto/mod.ts";

/** A status for the wire. */
export interface ThrownStatus {
  /** 1 to 16. */
  readonly code: StatusCode;
  /** The status message. */
  readonly details: string;
  /** Fields of trailing metadata, name and value in turn. */
  readonly fields: readonly string[];
  /** What the server's side should know besides: why the status is not the one that was thrown, or not all of it. */
  readonly complaint: string | undefined;
  /** The error is a status that the handler chose; any other is an accident, which its client learns nothing of. */
  readonly chosen: boolean;
}

const NO_FIELDS: readonly string[] = [];
const HANDLER_FAILED = "handler failed";

/** An accident of a handler that has a code of its own. Interceptors see a status; what it says is not for clients. */
export class AccidentError extends RpcError {
  /** `accident`: what happened. */
  constructor(code: ErrorStatusCode, accident: Error) {
    super(code, accident.message, { cause: accident });
  }
}

/** `exposeErrors`: the client learns the message of what was no status. */
export function statusOfThrown(thrown: unknown, exposeErrors: boolean): ThrownStatus {
  if (isInstance(thrown, AccidentError)) {
    const details = exposeErrors ? thrown.details : HANDLER_FAILED;
    return { code: thrown.code, details, fields: NO_FIELDS, complaint: undefined, chosen: false };
  }
  if (isRpcError(thrown)) return statusOfRpcError(thrown);
  // What the library says of a response is no secret, but what stands in it may be one.
  const [code, about] = isInstance(thrown, EncodeError)
    ? [Status.INTERNAL, "cannot encode response"]
    : [Status.UNKNOWN, HANDLER_FAILED];
  const details = !exposeErrors
    ? about
    : code === Status.INTERNAL
    ? `${about}: ${messageOf(thrown)}`
    : messageOf(thrown);
  return { code, details, fields: NO_FIELDS, complaint: undefined, chosen: false };
}

/** Of any copy of this package, so nothing about it is certain. */
function statusOfRpcError(error: object): ThrownStatus {
  const given = propertyOf(error, "details");
  const details = typeof given === "string" ? given : given === undefined ? "" : textOf(given);
  const { fields, left } = sendable(propertyOf(error, "metadata"));
  const code = propertyOf(error, "code");
  if (!isErrorCode(code)) {
    const wrong = `handler threw an RpcError with code ${textOf(code)}, which is none of 1 to 16`;
    const both = details === "" ? wrong : `${wrong}: ${details}`;
    return { code: Status.UNKNOWN, details: both, fields, complaint: wrong, chosen: true };
  }
  const complaint = left.length === 0
    ? undefined
    : `metadata of an RpcError was left out, for it cannot be sent: ${
      left.map((name) => JSON.stringify(name)).join(", ")
    }`;
  return { code, details, fields, complaint, chosen: true };
}
