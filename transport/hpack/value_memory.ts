// Long values that a decoder meets again: credentials, above all, which come with every call and may be never indexed.
//
// To compare the octets of a value with those of one that came before costs a tenth of what it costs to decode and check
// them. What is compared is the whole value, and no connection knows another's.

import type { Field } from "./field.ts";
import type { FieldName } from "./field_name.ts";

/** Shorter values are decoded faster than they are looked for. */
const MIN_OCTETS = 128;

/** Octets of values that a connection remembers: a hundred tokens. */
const MAX_OCTETS = 98_304;

/** Values in a row that were not known, and only one in sixteen is looked for. */
const FUTILE_MISSES = 128;

/** Names are told apart this far when misses are counted. */
const NAME_SLOTS = 16;

interface Known {
  readonly octets: DataView;
  readonly field: Field;
}

/** The values of one connection. */
export class ValueMemory {
  private readonly known = new Map<number, Known>();
  private octets = 0;
  private readonly misses: number[] = new Array(NAME_SLOTS).fill(0);
  private asked = 0;

  /** Whether values as long as `octets` are remembered. */
  static takes(octets: number): boolean {
    return octets >= MIN_OCTETS;
  }

  /** The field with `name` whose value came as `bytes[start, end)`, under the same `flags`; undefined where none is known. */
  find(name: FieldName, bytes: Uint8Array, start: number, end: number, flags: number): Field | undefined {
    if (this.isFutile(name)) return undefined;
    const known = this.known.get(hashOf(bytes, start, end));
    if (known !== undefined && isSame(known, name, bytes, start, end, flags)) {
      this.misses[slotOf(name)] = 0;
      return known.field;
    }
    this.misses[slotOf(name)]!++;
    return undefined;
  }

  /** Remembers `field`, whose value came as `bytes[start, end)`. */
  add(field: Field, bytes: Uint8Array, start: number, end: number): void {
    if (this.isFutile(field.name) || end - start > MAX_OCTETS) return;
    const hash = hashOf(bytes, start, end);
    this.drop(hash);
    for (const oldest of this.known.keys()) {
      if (this.octets + end - start <= MAX_OCTETS) break;
      this.drop(oldest);
    }
    this.octets += end - start;
    this.known.set(hash, { octets: viewOfOwn(field, bytes, start, end), field });
  }

  private drop(hash: number): void {
    const known = this.known.get(hash);
    if (known === undefined) return;
    this.octets -= known.octets.byteLength;
    this.known.delete(hash);
  }

  /** Where every call has another value, looking for it is mostly skipped. */
  private isFutile(name: FieldName): boolean {
    return this.misses[slotOf(name)]! > FUTILE_MISSES && (++this.asked & 15) !== 0;
  }
}

/** The field has a copy of its own where it was kept as it came. */
function viewOfOwn({ octets }: Field, bytes: Uint8Array, start: number, end: number): DataView {
  const isOwn = octets !== undefined && octets.length === end - start;
  return new DataView((isOwn ? octets : new Uint8Array(bytes.subarray(start, end))).buffer);
}

function slotOf({ text }: FieldName): number {
  return (text.length + text.charCodeAt(text.length - 1)) & (NAME_SLOTS - 1);
}

/** Of few octets: tokens differ in their ends, which are signatures. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let i = 1; i <= 64; i += 9) hash = (Math.imul(hash, 31) + bytes[end - i]!) | 0;
  return (Math.imul(hash, 31) + bytes[(start + end) >>> 1]!) | 0;
}

/** Set by `find` to views of what is read: blocks of one read are in one buffer. One for all connections. */
let viewed: ArrayBufferLike | undefined;
let view: DataView;

function isSame(
  { octets, field }: Known,
  name: FieldName,
  bytes: Uint8Array,
  start: number,
  end: number,
  flags: number,
): boolean {
  const length = end - start;
  if (octets.byteLength !== length || field.name !== name || (field.flags & flags) !== flags) return false;
  if (viewed !== bytes.buffer) view = new DataView(viewed = bytes.buffer);
  const from = bytes.byteOffset + start;
  const words = length & ~7;
  for (let i = 0; i < words; i += 8) {
    const first = view.getInt32(from + i) ^ octets.getInt32(i);
    if ((first | (view.getInt32(from + i + 4) ^ octets.getInt32(i + 4))) !== 0) return false;
  }
  for (let i = words; i < length; i++) if (view.getUint8(from + i) !== octets.getUint8(i)) return false;
  return true;
}
