// What a client's call needs of its channel.

import type { EventEngine, Reporter } from "../../pollers/mod.ts";
import type { Destination } from "../channel/destination.ts";
import type { RequestTemplate } from "../../transport/mod.ts";
import type { Compression } from "../compression.ts";
import type { ObservedChannel } from "../call/call_observer.ts";
import type { CallCredentials } from "../credentials/call_credentials.ts";
import type { PendingCalls, PendingOwner } from "../call/pending_calls.ts";
import type { Retries } from "./attempts/retries.ts";
import type { MakePermission } from "./call_permission.ts";
import type { CallRoute } from "./call_route.ts";
import type { KeptRequests } from "./kept_requests.ts";
import type { StreamingCalls } from "./streaming.ts";
import type { TurnFailures } from "./turn_failures.ts";

/** The end of a channel, for what lives as long as it. */
export class ChannelEnd implements PendingOwner {
  /** Calls that end when the application has done its part. */
  pending: PendingCalls | undefined = undefined;
  /** The channel is closed. */
  isClosed = false;
  /** Called once, when the channel closes; it waits for what they return. */
  readonly closers: Set<() => unknown> = new Set();

  /** The channel closes: what there is to wait for. */
  close(): unknown[] {
    this.isClosed = true;
    const closers = [...this.closers];
    this.closers.clear();
    return closers.map((close) => close());
  }
}

/** Of connections whose TLS is by node:tls. */
export const NEEDS_LOOP =
  "its TLS is by node:tls, which works in the runtime's loop, and that stands still while a thread blocks; " +
  'OpenSSL does not need it (provider: "openssl")';

/** What the calls of a channel have in common. */
export interface CallContext {
  readonly engine: EventEngine;
  /** Its connections need the runtime's loop besides: their TLS is by node:tls. */
  readonly needsLoop: boolean;
  readonly route: CallRoute;
  /** Gets what callbacks of the application throw. */
  readonly reporter: Reporter;
  /** Where the channel connects to. */
  readonly target: Destination;
  /** What the channel was made with, for a helper thread to make one like it. */
  readonly channelOptions: object;
  /** What ends with the channel. */
  readonly end: ChannelEnd;
  /** Gives the application the ends of calls that fail on this side. */
  readonly failures: TurnFailures;
  /** What decoding a response may make; undefined is the codec's own limit. */
  readonly maxReceiveElements: number | undefined;
  /** See its calls. */
  readonly observers: ObservedChannel;
  /** Connections are TLS. */
  readonly isSecure: boolean;
  /** What all calls show of themselves; undefined where that is nothing. */
  readonly callCredentials: CallCredentials | undefined;
  /** For calls that have credentials or an authority of their own; undefined where none may have any. */
  readonly makePermission: MakePermission | undefined;
  /** What makes calls again that have a policy; undefined where there are no policies. */
  readonly retries: Retries | undefined;
  /** For methods that stream, of clients that have no such thing themselves. */
  // deno-lint-ignore no-explicit-any
  readonly streams: StreamingCalls<any> | undefined;
  /** What calls that a policy may make again keep of their requests, all together; undefined where there are no policies. */
  readonly keptRequests: KeptRequests | undefined;
  /** What calls of `path` begin with: made once. `compression`: of its requests, where it is not the channel's. */
  template(path: string, compression?: Compression): RequestTemplate;
}
