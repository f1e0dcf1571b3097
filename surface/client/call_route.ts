// What a client's call needs of its channel.

import type { EventEngine, Reporter, Target } from "../../pollers/mod.ts";
import type { ClientTransport, RequestTemplate } from "../../transport/mod.ts";
import type { CallObservers } from "../call/call_observer.ts";
import type { PendingCalls } from "../call/pending_calls.ts";

/** A call that wants a transport. */
export interface PendingCall {
  /** Whether it waits through connection failures. */
  readonly waitForReady: boolean;
  /** A stream is free: open it now. */
  attach(transport: ClientTransport): void;
  /** It will get none: the connection failed. */
  onUnavailable(reason: string): void;
}

/** Where calls get their transport. */
export interface CallRoute {
  /** Gives `call` a transport as soon as there is one. */
  submit(call: PendingCall): void;
  /** `call` does not want a transport any more: none will be attached. */
  withdraw(call: PendingCall): void;
  /** What a call without a stream is waiting for, and the last connection error: the end of a sentence. */
  describeWait(): string;
}

/** What the calls of a channel have in common. */
export interface CallContext {
  readonly engine: EventEngine;
  readonly route: CallRoute;
  /** Gets what callbacks of the application throw. */
  readonly reporter: Reporter;
  /** Where the channel connects to. */
  readonly target: Target;
  /** What decoding a response may make; undefined is the codec's own limit. */
  readonly maxReceiveElements: number | undefined;
  /** See its calls. */
  readonly observers: CallObservers;
  /** Calls that end when the application has done its part. */
  readonly pending: PendingCalls;
  /** What calls of `path` begin with: made once. */
  template(path: string): RequestTemplate;
}
