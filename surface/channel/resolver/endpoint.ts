// A server, as a resolver knows it.

import type { SocketAddress } from "../../../pollers/mod.ts";

/** One server, as a resolver knows it: what gRPC calls an endpoint. */
export interface EndpointAddresses {
  /** Where it can be reached, in the order in which they are to be tried; at least one. */
  readonly addresses: readonly SocketAddress[];
  /** Its share of the calls, beside the others' weights, for policies that have weights; above 0. Default 1. */
  readonly weight?: number;
  /** What was registered with it, where the resolver has such a thing: JSON, whatever its owner made it. */
  readonly metadata?: unknown;
}
