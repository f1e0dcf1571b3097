// Has V8 collect received messages while they are young.
//
// An array of a large message lies outside V8's heap, and beside it a call makes little that lies in it. V8 collects its
// young generation when that is full, or when young arrays have 64 MB; but it marks all of its heap before, from some 8 to
// 50 MB of arrays on, where the heap is as small as ours. So as much is thrown away in the heap as fills the young
// generation first (decision 68).

import { runtime } from "./detect.ts";

/** Arrays below this come with as much garbage of their own. */
const LARGE_BYTES = 16_384;

/** An array of a message has so many octets for each slot of garbage, which is 8 octets. */
const OCTETS_A_SLOT = 64;

/** More is no part of the young generation's pages: each such array is memory of the system's, and dear. */
const MOST_SLOTS = 8_192;

/** JavaScriptCore counts what arrays have outside as if it lay inside. */
const isV8 = runtime !== "bun";

/** The last garbage of this thread. Nobody reads it: it stands here, or the compiler would leave it out. */
export const garbage: { last: readonly unknown[] } = { last: [] };

/** `bytes` octets were allocated for a message, or for a part of it. */
export function allocatedOutside(bytes: number): void {
  if (isV8 && bytes >= LARGE_BYTES) {
    garbage.last = new Array(Math.min(MOST_SLOTS, Math.floor(bytes / OCTETS_A_SLOT)));
  }
}
