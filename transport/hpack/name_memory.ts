// Field names that come as literals again and again, with fields that are not indexed: the few of a connection are known
// by their octets.

import { type FieldName, receivedName } from "./field_name.ts";
import { huffmanDecode, huffmanRoom } from "./huffman.ts";
import type { IntegerReader } from "./integer.ts";
import { octetsToText } from "./octet_text.ts";

/** Names that are remembered; a name that falls on another's place takes it. */
const SLOTS = 64;

/** Longer names are not remembered. */
const MAX_OCTETS = 64;

interface Known {
  /** The string of section 5.2, its length and coding included, as octets. */
  readonly octets: Uint8Array;
  readonly name: FieldName;
}

/** The names of one direction of a connection. */
export class NameMemory {
  private known: Array<Known | undefined> | undefined = undefined;

  /**
   * The name that comes next, a string of RFC 7541, section 5.2; undefined where it is cut off or badly coded.
   * `again`: it is in no table afterwards, so it may come again.
   */
  read(reader: IntegerReader, bytes: Uint8Array, end: number, again: boolean): FieldName | undefined {
    const from = reader.at;
    if (from >= end) return undefined;
    const length = reader.read(bytes, end, 7);
    const start = reader.at;
    const stop = start + length;
    if (length < 0 || stop > end) return undefined;
    reader.at = stop;
    if (!again || length === 0 || length > MAX_OCTETS) {
      return nameOf(bytes, bytes[from]! >= 0x80, start, stop);
    }
    const slot = (length + 7 * bytes[stop - 1]! + 31 * bytes[start + (length >> 1)]!) & (SLOTS - 1);
    const known = this.known?.[slot];
    if (known !== undefined && isSame(known.octets, bytes, from, stop)) return known.name;
    const name = nameOf(bytes, bytes[from]! >= 0x80, start, stop);
    if (name === undefined) return undefined;
    this.known ??= new Array(SLOTS).fill(undefined);
    this.known[slot] = { octets: new Uint8Array(bytes.subarray(from, stop)), name };
    return name;
  }
}

function isSame(octets: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  const { length } = octets;
  if (length !== end - start) return false;
  for (let i = 0; i < length; i++) if (octets[i] !== bytes[start + i]) return false;
  return true;
}

function nameOf(bytes: Uint8Array, huffman: boolean, start: number, end: number): FieldName | undefined {
  if (!huffman) return receivedName(octetsToText(bytes, start, end, false));
  const into = new Uint8Array(huffmanRoom(end - start));
  const length = huffmanDecode(bytes, start, end, into);
  return length < 0 ? undefined : receivedName(octetsToText(into, 0, length, false));
}
