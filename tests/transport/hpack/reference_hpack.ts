// RFC 7541 as plainly as it can be written: lists of strings, no memory of anything but the dynamic table. It decodes what
// our encoder writes, and writes what our decoder reads in every form that the RFC allows.

import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { huffmanEncode, huffmanLength } from "../../../transport/hpack/huffman.ts";
import { CODE_LENGTHS, CODES } from "../../../transport/hpack/huffman_table.ts";
import { encodeInteger, IntegerReader } from "../../../transport/hpack/integer.ts";
import { STATIC_LENGTH, STATIC_NAMES, STATIC_VALUES } from "../../../transport/hpack/static_table.ts";

/** A name and its value. */
export type Entry = readonly [name: string, value: string];

/** How a field may be written. */
export interface Form {
  readonly kind: "indexed" | "indexing" | "literal" | "never";
  readonly huffman: boolean;
  /** The name is written out, though a table has it. */
  readonly spelled: boolean;
}

/** The dynamic table, newest first. */
class Table {
  entries: Entry[] = [];

  constructor(public maxSize: number) {}

  /** Entries by their index: the static table's first. */
  at(index: number): Entry {
    if (index <= STATIC_LENGTH) return [STATIC_NAMES[index]!, STATIC_VALUES[index]!];
    return this.entries[index - STATIC_LENGTH - 1]!;
  }

  /** The index of the first entry that `is` right, or 0. */
  find(is: (entry: Entry) => boolean): number {
    const last = STATIC_LENGTH + this.entries.length;
    for (let index = 1; index <= last; index++) if (is(this.at(index))) return index;
    return 0;
  }

  add(entry: Entry): void {
    this.entries.unshift(entry);
    const size = () => this.entries.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    while (size() > this.maxSize) this.entries.pop();
  }
}

/** Writes fields in the forms that it is given. */
export class ReferenceEncoder {
  private readonly table = new Table(4_096);

  /** One block. */
  encode(fields: readonly Entry[], formOf: () => Form): Uint8Array {
    const out = new ByteSink();
    for (const field of fields) this.field(field, formOf(), out);
    return out.bytes.slice(0, out.length);
  }

  private field([name, value]: Entry, { kind, huffman, spelled }: Form, out: ByteSink): void {
    const index = this.table.find((entry) => entry[0] === name && entry[1] === value);
    if (kind === "indexed" && index > 0) return encodeInteger(index, 7, 0x80, out);
    const nameIndex = spelled ? 0 : this.table.find((entry) => entry[0] === name);
    if (kind === "never") encodeInteger(nameIndex, 4, 0x10, out);
    else if (kind === "literal") encodeInteger(nameIndex, 4, 0x00, out);
    else encodeInteger(nameIndex, 6, 0x40, out);
    for (const text of nameIndex === 0 ? [name, value] : [value]) {
      encodeInteger(huffman ? huffmanLength(text) : text.length, 7, huffman ? 0x80 : 0x00, out);
      if (huffman) huffmanEncode(text, out);
      else out.append(Uint8Array.from(text, (unit) => unit.charCodeAt(0)));
    }
    if (kind === "indexing" || kind === "indexed") this.table.add([name, value]);
  }
}

/** Reads blocks; it trusts them. */
export class ReferenceDecoder {
  private readonly table = new Table(4_096);
  private readonly reader = new IntegerReader();

  /** The fields of one block. */
  decode(bytes: Uint8Array): Entry[] {
    const { reader, table } = this;
    reader.at = 0;
    const fields: Entry[] = [];
    while (reader.at < bytes.length) {
      const first = bytes[reader.at]!;
      if (first >= 0x80) fields.push(table.at(reader.read(bytes, bytes.length, 7)));
      else if (first >= 0x40) {
        const field = this.literal(bytes, 6);
        fields.push(field);
        table.add(field);
      } else if (first >= 0x20) {
        table.maxSize = reader.read(bytes, bytes.length, 5);
        while (table.entries.length > 0 && table.maxSize === 0) table.entries.pop();
      } else fields.push(this.literal(bytes, 4));
    }
    return fields;
  }

  private literal(bytes: Uint8Array, prefix: number): Entry {
    const index = this.reader.read(bytes, bytes.length, prefix);
    const name = index === 0 ? this.string(bytes) : this.table.at(index)[0];
    return [name, this.string(bytes)];
  }

  private string(bytes: Uint8Array): string {
    const { reader } = this;
    const huffman = bytes[reader.at]! >= 0x80;
    const length = reader.read(bytes, bytes.length, 7);
    const octets = bytes.subarray(reader.at, reader.at += length);
    return huffman ? decodeBits(octets) : String.fromCharCode(...octets);
  }
}

/** Bit by bit, by the code table alone. */
function decodeBits(octets: Uint8Array): string {
  let text = "";
  let code = 0;
  let length = 0;
  for (let bit = 0; bit < 8 * octets.length; bit++) {
    code = (code << 1) | ((octets[bit >> 3]! >> (7 - (bit & 7))) & 1);
    length++;
    for (let symbol = 0; symbol < 256; symbol++) {
      if (CODE_LENGTHS[symbol] !== length || CODES[symbol] !== code) continue;
      text += String.fromCharCode(symbol);
      code = length = 0;
      break;
    }
  }
  return text;
}
