// Where the addresses of a target come from.

import type { SocketAddress } from "../../../pollers/mod.ts";

/** One server, as a resolver knows it: what gRPC calls an endpoint. */
export interface EndpointAddresses {
  /** Where it can be reached, in the order in which they are to be tried; at least one. */
  readonly addresses: readonly SocketAddress[];
}

/** Receives what a resolver finds; from no caller's stack but that of `start`. */
export interface ResolverSink {
  /** The servers that there are now: the whole list, which replaces the one before. It may be empty. */
  onResolved(endpoints: readonly EndpointAddresses[]): void;
  /** They could not be found: a sentence that names the target. The resolver tries again by itself. */
  onResolveFailed(reason: string): void;
}

/** Watches the addresses of one target. */
export interface Resolver {
  /** Begins; once. */
  start(): void;
  /** What the channel has may be out of date: a hint, which the resolver follows as soon as its rules allow it. */
  requestReresolution(): void;
  /** The wait after a failure is over now. */
  resetBackoff(): void;
  /** What a call waits for that no address is known for: "the addresses of example.com:80". */
  describeWait(): string;
  /** Ends; the sink is not called any more. */
  close(): void;
}
