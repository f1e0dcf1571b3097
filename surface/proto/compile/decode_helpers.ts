// What emitted decoders call besides the reader; the names are those that emitted code uses.

import { type Reader, RECURSION_LIMIT } from "../reader.ts";
import type { EnumSchema } from "../schema.ts";
import { UnknownFields, unknownFields } from "../unknown_fields.ts";

export { define, prototypeOf, put } from "../defaults.ts";
export { longNumber, longText } from "./longs.ts";
export * from "./packed_read.ts";

/** The property of unknown fields. */
export const UNKNOWN: typeof unknownFields = unknownFields;
/** What an absent field of bytes is. */
export const EMPTY: Uint8Array = new Uint8Array(0);

/** Whether the message has the property itself. */
export const hasOwn: (object: object, key: PropertyKey) => boolean = Object.hasOwn;

/** Unknown fields of an earlier part of the message, to be added to. */
export function unknownOf(message: Record<PropertyKey, unknown>): UnknownFields | undefined {
  const earlier = message[unknownFields] as Uint8Array | undefined;
  return earlier === undefined ? undefined : new UnknownFields(earlier);
}

/** Passes over the value behind `tag`, which begins at `start`, and keeps both. */
export function skip(
  reader: Reader,
  tag: number,
  start: number,
  kept: UnknownFields | undefined,
): UnknownFields {
  const value = reader.pos;
  reader.skip(tag);
  const unknown = kept ?? new UnknownFields();
  unknown.addWhole(tag, reader.buf, start, value, reader.pos);
  return unknown;
}

/** Keeps the value from `from` up to here as an unknown field, behind `tag`. */
export function keep(
  reader: Reader,
  tag: number,
  from: number,
  kept: UnknownFields | undefined,
): UnknownFields {
  const unknown = kept ?? new UnknownFields();
  unknown.add(tag, reader.buf, from, reader.pos);
  return unknown;
}

/** Counts a group's elements and its depth; its end is not known. */
export function enterGroup(reader: Reader, elements: number): number {
  reader.spend(elements);
  if (++reader.depth > RECURSION_LIMIT) reader.fail(`groups are nested more than ${RECURSION_LIMIT} deep`);
  return reader.buf.length;
}

/** Enum values below this are looked up in an array. */
const DENSE_VALUES = 256;

/**
 * The function from a number on the wire to the value's name. One without a name stays a number, or is undefined
 * where the enum is closed.
 */
export function enumNames(schema: EnumSchema): (value: number) => string | number | undefined {
  const dense: (string | number | undefined)[] = [];
  const { names, closed } = schema;
  const nameOf = (value: number) => names.get(value) ?? (closed ? undefined : value);
  let most = -1; // by a loop: a call takes some 100,000 arguments, and an enum may have more values
  for (const value of names.keys()) if (value > most && value < DENSE_VALUES) most = value;
  for (let value = 0; value <= most; value++) dense.push(nameOf(value));
  return (value) => value >= 0 && value < dense.length ? dense[value] : nameOf(value);
}
