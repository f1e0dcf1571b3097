// Copies between byte arrays: what every layer does most, so it is done well in one place.

/** Up to this many bytes a loop beats `set` and its `subarray` on both engines. */
const LOOP_BYTES = 48;

/**
 * Where glibc's memmove copies 4 KiB or more to 1 to 15 bytes further on, modulo a page, it takes a path that on AMD
 * processors is 12 times slower (3.4 instead of 42 GB/s, measured on Deno and Bun), and a frame header or prefix before the
 * content makes just that happen. Such copies are made in pieces of this size. Large arrays all begin at the same place of
 * a page, and smaller ones at a multiple of 16, so mostly `byteOffset` tells.
 */
const PIECE_BYTES = 2_048;

/** Copies `from[start, end)` to `to` from `at` on; the two must not overlap. */
export function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start <= LOOP_BYTES) {
    for (let i = start; i < end; i++) to[at++] = from[i]!;
    return;
  }
  if (end - start > PIECE_BYTES && isSlow(to.byteOffset + at - from.byteOffset - start)) {
    for (; end - start > PIECE_BYTES; start += PIECE_BYTES, at += PIECE_BYTES) {
      to.set(from.subarray(start, start + PIECE_BYTES), at);
    }
  }
  to.set(start === 0 && end === from.length ? from : from.subarray(start, end), at);
}

function isSlow(distance: number): boolean {
  return (distance & 4_095) < 16 && (distance & 15) !== 0;
}
