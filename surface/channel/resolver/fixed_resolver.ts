// Targets that say their addresses: ipv4, ipv6, unix, unix-abstract, npipe.

import { formatAddress, type SocketAddress } from "../../../pollers/mod.ts";
import type { Resolver, ResolverSink } from "./resolver.ts";

/** Gives the addresses of the target itself, once. */
export class FixedResolver implements Resolver {
  constructor(private readonly addresses: readonly SocketAddress[], private readonly sink: ResolverSink) {}

  start(): void {
    this.sink.onResolved(this.addresses.map((address) => ({ addresses: [address] })));
  }
  requestReresolution(): void {}
  resetBackoff(): void {}
  describeWait(): string {
    return `the addresses of ${this.addresses.map(formatAddress).join(", ")}`;
  }
  close(): void {}
}
