// What a handler sees of its call, in every style.

import type { SocketAddress } from "../../pollers/mod.ts";
import type { ConnectionSecurity } from "../../transport/mod.ts";
import { headersOf, type Metadata, type MetadataInit } from "../call/metadata.ts";
import type { Compression } from "../compression.ts";
import { PARENT, type ParentCall } from "../call/parent.ts";
import type { ServerCallCore } from "./server_call_core.ts";

/** A call that is served, in whatever style: what calls can be made for (`{ parent: call }`). */
export interface ServedCall {
  /** "/package.Service/Method". */
  readonly path: string;
  /** The client's address. */
  readonly peer: SocketAddress;
  /** What the TLS handshake of the connection established; undefined in plaintext. */
  readonly security: ConnectionSecurity | undefined;
}

/** The call a handler serves. */
export interface ServerCall extends ServedCall {
  /** The `:authority` the client asked for. */
  readonly authority: string;
  /** What the client sent before its messages. */
  readonly metadata: Metadata;
  /** What will be sent with the status; add to it until the handler ends. */
  readonly trailers: Metadata;
  /** Milliseconds until the client's deadline, 0 when it has passed; undefined where there is none. */
  readonly timeRemainingMs: number | undefined;
  /** Aborted when the client cancels, goes away, or its deadline passes. */
  readonly signal: AbortSignal;
  /** Whether `signal` is aborted. */
  readonly cancelled: boolean;
  /**
   * What responses are compressed with: as the server says, unless this is set before initial metadata is sent. It is
   * "identity" where the client does not take what was asked for.
   */
  compression: Compression;
  /** Sends initial metadata now, before any message; at most once. */
  sendMetadata(metadata: Metadata | MetadataInit): void;
}

/** The object that handlers get: what they may do with the call, and no more. */
export class ServerCallHandle implements ServerCall {
  readonly #call: ServerCallCore;

  /** For a handler of `call`. */
  constructor(call: ServerCallCore) {
    this.#call = call;
  }

  get path(): string {
    return this.#call.path;
  }

  get peer(): SocketAddress {
    return this.#call.peer;
  }

  get security(): ConnectionSecurity | undefined {
    return this.#call.security;
  }

  get authority(): string {
    return this.#call.authority;
  }

  get metadata(): Metadata {
    return this.#call.metadata;
  }

  get trailers(): Metadata {
    return this.#call.trailers;
  }

  get timeRemainingMs(): number | undefined {
    return this.#call.timeRemainingMs;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get cancelled(): boolean {
    return this.#call.cancelled;
  }

  get compression(): Compression {
    return this.#call.compression;
  }

  set compression(compression: Compression) {
    this.#call.compression = compression;
  }

  sendMetadata(metadata: Metadata | MetadataInit): void {
    this.#call.sendInitialMetadata(headersOf(metadata));
  }

  /** See {@linkcode PARENT}. */
  get [PARENT](): ParentCall {
    return this.#call;
  }
}
