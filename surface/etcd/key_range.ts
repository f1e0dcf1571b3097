// Keys of etcd: the range of all that begin with a prefix, and the key after one.

const encoder = new TextEncoder();

/** Keys from `key` to below `rangeEnd`. */
export interface KeyRange {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
}

/** `text` in UTF-8. */
export function keyOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The keys that begin with `prefix`, which is not empty: the end is the first key that is greater than all of them. */
export function keysUnder(prefix: string): KeyRange {
  const key = keyOf(prefix);
  const rangeEnd = key.slice();
  rangeEnd[rangeEnd.length - 1]!++; // UTF-8 has no octet 255
  return { key, rangeEnd };
}

/** The least key that is greater than `key`. */
export function keyAfter(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}
