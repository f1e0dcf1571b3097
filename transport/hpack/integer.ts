// Integers with a prefix of N bits (RFC 7541, section 5.1).

import type { ByteSink } from "./byte_sink.ts";

/** The largest integer we accept: a size of the table, which may be any that SETTINGS can say. */
const MAX_INTEGER = 0xffff_ffff;

/** Appends `value` with the `prefixBits` low bits of its first octet, whose other bits are `pattern`. */
export function encodeInteger(value: number, prefixBits: number, pattern: number, out: ByteSink): void {
  out.ensure(6);
  const limit = (1 << prefixBits) - 1;
  if (value < limit) {
    out.bytes[out.length++] = pattern | value;
    return;
  }
  out.bytes[out.length++] = pattern | limit;
  let rest = value - limit;
  for (; rest >= 0x80; rest >>>= 7) out.bytes[out.length++] = (rest & 0x7f) | 0x80;
  out.bytes[out.length++] = rest;
}

/** Reads integers from a block; `at` moves past each one. */
export class IntegerReader {
  /** Where the next octet is. */
  at = 0;

  /** The integer at `at`, before `end`; -1 where it is cut off or too large. */
  read(bytes: Uint8Array, end: number, prefixBits: number): number {
    if (this.at >= end) return -1;
    const limit = (1 << prefixBits) - 1;
    let value = bytes[this.at++]! & limit;
    if (value < limit) return value;
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      if (this.at >= end) return -1;
      const byte = bytes[this.at++]!;
      value += (byte & 0x7f) * scale;
      if (value > MAX_INTEGER) return -1;
      if (byte < 0x80) return value;
    }
    return -1;
  }
}
