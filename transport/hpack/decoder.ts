// Decodes header blocks (RFC 7541, sections 3 and 6), and remembers the ones that come again and again.
//
// Every value is decoded and looked through, for its coding may be broken, its length counts and control characters are
// malformed; but it becomes a string when it is first read. Octets that are kept until then are copied: the block's
// memory is that of a whole read.

import { DynamicTable } from "./dynamic_table.ts";
import { checked, Field, HUFFMAN, NEVER_INDEXED } from "./field.ts";
import type { FieldName } from "./field_name.ts";
import { HeaderList } from "./header_list.ts";
import { huffmanDecode, huffmanFound, huffmanRoom } from "./huffman.ts";
import { IntegerReader } from "./integer.ts";
import { NameMemory } from "./name_memory.ts";
import { CLASSES } from "./octet_classes.ts";
import { octetMemory } from "./octet_text.ts";
import type { RecentValues } from "./recent_values.ts";
import { STATIC_FIELDS } from "./static_fields.ts";
import { STATIC_LENGTH } from "./static_table.ts";
import type { ValueMemory } from "./value_memory.ts";

// Local: see docs/STYLE.md, "Hot paths".
const STATIC_ENTRIES = STATIC_LENGTH;
const STATIC = STATIC_FIELDS;
const CLASS = CLASSES;
const octets = octetMemory;
const flagsOf = checked;
const found = huffmanFound;
const IS_HUFFMAN = HUFFMAN;
const NEVER = NEVER_INDEXED;

/** Why a block gave no list. */
export class DecodeFailure {
  /**
   * "compression": the block breaks the coding, and the connection with it (RFC 9113, section 4.3).
   * "too-large": the list is above the limit; the dynamic table stays in step.
   * "excessive": it is so far above it that the rest was not decoded, and the table is in step no more.
   */
  constructor(readonly kind: "compression" | "too-large" | "excessive", readonly reason: string) {}
}

/** Makes what a decoder remembers of values that come again, beside whole blocks: see `decoder_memory.ts`. */
export interface DecoderMemory {
  /** Long values. */
  values(): ValueMemory;
  /** Short ones that come as literals. */
  recent(): RecentValues;
}

/** What a decoder is made with; sizes in octets. */
export interface DecoderOptions {
  /** Our SETTINGS_HEADER_TABLE_SIZE. */
  readonly maxTableSize: number;
  /** Our SETTINGS_MAX_HEADER_LIST_SIZE: names, values and 32 a field. */
  readonly maxHeaderListSize: number;
  /** Fields above that limit which are decoded all the same. Default: all. */
  readonly maxExcessFields?: number;
  /** Default: every value is decoded. */
  readonly memory?: DecoderMemory | undefined;
}

/** Changes of the dynamic table's size at the beginning of a block: two are ever needed (section 4.2), some peers send more. */
const MAX_SIZE_UPDATES = 32;

/** Blocks remembered; a connection of few methods repeats fewer. */
const REMEMBERED_BLOCKS = 8;
/** Longer blocks are not worth comparing. */
const REMEMBERED_BLOCK_BYTES = 64;

/** Of the name of a field in an error's reason. */
const NAME_CHARACTERS = 64;

/** Longer values that are Huffman coded are kept as they came, and decoded again when they are read. */
const KEPT_CODED_OCTETS = 128;

/** Literals of a connection's first blocks are not remembered: it may be idle then, and shall hold little. */
const FEW_BLOCKS = 32;

/** Longer ones are not, but for those that `ValueMemory` takes. */
const RECENT_OCTETS = 128;

/** Values that `ValueMemory` takes: shorter ones are decoded faster than they are looked for. */
const MIN_LONG_OCTETS = 128;
const MAX_LONG_OCTETS = 4_096;

/** Where those are decoded to be looked through: every decoder's, for it is read at once. */
let scratch: Uint8Array = new Uint8Array(0);

/** So many blocks in a row that were not remembered, and only one in sixteen is looked for. */
const FUTILE_MISSES = 64;

