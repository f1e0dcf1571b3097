// The types of fields, each as emitted code has it and as the interpreter does: defaults, checks, helpers.

import { FLOAT_BOUND } from "../encode_values.ts";
import type { FieldSchema, FieldType, Longs } from "../schema.ts";

/** What coding a value of one type takes. */
export interface TypeRow {
  /** The default of an absent field, as code. */
  readonly zero: string;
  /** The same as a value. */
  readonly zeroValue: unknown;
  /** Code that is true where `v` is no value of the type; "" where a conversion decides. */
  readonly refusal: string;
  /** The same as a function. */
  readonly refuses: (v: unknown) => boolean;
  /** Code that is true where `v` is not the default, and so is sent. */
  readonly present: string;
  /** The same as a function. */
  readonly isPresent: (v: unknown) => boolean;
  /** Helper that reads packed values; "" where they are read one by one. */
  readonly readMany: string;
  /** Helper that writes packed values; "" where they are written one by one. */
  readonly writeMany: string;
  /** A typed array that holds such values, by name and as a class. */
  readonly typed: string;
}

const row = (
  [zero, zeroValue]: [string, unknown],
  [refusal, refuses]: [string, (v: unknown) => boolean],
  [present, isPresent]: [string, (v: unknown) => boolean],
  readMany = "",
  writeMany = "",
  typed = "",
): TypeRow => ({ zero, zeroValue, refusal, refuses, present, isPresent, readMany, writeMany, typed });

const ZERO: [string, unknown] = ["0", 0];
const LONG_ZERO: [string, unknown] = ["0n", 0n];

const SIGNED: [string, (v: unknown) => boolean] = [
  'typeof v !== "number" || (v | 0) !== v',
  (v) => typeof v !== "number" || (v | 0) !== v,
];
const UNSIGNED: [string, (v: unknown) => boolean] = [
  'typeof v !== "number" || (v >>> 0) !== v',
  (v) => typeof v !== "number" || (v >>> 0) !== v,
];
const CONVERTED: [string, (v: unknown) => boolean] = ["", () => false];

const NOT_ZERO: [string, (v: unknown) => boolean] = ["v !== 0", (v) => v !== 0];
const NOT_LONG_ZERO: [string, (v: unknown) => boolean] = ["v !== 0n && v !== 0", (v) => v !== 0n && v !== 0];
/** -0 is no default. */
const NOT_REAL_ZERO: [string, (v: unknown) => boolean] = [
  "(v !== 0 || Object.is(v, -0))",
  (v) => v !== 0 || Object.is(v, -0),
];
/** What is seen only once the value is converted, or is no default at all. */
const ALWAYS: [string, (v: unknown) => boolean] = ["true", () => true];

/** All types. */
export const TYPES: Readonly<Record<FieldType, TypeRow>> = {
  int32: row(ZERO, SIGNED, NOT_ZERO, "readInt32s", "writeInt32s", "Int32Array"),
  uint32: row(ZERO, UNSIGNED, NOT_ZERO, "readUint32s", "writeUint32s", "Uint32Array"),
  sint32: row(ZERO, SIGNED, NOT_ZERO, "readSint32s", "writeSint32s", "Int32Array"),
  fixed32: row(ZERO, UNSIGNED, NOT_ZERO, "readFixed32s", "writeFixed32s", "Uint32Array"),
  sfixed32: row(ZERO, SIGNED, NOT_ZERO, "readSfixed32s", "writeSfixed32s", "Int32Array"),
  int64: row(LONG_ZERO, CONVERTED, NOT_LONG_ZERO, "readInt64s", "", "BigInt64Array"),
  uint64: row(LONG_ZERO, CONVERTED, NOT_LONG_ZERO, "readUint64s", "", "BigUint64Array"),
  sint64: row(LONG_ZERO, CONVERTED, NOT_LONG_ZERO, "readSint64s", "", "BigInt64Array"),
  fixed64: row(LONG_ZERO, CONVERTED, NOT_LONG_ZERO, "readFixed64s", "", "BigUint64Array"),
  sfixed64: row(LONG_ZERO, CONVERTED, NOT_LONG_ZERO, "readSfixed64s", "", "BigInt64Array"),
  float: row(
    ZERO,
    [
      'typeof v !== "number" || (Math.abs(v) >= FLOAT_BOUND && v - v === 0)',
      (v) => typeof v !== "number" || (Math.abs(v) >= FLOAT_BOUND && v - v === 0),
    ],
    NOT_REAL_ZERO,
    "readFloats",
    "writeFloats",
    "Float32Array",
  ),
  double: row(
    ZERO,
    ['typeof v !== "number"', (v) => typeof v !== "number"],
    NOT_REAL_ZERO,
    "readDoubles",
    "writeDoubles",
    "Float64Array",
  ),
  bool: row(
    ["false", false],
    ['typeof v !== "boolean"', (v) => typeof v !== "boolean"],
    ["v !== false", (v) => v !== false],
    "readBools",
    "writeBools",
  ),
  string: row(
    ['""', ""],
    ['typeof v !== "string"', (v) => typeof v !== "string"],
    ['v !== ""', (v) => v !== ""],
  ),
  bytes: row(
    ["EMPTY", new Uint8Array(0)],
    ["!(v instanceof Uint8Array)", (v) => !(v instanceof Uint8Array)],
    ALWAYS,
  ),
  enum: row(ZERO, CONVERTED, ALWAYS),
  message: row(
    ["undefined", undefined],
    ['typeof v !== "object" || v === null', (v) => typeof v !== "object" || v === null],
    ALWAYS,
  ),
};

/** What differs for 64-bit integers that are no bigints. */
const LONGS: Readonly<Record<Longs, Partial<TypeRow>>> = {
  number: { zero: "0", zeroValue: 0, readMany: "" },
  string: {
    zero: '"0"',
    zeroValue: "0",
    readMany: "",
    present: 'v !== "0" && v !== 0n && v !== 0',
    isPresent: (v) => v !== "0" && v !== 0n && v !== 0,
  },
};

/** What coding values of a field takes. */
export function rowOf({ type, longs }: FieldSchema): TypeRow {
  return longs === undefined ? TYPES[type] : { ...TYPES[type], ...LONGS[longs] };
}
