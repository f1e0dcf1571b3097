// The descriptors of a set or ring itself, in memory that outlives its engine's thread: each is closed once.

import type { Libc } from "../ffi/libc.ts";

/** Shared memory that holds them, each and one more. */
export function ownWords(descriptors: readonly number[]): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(descriptors.length * 4));
  words.set(descriptors.map((fd) => fd + 1));
  return words;
}

/** Takes them out; none where another thread has: the first word decides. */
export function takeOwn(own: Int32Array): number[] {
  const first = Atomics.exchange(own, 0, 0);
  return first === 0 ? [] : [first - 1, ...Array.from(own.subarray(1), (word) => word - 1)];
}

/** Ends a wait in the set or ring: the second of its descriptors is what kicks are written to. */
export function kickBy(libc: Libc, own: readonly number[]): void {
  const one = new Uint8Array(8);
  one[0] = 1;
  libc.write(own[1]!, one, 8);
}
