// grpc-js's Metadata: a map of names to lists of values, and what of it goes over the wire.

import { Buffer } from "../../../pollers/native/node_classes.ts";
import { HeaderList } from "../../../transport/mod.ts";
import { Metadata as WireMetadata } from "../../call/metadata.ts";
import { sendable } from "../../call/sendable.ts";
import { propertyOf } from "../../../pollers/mod.ts";

/** Text, or octets under a name that ends in "-bin". */
export type MetadataValue = string | Buffer;

/** What a caller says of its call by the metadata. */
export interface MetadataOptions {
  /** Has no effect here, as in grpc-js. */
  idempotentRequest?: boolean;
  /** The call waits for a connection instead of failing without one. Default: as the service config says. */
  waitForReady?: boolean;
  /** Has no effect here, as in grpc-js. */
  cacheableRequest?: boolean;
  /** The metadata goes with the first message. Default false. */
  corked?: boolean;
}

const KEY = /^[:0-9a-z_.-]+$/;
const TEXT = /^[ -~]*$/;

function isBinary(key: string): boolean {
  return key.endsWith("-bin");
}

/** The key of `name`. Throws where it, or `value`, cannot be sent. */
function checked(name: string, value: MetadataValue): string {
  const key = name.toLowerCase();
  if (!KEY.test(key)) throw new Error(`Metadata key "${key}" contains illegal characters`);
  if (value === null || value === undefined) return key;
  const isOctets = (value as unknown) instanceof Uint8Array;
  if (isBinary(key) !== isOctets) {
    throw new Error(
      isOctets
        ? "keys that don't end with '-bin' must have String values"
        : "keys that end with '-bin' must have Buffer values",
    );
  }
  if (!isOctets && !TEXT.test(value as string)) { // not shown, as grpc-js does: it may be a token
    throw new Error(`Metadata string value of "${key}" contains illegal characters`);
  }
  return key;
}

function copyOf(value: MetadataValue): MetadataValue {
  return typeof value === "string" ? value : Buffer.from(value);
}

/** Names, which have no case, with their values. */
export class Metadata {
  /** Named as in grpc-js, whose subclasses read it. */
  protected internalRepr: Map<string, MetadataValue[]> = new Map();
  private options: MetadataOptions;
  private opaqueData: Map<string, unknown> | undefined = undefined;

  /** No values yet. */
  constructor(options: MetadataOptions = {}) {
    this.options = options;
  }

  /**
   * Replaces the values of `key` by one: a Buffer where the name ends in "-bin", else a string.
   *
   * @throws {Error} for a name or a value that cannot be sent
   */
  set(key: string, value: MetadataValue): void {
    this.internalRepr.set(checked(key, value), [value]);
  }

  /**
   * Adds one more value to `key`.
   *
   * @throws {Error} for a name or a value that cannot be sent
   */
  add(key: string, value: MetadataValue): void {
    const name = checked(key, value);
    const values = this.internalRepr.get(name);
    if (values === undefined) this.internalRepr.set(name, [value]);
    else values.push(value);
  }

  /** Removes all values of `key`. */
  remove(key: string): void {
    this.internalRepr.delete(key.toLowerCase());
  }

  /** All values of `key`, in order. */
  get(key: string): MetadataValue[] {
    return this.internalRepr.get(key.toLowerCase()) ?? [];
  }

  /** The first value of each name. */
  getMap(): { [key: string]: MetadataValue } {
    const first: { [key: string]: MetadataValue } = {};
    for (const [key, values] of this.internalRepr) {
      if (values.length > 0) first[key] = copyOf(values[0]!);
    }
    return first;
  }

  /** The same values and options, which are changed apart from these. */
  clone(): Metadata {
    const clone = new Metadata(this.options);
    for (const [key, values] of this.internalRepr) clone.internalRepr.set(key, values.map(copyOf));
    return clone;
  }

  /** Adds all values of `other`. */
  merge(other: Metadata): void {
    for (const [key, values] of other.internalRepr) {
      this.internalRepr.set(key, [...this.internalRepr.get(key) ?? [], ...values]);
    }
  }

