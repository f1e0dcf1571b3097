// Metadata: names with text values, or with binary ones where the name ends in "-bin" (PROTOCOL-HTTP2.md).

import { binaryValue, binaryValues, type Field, HeaderList } from "../../transport/mod.ts";
import { describe } from "../options.ts";
import { isRecord } from "../records.ts";
import { printsAs } from "./inspect.ts";
import { checkedField, checkedName, lowerCase, type MetadataValue } from "./metadata_fields.ts";

export type { MetadataValue } from "./metadata_fields.ts";

/** What a Metadata can be made from. */
export type MetadataInit =
  | Record<string, MetadataValue | MetadataValue[]>
  | Iterable<readonly [string, MetadataValue]>;

/** Fields of no metadata yet. */
const NONE: Field[] = [];

/**
 * A multimap of names, in any case, to values, in order. Wrong names and values throw TypeError at once, before
 * anything is sent. What a binary value has is sent as it is when it is set.
 */
export class Metadata {
  /** In the order in which they are sent; shared with a HeaderList while `#list` is one. */
  #fields: Field[];
  /** The octets of the fields that are binary, by their index; undefined where there are none. */
  #octets: Array<Uint8Array | undefined> | undefined;
  /** The wire form, until something changes. */
  #list: HeaderList | undefined;
  /** The fields are as they came: binary values are not read, and fields of one name may stand apart. */
  #isRaw: boolean;

  /**
   * `{ name: value }`, `{ name: [value, value] }` or pairs; without it, empty.
   *
   * @throws {TypeError} for what is no metadata, and for names and values that cannot be sent
   */
  constructor(init?: MetadataInit) {
    this.#fields = NONE;
    this.#octets = undefined;
    this.#list = undefined;
    this.#isRaw = false;
    if (init === undefined) return;
    if (init instanceof Metadata) { // what a peer sent need not be what we would send, and may be sent back
      this.#takeAll(init);
      return;
    }
    appendInit(this, init);
  }

  /**
   * `given` itself where it is a Metadata, else one made from it.
   *
   * @throws {TypeError} as the constructor does
   */
  static from(given: Metadata | MetadataInit): Metadata {
    return given instanceof Metadata ? given : new Metadata(given);
  }

  /** Metadata as it came over the wire; read when it is first asked for. */
  static fromHeaders(headers: HeaderList): Metadata {
    const metadata = new Metadata();
    if (headers.length === 0) return metadata;
    metadata.#fields = headers.entries as Field[];
    metadata.#list = headers;
    metadata.#isRaw = true;
    return metadata;
  }

  /** The first value of `name`, or undefined. */
  get(name: string): MetadataValue | undefined {
    const at = this.#find(name);
    if (at < 0) return undefined;
    const field = this.#fields[at]!;
    return field.name.isBinary ? this.#binary(name) : field.text;
  }