/** A block that leaves the dynamic table as it is, and the list it stands for while the table stands. */
interface RememberedBlock {
  readonly bytes: Uint8Array;
  readonly headers: HeaderList;
}

/** Smaller indexes have one octet (section 5.1). */
const MOST_IN_OCTET = 0x7f;

const NO_FIELD = STATIC_FIELDS[0]!;

/** The decoder of one direction of a connection. */
export class Decoder {
  private readonly table: DynamicTable;
  private readonly reader = new IntegerReader();
  private readonly maxHeaderListSize: number;
  private readonly maxExcessFields: number;
  /** Our announced maximum, which size updates may not exceed (section 6.3). */
  private maxTableSize: number;
  /** The peer must begin its next block with a size update, for we lowered the maximum (section 4.2). */
  private updateDue = false;
  private readonly names = new NameMemory();
  private readonly memory: DecoderMemory | undefined;
  private values: ValueMemory | undefined = undefined;
  private recent: RecentValues | undefined = undefined;
  private remembered: RememberedBlock[] = [];
  private rememberedGeneration = 0;
  private nextRemembered = 0;
  private misses = 0;
  private decoded = 0;
  /** The block that is being decoded changes the table's size. */
  private sizeUpdated = false;

  /** An empty dynamic table. */
  constructor(options: DecoderOptions) {
    this.maxTableSize = options.maxTableSize;
    this.maxHeaderListSize = options.maxHeaderListSize;
    this.maxExcessFields = options.maxExcessFields ?? Infinity;
    this.memory = options.memory;
    this.table = new DynamicTable(options.maxTableSize);
  }

  /** Our SETTINGS_HEADER_TABLE_SIZE changed, and the peer has acknowledged it. */
  setMaxTableSize(size: number): void {
    if (size < this.table.maxSize) this.updateDue = true;
    this.maxTableSize = size;
  }

  /** Decodes the whole block `bytes[start, end)`. A block of the same bytes may give the very same list again. */
  decode(bytes: Uint8Array, start: number, end: number): HeaderList | DecodeFailure {
    this.decoded++;
    this.sizeUpdated = false;
    if (this.table.generation !== this.rememberedGeneration) this.forget();
    const known = this.recall(bytes, start, end);
    if (known !== undefined) return known;
    const entries: Field[] = [];
    const failure = this.decodeFields(bytes, start, end, entries);
    if (failure !== undefined) return failure;
    const headers = new HeaderList(entries);
    this.remember(bytes, start, end, headers);
    return headers;
  }

  private decodeFields(
    bytes: Uint8Array,
    start: number,
    end: number,
    entries: Field[],
  ): DecodeFailure | undefined {
    const { reader, table, maxHeaderListSize } = this;
    reader.at = start;
    let size = 0;
    let excess = 0;
    let updates = 0;
    while (reader.at < end) {
      const first = bytes[reader.at]!;
      if ((first & 0xe0) === 0x20) {
        if (++updates > MAX_SIZE_UPDATES) {
          return broken(`more than ${MAX_SIZE_UPDATES} dynamic table size updates`);
        }
        const failure = this.sizeUpdate(bytes, end, size > 0);
        if (failure !== undefined) return failure;
        continue;
      }
      if (this.updateDue) return broken("no dynamic table size update after the maximum was lowered");
      const index = first - 0x80;
      if (index > 0 && index < MOST_IN_OCTET && index <= STATIC_ENTRIES + table.count) {
        // Section 6.1, as almost all come.
        reader.at++;
        this.field = index <= STATIC_ENTRIES ? STATIC[index]! : table.field(index - STATIC_ENTRIES);
        if (this.field.octets !== undefined) this.field.detach(); // it comes again, so it is kept long
      } else {
        const failure = first >= 0x80 ? this.indexed(bytes, end) : this.literal(bytes, end, first);
        if (failure !== undefined) return failure;
      }
      const { field } = this;
      size += field.size;
      if (size <= maxHeaderListSize) entries.push(field);
      else if (++excess > this.maxExcessFields) {
        const reason =
          `header list has ${excess} fields above ${maxHeaderListSize} bytes (maxHeaderListSize)`;
        return new DecodeFailure("excessive", reason);
      } else keepLargest(entries, field);
    }
    this.field = NO_FIELD;
    if (size <= maxHeaderListSize) return undefined;
    const [largest] = entries;
    const name = JSON.stringify(largest!.name.text.slice(0, NAME_CHARACTERS));
    return new DecodeFailure(
      "too-large",
      `header list of ${size} bytes is above ${maxHeaderListSize} (maxHeaderListSize); the largest field is ${name} with ${
        largest!.size
      }`,
    );
  }

