// Huffman coding of strings (RFC 7541, section 5.2): an encoder over the code table, a decoder that takes two octets a
// step where their codes are short, as those of letters and digits are.

import type { ByteSink } from "./byte_sink.ts";
import { CODE_LENGTHS, CODES, EOS } from "./huffman_table.ts";

/** Octets that `text` takes when Huffman coded. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += CODE_LENGTHS[text.charCodeAt(i)]!;
  return (bits + 7) >> 3;
}

/** Appends `text`, Huffman coded and padded with ones, to `out`. */
export function huffmanEncode(text: string, out: ByteSink): void {
  out.ensure(4 * text.length + 4);
  const { bytes } = out;
  let at = out.length;
  let pending = 0; // bits not yet written, right-aligned; always fewer than 8
  let pendingBits = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const code = CODES[unit]!;
    let bits = CODE_LENGTHS[unit]!;
    // Codes of up to 30 bits do not fit beside 7 pending ones, so a long code goes in two parts.
    if (bits > 20) {
      bits -= 16;
      pending = (pending << bits) | (code >>> 16);
      for (pendingBits += bits; pendingBits >= 8;) bytes[at++] = pending >>> (pendingBits -= 8);
      pending &= 0xff;
      bits = 16;
      pending = (pending << bits) | (code & 0xffff);
    } else {
      pending = (pending << bits) | code;
    }
    for (pendingBits += bits; pendingBits >= 8;) bytes[at++] = pending >>> (pendingBits -= 8);
    pending &= 0xff;
  }
  if (pendingBits > 0) bytes[at++] = (pending << (8 - pendingBits)) | (0xff >>> pendingBits);
  out.length = at;
}

// The code tree: `children[2n + bit]` is an inner node as n > 0, a leaf as -1 - symbol, 0 where there is none; the root
// is 0. `PAIRS` has for each 12 bits the one or two octets whose whole codes they begin with, or 0 where there is none.
const WINDOW_BITS = 12;
const SECOND_SHIFT = 8;
const BITS_SHIFT = 16;
const FIRST_BITS_SHIFT = 20;
const COUNT_SHIFT = 24;

interface Tables {
  readonly children: Int16Array;
  readonly pairs: Uint32Array;
  /** Whether a string may end at a node: fewer than eight bits into the code of EOS, all of them ones. */
  readonly mayEnd: Uint8Array;
}

let tables: Tables | undefined;

function buildTables(): Tables {
  const tree: number[] = [0, 0];
  for (let symbol = 0; symbol <= EOS; symbol++) {
    let node = 0;
    for (let bit = CODE_LENGTHS[symbol]! - 1; bit >= 0; bit--) {
      const slot = 2 * node + ((CODES[symbol]! >>> bit) & 1);
      if (bit === 0) tree[slot] = -1 - symbol;
      else {
        if (tree[slot] === 0) {
          tree[slot] = tree.length / 2;
          tree.push(0, 0);
        }
        node = tree[slot]!;
      }
    }
  }
  const mayEnd = new Uint8Array(tree.length / 2);
  for (let node = 0, ones = 0; ones < 8; ones++) {
    mayEnd[node] = 1;
    node = tree[2 * node + 1]!;
  }
  const pairs = Uint32Array.from({ length: 1 << WINDOW_BITS }, (_, window) => pairOf(tree, window));
  return { children: Int16Array.from(tree), pairs, mayEnd };
}

function pairOf(tree: readonly number[], window: number): number {
  let node = 0;
  let count = 0;
  let pair = 0;
  for (let bits = 1; bits <= WINDOW_BITS && count < 2; bits++) {
    node = tree[2 * node + ((window >>> (WINDOW_BITS - bits)) & 1)]!;
    if (node >= 0) continue;
    const symbol = -1 - node;
    node = 0;
    count++;
    pair = count === 1
      ? symbol | (bits << BITS_SHIFT) | (bits << FIRST_BITS_SHIFT) | (1 << COUNT_SHIFT)
      : (pair & ~(15 << BITS_SHIFT) & ~(3 << COUNT_SHIFT)) | (symbol << SECOND_SHIFT) | (bits << BITS_SHIFT) |
        (2 << COUNT_SHIFT);
  }
  return pair;
}

/** The most octets that `count` coded ones stand for (no code is shorter than five bits), and one that is written beyond. */
export function huffmanRoom(count: number): number {
  return ((8 * count / 5) | 0) + 2;
}

/**
 * Decodes `bytes[start, end)` into `into` from `at` on, where `huffmanRoom` octets may be written. Gives the octets
 * decoded, or -1 where the coding is broken.
 */
export function huffmanDecode(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  at = 0,
): number {
  const { children, pairs, mayEnd } = tables ??= buildTables();
  const from = at;
  const bitsEnd = 8 * end;
  let bit = 8 * start;
  while (bit < bitsEnd) {
    const i = bit >>> 3;
    const next = i + 1 < end ? bytes[i + 1]! : 0xff;
    const last = i + 2 < end ? bytes[i + 2]! : 0xff;
    const pair = pairs[(((bytes[i]! << 16) | (next << 8) | last) >>> (12 - (bit & 7))) & 0xfff]!;
    const bits = (pair >>> BITS_SHIFT) & 15;
    if (pair !== 0 && bit + bits <= bitsEnd) {
      into[at] = pair & 0xff;
      into[at + 1] = (pair >>> SECOND_SHIFT) & 0xff;
      at += pair >>> COUNT_SHIFT;
      bit += bits;
      continue;
    }
    const firstBits = (pair >>> FIRST_BITS_SHIFT) & 15;
    if (pair !== 0 && bit + firstBits <= bitsEnd) {
      into[at++] = pair & 0xff;
      bit += firstBits;
      continue;
    }
    // A long code, or the padding: bit by bit.
    let node = 0;
    do {
      node = children[2 * node + ((bytes[bit >>> 3]! >>> (7 - (bit & 7))) & 1)]!;
      bit++;
    } while (node > 0 && bit < bitsEnd);
    if (node >= 0) return mayEnd[node] === 1 ? at - from : -1;
    if (node === -1 - EOS) return -1; // EOS inside a string is an error
    into[at++] = -1 - node;
  }
  return at - from;
}
