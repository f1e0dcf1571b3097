// Long values that a decoder meets again: credentials, above all, which come with every call and may be never indexed.
//
// To compare the octets of a value with those of one that came before costs a tenth of what it costs to decode and check
// them. What is compared is the whole value, and no connection knows another's.

import { copyBytes } from "./copy_bytes.ts";
import { type Field, HUFFMAN, NEVER_INDEXED } from "./field.ts";
import { type FieldName, NAME_SLOTS } from "./field_name.ts";

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

/** Values that are looked at for one hash. */
const WAYS = 4;

/** Sets of as many places, at first and at most. */
const FIRST_SETS = 16;
const MOST_SETS = 128;

/** Octets are kept four in a number; a value takes a multiple of as many numbers, which are compared at a time. */
const STEP = 4;
const FIRST_WORDS = 1_024;
const MOST_WORDS = MAX_OCTETS / 4;

/** Where a value is copied to be compared, for octets in a block are aligned at random. Of all connections. */
const compared = new Uint8Array(MAX_VALUE_OCTETS + 4 * STEP);
const comparedWords = new Int32Array(compared.buffer);

/**
 * The values of one connection. What is known of them lies in few arrays: a token of many is in no cache of the processor,
 * and to follow one object to the next would take longer than to compare it.
 */
export class ValueMemory {
  private words = new Int32Array(FIRST_WORDS);
  /** Where the next value is put. */
  private used = 0;
  private sets = FIRST_SETS;
  private hashes = new Int32Array(FIRST_SETS * WAYS);
  /** Where values begin in `words`. */
  private starts = new Int32Array(FIRST_SETS * WAYS);
  /** Octets of values; 0 where there is none. */
  private lengths = new Int32Array(FIRST_SETS * WAYS);
  private fields: Array<Field | undefined> = new Array(FIRST_SETS * WAYS).fill(undefined);
  private count = 0;
  private readonly misses: number[] = new Array(NAME_SLOTS).fill(0);
  private asked = 0;

  /** The field with `name` whose value came as `bytes[start, end)`, under the same `flags`; undefined where none is known. */
  find(name: FieldName, bytes: Uint8Array, start: number, end: number, flags: number): Field | undefined {
    if (this.isFutile(name)) return undefined;
    const hash = hashOf(bytes, start, end);
    const first = (hash & (this.sets - 1)) * WAYS;
    for (let place = first; place < first + WAYS; place++) {
      if (this.hashes[place] !== hash || this.lengths[place] !== end - start) continue;
      const field = this.fields[place]!;
      if (field.name !== name || (field.flags & WIRE_FLAGS) !== flags) continue;
      if (!this.isSame(this.starts[place]!, bytes, start, end)) continue;
      this.misses[name.slot] = 0;
      return field;
    }
    this.misses[name.slot]!++;
    return undefined;
  }

  /** Remembers `field`, whose value came as `bytes[start, end)`. */
  add(field: Field, bytes: Uint8Array, start: number, end: number): void {
    if (this.isFutile(field.name)) return;
    const words = wordCount(end - start);
    if (this.used + words > this.words.length) this.makeRoom(words);
    if (this.count >= this.sets && this.sets < MOST_SETS) this.growTable();
    const at = this.used;
    this.used += words;
    this.words.fill(0, this.used - STEP, this.used);
    copyBytes(bytes, start, end, new Uint8Array(this.words.buffer), 4 * at);
    this.count++;
    this.put(hashOf(bytes, start, end), at, end - start, field);
  }

  /** Puts a value into its set, in the place of another where that is full. */
  private put(hash: number, start: number, length: number, field: Field): void {
    const first = (hash & (this.sets - 1)) * WAYS;
    let place = first + (this.count & (WAYS - 1));
    for (let i = first; i < first + WAYS; i++) if (this.lengths[i] === 0) place = i;
    this.hashes[place] = hash;
    this.starts[place] = start;
    this.lengths[place] = length;
    this.fields[place] = field;
  }

  /** More memory, up to a bound; then all values are forgotten. */
  private makeRoom(words: number): void {
    let { length } = this.words;
    while (length < this.used + words && length < MOST_WORDS) length *= 2;
    if (this.words.length < MOST_WORDS) {
      const larger = new Int32Array(Math.min(length, MOST_WORDS));
      larger.set(this.words);
      this.words = larger;
    }
    if (this.used + words <= this.words.length) return;
    this.lengths.fill(0);
    this.fields.fill(undefined);
    this.used = this.count = 0;
  }

  private growTable(): void {
    const { hashes, starts, lengths, fields } = this;
    this.sets *= 2;
    const places = this.sets * WAYS;
    this.hashes = new Int32Array(places);
    this.starts = new Int32Array(places);
    this.lengths = new Int32Array(places);
    this.fields = new Array(places).fill(undefined);
    for (let i = 0; i < hashes.length; i++) {
      if (lengths[i] !== 0) this.put(hashes[i]!, starts[i]!, lengths[i]!, fields[i]!);
    }
  }

  /** Whether the value that begins at `at` of `words`, of the same length, is `bytes[start, end)`. */
  private isSame(at: number, bytes: Uint8Array, start: number, end: number): boolean {
    const { words } = this;
    const length = end - start;
    const count = wordCount(length);
    for (let i = count - STEP; i < count; i++) comparedWords[i] = 0;
    compared.set(bytes.subarray(start, end));
    let differing = 0;
    for (let i = 0; i < count; i += STEP) {
      differing |= (comparedWords[i]! ^ words[at + i]!) | (comparedWords[i + 1]! ^ words[at + i + 1]!) |
        (comparedWords[i + 2]! ^ words[at + i + 2]!) | (comparedWords[i + 3]! ^ words[at + i + 3]!);
    }
    return differing === 0;
  }

  /** Where every call has another value, looking for it is mostly skipped. */
  private isFutile(name: FieldName): boolean {
    return this.misses[name.slot]! > FUTILE_MISSES && (++this.asked & 15) !== 0;
  }
}

/** Numbers that a value of so many octets takes. */
function wordCount(octets: number): number {
  return ((octets + 4 * STEP - 1) >> 4) << 2;
}

/** Of the last octets, for tokens end with signatures or numbers, and of some before them. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let i = end - LAST_OCTETS; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
  const step = (end - start) >> 2;
  for (let i = start + step; i < end; i += step) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d); // each bit says something of all octets
  return hash ^ (hash >>> 13);
}