  /** The field that was decoded last. */
  private field: Field = NO_FIELD;

  /** Section 6.1. */
  private indexed(bytes: Uint8Array, end: number): DecodeFailure | undefined {
    const failure = this.lookUp(this.reader.read(bytes, end, 7));
    if (failure === undefined) this.field.detach();
    return failure;
  }

  /** Sections 6.2.1 to 6.2.3. */
  private literal(bytes: Uint8Array, end: number, first: number): DecodeFailure | undefined {
    const { reader } = this;
    const indexing = first >= 0x40;
    const nameIndex = reader.read(bytes, end, indexing ? 6 : 4);
    let name: FieldName | undefined;
    if (nameIndex !== 0) {
      const failure = this.lookUp(nameIndex);
      if (failure !== undefined) return failure;
      name = this.field.name; // the value may stay octets: it does not come again
    } else {
      name = this.names.read(reader, bytes, end, !indexing);
      if (name === undefined) return broken("field name is cut off or badly coded");
    }
    const field = this.value(name, bytes, end, !indexing && first >= 0x10 ? NEVER : 0);
    if (field === undefined) return broken("field value is cut off or badly coded");
    this.field = field;
    if (indexing) this.table.insert(field);
    return undefined;
  }

  /** Section 2.3.3. */
  private lookUp(index: number): DecodeFailure | undefined {
    if (index > 0 && index <= STATIC_ENTRIES) {
      this.field = STATIC[index]!;
      return undefined;
    }
    const dynamic = index - STATIC_ENTRIES;
    if (index <= 0 || dynamic > this.table.count) return broken(`index ${index} is beyond the tables`);
    this.field = this.table.field(dynamic);
    return undefined;
  }

  /** Section 6.3. */
  private sizeUpdate(bytes: Uint8Array, end: number, afterField: boolean): DecodeFailure | undefined {
    const size = this.reader.read(bytes, end, 5);
    if (size < 0 || size > this.maxTableSize) {
      return broken(`dynamic table size ${size} above ${this.maxTableSize}`);
    }
    if (afterField) return broken("dynamic table size update after a field");
    this.updateDue = false;
    this.sizeUpdated = true;
    this.table.resize(size);
    return undefined;
  }

  /** A field with the string of section 5.2 that comes next for its value; undefined where that is broken. */
  private value(name: FieldName, bytes: Uint8Array, end: number, flags: number): Field | undefined {
    const { reader } = this;
    if (reader.at >= end) return undefined;
    if (bytes[reader.at]! >= 0x80) flags |= IS_HUFFMAN;
    const length = reader.read(bytes, end, 7);
    const start = reader.at;
    const stop = start + length;
    if (length < 0 || stop > end) return undefined;
    reader.at = stop;
    const { memory } = this;
    if (memory === undefined) return decodeValue(name, bytes, start, stop, flags);
    if (length < MIN_LONG_OCTETS || length > MAX_LONG_OCTETS) {
      return this.shortValue(memory, name, bytes, start, stop, flags);
    }
    const values = this.values ??= memory.values();
    const known = values.find(name, bytes, start, stop, flags);
    if (known !== undefined) return known;
    const field = decodeValue(name, bytes, start, stop, flags);
    if (field !== undefined) values.add(field, bytes, start, stop);
    return field;
  }

