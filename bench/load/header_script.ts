// The header blocks that a generator sends, encoded before it begins: they differ from call to call, and the peer's
// dynamic table moves with them.
//
// This is an encoder of its own, not the library's, so that what servers are measured by does not change when the
// library learns to encode better. `go` is what Go's client sends: every field enters the table, in Huffman code.
// `literal` is what C++'s sends: the application's fields never enter a table, names and values as they are.
// Credentials are never-indexed there (RFC 7541, section 7.1.3).
import { ByteSink } from "../../transport/hpack/byte_sink.ts";
import { huffmanEncode, huffmanLength } from "../../transport/hpack/huffman.ts";
import { encodeInteger } from "../../transport/hpack/integer.ts";
import {
  STATIC_LENGTH,
  STATIC_NAME_INDEX,
  STATIC_NAMES,
  STATIC_VALUES,
} from "../../transport/hpack/static_table.ts";

/** How the application's fields are sent. */
export type Indexing = "go" | "literal";

/** A name and its value. */
export type Field = readonly [name: string, value: string];

/** Fields of one call: those that every call has, and the application's. */
export interface CallFields {
  readonly common: readonly Field[];
  readonly own: readonly Field[];
}

/** Blocks to be sent in this order, from `loopsAt` on again and again. */
export interface HeaderScript {
  readonly blocks: readonly Uint8Array[];
  /** The block after the last one. */
  readonly loopsAt: number;
}

const ENTRY_OVERHEAD = 32;

/**
 * The blocks of `calls`, for a peer whose dynamic table may hold `tableBytes`. Indexes count from the newest entry
 * (section 2.3.3), so blocks that were encoded from an empty table on are right after any other block.
 */
export function headerScript(
  calls: readonly CallFields[],
  indexing: Indexing,
  tableBytes: number,
): HeaderScript {
  const encoder = new ScriptEncoder(indexing, Math.min(tableBytes, 4_096));
  const blocks = calls.map((call) => encoder.encode(call));
  if (calls.length > 1) return { blocks, loopsAt: 0 };
  return { blocks: [...blocks, encoder.encode(calls[0]!)], loopsAt: 1 }; // the table has it all
}

class ScriptEncoder {
  private entries: Field[] = [];
  private size = 0;
  private first = true;

  constructor(private readonly indexing: Indexing, private readonly maxSize: number) {}

  encode({ common, own }: CallFields): Uint8Array {
    const out = new ByteSink();
    if (this.first && this.maxSize < 4_096) encodeInteger(this.maxSize, 5, 0x20, out);
    this.first = false;
    for (const field of common) this.indexed(field, out);
    for (const field of own) {
      if (this.indexing === "go") this.indexed(field, out);
      else literal(field, out);
    }
    return out.bytes.slice(0, out.length);
  }

  /** Section 6.1 where the table has the field, else section 6.2.1: it enters the table. */
  private indexed(field: Field, out: ByteSink): void {
    const [name, value] = field;
    const inStatic = STATIC_NAMES.findIndex((known, i) => known === name && STATIC_VALUES[i] === value);
    const index = inStatic > 0 ? inStatic : this.find((entry) => entry[0] === name && entry[1] === value);
    if (index > 0) return encodeInteger(index, 7, 0x80, out);
    const nameIndex = STATIC_NAME_INDEX.get(name) ?? this.find((entry) => entry[0] === name);
    encodeInteger(nameIndex, 6, 0x40, out);
    if (nameIndex === 0) string(name, out);
    string(value, out);
    const size = name.length + value.length + ENTRY_OVERHEAD;
    this.entries.unshift(field);
    this.size += size;
    while (this.size > this.maxSize) {
      const [evicted, evictedValue] = this.entries.pop()!;
      this.size -= evicted.length + evictedValue.length + ENTRY_OVERHEAD;
    }
  }

  /** The least index in the dynamic table that matches, 0 for none. */
  private find(matches: (entry: Field) => boolean): number {
    const at = this.entries.findIndex(matches);
    return at < 0 ? 0 : STATIC_LENGTH + 1 + at;
  }
}

/** Sections 6.2.2 and 6.2.3, name and value without Huffman code. */
function literal([name, value]: Field, out: ByteSink): void {
  encodeInteger(0, 4, name === "authorization" ? 0x10 : 0x00, out);
  for (const text of [name, value]) {
    encodeInteger(text.length, 7, 0x00, out);
    out.append(octets(text));
  }
}

function string(text: string, out: ByteSink): void {
  const coded = huffmanLength(text);
  encodeInteger(Math.min(coded, text.length), 7, coded < text.length ? 0x80 : 0x00, out);
  if (coded < text.length) huffmanEncode(text, out);
  else out.append(octets(text));
}

function octets(text: string): Uint8Array {
  return Uint8Array.from(text, (unit) => unit.charCodeAt(0));
}
