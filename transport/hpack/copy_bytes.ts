// Copies between byte arrays: what every layer does most, so it is done well in one place.

/** Up to this many bytes a loop beats `set` and its `subarray` on both engines. */
const LOOP_BYTES = 48;

/**
 * Longer copies are made in pieces of this size. From 4 KiB on, glibc's memmove takes a path that on AMD processors
 * is 14 times slower when source and destination lie a few bytes apart modulo a page (measured on Bun: 3.4 instead of
 * 20 to 50 GB/s), and a frame header or prefix before the content makes just that happen. V8 brings its own copy.
 */
const PIECE_BYTES = 2_048;

/** Copies `from[start, end)` to `to` from `at` on; the two must not overlap. */
export function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start <= LOOP_BYTES) {
    for (let i = start; i < end; i++) to[at++] = from[i]!;
    return;
  }
  for (; end - start > PIECE_BYTES; start += PIECE_BYTES, at += PIECE_BYTES) {
    to.set(from.subarray(start, start + PIECE_BYTES), at);
  }
  to.set(start === 0 && end === from.length ? from : from.subarray(start, end), at);
}
