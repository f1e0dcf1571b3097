// Binary metadata (PROTOCOL-HTTP2.md): values of names that end in "-bin" are base64 on the wire.

import { CHECKED, Field, HUFFMAN } from "../hpack/field.ts";
import type { FieldName } from "../hpack/field_name.ts";
import { octetMemory, octetsToText } from "../hpack/octet_text.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The octets of the alphabet, by their six bits. */
const CODES: Uint8Array = Uint8Array.from(ALPHABET, (char) => char.charCodeAt(0));

// What an octet is beside one of the alphabet.
const INVALID = 64;
const SPACE = 65;
const PADDING = 66;
const COMMA_OCTET = 0x2c;

/** The six bits of each octet, or what else it is. */
const VALUES: Uint8Array = (() => {
  const table = new Uint8Array(256).fill(INVALID);
  CODES.forEach((code, bits) => table[code] = bits);
  for (const char of " \t\n\f\r") table[char.charCodeAt(0)] = SPACE;
  table["=".charCodeAt(0)] = PADDING;
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
  return decodeParts(latin1(value), 0, value.length);
}

/** As {@linkcode decodeBinary}, of a received field; it becomes no string. */
export function binaryValues(field: Field): Uint8Array[] | undefined {
  const { octets, start, end, flags } = field;
  if (octets === undefined || (flags & HUFFMAN) !== 0) return decodeBinary(field.text);
  return decodeParts(octets, start, end);
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

function decodeParts(octets: Uint8Array, start: number, end: number): Uint8Array[] | undefined {
  const values: Uint8Array[] = [];
  for (let from = start; from <= end;) {
    let to = from;
    while (to < end && octets[to] !== COMMA_OCTET) to++; // `indexOf` would look through the whole slab
    const value = decodePart(octets, from, to);
    if (value === undefined) return undefined;
    values.push(value);
    from = to + 1;
  }
  return values;
}

/** Base64 as `atob` takes it: white space anywhere, padding that is complete or not there. */
function decodePart(octets: Uint8Array, start: number, end: number): Uint8Array | undefined {
  let count = 0;
  let padding = 0;
  for (let i = start; i < end; i++) {
    const bits = VALUES[octets[i]!]!;
    if (bits === INVALID || (bits < INVALID && padding > 0)) return undefined;
    if (bits < INVALID) count++;
    else if (bits === PADDING) padding++;
  }
  if ((count & 3) === 1 || padding > 2 || (padding > 0 && ((count + padding) & 3) !== 0)) return undefined;
  const value = new Uint8Array((count * 3) >> 2);
  let at = 0;
  let pending = 0;
  let bitsPending = 0;
  for (let i = start; i < end; i++) {
    const bits = VALUES[octets[i]!]!;
    if (bits >= INVALID) continue;
    pending = ((pending << 6) | bits) & 0xffff;
    bitsPending += 6;
    if (bitsPending >= 8) value[at++] = pending >>> (bitsPending -= 8);
  }
  return value;
}
