// Encodes header lists (RFC 7541, section 6): what repeats goes into the dynamic table, what does not stays out of it, and
// a list that is sent again and again is sent by remembering its block.
//
// An entry pushes others out and moves every index, so that no remembered block is right any more. A value that does not
// come again is not worth that: the encoder counts, name by name, whether what it put into the table was found there.
// Such values are plain, as gRPC's core sends all: Huffman coding saves a fifth of their octets and costs both sides more
// than everything else that is done for the field. What goes into the table is coded once, and there it is done.

import type { ByteSink } from "./byte_sink.ts";
import { copyBytes } from "./copy_bytes.ts";
import { DynamicTable } from "./dynamic_table.ts";
import { CHECKED, type Field, HAS_NON_ASCII, HUFFMAN, NEVER_INDEXED } from "./field.ts";
import type { FieldName } from "./field_name.ts";
import type { HeaderList } from "./header_list.ts";
import { huffmanEncode, huffmanLength } from "./huffman.ts";
import { encodeInteger } from "./integer.ts";
import { NameHistories, type NameHistory } from "./name_history.ts";
import { staticFieldIndex } from "./static_fields.ts";
import { STATIC_LENGTH } from "./static_table.ts";

/** Our own bound on the table, whatever more the peer offers. */
const MAX_TABLE_SIZE = 4_096;

/** Lists whose blocks are remembered; a connection of few methods needs fewer. */
const REMEMBERED_LISTS = 32;

/** A list that was encoded so often is remembered. */
const OFTEN = 2;

/** Longer strings are written by the runtime's own encoder. */
const LOOP_UNITS = 64;

// Local: see docs/STYLE.md, "Hot paths".
const IS_CHECKED = CHECKED;
const NON_ASCII = HAS_NON_ASCII;
const IS_HUFFMAN = HUFFMAN;
const NEVER = NEVER_INDEXED;
const STATIC_ENTRIES = STATIC_LENGTH;
const writeInteger = encodeInteger;
const utf8 = new TextEncoder();

/** The block of a list, valid while the dynamic table stands. */
interface RememberedBlock {
  readonly generation: number;
  readonly bytes: Uint8Array;
}

/** The encoder of one direction of a connection. */
export class Encoder {
  private readonly table: DynamicTable;
  private readonly histories = new NameHistories();
  private readonly maxTableSize: number;
  private readonly remembered = new Map<HeaderList, RememberedBlock>();
  /** The smallest maximum since the last block, where an update is due (section 4.2); -1 where none is. */
  private smallestUpdate = -1;

