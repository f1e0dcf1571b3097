// Decodes header blocks (RFC 7541, sections 3 and 6), and remembers the ones that come again and again.

import { DynamicTable, ENTRY_OVERHEAD, entrySize } from "./dynamic_table.ts";
import { HeaderList } from "./header_list.ts";
import { huffmanDecode } from "./huffman.ts";
import { IntegerReader } from "./integer.ts";
import { STATIC_LENGTH, STATIC_NAMES, STATIC_VALUES } from "./static_table.ts";

/** Why a block gave no list. */
export class DecodeFailure {
  /**
   * "compression": the block breaks the coding, and the connection with it (RFC 9113, section 4.3).
   * "too-large": the list is above the limit; the dynamic table stays in step.
   * "excessive": it is so far above it that the rest was not decoded, and the table is in step no more.
   */
  constructor(readonly kind: "compression" | "too-large" | "excessive", readonly reason: string) {}
}

/** What a decoder is made with; sizes in octets. */
export interface DecoderOptions {
  /** Our SETTINGS_HEADER_TABLE_SIZE. */
  readonly maxTableSize: number;
  /** Our SETTINGS_MAX_HEADER_LIST_SIZE: names, values and 32 a field. */
  readonly maxHeaderListSize: number;
  /** Fields above that limit which are decoded all the same. Default: all. */
  readonly maxExcessFields?: number;
}

/** Changes of the dynamic table's size at the beginning of a block: two are ever needed (section 4.2), some peers send more. */
const MAX_SIZE_UPDATES = 32;

/** Blocks remembered; a connection of few methods repeats fewer. */
const REMEMBERED_BLOCKS = 8;
/** Longer blocks are not worth comparing. */
const REMEMBERED_BLOCK_BYTES = 64;

/** Of the name of a field in an error's reason. */
const NAME_CHARACTERS = 64;

/** Where Huffman codes are decoded to: every decoder's, for it is read at once. */
let scratch: Uint8Array = new Uint8Array(256);

/** So many blocks in a row that were not remembered, and only one in sixteen is looked for. */
const FUTILE_MISSES = 64;

/** A block that leaves the dynamic table as it is, and the list it stands for while the table stands. */
interface RememberedBlock {
  readonly bytes: Uint8Array;
  readonly headers: HeaderList;
}

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
    const fields: string[] = [];
    const failure = this.decodeFields(bytes, start, end, fields);
    if (failure !== undefined) return failure;
    const headers = new HeaderList(fields);
    this.remember(bytes, start, end, headers);
    return headers;
  }

  private decodeFields(
    bytes: Uint8Array,
    start: number,
    end: number,
    fields: string[],
  ): DecodeFailure | undefined {
    const { reader } = this;
    reader.at = start;
    let size = 0;
    let largest = 0;
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
      const field = first >= 0x80 ? this.indexed(bytes, end) : this.literal(bytes, end, first);
      if (field !== undefined) return field;
      const fieldSize = this.name.length + this.value.length + ENTRY_OVERHEAD;
      size += fieldSize;
      if (size <= this.maxHeaderListSize) fields.push(this.name, this.value);
      else if (++excess > this.maxExcessFields) {
        const reason =
          `header list has ${excess} fields above ${this.maxHeaderListSize} bytes (maxHeaderListSize)`;
        return new DecodeFailure("excessive", reason);
      } else if (fieldSize > largest) largest = keepLargest(fields, this.name, this.value);
    }
    if (size <= this.maxHeaderListSize) return undefined;
    const name = JSON.stringify(fields[0]!.slice(0, NAME_CHARACTERS));
    return new DecodeFailure(
      "too-large",
      `header list of ${size} bytes is above ${this.maxHeaderListSize} (maxHeaderListSize); the largest field is ${name} with ${largest}`,
    );
  }

  /** The field that was decoded last. */
  private name = "";
  private value = "";

  /** Section 6.1. */
  private indexed(bytes: Uint8Array, end: number): DecodeFailure | undefined {
    return this.lookUp(this.reader.read(bytes, end, 7), true);
  }

  /** Sections 6.2.1 to 6.2.3. */
  private literal(bytes: Uint8Array, end: number, first: number): DecodeFailure | undefined {
    const indexing = first >= 0x40;
    const nameIndex = this.reader.read(bytes, end, indexing ? 6 : 4);
    if (nameIndex !== 0) {
      const failure = this.lookUp(nameIndex, false);
      if (failure !== undefined) return failure;
    } else {
      const name = this.string(bytes, end);
      if (name === undefined) return broken("field name is cut off or badly coded");
      this.name = name;
    }
    const value = this.string(bytes, end);
    if (value === undefined) return broken("field value is cut off or badly coded");
    this.value = value;
    if (indexing) this.table.insert(this.name, value);
    return undefined;
  }

  /** Section 2.3.3. */
  private lookUp(index: number, withValue: boolean): DecodeFailure | undefined {
    if (index > 0 && index <= STATIC_LENGTH) {
      this.name = STATIC_NAMES[index]!;
      if (withValue) this.value = STATIC_VALUES[index]!;
      return undefined;
    }
    const dynamic = index - STATIC_LENGTH;
    if (index <= 0 || dynamic > this.table.count) return broken(`index ${index} is beyond the tables`);
    this.name = this.table.name(dynamic);
    if (withValue) this.value = this.table.value(dynamic);
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

  /** Section 5.2. */
  private string(bytes: Uint8Array, end: number): string | undefined {
    const { reader } = this;
    if (reader.at >= end) return undefined;
    const huffman = bytes[reader.at]! >= 0x80;
    const length = reader.read(bytes, end, 7);
    const start = reader.at;
    if (length < 0 || start + length > end) return undefined;
    reader.at = start + length;
    if (!huffman) return octetsToString(bytes, start, start + length);
    if (scratch.length < 2 * length) scratch = new Uint8Array(4 * length);
    const decoded = huffmanDecode(bytes, start, start + length, scratch);
    return decoded < 0 ? undefined : octetsToString(scratch, 0, decoded);
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

/** Leaves only the largest of `fields` and of one more; gives its size. */
function keepLargest(fields: string[], name: string, value: string): number {
  let most = entrySize(name, value);
  for (let i = 0; i < fields.length; i += 2) {
    const size = entrySize(fields[i]!, fields[i + 1]!);
    if (size < most) continue;
    most = size;
    name = fields[i]!;
    value = fields[i + 1]!;
  }
  fields.length = 0;
  fields.push(name, value);
  return most;
}

function broken(reason: string): DecodeFailure {
  return new DecodeFailure("compression", `HPACK: ${reason}`);
}

/** Longer strings are made in pieces, for arguments are limited. */
const PIECE = 4_096;

function octetsToString(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= 24) {
    let text = "";
    for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!);
    return text;
  }
  let text = "";
  for (let i = start; i < end; i += PIECE) {
    text += String.fromCharCode.apply(
      null,
      bytes.subarray(i, Math.min(end, i + PIECE)) as unknown as number[],
    );
  }
  return text;
}
