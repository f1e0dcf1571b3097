// In which order the addresses of a target are tried, by what became of the connections to them.

import { formatAddress, type SocketAddress } from "../../pollers/mod.ts";

/** Remembers the address that served calls, and those that accepted connections without serving any. */
export class AddressOrder {
  private preferred: string | undefined = undefined;
  /** Longest ago first. */
  private readonly useless = new Set<string>();

  /**
   * The preferred address first, then the others in the resolver's order, then the useless ones, so that each has its
   * turn. An address that occurs twice is tried once.
   */
  sort(addresses: readonly SocketAddress[]): SocketAddress[] {
    const byName = new Map(addresses.map((address) => [formatAddress(address), address]));
    const first: SocketAddress[] = [];
    const last: SocketAddress[] = [];
    const preferred = this.preferred === undefined ? undefined : byName.get(this.preferred);
    if (preferred !== undefined) {
      first.push(preferred);
      byName.delete(this.preferred!);
    }
    for (const name of this.useless) {
      const address = byName.get(name);
      if (address !== undefined && byName.delete(name)) last.push(address);
    }
    return [...first, ...byName.values(), ...last];
  }

  /** A connection to `address` served calls. `keep`: the server did not ask its clients to leave. */
  served(address: SocketAddress, keep: boolean): void {
    this.preferred = keep ? formatAddress(address) : undefined;
    this.useless.clear();
  }

  /** A connection to `address` ended before it served a call. True: it is the first one since a call was served. */
  servedNothing(address: SocketAddress): boolean {
    const name = formatAddress(address);
    if (this.preferred === name) this.preferred = undefined;
    const isFirst = !this.useless.delete(name);
    this.useless.add(name);
    return isFirst;
  }
}
