// The dynamic table (RFC 7541, sections 2.3.2 and 4): first in, first out, bounded by the size of its entries.

/** What an entry counts beside its name and value (RFC 7541, section 4.1). */
export const ENTRY_OVERHEAD = 32;

/** The size of an entry, in octets. */
export function entrySize(name: string, value: string): number {
  return name.length + value.length + ENTRY_OVERHEAD;
}

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
  private names: string[] = new Array(8).fill("");
  private values: string[] = new Array(8).fill("");

  /** `maxSize` in octets; `onEvict` is called for entries that are evicted. */
  constructor(
    public maxSize: number,
    private readonly onEvict?: (name: string, value: string, number: number) => void,
  ) {}

  /** The name of the entry with `index` from 1, the newest, to `count`. */
  name(index: number): string {
    return this.names[(this.inserted - index) & (this.names.length - 1)]!;
  }

  /** The value of the entry with `index` from 1, the newest, to `count`. */
  value(index: number): string {
    return this.values[(this.inserted - index) & (this.values.length - 1)]!;
  }

  /** Adds an entry, evicting old ones; one above the maximum empties the table (section 4.4). */
  insert(name: string, value: string): void {
    const size = entrySize(name, value);
    this.generation++;
    this.evictTo(this.maxSize - size);
    if (size > this.maxSize) return;
    if (this.count === this.names.length) this.grow();
    const slot = this.inserted++ & (this.names.length - 1);
    this.names[slot] = name;
    this.values[slot] = value;
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
      const number = this.inserted - this.count;
      const slot = number & (this.names.length - 1);
      const name = this.names[slot]!;
      const value = this.values[slot]!;
      this.names[slot] = this.values[slot] = "";
      this.size -= entrySize(name, value);
      this.count--;
      this.generation++;
      this.onEvict?.(name, value, number);
    }
  }

  private grow(): void {
    const { names, values } = this;
    const mask = names.length - 1;
    this.names = new Array(2 * names.length).fill("");
    this.values = new Array(2 * names.length).fill("");
    for (let number = this.inserted - this.count; number < this.inserted; number++) {
      const slot = number & (this.names.length - 1);
      this.names[slot] = names[number & mask]!;
      this.values[slot] = values[number & mask]!;
    }
  }
}
