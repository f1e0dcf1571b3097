// Where messages lie that were handed over inside the process: small ones beside each other in blocks, as what a socket gives
// lies in slabs. An array with a buffer of its own for each was two thirds of a unary call in garbage collection.

import { copyBytes } from "../hpack/copy_bytes.ts";

/** Of one block. A view pins it, as it pins a slab. */
const BLOCK_BYTES = 65_536;

/** Larger messages have a buffer of their own. */
const MOST_IN_BLOCK = 4_096;

let block = new Uint8Array(0);
let used = 0;

/** A copy of `bytes` from `start` on, which nobody else has and which is never written to here again. */
export function copyMessage(bytes: Uint8Array, start: number): Uint8Array {
  const { length } = bytes;
  const size = length - start;
  if (size > MOST_IN_BLOCK) return bytes.slice(start);
  if (used + size > block.length) {
    block = new Uint8Array(BLOCK_BYTES);
    used = 0;
  }
  const from = used;
  used += size;
  copyBytes(bytes, start, length, block, from);
  return block.subarray(from, used);
}
