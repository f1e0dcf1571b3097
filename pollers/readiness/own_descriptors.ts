// The descriptors of a set or ring itself, in memory that outlives its engine's thread: each is closed once.

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