  /** Every value of `name`, in order. */
  getAll(name: string): MetadataValue[] {
    this.#order();
    const values: MetadataValue[] = [];
    const at = this.#find(name);
    if (at >= 0) { for (let i = at; i < this.#endOf(at); i++) values.push(this.#value(i)); }
    return values;
  }

  /** Whether `name` has a value. */
  has(name: string): boolean {
    const at = this.#find(name);
    return at >= 0 && (!this.#fields[at]!.name.isBinary || this.#binary(name) !== undefined);
  }

  /**
   * Replaces the values of `name` by one.
   *
   * @throws {TypeError} for a name or value that cannot be sent
   */
  set(name: string, value: MetadataValue): void {
    const key = checkedName(name);
    const field = checkedField(name, key, value);
    this.#change();
    const at = indexOf(this.#fields, key.text);
    if (at < 0) return this.#insert(this.#fields.length, field, value);
    this.#remove(at + 1, this.#endOf(at));
    this.#fields[at] = field;
    if (typeof value !== "string") this.#octets![at] = value;
  }

  /**
   * Adds one more value to `name`.
   *
   * @throws {TypeError} for a name or value that cannot be sent
   */
  append(name: string, value: MetadataValue): void {
    const field = checkedField(name, checkedName(name), value);
    this.#change();
    this.#add(field, value);
  }

  /**
   * Adds all values of `metadata`, which may be this one. What a peer sent is passed on as it came, where `append` would refuse it.
   *
   * @throws {TypeError} as the constructor does
   */
  appendAll(metadata: Metadata | MetadataInit): void {
    this.#takeAll(Metadata.from(metadata));
  }

  /** Removes every value of `name`; false when there was none. */
  delete(name: string): boolean {
    this.#order();
    if (this.#find(name) < 0) return false;
    this.#change();
    const at = this.#find(name);
    this.#remove(at, this.#endOf(at));
    return true;
  }

  /** Names with values. */
  get size(): number {
    this.#order();
    let names = 0;
    for (let at = 0; at < this.#fields.length; at = this.#endOf(at)) names++;
    return names;
  }

  /** "Metadata": it is taken for no object whose properties are options. */
  get [Symbol.toStringTag](): string {
    return "Metadata";
  }

  /** Every `[name, value]` that there is when it begins, names in the order in which they came. It may be changed meanwhile. */
  *[Symbol.iterator](): IterableIterator<[name: string, value: MetadataValue]> {
    this.#order();
    const fields = [...this.#fields];
    const octets = this.#octets === undefined ? undefined : [...this.#octets];
    for (let i = 0; i < fields.length; i++) yield [fields[i]!.name.text, octets?.[i] ?? fields[i]!.text];
  }

  /** The wire form, or undefined when there is nothing to send. */
  toHeaders(): HeaderList | undefined {
    this.#order();
    if (this.#fields.length === 0) return undefined;
    return this.#list ??= new HeaderList(this.#fields);
  }

  /** The index of the first field with `name`, or -1. */
  #find(name: string): number {
    const at = indexOf(this.#fields, name);
    if (at >= 0) return at;
    const key = lowerCase(name);
    return key === name ? -1 : indexOf(this.#fields, key);
  }

  /** The index after the last field with the name of the one at `at`. */
  #endOf(at: number): number {
    const fields = this.#fields;
    const { name } = fields[at]!;
    let end = at + 1;
    while (end < fields.length && (fields[end]!.name === name || fields[end]!.name.text === name.text)) end++;
    return end;
  }

  #value(at: number): MetadataValue {
    return this.#octets?.[at] ?? this.#fields[at]!.text;
  }

  /** The first value of `name`, which is binary; undefined where what came is no base64. */
  #binary(name: string): MetadataValue | undefined {
    this.#order();
    const at = this.#find(name);
    return at < 0 ? undefined : this.#octets![at];
  }

  /** Puts fields that came into order, if that was not done: each value of a binary field apart, each name together. */
  #order(): void {
    if (!this.#isRaw) return;
    this.#isRaw = false;
    const fields = this.#fields;
    if (isOrdered(fields) && this.#readBinary(fields)) return;
    const order = new Map<string, number>();
    for (const { name } of fields) order.set(name.text, order.get(name.text) ?? order.size);
    const grouped = [...fields].sort((a, b) => order.get(a.name.text)! - order.get(b.name.text)!);
    this.#fields = [];
    this.#list = undefined;
    for (const field of grouped) {
      if (!field.name.isBinary) this.#insert(this.#fields.length, field, "");
      // A binary value that is not base64 is left out: it has no octets.
      else {for (const value of binaryValues(field) ?? []) {
          this.#insert(this.#fields.length, checkedField("", field.name, value), value);
        }}
    }
  }

  /** Reads the binary values of fields that are in order; false where one has to become another field, or several. */
  #readBinary(fields: readonly Field[]): boolean {
    let octets: Array<Uint8Array | undefined> | undefined;
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]!;
      if (!field.name.isBinary) continue;
      const value = binaryValue(field);
      if (value === undefined) return false;
      octets ??= new Array(fields.length).fill(undefined);
      octets[i] = value;
    }
    this.#octets = octets;
    return true;
  }

  /** Before a change: the fields are ordered, and no list's. */
  #change(): void {
    this.#order();
    if (this.#list === undefined && this.#fields !== NONE) return;
    this.#list = undefined;
    this.#fields = [...this.#fields];
  }

  #takeAll(other: Metadata): void {
    other.#order();
    const fields = [...other.#fields]; // which may be these, and grow
    const octets = other.#octets && [...other.#octets];
    if (fields.length > 0) this.#change();
    if (this.#fields.length === 0) { // there is none to look for
      this.#fields = fields;
      this.#octets = octets;
    } else for (let i = 0; i < fields.length; i++) this.#add(fields[i]!, octets?.[i] ?? "");
  }

  /** Adds a field after the others of its name. `value`: its octets where it is binary. */
  #add(field: Field, value: MetadataValue): void {
    const fields = this.#fields;
    const { name } = field;
    let at = fields.length;
    if (at > 0 && fields[at - 1]!.name !== name) {
      const first = indexOf(fields, name.text);
      if (first >= 0) at = this.#endOf(first);
    }
    this.#insert(at, field, value);
  }

  #insert(at: number, field: Field, value: MetadataValue): void {
    const fields = this.#fields;
    const octets = typeof value === "string" ? undefined : value;
    if (octets !== undefined) this.#octets ??= new Array(fields.length).fill(undefined);
    if (at === fields.length) {
      fields.push(field);
      this.#octets?.push(octets);
    } else {
      fields.splice(at, 0, field);
      this.#octets?.splice(at, 0, octets);
    }
  }

  #remove(from: number, to: number): void {
    this.#fields.splice(from, to - from);
    this.#octets?.splice(from, to - from);
  }
}

function indexOf(fields: readonly Field[], name: string): number {
  for (let i = 0; i < fields.length; i++) if (fields[i]!.name.text === name) return i;
  return -1;
}

/** Fields that can be looked up one by one; names of more are remembered. */
const FEW = 16;

/** Whether no field has the name of one that stands apart. */
function isOrdered(fields: readonly Field[]): boolean {
  const names = fields.length > FEW ? new Set<string>() : undefined;
  for (let i = 0; i < fields.length; i++) {
    const { text } = fields[i]!.name;
    if (i > 0 && fields[i - 1]!.name.text === text) continue;
    if (names === undefined ? indexOf(fields, text) < i : names.has(text)) return false;
    names?.add(text);
  }
  return true;
}

/** The wire form of `given`, or undefined where there is nothing to send. Throws TypeError as `Metadata` does. */
export function headersOf(given: Metadata | MetadataInit): HeaderList | undefined {
  if (given instanceof Metadata) return given.toHeaders();
  const wire = new WireFields();
  appendInit(wire, given);
  return wire.fields.length === 0 ? undefined : new HeaderList(wire.fields);
}

/** Fields to be sent, of which nothing is asked any more: a `Metadata` would be made to be read once. */
class WireFields {
  readonly fields: Field[] = [];

