// What a thread that blocks and its helper thread say to each other.

import type { ChannelOptions } from "../channel/channel_options.ts";
import type { Compression } from "../compression.ts";
import type { TlsClientOptions } from "../credentials/channel_credentials.ts";
import type { Insecure } from "../credentials/insecure.ts";
import type { Initiator, StatusCode } from "../../transport/mod.ts";
import type { HoldingsMessage } from "../thread_holdings.ts";

/** A channel like that of the thread which blocks. */
export interface OpenChannel {
  readonly kind: "channel";
  readonly channel: number;
  readonly target: string;
  /** Its credentials are what they are made from. */
  readonly options: Omit<ChannelOptions, "credentials"> & {
    readonly credentials?: TlsClientOptions | Insecure;
  };
}

/** A call of a channel. */
export interface StartCall {
  readonly kind: "start";
  readonly channel: number;
  readonly call: number;
  readonly path: string;
  /** The one request, with 5 free octets before it; undefined where requests are a stream. */
  readonly request: ArrayBuffer | undefined;
  /** There is one response. */
  readonly singleMessage: boolean;
  readonly deadlineMs: number | undefined;
  /** Metadata as the wire has it: names and values by turns. */
  readonly headers: readonly string[] | undefined;
  /** What `:authority` says, where the call says it. */
  readonly authority: string | undefined;
  readonly waitForReady: boolean | undefined;
  readonly compression: Compression | undefined;
  readonly corked: boolean;
  /** Whoever observes the call is to learn of its attempts. */
  readonly observed: boolean;
}

/** To the helper. */
export type ToHelper =
  | OpenChannel
  | StartCall
  | { readonly kind: "close"; readonly channel: number }
  /** One more request. */
  | { readonly kind: "send"; readonly call: number; readonly request: ArrayBuffer }
  | { readonly kind: "writesDone"; readonly call: number }
  /** Responses were taken. */
  | { readonly kind: "taken"; readonly call: number; readonly wireBytes: number }
  | { readonly kind: "cancel"; readonly call: number; readonly code: StatusCode; readonly message: string };

/** From the helper. */
export type FromHelper =
  /** The call was given a stream, to `peer`. */
  | { readonly kind: "attempt"; readonly call: number; readonly peer: string }
  | { readonly kind: "headers"; readonly call: number; readonly fields: readonly string[] }
  | {
    readonly kind: "message";
    readonly call: number;
    readonly bytes: ArrayBuffer;
    readonly wireBytes: number;
  }
  /** As many requests more are on their way. */
  | { readonly kind: "sent"; readonly call: number; readonly count: number }
  | EndedCall
  /** The helper is at its end. */
  | { readonly kind: "crashed"; readonly reason: string };

/** What the helper posts: messages, those of a turn at once; or by itself what must be released should it end by force. */
export type HelperPost = readonly FromHelper[] | HoldingsMessage;

/** How a call ended. */
export interface EndedCall {
  readonly kind: "status";
  readonly call: number;
  readonly code: StatusCode;
  readonly message: string;
  readonly fields: readonly string[];
  readonly endedBy: Initiator;
  readonly peer: string;
}

/** Requests that may be with the helper and not on their way. */
export const MOST_UNSENT = 8;

/** A copy in memory of its own, which can be moved to another thread. */
export function movableCopy(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}
