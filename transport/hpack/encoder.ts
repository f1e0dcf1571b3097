// Encodes header lists (RFC 7541, section 6): what repeats goes into the dynamic table, and a list that is sent again
// and again is sent by remembering its block.

import type { ByteSink } from "./byte_sink.ts";
import { DynamicTable, entrySize } from "./dynamic_table.ts";
import type { HeaderList } from "./header_list.ts";
import { huffmanEncode, huffmanLength } from "./huffman.ts";
import { encodeInteger } from "./integer.ts";
import { fieldKey, STATIC_FIELD_INDEX, STATIC_LENGTH, STATIC_NAME_INDEX } from "./static_table.ts";

/** Our own bound on the table, whatever more the peer offers. */
const MAX_TABLE_SIZE = 4_096;

/** Lists whose blocks are remembered; a connection of few methods needs fewer. */
const REMEMBERED_LISTS = 32;

/** Fields that must not enter a table, ours or an intermediary's (RFC 7541, section 7.1.3). */
const NEVER_INDEXED = new Set(["authorization", "proxy-authorization", "cookie", "set-cookie"]);

/** Fields whose values hardly come again: indexing them would only push others out. */
const SELDOM_REPEATED = new Set([
  "content-length",
  "grpc-message",
  "traceparent",
  "x-request-id",
  "grpc-trace-bin",
]);

/** The block of a list, valid while the dynamic table stands. */
interface RememberedBlock {
  readonly generation: number;
  readonly bytes: Uint8Array;
}

/** The encoder of one direction of a connection. */
export class Encoder {
  private readonly table: DynamicTable;
  /** Numbers of the entries in the dynamic table, by field and by name. */
  private readonly fieldNumbers = new Map<string, number>();
  private readonly nameNumbers = new Map<string, number>();
  private readonly maxTableSize: number;
  private readonly remembered = new Map<HeaderList, RememberedBlock>();
  /** The smallest maximum since the last block, where an update is due (section 4.2); -1 where none is. */
  private smallestUpdate = -1;

  /** `maxTableSize`: our bound on the dynamic table, in octets, below the peer's. */
  constructor(options: { readonly maxTableSize?: number } = {}) {
    this.maxTableSize = options.maxTableSize ?? MAX_TABLE_SIZE;
    this.table = new DynamicTable(Math.min(4_096, this.maxTableSize), (name, value, number) => {
      const key = fieldKey(name, value);
      if (this.fieldNumbers.get(key) === number) this.fieldNumbers.delete(key);
      if (this.nameNumbers.get(name) === number) this.nameNumbers.delete(name);
    });
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

  /**
   * Appends one block with the fields of `headers` and then `extra` to `out`. `headers` is remembered by identity.
   * RangeError where a string is no octets; nothing has changed then, or the peer's table would differ from ours.
   */
  encode(headers: HeaderList, extra: HeaderList | undefined, out: ByteSink): void {
    const known = this.remembered.get(headers);
    if (known === undefined) checkOctets(headers);
    if (extra !== undefined) checkOctets(extra);
    if (this.smallestUpdate >= 0) this.writeSizeUpdates(out);
    if (known !== undefined && known.generation === this.table.generation) out.append(known.bytes);
    else this.encodeAndRemember(headers, out);
    if (extra !== undefined) this.encodeFields(extra, out);
  }

  private encodeAndRemember(headers: HeaderList, out: ByteSink): void {
    const start = out.length;
    const generation = this.table.generation;
    this.encodeFields(headers, out);
    // A first encoding puts fields into the table; the second one finds them there and is worth keeping.
    if (this.table.generation !== generation) return;
    if (this.remembered.size >= REMEMBERED_LISTS) this.remembered.clear();
    this.remembered.set(headers, { generation, bytes: out.bytes.slice(start, out.length) });
  }

  private encodeFields(headers: HeaderList, out: ByteSink): void {
    const { fields } = headers;
    for (let i = 0; i < fields.length; i += 2) this.encodeField(fields[i]!, fields[i + 1]!, out);
  }

  private encodeField(name: string, value: string, out: ByteSink): void {
    if (NEVER_INDEXED.has(name)) return this.literal(name, value, 4, 0x10, out);
    const key = fieldKey(name, value);
    const index = STATIC_FIELD_INDEX.get(key) ?? this.dynamicIndex(this.fieldNumbers.get(key));
    if (index !== undefined) return encodeInteger(index, 7, 0x80, out);
    const size = entrySize(name, value);
    if (SELDOM_REPEATED.has(name) || name.endsWith("-bin") || size > this.table.maxSize >> 2) {
      return this.literal(name, value, 4, 0x00, out);
    }
    this.literal(name, value, 6, 0x40, out);
    const number = this.table.inserted;
    this.table.insert(name, value);
    this.fieldNumbers.set(key, number);
    this.nameNumbers.set(name, number);
  }

  /** Section 6.2, with the representation's pattern and prefix. */
  private literal(name: string, value: string, prefixBits: number, pattern: number, out: ByteSink): void {
    const index = STATIC_NAME_INDEX.get(name) ?? this.dynamicIndex(this.nameNumbers.get(name));
    encodeInteger(index ?? 0, prefixBits, pattern, out);
    if (index === undefined) encodeString(name, out);
    encodeString(value, out);
  }

  private dynamicIndex(number: number | undefined): number | undefined {
    return number === undefined ? undefined : STATIC_LENGTH + this.table.inserted - number;
  }

  /** Section 4.2: the smallest maximum since the last block, then the present one. */
  private writeSizeUpdates(out: ByteSink): void {
    if (this.smallestUpdate < this.table.maxSize) encodeInteger(this.smallestUpdate, 5, 0x20, out);
    encodeInteger(this.table.maxSize, 5, 0x20, out);
    this.smallestUpdate = -1;
  }
}

function checkOctets({ fields }: HeaderList): void {
  for (let i = 0; i < fields.length; i++) {
    const text = fields[i]!;
    for (let at = 0; at < text.length; at++) {
      if (text.charCodeAt(at) <= 0xff) continue;
      throw new RangeError(`Cannot encode header string ${JSON.stringify(text)}: unit ${at} is not an octet`);
    }
  }
}

/** Section 5.2: Huffman coded where that is shorter. */
function encodeString(text: string, out: ByteSink): void {
  const coded = huffmanLength(text);
  if (coded < text.length) {
    encodeInteger(coded, 7, 0x80, out);
    huffmanEncode(text, out);
    return;
  }
  encodeInteger(text.length, 7, 0x00, out);
  out.ensure(text.length);
  for (let i = 0; i < text.length; i++) out.bytes[out.length++] = text.charCodeAt(i);
}
