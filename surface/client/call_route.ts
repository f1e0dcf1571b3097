// What gives calls their streams, and what it needs of a call.

import type { CallTracker } from "../channel/call_tracker.ts";
import type { MethodConfig } from "../channel/service_config/method_config.ts";
import type { ClientTransport } from "../../transport/mod.ts";
import type { RetryThrottle } from "./attempts/retry_throttle.ts";

/** Where calls wait. */
export interface CallPlace {
  /** `call` does not wait there any more. */
  delete(call: PendingCall): unknown;
}

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
  /** Where it waits, or waited until it had a stream; for what it waits in. Undefined where it does not. */
  waitsIn: CallPlace | undefined;
  /** A server has refused its stream: it is ahead of those that had none. */
  readonly refused?: boolean;
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
  /** `call` waits for something of its own until it is submitted, or withdrawn; it fails where the channel has ended, or ends before. */
  pause(call: PendingCall): void;
  /** `call` does not want a transport any more: none will be attached. */
  withdraw(call: PendingCall): void;
  /** What `call`, which has no stream, waits for, and the last connection error: the end of a sentence. */
  describeWait(call: PendingCall): string;
}
