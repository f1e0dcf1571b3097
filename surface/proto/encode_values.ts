// What generated encoders ask of values that are not plainly right: conversions, and refusals that name the field.

import { isRecord } from "../records.ts";
import { describeValue, EncodeError } from "./errors.ts";
import { noMessage } from "./message_shape.ts";
import { type EnumSchema, type FieldSchema, isBigInt } from "./schema.ts";

/** Integer types that hold negative numbers. */
export const SIGNED: ReadonlySet<string> = new Set([
  "int32",
  "int64",
  "sint32",
  "sint64",
  "sfixed32",
  "sfixed64",
]);

/** From here on a number is rounded to what a float cannot hold. */
export const FLOAT_BOUND: number = 2 ** 128 - 2 ** 103;

/** Throws: `value` does not fit `field`. `what`: what was expected, where it is not a value of the field's type. */
export function bad(field: FieldSchema, value: unknown, what?: string): never {
  if (what === undefined && field.type === "message") noMessage(field.messageType!, value, field);
  throw new EncodeError(
    `Cannot encode ${field.fullName}: expected ${what ?? expectation(field)}, found ${describeValue(value)}`,
  );
}

function expectation({ type, enumType, longs }: FieldSchema): string {
  switch (type) {
    case "float":
      return "a number within the range of float";
    case "double":
      return "a number";
    case "bool":
      return "a boolean";
    case "string":
      return "a string";
    case "bytes":
      return "a Uint8Array";
    case "enum":
      return `the name or number of a ${enumType!.fullName}`;
    default:
      if (!isBigInt(type)) return `an integer of ${type}`;
      return longs === "string"
        ? `decimal digits, a bigint or a safe integer of ${type}`
        : `a bigint or safe integer of ${type}`;
  }
}

/** A 64-bit integer from a safe integer, or from text where the field's are text. */
export function toLong(field: FieldSchema, value: unknown, signed: boolean): bigint {
  const given = field.longs === "string" && typeof value === "string" ? integerOf(value) : value;
  const long = longOf(given, signed);
  return long === undefined ? bad(field, value) : long;
}

function longOf(value: unknown, signed: boolean): bigint | undefined {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || (!signed && value < 0)) return undefined;
    return BigInt(value);
  }
  if (typeof value !== "bigint") return undefined;
  return (signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value)) === value ? value : undefined;
}

/** An enum value's number, from its name or itself. A closed enum has no numbers without a name. */
export function toEnum(field: FieldSchema, value: unknown): number {
  const { numbers, names, closed } = field.enumType as EnumSchema;
  if (typeof value === "string") {
    const number = numbers.get(value);
    return number === undefined ? bad(field, value) : number;
  }
  if (typeof value !== "number" || (value | 0) !== value || (closed && !names.has(value))) {
    return bad(field, value);
  }
  return value;
}

/** Throws: a second member of a oneof is set. */
export function twice(field: FieldSchema, other: string): never {
  throw new EncodeError(
    `Cannot encode ${field.fullName}: oneof ${field.oneof} already holds ${other}; set one of them only`,
  );
}

/** Throws: a required field is absent. */
export function missing(field: FieldSchema): never {
  throw new EncodeError(`Cannot encode ${field.fullName}: the field is required and missing`);
}

/** The keys of a map field's value: a Map's, or an object's own. */
export function keysOf(field: FieldSchema, value: unknown): unknown[] {
  if (value instanceof Map) return [...value.keys()];
  return isRecord(value) ? Object.keys(value) : bad(field, value, "an object or Map");
}

/** Throws: `key` is none of the map field. */
export function badKey(field: FieldSchema, key: unknown): never {
  bad(field, key, `keys of ${field.keyType}`);
}

/** A map key in the form its type is written in; keys of objects are strings. */
export function toKey(field: FieldSchema, key: unknown): unknown {
  const type = field.keyType!;
  if (type === "string") return typeof key === "string" ? key : badKey(field, key);
  if (type === "bool") {
    if (key === "true" || key === true) return true;
    return key === "false" || key === false ? false : badKey(field, key);
  }
  const value = typeof key === "string" ? integerOf(key) : key;
  const signed = SIGNED.has(type);
  const long = longOf(value, signed);
  if (long === undefined) return badKey(field, key);
  if (isBigInt(type)) return long;
  const number = Number(long);
  return (signed ? number | 0 : number >>> 0) === number ? number : badKey(field, key);
}

/** The integer that `text` says; undefined where it says none. */
function integerOf(text: string): number | bigint | undefined {
  const number = Number(text);
  if (Number.isSafeInteger(number) && String(number) === text) return number;
  return /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined;
}
