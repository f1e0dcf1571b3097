// A server, as a resolver knows it.

import { formatAddress, type SocketAddress } from "../../../pollers/mod.ts";

/** One server, as a resolver knows it: what gRPC calls an endpoint. */
export interface EndpointAddresses {
  /** Where it can be reached, in the order in which they are to be tried; at least one. */
  readonly addresses: readonly SocketAddress[];
  /**
   * Its share of the calls, beside the others' weights, for policies that have weights; above 0, and 4,294,967,295 at most.
   * Default 1.
   */
  readonly weight?: number;
  /** What was registered with it, where the resolver has such a thing: JSON, whatever its owner made it. */
  readonly metadata?: unknown;
}

/** As xDS has weights: 32 bits. */
const MOST_WEIGHT = 0xffff_ffff;

/** Whether a server may have `weight`. */
export function isWeight(weight: unknown): weight is number {
  return typeof weight === "number" && weight > 0 && weight <= MOST_WEIGHT;
}

/** By this balancing policies know a server: two with the same addresses are one. */
export function serverName({ addresses }: EndpointAddresses): string {
  return addresses.map(formatAddress).sort().join(" ");
}
