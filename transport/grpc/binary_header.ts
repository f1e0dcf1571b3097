// Binary metadata (PROTOCOL-HTTP2.md): values of names that end in "-bin" are base64 on the wire.

import { CHECKED, Field, HUFFMAN } from "../hpack/field.ts";
import type { FieldName } from "../hpack/field_name.ts";
import { octetMemory, octetsToText } from "../hpack/octet_text.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The octets of the alphabet, by their six bits. */
const CODES: Uint8Array = Uint8Array.from(ALPHABET, (char) => char.charCodeAt(0));

/** What an octet is that is none of the alphabet. */
const INVALID = 64;

/** The six bits of each octet. */
const VALUES: Uint8Array = (() => {
  const table = new Uint8Array(256).fill(INVALID);
  CODES.forEach((code, bits) => table[code] = bits);
  return table;
})();

/** The field that has `value`, whose octets are read now: base64 without padding. */
export function binaryField(name: FieldName, value: Uint8Array): Field {
  const length = codedLength(value);
  const at = octetMemory.take(length);
  const { bytes } = octetMemory;
  encodeInto(value, bytes, at);
  return new Field(name, undefined, bytes, at, at + length, length, CHECKED);
}

/** The wire form of a binary value: base64 without padding. */
export function encodeBinary(value: Uint8Array): string {
  const bytes = new Uint8Array(codedLength(value));
  encodeInto(value, bytes, 0);
  return octetsToText(bytes, 0, bytes.length, true);
}

/** The binary values of a header: padded or not, several joined by commas; undefined where it is no base64. */
export function decodeBinary(value: string): Uint8Array[] | undefined {
  try {
    return value.split(",").map((part) => latin1(atob(part)));
  } catch {
    return undefined;
  }
}

/** As {@linkcode decodeBinary}, of a received field. */
export function binaryValues(field: Field): Uint8Array[] | undefined {
  return decodeBinary(field.text);
}

/**
 * The value of a received field that has one alone, coded as we code it; undefined for all others. It is a view of memory that
 * other fields share, and that is never overwritten: on Deno an array of its own costs ten times what decoding does.
 */
export function binaryValue(field: Field): Uint8Array | undefined {
  const { octets, start, end, flags } = field;
  if (octets === undefined || (flags & HUFFMAN) !== 0) return oneValue(latin1(field.text), 0, field.length);
  return oneValue(octets, start, end);
}

function oneValue(octets: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const rest = (end - start) & 3;
  const length = ((end - start) * 3) >> 2;
  const from = octetMemory.take(length);
  const into = octetMemory.bytes;
  let at = from;
  let all = 0;
  let i = start;
  for (; i + 3 < end; i += 4) {
    const a = VALUES[octets[i]!]!;
    const b = VALUES[octets[i + 1]!]!;
    const c = VALUES[octets[i + 2]!]!;
    const d = VALUES[octets[i + 3]!]!;
    all |= a | b | c | d;
    into[at] = (a << 2) | (b >>> 4);
    into[at + 1] = (b << 4) | (c >>> 2);
    into[at + 2] = (c << 6) | d;
    at += 3;
  }
  if (rest > 1) {
    const a = VALUES[octets[i]!]!;
    const b = VALUES[octets[i + 1]!]!;
    const c = rest === 3 ? VALUES[octets[i + 2]!]! : 0;
    all |= a | b | c;
    into[at] = (a << 2) | (b >>> 4);
    if (rest === 3) into[at + 1] = (b << 4) | (c >>> 2);
  }
  if (all < INVALID && rest !== 1) return into.subarray(from, from + length);
  octetMemory.giveBack(length);
  return undefined;
}

function latin1(text: string): Uint8Array {
  const octets = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) octets[i] = text.charCodeAt(i);
  return octets;
}

function codedLength({ length }: Uint8Array): number {
  return Math.ceil(length * 4 / 3);
}

function encodeInto(value: Uint8Array, into: Uint8Array, at: number): void {
  const { length } = value;
  let i = 0;
  for (; i + 2 < length; i += 3) {
    const bits = (value[i]! << 16) | (value[i + 1]! << 8) | value[i + 2]!;
    into[at] = CODES[bits >>> 18]!;
    into[at + 1] = CODES[(bits >>> 12) & 63]!;
    into[at + 2] = CODES[(bits >>> 6) & 63]!;
    into[at + 3] = CODES[bits & 63]!;
    at += 4;
  }
  if (i === length) return;
  const bits = (value[i]! << 16) | (i + 1 < length ? value[i + 1]! << 8 : 0);
  into[at++] = CODES[bits >>> 18]!;
  into[at++] = CODES[(bits >>> 12) & 63]!;
  if (i + 1 < length) into[at] = CODES[(bits >>> 6) & 63]!;
}
