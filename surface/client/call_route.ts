// What a client's call needs of its channel.

import type { EventEngine, Reporter } from "../../pollers/mod.ts";
import type { CallTracker } from "../channel/call_tracker.ts";
import type { Destination } from "../channel/destination.ts";
import type { MethodConfig } from "../channel/service_config/method_config.ts";
import type { ClientTransport, RequestTemplate } from "../../transport/mod.ts";
import type { Compression } from "../compression.ts";
import type { CallObservers } from "../call/call_observer.ts";
import type { CallCredentials } from "../credentials/call_credentials.ts";
import type { PendingCalls } from "../call/pending_calls.ts";
import type { RetryThrottle } from "./attempts/retry_throttle.ts";
import type { KeptRequests } from "./kept_requests.ts";

/** A call that wants a transport. */
export interface PendingCall {
  /** It has its status already. */
  readonly isOver: boolean;
  /** Whether it waits through connection failures. */
  readonly waitForReady: boolean;
  /** "/package.Service/Method". */
  readonly path: string;
  /** What the service config says of it; undefined while the call has not been told. */
  readonly config: MethodConfig | undefined;
  /** Where it waits, for what it waits in; undefined where it does not. */
  waitsIn: Set<PendingCall> | undefined;
  /** Follows the present attempt, since its connection was picked; who ends the attempt takes it away and tells it. */
  tracker: CallTracker | undefined;
  /** What it sends as metadata `name`, several values with commas between them; undefined where that is nothing. */
  metadataValue(name: string): string | undefined;
  /**
   * What the service config says of it: once, and before it has a stream. False where it does not want one: it is over, or
   * others ask for streams on its behalf.
   */
  configure(config: MethodConfig): boolean;
  /** It waits, and what the service config says of it is not known yet: the time that this gives it begins now at the latest. */
  awaitConfig?(): void;
  /** A stream is free: open it now. */
  attach(transport: ClientTransport): void;
  /** The connection it waited for is gone: give it to the route again. */
  pickAgain(): void;
  /** It will get none: the connection failed. `drop`: asking again would not help. */
  onUnavailable(reason: string, drop: boolean): void;
}

/** Where calls get their transport. */
export interface CallRoute {
  /** Whether failed calls may be made again, as far as the channel's other calls decide that; undefined: they do not. */
  readonly throttle: RetryThrottle | undefined;
  /** A call begins: the process stays for it, and the connections. */
  callBegan(): void;
  /** A call that began has its status. */
  callEnded(): void;
  /** Gives `call` a transport as soon as there is one. */
  submit(call: PendingCall): void;
  /** `call`, which was attached, waits for something of its own until it is submitted again, or withdrawn. */
  pause(call: PendingCall): void;
  /** `call` does not want a transport any more: none will be attached. */
  withdraw(call: PendingCall): void;
  /** What `call`, which has no stream, waits for, and the last connection error: the end of a sentence. */
  describeWait(call: PendingCall): string;
}

/** The end of a channel, for what lives as long as it. */
export class ChannelEnd {
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
  /** What decoding a response may make; undefined is the codec's own limit. */
  readonly maxReceiveElements: number | undefined;
  /** See its calls. */
  readonly observers: CallObservers;
  /** Calls that end when the application has done its part. */
  readonly pending: PendingCalls;
  /** Connections are TLS. */
  readonly isSecure: boolean;
  /** What all calls show of themselves; undefined where that is nothing. */
  readonly callCredentials: CallCredentials | undefined;
  /** What calls that may be made again keep of their requests, all together. */
  readonly keptRequests: KeptRequests;
  /** What calls of `path` begin with: made once. `compression`: of its requests, where it is not the channel's. */
  template(path: string, compression?: Compression): RequestTemplate;
}
