// Extensions: fields that another file adds to a message. They lie among its unknown fields, and are read and set there.

import type { Codec, MessageCodec } from "./codec.ts";
import { DecodeError } from "./errors.ts";
import type { MessageInit } from "./message_types.ts";
import { Reader, WireError } from "./reader.ts";
import { type FieldSchema, tagOf, WireType } from "./schema.ts";
import { UnknownFields, unknownFields, type WithUnknownFields } from "./unknown_fields.ts";

/**
 * One extension of a message type, of `loadProto`'s `extensions` or of generated code. `Value` is what reading gives,
 * `Given` what setting takes, `Extendee` the message it extends.
 */
// deno-lint-ignore no-explicit-any
export class Extension<Value = any, Given = NonNullable<Value>, Extendee extends object = any> {
  /** Only types have it. */
  declare protected readonly types?: (extendee: Extendee, given: Given) => Value;
  /** "pkg.my_extension". */
  readonly fullName: string;
  /** The full name of the message type that it extends. */
  readonly extendee: string;
  /** The number of the field. */
  readonly number: number;
  /** Codes a message that has the extension alone, as `value`. */
  readonly codec: Codec<{ value: Value }, { value: Given | undefined }>;
  /** Whether the message that it extends has the wire format of a message set. */
  readonly inMessageSet: boolean;

  /** `codec` must be one of this library's, of a message whose only field is the extension. */
  constructor(
    fullName: string,
    extendee: string,
    codec: Codec<{ value: Value }, { value: Given | undefined }>,
    inMessageSet: boolean,
  ) {
    this.fullName = fullName;
    this.extendee = extendee;
    this.codec = codec;
    this.inMessageSet = inMessageSet;
    this.number = fieldOf(this).number;
  }
}

/**
 * What `Given` must be besides itself, where a message `T` is asked for: nothing more where it is one as it is received, or
 * as it may be sent, which has no property that `T` does not have.
 */
export type MessageOrInit<Given, T> = Given extends T ? unknown
  : Given extends MessageInit<T> ? [Exclude<keyof Given, keyof T>] extends [never] ? unknown : T
  : T;

/** The field that an extension is. */
function fieldOf({ codec }: Extension): FieldSchema {
  return (codec as MessageCodec).schema.fields[0]!;
}

/**
 * The value of an extension in `message`: undefined or the declared default where it is absent, an empty array where
 * it is repeated.
 *
 * @throws {DecodeError} when what lies under its number is malformed
 */
export function getExtension<Value, Given, Extendee extends object, Message extends object>(
  message: Message & MessageOrInit<Message, Extendee>,
  extension: Extension<Value, Given, Extendee>,
): Value {
  const bytes = unknownOf(message);
  return extension.codec.decode(extension.inMessageSet ? split(bytes, extension).own : bytes)
    .value;
}

/** Whether an extension is in `message`; a repeated one is where it has an element. */
export function hasExtension<Extendee extends object, Message extends object>(
  message: Message & MessageOrInit<Message, Extendee>,
  // deno-lint-ignore no-explicit-any
  extension: Extension<any, any, Extendee>,
): boolean {
  const bytes = unknownOf(message);
  if (extension.inMessageSet) return split(bytes, extension).own.length > 0;
  const found = extension.codec.decode(bytes);
  const { shape, explicitDefault } = fieldOf(extension);
  if (shape === "repeated") return found.value.length > 0;
  return explicitDefault === undefined ? found.value !== undefined : Object.hasOwn(found, "value");
}

/**
 * Sets an extension of `message`, in place of what it had. `undefined` clears it, and so does an empty array.
 *
 * @throws {EncodeError} when the value does not fit its type
 */
export function setExtension<Value, Given, Extendee extends object, Message extends object>(
  message: Message & MessageOrInit<Message, Extendee>,
  extension: Extension<Value, Given, Extendee>,
  value: Given | undefined,
): void {
  const encoded = extension.codec.encode({ value });
  const rest = without(unknownOf(message), extension);
  const added = extension.inMessageSet ? toSet(encoded, extension.number) : encoded;
  keep(message, joined(rest, added));
}

/** Takes an extension out of `message`. */
export function clearExtension<Extendee extends object, Message extends object>(
  message: Message & MessageOrInit<Message, Extendee>,
  // deno-lint-ignore no-explicit-any
  extension: Extension<any, any, Extendee>,
): void {
  keep(message, without(unknownOf(message), extension));
}

