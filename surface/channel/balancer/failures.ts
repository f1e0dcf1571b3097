// What connections failed of, in words.

import type { Subchannel } from "../subchannel.ts";

/** Addresses that a message names; where there are more it says how many. */
const NAMED_ADDRESSES = 5;

/** "a, b, c, d, e, and 2 more". */
export function shortList(items: readonly string[], separator: string): string {
  const more = items.length - NAMED_ADDRESSES;
  if (more <= 0) return items.join(separator);
  return [...items.slice(0, NAMED_ADDRESSES), `and ${more} more`].join(separator);
}

/** Why the connections of `subchannels` failed, each reason once. */
export function failuresOf(subchannels: Iterable<Subchannel>, separator: string): string {
  const reasons = new Set<string>();
  for (const { failure } of subchannels) if (failure !== "") reasons.add(failure);
  return shortList([...reasons], separator);
}
