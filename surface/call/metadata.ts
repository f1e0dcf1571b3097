// Metadata: names with text values, or with binary ones where the name ends in "-bin" (PROTOCOL-HTTP2.md).

import { decodeBinary, encodeBinary, HeaderList, isReserved } from "../../transport/mod.ts";
import { describe } from "../options.ts";
import { isRecord } from "../records.ts";
import { printsAs } from "./inspect.ts";

/** Text, or octets under a name that ends in "-bin". */
export type MetadataValue = string | Uint8Array;

/** What a Metadata can be made from. */
export type MetadataInit =
  | Record<string, MetadataValue | MetadataValue[]>
  | Iterable<readonly [string, MetadataValue]>;

/**
 * A multimap of names, in any case, to values, in order. Wrong names and values throw TypeError at once, before
 * anything is sent.
 */
export class Metadata {
  /** Received fields that were not read yet. */
  #received: HeaderList | undefined = undefined;
  #values: Map<string, MetadataValue[]> | undefined = undefined;

  /**
   * `{ name: value }`, `{ name: [value, value] }` or pairs; without it, empty.
   *
   * @throws {TypeError} for what is no metadata, and for names and values that cannot be sent
   */
  constructor(init: MetadataInit = []) {
    const iterable = typeof init === "object" && init !== null && Symbol.iterator in init;
    if (!iterable && !isRecord(init)) {
      const what = describe(init);
      throw new TypeError(
        `Cannot make metadata of ${what}: give { name: value }, [name, value] pairs, Headers or a Metadata`,
      );
    }
    if (init instanceof Metadata) { // what a peer sent need not be what we would send, and may be sent back
      for (const [name, value] of init) this.#append(name, value);
      return;
    }
    const pairs = iterable
      ? init as Iterable<readonly [string, MetadataValue]>
      : Object.entries(init).flatMap(([name, value]) =>
        (Array.isArray(value) ? value : [value]).map((one): [string, MetadataValue] => [name, one])
      );
    for (const [name, value] of pairs) this.append(name, value);
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
    if (headers.length > 0) metadata.#received = headers;
    return metadata;
  }

  /** The first value of `name`, or undefined. */
  get(name: string): MetadataValue | undefined {
    return this.#map().get(name.toLowerCase())?.[0];
  }

  /** Every value of `name`, in order. */
  getAll(name: string): MetadataValue[] {
    return [...this.#map().get(name.toLowerCase()) ?? []];
  }

  /** Whether `name` has a value. */
  has(name: string): boolean {
    return this.#map().has(name.toLowerCase());
  }

  /**
   * Replaces the values of `name` by one.
   *
   * @throws {TypeError} for a name or value that cannot be sent
   */
  set(name: string, value: MetadataValue): void {
    this.#map().set(checkName(name), [checkValue(name, value)]);
  }

  /**
   * Adds one more value to `name`.
   *
   * @throws {TypeError} for a name or value that cannot be sent
   */
  append(name: string, value: MetadataValue): void {
    this.#append(checkName(name), checkValue(name, value));
  }

  /**
   * Adds all values of `metadata`. What a peer sent is passed on as it came, where `append` would refuse it.
   *
   * @throws {TypeError} as the constructor does
   */
  appendAll(metadata: Metadata | MetadataInit): void {
    for (const [name, value] of Metadata.from(metadata)) this.#append(name, value);
  }

  /** Removes every value of `name`; false when there was none. */
  delete(name: string): boolean {
    return this.#map().delete(name.toLowerCase());
  }

  /** Names with values. */
  get size(): number {
    return this.#map().size;
  }

  /** Every `[name, value]`, names in the order in which they came. */
  *[Symbol.iterator](): IterableIterator<[name: string, value: MetadataValue]> {
    for (const [name, values] of this.#map()) for (const value of values) yield [name, value];
  }

  /** The wire form, or undefined when there is nothing to send. */
  toHeaders(): HeaderList | undefined {
    const fields: string[] = [];
    for (const [name, value] of this) {
      fields.push(name, typeof value === "string" ? value : encodeBinary(value));
    }
    return fields.length === 0 ? undefined : HeaderList.ofStrings(fields);
  }

  #append(key: string, value: MetadataValue): void {
    const values = this.#map().get(key);
    if (values === undefined) this.#map().set(key, [value]);
    else values.push(value);
  }

  #map(): Map<string, MetadataValue[]> {
    if (this.#values !== undefined) return this.#values;
    const map = this.#values = new Map<string, MetadataValue[]>();
    for (const [name, value] of this.#received ?? []) {
      // A binary value that is not base64 is left out: it has no octets.
      const values = name.endsWith("-bin") ? decodeBinary(value) ?? [] : [value];
      if (map.has(name)) map.get(name)!.push(...values);
      else if (values.length > 0) map.set(name, values);
    }
    this.#received = undefined;
    return map;
  }
}

printsAs(Metadata, (metadata, inspect) => {
  const entries = new Map<string, MetadataValue | MetadataValue[]>();
  for (const [name] of metadata) {
    const values = metadata.getAll(name);
    entries.set(name, values.length === 1 ? values[0]! : values);
  }
  return `Metadata ${inspect(Object.fromEntries(entries))}`;
});

function checkName(name: string): string {
  const key = name.toLowerCase();
  if (!/^[0-9A-Za-z_.-]+$/.test(name)) { // not the key: the Kelvin sign's lower case is an ASCII "k"
    throw new TypeError(
      `Cannot use ${JSON.stringify(name)} as a metadata name: letters, digits, "_", "-" and "." only`,
    );
  }
  if (isReserved(key)) {
    throw new TypeError(`Cannot use ${JSON.stringify(name)} as a metadata name: it is reserved`);
  }
  return key;
}

function checkValue(name: string, value: MetadataValue): MetadataValue {
  const binary = name.toLowerCase().endsWith("-bin");
  if (binary ? !(value instanceof Uint8Array) : typeof value !== "string") {
    const wanted = binary
      ? "a Uint8Array, for the name ends in -bin"
      : 'a string; binary values need a name in "-bin"';
    throw new TypeError(`Cannot set metadata ${JSON.stringify(name)}: expected ${wanted}`);
  }
  if (typeof value !== "string") return value;
  if (!/^[ -~]*$/.test(value)) {
    throw new TypeError(
      `Cannot set metadata ${JSON.stringify(name)}: ${JSON.stringify(value)} is not printable ASCII`,
    );
  }
  return value.trim();
}
