// An ordered list of header fields: what HPACK encodes and decodes, and what HTTP/2 carries in a header block.

import { Field } from "./field.ts";
import { type FieldName, fieldName } from "./field_name.ts";

/** What the layer that interprets lists has read in one: see `HeaderList.reading`. */
export abstract class Reading {}

/**
 * Header fields in order. A list is immutable once it was handed to an encoder or came from a decoder: both may keep
 * it and hand it out again for an equal block, so what is read in it twice costs once.
 */
export class HeaderList {
  /** What the list was read as the last time; of `transport/grpc/`. */
  reading: Reading | undefined = undefined;
  /** The kind of section that the list was found well-formed as, by `http2/header_validation.ts`. */
  wellFormedAs: "request" | "response" | "trailers" | undefined = undefined;
  /** Its content-length, once `http2/header_validation.ts` has read it: -1 for none, NaN for no length. */
  contentLength: number | undefined = undefined;
  /** How often it was encoded, up to a few times: a list that is encoded once is not worth remembering. */
  encodings = 0;
  private size = -1;
  private flat: readonly string[] | undefined = undefined;

  /** `entries` is taken over, not copied. */
  constructor(readonly entries: readonly Field[]) {}

  /** A list of `[name, value]` pairs, names in lower case, both as strings of octets: one UTF-16 unit each. */
  static of(pairs: Iterable<readonly [name: string, value: string]>): HeaderList {
    const entries: Field[] = [];
    for (const [name, value] of pairs) entries.push(Field.of(fieldName(name), value));
    return new HeaderList(entries);
  }

  /** A list of names and values by turns. */
  static ofStrings(strings: readonly string[]): HeaderList {
    const entries: Field[] = [];
    for (let i = 0; i < strings.length; i += 2) {
      entries.push(Field.of(fieldName(strings[i]!), strings[i + 1]!));
    }
    return new HeaderList(entries);
  }

  /** The number of fields. */
  get length(): number {
    return this.entries.length;
  }

  /** Names and values by turns, as strings; made when they are first asked for. */
  get fields(): readonly string[] {
    return this.flat ??= this.entries.flatMap((field) => [field.name.text, field.text]);
  }

  /** The list's size as SETTINGS_MAX_HEADER_LIST_SIZE counts it: names, values and 32 octets a field. */
  get octets(): number {
    if (this.size >= 0) return this.size;
    const { entries } = this;
    let size = 0;
    for (let i = 0; i < entries.length; i++) size += entries[i]!.size;
    return this.size = size;
  }

  /** The first field with `name`, which is one that the library uses. */
  find(name: FieldName): Field | undefined {
    const { entries } = this;
    for (let i = 0; i < entries.length; i++) if (entries[i]!.name === name) return entries[i];
    return undefined;
  }

  /** The first value of `name`, or undefined. */
  get(name: string): string | undefined {
    return this.entries.find((field) => field.name.text === name)?.text;
  }

  /** Every value of `name`, in order. */
  getAll(name: string): string[] {
    return this.entries.filter((field) => field.name.text === name).map((field) => field.text);
  }

  /** The values of `name` in their order, with commas between them; undefined where there is none. */
  joined(name: string): string | undefined {
    let joined: string | undefined = undefined;
    const { entries } = this;
    for (let i = 0; i < entries.length; i++) {
      const field = entries[i]!;
      if (field.name.text === name) joined = joined === undefined ? field.text : `${joined},${field.text}`;
    }
    return joined;
  }

  /** What JSON has of a list: its names and values. */
  toJSON(): readonly string[] {
    return this.fields;
  }

  /** Every `[name, value]` in order. */
  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    for (const { name, text } of this.entries) yield [name.text, text];
  }
}
