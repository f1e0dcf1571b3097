// In which order the addresses of a target are tried (RFC 8305, section 4; gRFC A61), and what became of the connections
// to them.

import { formatAddress, type SocketAddress } from "../../../pollers/mod.ts";
import type { Subchannel } from "../subchannel.ts";

/** Addresses without repetition, those of the first one's family and the others by turns; within a family the order stays. */
export function interleaved(addresses: readonly SocketAddress[]): SocketAddress[] {
  const unique = [...new Map(addresses.map((address) => [formatAddress(address), address])).values()];
  const families = new Map<string, SocketAddress[]>();
  for (const address of unique) {
    const family = families.get(address.family);
    if (family === undefined) families.set(address.family, [address]);
    else family.push(address);
  }
  const result: SocketAddress[] = [];
  for (let i = 0; result.length < unique.length; i++) {
    for (const family of families.values()) if (i < family.length) result.push(family[i]!);
  }
  return result;
}

/** `list` in an order drawn by `random`, which gives numbers from 0 to 1. */
export function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [result[i], result[other]] = [result[other]!, result[i]!];
  }
  return result;
}

/**
 * The address whose connection served calls first, then the others in their order, then those that accepted connections
 * without serving any since, longest ago first, so that each has its turn.
 */
export function byStanding(subchannels: readonly Subchannel[]): Subchannel[] {
  const servedUntil = Math.max(-1, ...subchannels.map((one) => one.servedUntil));
  const isFirst = (one: Subchannel) => servedUntil >= 0 && one.servedUntil === servedUntil;
  const isLast = (one: Subchannel) => one.uselessAt >= 0 && one.uselessAt >= servedUntil;
  return [
    ...subchannels.filter(isFirst),
    ...subchannels.filter((one) => !isFirst(one) && !isLast(one)),
    ...subchannels.filter((one) => !isFirst(one) && isLast(one)).sort((a, b) => a.uselessAt - b.uselessAt),
  ];
}
