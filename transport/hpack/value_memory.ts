// Long values that a decoder meets again: credentials, above all, which come with every call and may be never indexed.
//
// To compare the octets of a value with those of one that came before costs a tenth of what it costs to decode and check
// them. What is compared is the whole value, and no connection knows another's.

import { copyBytes } from "./copy_bytes.ts";
import { type Field, HUFFMAN, NEVER_INDEXED } from "./field.ts";
import { type FieldName, NAME_SLOTS } from "./field_name.ts";

/** Shorter values are decoded faster than they are looked for. */
const MIN_OCTETS = 128;

/** Octets of values that a connection remembers: a hundred tokens. */
const MAX_OCTETS = 98_304;

/** Values in a row that were not known, and only one in sixteen is looked for. */
const FUTILE_MISSES = 128;

/** Of a value's end, for its hash. */
const LAST_OCTETS = 8;

/** What a field's flags say of how it came. */
const WIRE_FLAGS = HUFFMAN | NEVER_INDEXED;

/** Longer values are not remembered. */
const MAX_VALUE_OCTETS = 4_096;

interface Known {
  readonly length: number;
  /** The octets, four in a number, the last ones filled up with zeros. */
  readonly words: Int32Array;
  readonly field: Field;
}

/** Where a value is copied to be compared, for octets in a block are aligned at random. Of all connections. */
const compared = new Uint8Array(MAX_VALUE_OCTETS + 4);
const comparedWords = new Int32Array(compared.buffer);

/** The values of one connection. */
export class ValueMemory {
  private readonly known = new Map<number, Known>();
  private octets = 0;
  private readonly misses: number[] = new Array(NAME_SLOTS).fill(0);
  private asked = 0;

  /** Whether values of `octets` octets are remembered. */
  static takes(octets: number): boolean {
    return octets >= MIN_OCTETS && octets <= MAX_VALUE_OCTETS;
  }

  /** The field with `name` whose value came as `bytes[start, end)`, under the same `flags`; undefined where none is known. */
  find(name: FieldName, bytes: Uint8Array, start: number, end: number, flags: number): Field | undefined {
    if (this.isFutile(name)) return undefined;
    const known = this.known.get(hashOf(bytes, start, end));
    if (known !== undefined && isSame(known, name, bytes, start, end, flags)) {
      this.misses[name.slot] = 0;
      return known.field;
    }
    this.misses[name.slot]!++;
    return undefined;
  }

  /** Remembers `field`, whose value came as `bytes[start, end)`. */
  add(field: Field, bytes: Uint8Array, start: number, end: number): void {
    if (this.isFutile(field.name)) return;
    const hash = hashOf(bytes, start, end);
    this.drop(hash);
    for (const oldest of this.known.keys()) {
      if (this.octets + end - start <= MAX_OCTETS) break;
      this.drop(oldest);
    }
    this.octets += end - start;
    this.known.set(hash, { length: end - start, words: wordsOf(bytes, start, end), field });
  }

  private drop(hash: number): void {
    const known = this.known.get(hash);
    if (known === undefined) return;
    this.octets -= known.length;
    this.known.delete(hash);
  }

  /** Where every call has another value, looking for it is mostly skipped. */
  private isFutile(name: FieldName): boolean {
    return this.misses[name.slot]! > FUTILE_MISSES && (++this.asked & 15) !== 0;
  }
}

function wordsOf(bytes: Uint8Array, start: number, end: number): Int32Array {
  const words = new Int32Array((end - start + 3) >> 2);
  copyBytes(bytes, start, end, new Uint8Array(words.buffer), 0);
  return words;
}

/** Of the last octets, for tokens end with signatures or numbers, and of some before them. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let i = end - LAST_OCTETS; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
  const step = (end - start) >> 2;
  for (let i = start + step; i < end; i += step) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
  return hash;
}

function isSame(
  known: Known,
  name: FieldName,
  bytes: Uint8Array,
  start: number,
  end: number,
  flags: number,
): boolean {
  const { length, words, field } = known;
  if (length !== end - start || field.name !== name || (field.flags & WIRE_FLAGS) !== flags) return false;
  compared.set(bytes.subarray(start, end));
  compared[length] = compared[length + 1] = compared[length + 2] = 0;
  for (let i = 0; i < words.length; i++) if (comparedWords[i] !== words[i]) return false;
  return true;
}
