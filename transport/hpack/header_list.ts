// An ordered list of header fields: what HPACK encodes and decodes, and what HTTP/2 carries in a header block.

import { ENTRY_OVERHEAD } from "./dynamic_table.ts";

/**
 * Header fields in order, flat: `fields[2i]` is a name (lowercase), `fields[2i + 1]` its value, both as strings
 * of bytes 0 to 255 (one UTF-16 unit an octet). A list is immutable once it was handed to an encoder or came
 * from a decoder: both may keep it and hand it out again for an equal block, so reading it twice costs once.
 */
export class HeaderList {
  /**
   * A place where the interpreter of decoded lists keeps its result (a parsed request head, say), because the
   * decoder gives the same list again for a repeated block. One owner a process: `transport/grpc/`.
   */
  memo: unknown = undefined;
  /** The kind of section that the list was found well-formed as, by `http2/header_validation.ts`. */
  wellFormedAs: "request" | "response" | "trailers" | undefined = undefined;
  /** Its content-length, once `http2/header_validation.ts` has read it: -1 for none, NaN for no length. */
  contentLength: number | undefined = undefined;
  private size = -1;

  /** `fields` is taken over, not copied. */
  constructor(readonly fields: readonly string[]) {}

  /** A list of `[name, value]` pairs. */
  static of(pairs: Iterable<readonly [name: string, value: string]>): HeaderList {
    const fields: string[] = [];
    for (const [name, value] of pairs) fields.push(name, value);
    return new HeaderList(fields);
  }

  /** The number of fields. */
  get length(): number {
    return this.fields.length / 2;
  }

  /** The list's size as SETTINGS_MAX_HEADER_LIST_SIZE counts it: names, values and 32 octets a field. */
  get octets(): number {
    if (this.size >= 0) return this.size;
    const { fields } = this;
    let size = fields.length / 2 * ENTRY_OVERHEAD;
    for (let i = 0; i < fields.length; i++) size += fields[i]!.length;
    return this.size = size;
  }

  /** The first value of `name`, or undefined. */
  get(name: string): string | undefined {
    for (let i = 0; i < this.fields.length; i += 2) {
      if (this.fields[i] === name) return this.fields[i + 1];
    }
    return undefined;
  }

  /** Every value of `name`, in order. */
  getAll(name: string): string[] {
    const values: string[] = [];
    for (let i = 0; i < this.fields.length; i += 2) {
      if (this.fields[i] === name) values.push(this.fields[i + 1]!);
    }
    return values;
  }

  /** Every `[name, value]` in order. */
  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    for (let i = 0; i < this.fields.length; i += 2) yield [this.fields[i]!, this.fields[i + 1]!];
  }
}
