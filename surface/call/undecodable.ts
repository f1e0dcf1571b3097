// What becomes of a call whose message cannot be decoded.

import { isInstance, messageOf } from "../../pollers/mod.ts";
import { DecodeError } from "../proto/mod.ts";
import { Status, type StatusCode } from "./status.ts";

/** A status for an undecodable message. */
export interface Undecodable {
  /** INTERNAL, or RESOURCE_EXHAUSTED. */
  readonly code: StatusCode;
  /** The status message. */
  readonly details: string;
  /** The error is no DecodeError: a codec of the application's is at fault. */
  readonly foreign: boolean;
}

/** Of the `error` that decoding a `what` threw; `expose`: what a foreign codec says may be told. */
export function undecodable(error: unknown, what: "request" | "response", expose: boolean): Undecodable {
  const foreign = !isInstance(error, DecodeError);
  const cannot = `cannot decode ${what}`;
  const details = foreign && !expose ? cannot : `${cannot}: ${messageOf(error)}`;
  if (foreign || !error.exhausted) return { code: Status.INTERNAL, details, foreign };
  return { code: Status.RESOURCE_EXHAUSTED, details: `${details} (maxReceiveElements)`, foreign };
}
