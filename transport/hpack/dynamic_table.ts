// The dynamic table (RFC 7541, sections 2.3.2 and 4): first in, first out, bounded by the size of its entries.

import type { Field } from "./field.ts";

/**
 * Entries in a ring. Each has a number that counts insertions from 0; index 1 of section 2.3.3 is the
 * newest one.
 */
export class DynamicTable {
  /** Counts insertions and evictions: while it stands, every index means what it meant. */
  generation = 0;
  /** Insertions so far, that is the number of the next entry. */
  inserted = 0;
  /** Entries in the table. */
  count = 0;
  /** Octets of all entries. */
  size = 0;
  private fields: Array<Field | undefined> = new Array(8).fill(undefined);

  /** `maxSize` in octets. */
  constructor(public maxSize: number) {}

  /** The entry with `index` from 1, the newest, to `count`. */
  field(index: number): Field {
    return this.fields[(this.inserted - index) & (this.fields.length - 1)]!;
  }

  /** Whether the entry with the number `number`, which was inserted, is still there. */
  has(number: number): boolean {
    return number >= this.inserted - this.count;
  }

  /** Adds an entry, evicting old ones; one above the maximum empties the table (section 4.4). */
  insert(field: Field): void {
    const { size } = field;
    this.generation++;
    this.evictTo(this.maxSize - size);
    if (size > this.maxSize) return;
    if (this.count === this.fields.length) this.grow();
    this.fields[this.inserted++ & (this.fields.length - 1)] = field;
    this.count++;
    this.size += size;
  }

  /** Changes the maximum, evicting what no longer fits (section 4.3). */
  resize(maxSize: number): void {
    this.maxSize = maxSize;
    this.evictTo(maxSize);
  }

  private evictTo(size: number): void {
    while (this.count > 0 && this.size > size) {
      const slot = (this.inserted - this.count) & (this.fields.length - 1);
      this.size -= this.fields[slot]!.size;
      this.fields[slot] = undefined;
      this.count--;
      this.generation++;
    }
  }

  private grow(): void {
    const { fields } = this;
    const mask = fields.length - 1;
    this.fields = new Array(2 * fields.length).fill(undefined);
    for (let number = this.inserted - this.count; number < this.inserted; number++) {
      this.fields[number & (this.fields.length - 1)] = fields[number & mask];
    }
  }
}
