// Names and values of metadata, checked and made fields: what an application sends again and again is checked once.

import { binaryField, Field, type FieldName, fieldName, isReserved, PRINTABLE } from "../../transport/mod.ts";
import { describe } from "../options.ts";

/** Text, or octets under a name that ends in "-bin". */
export type MetadataValue = string | Uint8Array;

/** Spellings of names that are kept; where there are more, they are collected anew. */
const MAX_NAMES = 1_024;

/** Shorter values are checked faster than they are looked for. */
const LONG_UNITS = 256;
/** Long values that are kept: credentials, which come with every call. */
const MAX_VALUES = 256;
/** Units of all of them. */
const MAX_VALUE_UNITS = 262_144;
/** Values in a row that were new, and only one in sixteen is looked for. */
const FUTILE_MISSES = 512;

let names = new Map<string, FieldName>();

/**
 * The name of `given`, which is in any case.
 *
 * @throws {TypeError} for a name that cannot be sent
 */
export function checkedName(given: string): FieldName {
  return names.get(given) ?? checkName(given);
}

/**
 * The field `given` with `value`.
 *
 * @throws {TypeError} for a value that cannot be sent
 */
export function checkedField(given: string, name: FieldName, value: MetadataValue): Field {
  if (name.isBinary ? !(value instanceof Uint8Array) : typeof value !== "string") {
    const wanted = name.isBinary
      ? "a Uint8Array, for the name ends in -bin"
      : 'a string; binary values need a name in "-bin"';
    const found = typeof value === "string" ? "a string" : describe(value); // which may be a token
    throw new TypeError(`Cannot set metadata ${JSON.stringify(given)}: found ${found}, expected ${wanted}`);
  }
  if (typeof value !== "string") return binaryField(name, value);
  if (value.length >= LONG_UNITS) return longField(given, name, value);
  return Field.of(name, checkedText(given, value), PRINTABLE);
}

/** `given`, a name in any case. Throws TypeError where it is no string. */
export function lowerCase(given: unknown): string {
  if (typeof given === "string") return given.toLowerCase();
  throw new TypeError(`Cannot use ${describe(given)} as a metadata name: give a string`);
}

function checkName(given: string): FieldName {
  const key = lowerCase(given);
  if (!/^[0-9A-Za-z_.-]+$/.test(given)) { // not the key: the Kelvin sign's lower case is an ASCII "k"
    throw new TypeError(
      `Cannot use ${JSON.stringify(given)} as a metadata name: letters, digits, "_", "-" and "." only`,
    );
  }
  if (isReserved(key)) {
    throw new TypeError(`Cannot use ${JSON.stringify(given)} as a metadata name: it is reserved`);
  }
  const name = fieldName(key);
  if (names.size >= MAX_NAMES) names = new Map();
  names.set(given, name);
  return name;
}

const SPACE = 0x20;

function checkedText(given: string, value: string): string {
  if (!/^[ -~]*$/.test(value)) {
    const wrong = JSON.stringify(/[^ -~]/.exec(value)![0]); // and not the value: it may be a token
    throw new TypeError(`Cannot set metadata ${JSON.stringify(given)}: ${wrong} is not printable ASCII`);
  }
  const { length } = value;
  if (value.charCodeAt(0) === SPACE || value.charCodeAt(length - 1) === SPACE) return value.trim();
  return value;
}

let values = new Map<string, Field>();
let units = 0;
let misses = 0;
let asked = 0;

function longField(given: string, name: FieldName, value: string): Field {
  const isFutile = misses > FUTILE_MISSES && (++asked & 15) !== 0;
  const known = isFutile ? undefined : values.get(value);
  if (known?.name === name) {
    misses = 0;
    return known;
  }
  const field = Field.of(name, checkedText(given, value), PRINTABLE);
  if (isFutile) return field;
  misses++;
  if (values.size >= MAX_VALUES || units + value.length > MAX_VALUE_UNITS) {
    values = new Map();
    units = 0;
  }
  values.set(value, field);
  units += value.length;
  return field;
}
