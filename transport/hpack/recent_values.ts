// Short values that a decoder meets again as literals: the path, the content type and whatever else a peer puts into the
// dynamic table anew because other fields have pushed it out.
//
// What is compared is the whole value as it came, and no connection knows another's.

import type { Field } from "./field.ts";
import { type FieldName, NAME_SLOTS } from "./field_name.ts";

/** Values that are remembered; a value that falls on another's place takes it. */
const SLOTS = 32;

/** Values of a name in a row that were not known, and only one in sixty-four is looked for. */
const FUTILE_MISSES = 8;

/** A value as it came, and its field. */
class Recent {
  constructor(readonly field: Field, readonly octets: Uint8Array, readonly flags: number) {}
}

/** The short values of one connection. */
export class RecentValues {
  private readonly recent: Array<Recent | undefined> = new Array(SLOTS).fill(undefined);
  private readonly misses = new Uint8Array(NAME_SLOTS);
  private asked = 0;

  /** Whether values of `name`, which come as literals, are worth looking for. */
  isWorth(name: FieldName): boolean {
    if (name.seldomRepeated) return false;
    return this.misses[name.slot]! <= FUTILE_MISSES || (++this.asked & 63) === 0;
  }

  /** The field with `name` whose value, not empty, came as `bytes[start, end)` under the same `flags`; or undefined. */
  find(name: FieldName, bytes: Uint8Array, start: number, end: number, flags: number): Field | undefined {
    const recent = this.recent[slotOf(bytes, start, end)];
    if (recent !== undefined && isSame(recent, name, bytes, start, end, flags)) {
      this.misses[name.slot] = 0;
      return recent.field;
    }
    if (this.misses[name.slot]! <= FUTILE_MISSES) this.misses[name.slot]!++;
    return undefined;
  }

  /** Remembers `field`, whose value came as `bytes[start, end)` under `flags`. */
  add(field: Field, bytes: Uint8Array, start: number, end: number, flags: number): void {
    field.detach(); // it is kept long
    const octets = new Uint8Array(bytes.subarray(start, end));
    this.recent[slotOf(bytes, start, end)] = new Recent(field, octets, flags);
  }
}

/** By length, last octet and middle one. */
function slotOf(bytes: Uint8Array, start: number, end: number): number {
  return (end - start + 7 * bytes[end - 1]! + 31 * bytes[(start + end) >> 1]!) & (SLOTS - 1);
}

function isSame(
  { field, octets, flags }: Recent,
  name: FieldName,
  bytes: Uint8Array,
  start: number,
  end: number,
  wireFlags: number,
): boolean {
  const { length } = octets;
  if (field.name !== name || flags !== wireFlags || length !== end - start) return false;
  for (let i = 0; i < length; i++) if (octets[i] !== bytes[start + i]) return false;
  return true;
}
