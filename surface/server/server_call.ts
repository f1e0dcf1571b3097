// What a handler sees of its call.

import type { SocketAddress } from "../../pollers/mod.ts";
import type { Metadata, MetadataInit } from "../call/metadata.ts";

/** The call a handler serves. */
export interface ServerCall {
  /** "/package.Service/Method". */
  readonly path: string;
  /** The client's address. */
  readonly peer: SocketAddress;
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
  /** Sends initial metadata now, before any message; at most once. */
  sendMetadata(metadata: Metadata | MetadataInit): void;
}
