// A client's call as interceptors see it: what is sent goes down through calls, what comes goes up through listeners.

import type { Buffer } from "../../../pollers/native/node_classes.ts";
import type { AuthContext } from "./auth_context.ts";
import type { CallCredentials } from "./call_credentials.ts";
import type { status as Status } from "./constants.ts";
import type { Metadata } from "./metadata.ts";
import type { StatusObject } from "./status.ts";

/** Gets what comes; each of them passes it on by `next`. */
export interface FullListener {
  /** Initial metadata. */
  onReceiveMetadata: (metadata: Metadata, next: (metadata: Metadata) => void) => void;
  /** A message; null where a call with one response has none. */
  // deno-lint-ignore no-explicit-any
  onReceiveMessage: (message: any, next: (message: any) => void) => void;
  /** The status, last. */
  onReceiveStatus: (status: StatusObject, next: (status: StatusObject) => void) => void;
}

/** The same; what is missing passes on. */
export type Listener = Partial<FullListener>;

/** Gets what comes. */
export interface InterceptingListener {
  /** Initial metadata. */
  onReceiveMetadata(metadata: Metadata): void;
  /** A message; null where a call with one response has none. */
  // deno-lint-ignore no-explicit-any
  onReceiveMessage(message: any): void;
  /** The status, last. */
  onReceiveStatus(status: StatusObject): void;
}

/** Whether `listener` takes what comes and does not pass it on: its functions have one parameter. */
export function isInterceptingListener(
  listener: Listener | InterceptingListener,
): listener is InterceptingListener {
  return listener.onReceiveMetadata !== undefined && listener.onReceiveMetadata.length === 1;
}

/** How one message is sent. */
export interface MessageContext {
  /** Called when the next message may be sent. */
  callback?: (error?: Error | null) => void;
  /** Bits; 2: the message is not compressed. */
  flags?: number;
}

/** A call of octets: what a channel makes. */
export interface Call {
  /** Ends the call from this side. */
  cancelWithStatus(code: Status, details: string): void;
  /** The server's address, or the channel's target. */
  getPeer(): string;
  /** Begins it; once. */
  start(metadata: Metadata, listener: InterceptingListener): void;
  /** Sends a message. */
  sendMessageWithContext(context: MessageContext, message: Buffer): void;
  /** Asks for the next message. */
  startRead(): void;
  /** Nothing more will be sent. */
  halfClose(): void;
  /** A number of its own. */
  getCallNumber(): number;
  /** What it shows of itself; before it begins. */
  setCredentials(credentials: CallCredentials): void;
  /** What TLS established; null before there is a connection. */
  getAuthContext(): AuthContext | null;
}

/** A call of messages: what interceptors make and pass on to. */
export interface InterceptingCallInterface {
  /** Ends the call from this side. */
  cancelWithStatus(code: Status, details: string): void;
  /** The server's address, or the channel's target. */
  getPeer(): string;
  /** Begins it; once. */
  start(metadata: Metadata, listener?: Partial<InterceptingListener>): void;
  /** Sends a message. */
  // deno-lint-ignore no-explicit-any
  sendMessageWithContext(context: MessageContext, message: any): void;
  /** Sends a message. */
  // deno-lint-ignore no-explicit-any
  sendMessage(message: any): void;
  /** Asks for the next message. */
  startRead(): void;
  /** Nothing more will be sent. */
  halfClose(): void;
  /** What TLS established; null before there is a connection. */
  getAuthContext(): AuthContext | null;
}