  /** One that is too short, or too long, for `ValueMemory`. */
  private shortValue(
    memory: DecoderMemory,
    name: FieldName,
    bytes: Uint8Array,
    start: number,
    end: number,
    flags: number,
  ): Field | undefined {
    if (this.decoded <= FEW_BLOCKS || start === end || end - start > RECENT_OCTETS) {
      return decodeValue(name, bytes, start, end, flags);
    }
    const recent = this.recent ??= memory.recent();
    if (!recent.isWorth(name)) return decodeValue(name, bytes, start, end, flags);
    const known = recent.find(name, bytes, start, end, flags);
    if (known !== undefined) return known;
    const field = decodeValue(name, bytes, start, end, flags);
    if (field !== undefined) recent.add(field, bytes, start, end, flags);
    return field;
  }

  private recall(bytes: Uint8Array, start: number, end: number): HeaderList | undefined {
    const length = end - start;
    if (length > REMEMBERED_BLOCK_BYTES || this.updateDue || this.isRareHit()) return undefined;
    next: for (const block of this.remembered) {
      if (block.bytes.length !== length) continue;
      for (let i = 0; i < length; i++) if (block.bytes[i] !== bytes[start + i]) continue next;
      this.misses = 0;
      return block.headers;
    }
    this.misses++;
    return undefined;
  }

  /** Where every call has a field of its own, looking up its block is mostly skipped. */
  private isRareHit(): boolean {
    return this.misses > FUTILE_MISSES && (this.decoded & 15) !== 0;
  }

  private remember(bytes: Uint8Array, start: number, end: number, headers: HeaderList): void {
    if (end - start > REMEMBERED_BLOCK_BYTES || this.isRareHit()) return;
    if (this.table.generation !== this.rememberedGeneration || this.sizeUpdated) return;
    this.remembered[this.nextRemembered] = { bytes: new Uint8Array(bytes.subarray(start, end)), headers };
    this.nextRemembered = (this.nextRemembered + 1) % REMEMBERED_BLOCKS;
  }

  private forget(): void {
    this.rememberedGeneration = this.table.generation;
    this.remembered = [];
    this.nextRemembered = 0;
  }
}

/** The value `bytes[start, end)`, coded as `flags` says, in memory that no block shares. */
function decodeValue(
  name: FieldName,
  bytes: Uint8Array,
  start: number,
  end: number,
  flags: number,
): Field | undefined {
  const length = end - start;
  if ((flags & IS_HUFFMAN) === 0) {
    const at = octets.take(length);
    const into = octets.bytes;
    let classes = 0;
    for (let i = start, to = at; i < end; i++, to++) {
      const octet = bytes[i]!;
      classes |= CLASS[octet]!;
      into[to] = octet;
    }
    return new Field(name, undefined, into, at, at + length, length, flags | flagsOf(classes));
  }
  const room = huffmanRoom(length);
  if (length >= KEPT_CODED_OCTETS) {
    if (scratch.length < room) scratch = new Uint8Array(2 * room);
    const decoded = huffmanDecode(bytes, start, end, scratch);
    if (decoded < 0) return undefined;
    flags |= flagsOf(found.classes);
    return new Field(name, undefined, new Uint8Array(bytes.subarray(start, end)), 0, length, decoded, flags);
  }
  const at = octets.take(room);
  const into = octets.bytes;
  const decoded = huffmanDecode(bytes, start, end, into, at);
  octets.giveBack(room - (decoded < 0 ? 0 : decoded));
  if (decoded < 0) return undefined;
  flags = (flags & ~IS_HUFFMAN) | flagsOf(found.classes);
  return new Field(name, undefined, into, at, at + decoded, decoded, flags);
}

/** Leaves only the largest of `entries` and of one more. */
function keepLargest(entries: Field[], field: Field): void {
  for (const entry of entries) if (entry.size >= field.size) field = entry;
  entries.length = 0;
  entries.push(field);
}

function broken(reason: string): DecodeFailure {
  return new DecodeFailure("compression", `HPACK: ${reason}`);
}
