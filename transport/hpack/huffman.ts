// Huffman coding of strings (RFC 7541, section 5.2): an encoder over the code table, a decoder that takes two octets a
// step where their codes are short, as those of letters and digits are.

import type { ByteSink } from "./byte_sink.ts";
import { CODE_LENGTHS, CODES, EOS } from "./huffman_table.ts";
import { CLASSES, CONTROL, NOT_ASCII } from "./octet_classes.ts";

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

// Both tables are made at the first string that needs them: programs start sooner, and few strings have long codes.
const WINDOW_BITS = 12;
const WINDOW_MASK = (1 << WINDOW_BITS) - 1;
const SECOND_SHIFT = 8;
const BITS_SHIFT = 16;
const COUNT_SHIFT = 24;

/** For each 12 bits the one or two octets whose whole codes they begin with; 0 where they begin with a longer code. */
let pairs: Uint32Array | undefined;

function buildPairs(): Uint32Array {
  const table = new Uint32Array(1 << WINDOW_BITS);
  // In the order of their codes, windows follow each other.
  const short = [...CODE_LENGTHS.keys()].filter((symbol) => CODE_LENGTHS[symbol]! <= WINDOW_BITS)
    .sort((one, other) => CODE_LENGTHS[one]! - CODE_LENGTHS[other]!);
  let window = 0;
  for (const first of short) {
    const bits = CODE_LENGTHS[first]!;
    const end = window + (1 << (WINDOW_BITS - bits));
    for (const second of short) {
      const both = bits + CODE_LENGTHS[second]!;
      if (both > WINDOW_BITS) break;
      const pair = first | (second << SECOND_SHIFT) | (both << BITS_SHIFT) | (2 << COUNT_SHIFT);
      table.fill(pair, window, window += 1 << (WINDOW_BITS - both));
    }
    table.fill(first | (bits << BITS_SHIFT) | (1 << COUNT_SHIFT), window, end);
    window = end;
  }
  return table;
}

/** The code tree: `children[2n + bit]` is an inner node as n > 0, a leaf as -1 - symbol; the root is 0. */
let children: Int16Array | undefined;

function buildTree(): Int16Array {
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
  return Int16Array.from(tree);
}

/** The most octets that `count` coded ones stand for (no code is shorter than five bits), and one that is written beyond. */
export function huffmanRoom(count: number): number {
  return ((8 * count / 5) | 0) + 2;
}

/** The classes `CONTROL` and `NOT_ASCII` that what `huffmanDecode` decoded last has; to be read at once. */
export const huffmanFound: { classes: number } = { classes: 0 };

// Local: see docs/STYLE.md, "Hot paths".
const CLASS = CLASSES;
const found = huffmanFound;

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
  const short = pairs ??= buildPairs();
  const from = at;
  const bitsEnd = 8 * end;
  let bit = 8 * start;
  found.classes = 0;
  for (;;) {
    // Short codes: the last `bits` of `window` are those of the octets before `i`, with ones beyond the end.
    let i = (bit >>> 3) + 1;
    let window = bit < bitsEnd ? bytes[i - 1]! : 0xff;
    let bits = 8 - (bit & 7);
    for (;;) {
      if (bits < WINDOW_BITS) {
        const next = i < end ? bytes[i]! : 0xff;
        const last = i + 1 < end ? bytes[i + 1]! : 0xff;
        window = (window << 16) | (next << 8) | last;
        i += 2;
        bits += 16;
      }
      const pair = short[(window >>> (bits - WINDOW_BITS)) & WINDOW_MASK]!;
      if (pair === 0) break;
      into[at] = pair & 0xff;
      into[at + 1] = (pair >>> SECOND_SHIFT) & 0xff;
      at += pair >>> COUNT_SHIFT;
      bits -= (pair >>> BITS_SHIFT) & 15;
    }
    bit = 8 * i - bits;
    const rest = bitsEnd - bit;
    // Padding is ones alone. Of anything else ones made a code, for none with fewer than eight leading ones is longer.
    if (rest < 8) return rest < 0 ? -1 : at - from;
    // A long code, bit by bit.
    const tree = children ??= buildTree();
    let node = 0;
    do {
      node = tree[2 * node + ((bytes[bit >>> 3]! >>> (7 - (bit & 7))) & 1)]!;
      bit++;
    } while (node > 0 && bit < bitsEnd);
    // Cut off, or EOS, which no string has.
    if (node >= 0 || node === -1 - EOS) return -1;
    found.classes |= CLASS[-1 - node]! & (CONTROL | NOT_ASCII);
    into[at++] = -1 - node;
  }
}