const NONE: Uint8Array = new Uint8Array(0);

function unknownOf(message: object): Uint8Array {
  return (message as WithUnknownFields)[unknownFields] ?? NONE;
}

function keep(message: object, bytes: Uint8Array): void {
  if (bytes.length > 0) (message as WithUnknownFields)[unknownFields] = bytes;
  else delete (message as WithUnknownFields)[unknownFields];
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Whatever stands under its number goes: what cannot be decoded can be replaced too. */
function without(bytes: Uint8Array, extension: Extension): Uint8Array {
  return bytes.length === 0 ? bytes : split(bytes, extension).rest;
}

// A message set is `repeated group Item = 1 { required int32 type_id = 2; required bytes message = 3; }`.
const ITEM = tagOf(1, WireType.GROUP_START);
const ITEM_END = tagOf(1, WireType.GROUP_END);
const TYPE_ID = tagOf(2, WireType.VARINT);
const CONTENT = tagOf(3, WireType.DELIMITED);

/** The content of an item that has none: its length. */
const NO_CONTENT = Uint8Array.of(0);

/** What `takeApart` makes of unknown fields; a DecodeError where they are malformed. */
function split(bytes: Uint8Array, extension: Extension): { own: Uint8Array; rest: Uint8Array } {
  try {
    return takeApart(bytes, extension);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const { message, offset } = error;
    throw new DecodeError(
      `Cannot decode ${extension.fullName}: ${message} (at byte ${offset} of ${bytes.length})`,
      offset,
    );
  }
}

/**
 * The fields under the number of an extension, and all the others as they came. Of a message set: the items of that type, as
 * fields of their own; what stands under the number without an item around it is taken for one, as others do who read sets.
 */
function takeApart(
  bytes: Uint8Array,
  { number, inMessageSet }: Extension,
): { own: Uint8Array; rest: Uint8Array } {
  const reader = new Reader();
  reader.reset(bytes);
  const own = new UnknownFields();
  const rest = new UnknownFields();
  const plain = tagOf(number, WireType.DELIMITED);
  while (reader.pos < bytes.length) {
    const start = reader.pos;
    const tag = reader.tag();
    const value = reader.pos;
    if (!inMessageSet || tag !== ITEM) reader.skip(tag);
    else if (takeItem(reader, number, own)) continue;
    // Types of sets have numbers beyond those of tags.
    const isOwn = tag >>> 3 === number && (!inMessageSet || tag === plain);
    (isOwn ? own : rest).addWhole(tag, bytes, start, value, reader.pos);
  }
  return { own: own.whole(), rest: rest.whole() };
}

/** Reads an item, and adds it to `own` if it is of type `number`; else false. Its two fields come in any order. */
function takeItem(reader: Reader, number: number, own: UnknownFields): boolean {
  let id = 0;
  let start = 0;
  let end = 0;
  for (let tag = reader.tag(); tag !== ITEM_END; tag = reader.tag()) {
    const from = reader.pos;
    if (tag === TYPE_ID) {
      id = reader.int32();
      continue;
    }
    reader.skip(tag);
    if (tag === CONTENT) [start, end] = [from, reader.pos];
  }
  if (id !== number) return false;
  const plain = tagOf(number, WireType.DELIMITED);
  if (end === 0) own.add(plain, NO_CONTENT, 0, NO_CONTENT.length);
  else own.add(plain, reader.buf, start, end);
  return true;
}

/** The item of a message set that `encoded`, which is a field of its own, becomes. */
function toSet(encoded: Uint8Array, number: number): Uint8Array {
  if (encoded.length === 0) return encoded;
  const reader = new Reader();
  reader.reset(encoded);
  reader.tag();
  const content = reader.bytes();
  const head = varints(ITEM, TYPE_ID, number, CONTENT, content.length);
  return joined(joined(head, content), varints(ITEM_END));
}

/** Unsigned integers of up to 32 bits, as varints. */
function varints(...values: readonly number[]): Uint8Array {
  const octets: number[] = [];
  for (let value of values) {
    for (; value > 127; value >>>= 7) octets.push((value & 127) | 128);
    octets.push(value);
  }
  return Uint8Array.from(octets);
}