  append(given: string, value: MetadataValue): void {
    const { fields } = this;
    const name = checkedName(given);
    const field = checkedField(given, name, value);
    for (let i = fields.length - 1; i >= 0; i--) {
      if (fields[i]!.name !== name && fields[i]!.name.text !== name.text) continue;
      fields.splice(i + 1, 0, field);
      return;
    }
    fields.push(field);
  }
}

/** Appends all that `init` has to `to`, which is empty. */
function appendInit(to: { append(name: string, value: MetadataValue): void }, init: MetadataInit): void {
  if (typeof init === "object" && init !== null && Symbol.iterator in init) {
    for (const pair of init as Iterable<readonly [string, MetadataValue]>) {
      // A string of two letters would be read as a pair too, and further values of a name would be lost.
      if (!Array.isArray(pair) || pair.length !== 2) throw noMetadata(pair);
      to.append(pair[0], pair[1]);
    }
    return;
  }
  if (!isRecord(init)) throw noMetadata(init);
  const values = init as Record<string, MetadataValue | MetadataValue[]>;
  for (const name of Object.keys(values)) {
    const value = values[name]!;
    if (Array.isArray(value)) { for (const one of value) to.append(name, one); }
    else to.append(name, value);
  }
}

function noMetadata(given: unknown): TypeError {
  const what = describe(given);
  return new TypeError(
    `Cannot make metadata of ${what}: give { name: value }, [name, value] pairs, Headers or a Metadata`,
  );
}

printsAs(Metadata, (metadata, inspect) => {
  const entries = new Map<string, MetadataValue | MetadataValue[]>();
  for (const [name] of metadata) {
    const values = metadata.getAll(name);
    entries.set(name, values.length === 1 ? values[0]! : values);
  }
  return `Metadata ${inspect(Object.fromEntries(entries))}`;
});