  /** `maxTableSize`: our bound on the dynamic table, in octets, below the peer's. */
  constructor(options: { readonly maxTableSize?: number } = {}) {
    this.maxTableSize = options.maxTableSize ?? MAX_TABLE_SIZE;
    this.table = new DynamicTable(Math.min(4_096, this.maxTableSize));
    if (this.table.maxSize < 4_096) this.smallestUpdate = this.table.maxSize;
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE, which the next block obeys. */
  setPeerMaxTableSize(size: number): void {
    const bounded = Math.min(size, this.maxTableSize);
    if (bounded === this.table.maxSize) return;
    this.smallestUpdate = this.smallestUpdate < 0 ? bounded : Math.min(this.smallestUpdate, bounded);
    this.table.resize(bounded);
    this.table.generation++;
  }

  /** The block of `headers` alone, where it is remembered and the table stands; else it is to be encoded. */
  recall(headers: HeaderList): Uint8Array | undefined {
    const known = this.remembered.get(headers);
    return known !== undefined && known.generation === this.table.generation ? known.bytes : undefined;
  }

  /**
   * Appends one block with the fields of `headers`, then `extra` and then `more` to `out`. `headers` is remembered by identity.
   * RangeError where a string is no octets; nothing has changed then, or the peer's table would differ from ours.
   */
  encode(headers: HeaderList, extra: HeaderList | undefined, out: ByteSink, more?: HeaderList): void {
    const known = this.remembered.get(headers);
    if (known === undefined) checkOctets(headers);
    if (extra !== undefined) checkOctets(extra);
    if (more !== undefined) checkOctets(more);
    if (this.smallestUpdate >= 0) this.writeSizeUpdates(out);
    if (known !== undefined && known.generation === this.table.generation) out.append(known.bytes);
    else this.encodeAndRemember(headers, out);
    if (extra !== undefined) this.encodeFields(extra, out);
    if (more !== undefined) this.encodeFields(more, out);
  }

  private encodeAndRemember(headers: HeaderList, out: ByteSink): void {
    const start = out.length;
    const generation = this.table.generation;
    this.encodeFields(headers, out);
    // A first encoding puts fields into the table; the second one finds them there and is worth keeping.
    if (this.table.generation !== generation) return;
    if (headers.encodings < OFTEN && ++headers.encodings < OFTEN) return;
    if (this.remembered.size >= REMEMBERED_LISTS) this.remembered.clear();
    this.remembered.set(headers, { generation, bytes: out.bytes.slice(start, out.length) });
  }

  private encodeFields({ entries }: HeaderList, out: ByteSink): void {
    for (let i = 0; i < entries.length; i++) this.encodeField(entries[i]!, out);
  }

  private encodeField(field: Field, out: ByteSink): void {
    const { name } = field;
    if (name.neverIndexed || (field.flags & NEVER) !== 0) {
      return this.literal(field, this.histories.of(name), 4, 0x10, out);
    }
    const { table } = this;
    // Of octets that nobody has read as a string it is not asked whether they came before.
    const text = field.octets === undefined ? field.text : undefined;
    if (name.staticIndex > 0 && text !== undefined) {
      const index = staticFieldIndex(name, text);
      if (index > 0) return writeInteger(index, 7, 0x80, out);
    }
    const history = this.histories.of(name);
    if (history.isFutile) return this.literal(field, history, 4, 0x00, out);
    if (text !== undefined) {
      const number = history.find(text);
      if (number >= 0 && table.has(number)) {
        history.hit();
        return writeInteger(STATIC_ENTRIES + table.inserted - number, 7, 0x80, out);
      }
    }
    // A name that neither table has goes in with its value: the next field of that name has an index for it.
    const isKnownName = name.staticIndex > 0 || table.has(history.newest);
    const isWorth = isKnownName ? text !== undefined && history.isWorthIndexing : true;
    if (!isWorth || field.size > table.maxSize >> 2) {
      if (text !== undefined) history.sent(text);
      return this.literal(field, history, 4, 0x00, out);
    }
    this.literal(field, history, 6, 0x40, out);
    history.inserted(text, table.inserted);
    field.detach();
    table.insert(field);
  }

  /** Section 6.2, with the representation's pattern and prefix. */
  private literal(
    field: Field,
    history: NameHistory,
    prefixBits: number,
    pattern: number,
    out: ByteSink,
  ): void {
    const { name } = field;
    if (name.staticIndex > 0) writeInteger(name.staticIndex, prefixBits, pattern, out);
    else if (this.table.has(history.newest)) {
      writeInteger(STATIC_ENTRIES + this.table.inserted - history.newest, prefixBits, pattern, out);
    } else {
      writeInteger(0, prefixBits, pattern, out);
      encodeCoded(name.text, out);
    }
    if (field.octets !== undefined) encodeOctets(field, field.octets, out);
    else if (pattern === 0x40) encodeCoded(field.text, out);
    else encodePlain(field, out);
  }

  /** Section 4.2: the smallest maximum since the last block, then the present one. */
  private writeSizeUpdates(out: ByteSink): void {
    if (this.smallestUpdate < this.table.maxSize) encodeInteger(this.smallestUpdate, 5, 0x20, out);
    encodeInteger(this.table.maxSize, 5, 0x20, out);
    this.smallestUpdate = -1;
  }
}

function checkOctets({ entries }: HeaderList): void {
  for (let i = 0; i < entries.length; i++) {
    const field = entries[i]!;
    if ((field.flags & IS_CHECKED) === 0) checkField(field);
  }
}

function checkField(field: Field): void {
  checkName(field.name);
  const unit = field.check();
  if (unit >= 0) throw notOctets(field.text, unit);
}

function checkName({ text }: FieldName): void {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) throw notOctets(text, i);
}

function notOctets(text: string, unit: number): RangeError {
  return new RangeError(`Cannot encode header string ${JSON.stringify(text)}: unit ${unit} is not an octet`);
}

/** Section 5.2: Huffman coded where that is shorter. */
function encodeCoded(text: string, out: ByteSink): void {
  const coded = huffmanLength(text);
  if (coded < text.length) {
    encodeInteger(coded, 7, 0x80, out);
    huffmanEncode(text, out);
    return;
  }
  encodeInteger(text.length, 7, 0x00, out);
  writeUnits(text, out);
}

/** Section 5.2: as it is. */
function encodePlain(field: Field, out: ByteSink): void {
  const { text } = field;
  const { length } = text;
  writeInteger(length, 7, 0x00, out);
  if (length <= LOOP_UNITS || (field.flags & NON_ASCII) !== 0) return writeUnits(text, out);
  out.ensure(length);
  utf8.encodeInto(text, out.bytes.subarray(out.length));
  out.length += length;
}

/** Section 5.2: as they came, or as they were made. */
function encodeOctets({ flags, start, end }: Field, octets: Uint8Array, out: ByteSink): void {
  writeInteger(end - start, 7, (flags & IS_HUFFMAN) === 0 ? 0x00 : 0x80, out);
  out.ensure(end - start);
  copyBytes(octets, start, end, out.bytes, out.length);
  out.length += end - start;
}

function writeUnits(text: string, out: ByteSink): void {
  out.ensure(text.length);
  const { bytes } = out;
  let at = out.length;
  for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
  out.length = at;
}
