// How a call that did not end with OK is told to users.

import type { Initiator } from "../../transport/http2/error.ts";
import { Metadata } from "./metadata.ts";
import { type StatusCode, statusName } from "./status.ts";

/** What an RpcError may carry beside code and details. */
export interface RpcErrorOptions {
  /** Trailing metadata. */
  readonly metadata?: Metadata;
  /** Who ended the call, where it was not the server's own status. */
  readonly endedBy?: Initiator;
  /** What led to it. */
  readonly cause?: unknown;
}

/**
 * A status other than OK. Clients' calls reject with it; a handler that throws one ends its call with that status.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(new RpcError(5, "no such place").message, "NOT_FOUND: no such place");
 * ```
 */
export class RpcError extends Error {
  /** Always "RpcError". */
  override readonly name = "RpcError";
  /** Trailing metadata, empty where there was none. */
  readonly metadata: Metadata;
  /** "user": the application on this side; "library": this library, by a rule or limit; "remote": the peer. */
  readonly endedBy: Initiator;

  /** `code`: 0 to 16. `details`: the status message. */
  constructor(readonly code: StatusCode, readonly details: string, options: RpcErrorOptions = {}) {
    super(details === "" ? statusName(code) : `${statusName(code)}: ${details}`, { cause: options.cause });
    this.metadata = options.metadata ?? new Metadata();
    this.endedBy = options.endedBy ?? "remote";
  }
}