  /** Replaces what the caller says of its call. */
  setOptions(options: MetadataOptions): void {
    this.options = options;
  }

  /** What the caller says of its call. */
  getOptions(): MetadataOptions {
    return this.options;
  }

  /** Values by name, as the headers of Node's http2. */
  toHttp2Headers(): { [name: string]: string[] } {
    const headers: { [name: string]: string[] } = {};
    for (const [key, values] of this.internalRepr) {
      if (key.startsWith(":")) continue;
      headers[key] = values.map((value) => typeof value === "string" ? value : value.toString("base64"));
    }
    return headers;
  }

  /** Values by name: what JSON.stringify shows. */
  toJSON(): { [key: string]: MetadataValue[] } {
    return Object.fromEntries(this.internalRepr);
  }

  /** Keeps `value` beside the metadata; it is not sent. */
  setOpaque(key: string, value: unknown): void {
    (this.opaqueData ??= new Map()).set(key, value);
  }

  /** What `setOpaque` keeps under `key`. */
  getOpaque(key: string): unknown {
    return this.opaqueData?.get(key);
  }

  /** What the headers of Node's http2 have; names and values that metadata cannot have are left out. */
  static fromHttp2Headers(headers: { [name: string]: string | string[] | undefined }): Metadata {
    const metadata = new Metadata();
    for (const [key, given] of Object.entries(headers)) {
      if (key.startsWith(":") || given === undefined) continue;
      for (const value of listOf(key, given)) addIfLegal(metadata, key, value);
    }
    return metadata;
  }
}

/** The values of one header: binary ones may be joined by commas. */
function listOf(key: string, given: string | string[]): readonly string[] {
  if (typeof given !== "string") return given;
  return isBinary(key) && !key.startsWith("grpc-") ? given.split(",").map((one) => one.trim()) : [given];
}

function addIfLegal(metadata: Metadata, key: string, value: string): void {
  try {
    metadata.add(key, isBinary(key) ? Buffer.from(value, "base64") : value);
  } catch {
    // What a peer sends need not be what an application may set.
  }
}

/** The pairs of `metadata`, which may be of grpc-js's own class: the two are alike in what they have. */
function* pairsOf(metadata: Metadata): IterableIterator<[string, MetadataValue]> {
  for (const [key, values] of Object.entries(metadata.toJSON())) {
    for (const value of values) yield [key, value];
  }
}

const NO_FIELDS: readonly string[] = [];

/** Whether `given` is metadata, of this class or of grpc-js's own; headers of the web have `toJSON` too. */
export function isMetadata(given: unknown): given is Metadata {
  return typeof propertyOf(given, "getMap") === "function";
}

/** Names and values in turn, in wire form; those that are the protocol's own are left out. */
export function fieldsOf(metadata: Metadata | null | undefined): readonly string[] {
  if (metadata instanceof Metadata && metadata["internalRepr"].size === 0) return NO_FIELDS;
  return isMetadata(metadata) ? sendable(pairsOf(metadata)).fields : NO_FIELDS;
}

/** The same as header fields; undefined where there are none. */
export function headersOf(metadata: Metadata | null | undefined): HeaderList | undefined {
  const fields = fieldsOf(metadata);
  return fields.length === 0 ? undefined : HeaderList.ofStrings([...fields]);
}

/** What came over the wire. */
export function fromHeaders(headers: HeaderList): Metadata {
  const metadata = new Metadata();
  if (headers.length === 0) return metadata;
  for (const [name, value] of WireMetadata.fromHeaders(headers)) {
    const own = typeof value === "string" ? value : Buffer.from(value.buffer, value.byteOffset, value.length);
    const values = metadata.get(name);
    // As it came: what a peer sends need not be what an application may set.
    if (values.length === 0) metadata["internalRepr"].set(name, [own as MetadataValue]);
    else values.push(own as MetadataValue);
  }
  return metadata;
}
