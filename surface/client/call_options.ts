// What a caller may say of one call, and the check of it: whatever is wrong throws before anything is sent.

import { isInstance, messageOf, propertyOf } from "../../pollers/mod.ts";
import type { HeaderList } from "../../transport/mod.ts";
import { headersOf, type Metadata, type MetadataInit } from "../call/metadata.ts";
import { type ParentCall, parentOf } from "../call/parent.ts";
import { type CallIdentity, type CallIdentityOptions, readIdentity } from "./call_identity.ts";
import { checkedCompression, type Compression } from "../compression.ts";
import { checkOptions, checkType, describe, type OptionNames } from "../options.ts";
import type { ServedCall } from "../server/server_call.ts";

/** What a caller may say of one call. */
export interface CallOptions extends CallIdentityOptions {
  /** Milliseconds from now until the call ends with DEADLINE_EXCEEDED; none by default. */
  readonly deadlineMs?: number;
  /** Cancels the call when it is aborted. */
  readonly signal?: AbortSignal;
  /** Sent before the messages: a Metadata, `{ name: value }`, pairs, or Headers. */
  readonly metadata?: Metadata | MetadataInit;
  /** Wait until the channel is ready, through failures to connect. Default: as the service config says, else false: fail with UNAVAILABLE. */
  readonly waitForReady?: boolean;
  /** What requests are compressed with. Default: as the channel says. */
  readonly compression?: Compression;
  /**
   * Of a call with many requests: initial metadata goes with the first of them, or with the half-close, and not before. The
   * server learns of the call then. Default false.
   */
  readonly corked?: boolean;
  /**
   * The call that a handler serves and makes this one for: its deadline holds for this call too, and when it is over,
   * cancelled or done, this call is cancelled.
   */
  readonly parent?: ServedCall;
  /** Gets the initial metadata of the response. If it throws, the call is cancelled. */
  readonly onHeaders?: (metadata: Metadata) => void;
  /** Gets the trailing metadata, also where the call failed. If it throws, the call's status stands. */
  readonly onTrailers?: (metadata: Metadata) => void;
}

const NAMES: OptionNames<CallOptions> = {
  deadlineMs: true,
  signal: true,
  metadata: true,
  waitForReady: true,
  compression: true,
  corked: true,
  parent: true,
  callCredentials: true,
  authority: true,
  onHeaders: true,
  onTrailers: true,
};

/** The options of one call, each read once, on the caller's stack: one may be a getter that throws. */
export interface GivenOptions {
  readonly deadlineMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** The metadata in wire form. */
  readonly headers: HeaderList | undefined;
  readonly waitForReady: boolean | undefined;
  readonly compression: Compression | undefined;
  readonly corked: boolean;
  readonly parent: ParentCall | undefined;
  /** Undefined where nothing is said of it, as of most calls. */
  readonly identity: CallIdentity | undefined;
  readonly onHeaders: ((metadata: Metadata) => void) | undefined;
  readonly onTrailers: ((metadata: Metadata) => void) | undefined;
}

/** The options of a call without any. */
export const NO_OPTIONS: GivenOptions = {
  deadlineMs: undefined,
  signal: undefined,
  headers: undefined,
  waitForReady: undefined,
  compression: undefined,
  corked: false,
  parent: undefined,
  identity: undefined,
  onHeaders: undefined,
  onTrailers: undefined,
};

/** Reads `options` of a call of the method at `path`; throws TypeError for what cannot be used. */
export function readCallOptions(path: string, options: CallOptions): GivenOptions {
  const purpose = `call ${path}`;
  checkOptions(purpose, options, NAMES);
  const { deadlineMs, signal, metadata, waitForReady, compression, corked = false } = options;
  const { parent, onHeaders, onTrailers } = options;
  if (deadlineMs !== undefined) checkDeadline(purpose, deadlineMs);
  if (signal !== undefined) checkSignal(purpose, signal);
  checkType(purpose, "waitForReady", waitForReady, "boolean");
  checkType(purpose, "corked", corked, "boolean");
  checkType(purpose, "onHeaders", onHeaders, "function");
  checkType(purpose, "onTrailers", onTrailers, "function");
  checkedCompression(purpose, compression);
  const headers = metadata === undefined ? undefined : headersOf(metadata);
  const ended = parent === undefined ? undefined : checkParent(purpose, parent);
  const identity = readIdentity(purpose, options);
  return {
    deadlineMs,
    signal,
    headers,
    waitForReady,
    compression,
    corked,
    parent: ended,
    identity,
    onHeaders,
    onTrailers,
  };
}

/** Why a call ended whose signal was aborted with `reason`. An AbortError says nothing that the sentence does not. */
export function abortDetails(reason: unknown): string {
  const named = isInstance(reason, Error) && propertyOf(reason, "name") !== "AbortError";
  return `call aborted by its signal${named ? `: ${messageOf(reason)}` : ""}`;
}

function checkSignal(purpose: string, signal: unknown): void {
  if (typeof (signal as Partial<AbortSignal> | null)?.addEventListener === "function") return;
  throw new TypeError(`Cannot ${purpose}: signal is ${describe(signal)}, not an AbortSignal`);
}

/** A Date is refused because clocks of the day jump: what is left is the caller's to say. */
function checkDeadline(purpose: string, deadlineMs: unknown): void {
  if (typeof deadlineMs === "number" && !Number.isNaN(deadlineMs)) return;
  const hint = deadlineMs instanceof Date
    ? 'for a point in time give "date.getTime() - Date.now()"'
    : "give milliseconds from now";
  throw new TypeError(`Cannot ${purpose}: deadlineMs is ${describe(deadlineMs)}; ${hint}`);
}

function checkParent(purpose: string, parent: unknown): ParentCall {
  const call = parentOf(parent);
  if (call !== undefined) return call;
  throw new TypeError(
    `Cannot ${purpose}: parent is ${describe(parent)}; give the call that a handler gets beside its request`,
  );
}
