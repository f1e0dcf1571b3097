// Huffman coding of strings (RFC 7541, section 5.2): an encoder over the code table, a decoder that takes four bits
// a step through a table of states.

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

// The decoder's states are the inner nodes of the code tree, the root being 0. Entry `state * 16 + nibble` holds
// the next state, an octet that was completed on the way (no code is shorter than five bits, so there is at most
// one), and flags.
const HAS_OCTET = 0x100;
const FAILED = 0x200;
const STATE_SHIFT = 10;

interface Tree {
  readonly table: Uint32Array;
  /** Whether a string may end in a state: fewer than eight bits into the code of EOS, all of them ones. */
  readonly mayEnd: Uint8Array;
}

let tree: Tree | undefined;

function buildTree(): Tree {
  // children[2n + bit]: an inner node as n > 0, a leaf as -1 - symbol, 0 where nothing was put yet
  const children: number[] = [0, 0];
  for (let symbol = 0; symbol <= EOS; symbol++) {
    let node = 0;
    for (let bit = CODE_LENGTHS[symbol]! - 1; bit >= 0; bit--) {
      const slot = 2 * node + ((CODES[symbol]! >>> bit) & 1);
      if (bit === 0) children[slot] = -1 - symbol;
      else {
        if (children[slot] === 0) {
          children[slot] = children.length / 2;
          children.push(0, 0);
        }
        node = children[slot]!;
      }
    }
  }
  const states = children.length / 2;
  const table = new Uint32Array(states * 16);
  for (let state = 0; state < states; state++) {
    for (let nibble = 0; nibble < 16; nibble++) table[state * 16 + nibble] = step(children, state, nibble);
  }
  const mayEnd = new Uint8Array(states);
  for (let node = 0, ones = 0; ones < 8; ones++) {
    mayEnd[node] = 1;
    node = children[2 * node + 1]!;
  }
  return { table, mayEnd };
}

function step(children: readonly number[], state: number, nibble: number): number {
  let node = state;
  let result = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const child = children[2 * node + ((nibble >>> bit) & 1)]!;
    if (child >= 0) node = child;
    else {
      const symbol = -1 - child;
      if (symbol === EOS) return FAILED; // EOS inside a string is an error
      result = HAS_OCTET | symbol;
      node = 0;
    }
  }
  return result | (node << STATE_SHIFT);
}

/**
 * Decodes `bytes[start, end)` into `into` from 0 on, which must hold `2 * (end - start)` octets: no code is shorter
 * than five bits. Gives the octets decoded, or -1 where the coding is broken.
 */
export function huffmanDecode(bytes: Uint8Array, start: number, end: number, into: Uint8Array): number {
  const { table, mayEnd } = tree ??= buildTree();
  let state = 0;
  let length = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    let entry = table[state * 16 + (byte >>> 4)]!;
    if (entry & (HAS_OCTET | FAILED)) {
      if (entry & FAILED) return -1;
      into[length++] = entry & 0xff;
    }
    entry = table[(entry >>> STATE_SHIFT) * 16 + (byte & 15)]!;
    if (entry & (HAS_OCTET | FAILED)) {
      if (entry & FAILED) return -1;
      into[length++] = entry & 0xff;
    }
    state = entry >>> STATE_SHIFT;
  }
  return mayEnd[state] === 1 ? length : -1;
}
