// How a call that did not end with OK is told to users.

import { propertyOf, textOf } from "../../pollers/mod.ts";
import type { Initiator } from "../../transport/http2/error.ts";
import { Metadata, type MetadataInit } from "./metadata.ts";
import { isErrorCode, type StatusCode, statusCode, type StatusName, statusName } from "./status.ts";

/** What an RpcError may carry beside code and details. */
export interface RpcErrorOptions {
  /** Trailing metadata. */
  readonly metadata?: Metadata | MetadataInit;
  /** Who ended the call, where it was not the server's own status. */
  readonly endedBy?: Initiator;
  /** What led to it. */
  readonly cause?: unknown;
  /** "/package.Service/Method" of the call. */
  readonly method?: string;
  /** The server's address, or the channel's target where there was no connection. */
  readonly peer?: string;
}

/** Marks the errors of every copy of this package. */
const BRAND = Symbol.for("pollwire.RpcError");

/**
 * A status other than OK. Clients' calls reject with it; a handler that throws one ends its call with that status. An
 * RpcError of another copy of this package is `instanceof RpcError` too.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(new RpcError("NOT_FOUND", "no such place").message, "NOT_FOUND: no such place");
 * assertEquals(new RpcError(5).code, 5);
 * ```
 */
export class RpcError extends Error {
  /** "RpcError". */
  declare readonly name: string;
  /** 1 to 16. */
  readonly code: StatusCode;
  /** The status message. */
  readonly details: string;
  /** Trailing metadata, empty where there was none. */
  readonly metadata: Metadata;
  /** "user": the application on this side; "library": this library, by a rule or limit; "remote": the peer. */
  readonly endedBy: Initiator;
  /** "/package.Service/Method" of the call that ended so; undefined for an error of the application's own. */
  readonly method: string | undefined;
  /** "127.0.0.1:50051", the server that the call went to, or the channel's target where there was no connection. */
  readonly peer: string | undefined;

  /**
   * `code`: 1 to 16, or the name of a status; TypeError for anything else, OK among it, for a call that ended with OK has
   * no error. `details`: the status message; what is no string becomes text.
   */
  constructor(
    code: StatusCode | Exclude<StatusName, "OK">,
    details: string = "",
    options: RpcErrorOptions = {},
  ) {
    const number = typeof code === "string" ? statusCode(code) : code;
    const text = typeof details === "string" ? details : textOf(details);
    if (!isErrorCode(number)) throw new TypeError(whyNoCode(code, text));
    super(text === "" ? statusName(number) : `${statusName(number)}: ${text}`, { cause: options.cause });
    this.code = number;
    this.details = text;
    this.metadata = Metadata.from(options.metadata ?? []);
    this.endedBy = options.endedBy ?? "remote";
    this.method = options.method;
    this.peer = options.peer;
  }

  static {
    // Not on each error: what is its own is printed with it.
    Object.defineProperty(this.prototype, "name", { value: "RpcError", configurable: true, writable: true });
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  /** True for an RpcError of any copy of this package; subclasses are told apart as usual. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === RpcError ? isRpcError(value) : Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

/** Whether `value` is an RpcError, of this copy of the package or of another one. */
export function isRpcError(value: unknown): value is RpcError {
  return propertyOf(value, BRAND) === true;
}

function whyNoCode(code: unknown, details: string): string {
  const what = typeof code === "string" ? JSON.stringify(code) : textOf(code);
  const wrong = code === 0 || code === "OK" ? "OK is no error" : "it is no status";
  const about = details === "" ? "" : ` (details: ${JSON.stringify(details)})`;
  return `Cannot make an RpcError with code ${what}: ${wrong}; give 1 to 16, or a name such as "NOT_FOUND"${about}`;
}
