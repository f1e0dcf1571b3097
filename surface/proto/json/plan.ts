// What JSON of a message type takes, decided once: the keys its fields are known by, and what an empty message is.

import { prototypeOf, put } from "../defaults.ts";
import { elementsOf } from "../elements.ts";
import { type FieldSchema, type FieldType, isBigInt, type MessageSchema } from "../schema.ts";
import { hasOwnForm } from "./own_form.ts";

/** What values of a field are. */
export const Kind = {
  MESSAGE: 0,
  ENUM: 1,
  STRING: 2,
  BOOL: 3,
  BYTES: 4,
  SIGNED: 5,
  UNSIGNED: 6,
  FLOAT: 7,
  DOUBLE: 8,
  LONG: 9,
  UNSIGNED_LONG: 10,
} as const;

/** One of them. */
export type Kind = typeof Kind[keyof typeof Kind];

const KINDS: Readonly<Record<FieldType, Kind>> = {
  message: Kind.MESSAGE,
  enum: Kind.ENUM,
  string: Kind.STRING,
  bool: Kind.BOOL,
  bytes: Kind.BYTES,
  int32: Kind.SIGNED,
  sint32: Kind.SIGNED,
  sfixed32: Kind.SIGNED,
  uint32: Kind.UNSIGNED,
  fixed32: Kind.UNSIGNED,
  float: Kind.FLOAT,
  double: Kind.DOUBLE,
  int64: Kind.LONG,
  sint64: Kind.LONG,
  sfixed64: Kind.LONG,
  uint64: Kind.UNSIGNED_LONG,
  fixed64: Kind.UNSIGNED_LONG,
};

/** One field as JSON has it. */
export interface JsonField {
  readonly schema: FieldSchema;
  readonly name: string;
  /** Its key in JSON. */
  jsonName: string;
  /** As the .proto file writes it. */
  readonly originalName: string;
  /** Whether these two differ and are both this field's: then it may come under both. */
  aliased: boolean;
  /** Whether only an own property counts: decoded messages inherit declared defaults, all objects inherit some names. */
  readonly own: boolean;
  /** Whether it has one value, and whether that is left out where it is the default. */
  readonly singular: boolean;
  readonly implicit: boolean;
  /** Place of its oneof among those of the message; -1 where it is in none. */
  readonly oneof: number;
  /** Whether null is a value of it, where it is singular. */
  readonly takesNull: boolean;
  /** What its values are, as a number to switch over. */
  readonly kind: Kind;
  /** The default that is left out where the field has no presence; of bytes none is the same. */
  readonly zero: unknown;
  /** The plan of its message type, once it is asked for. */
  nested: JsonPlan | undefined;
}

/** How a message type is read from JSON and written as JSON. */
export interface JsonPlan {
  readonly schema: MessageSchema;
  readonly fields: readonly JsonField[];
  /** Fields by their JSON names and by their original ones. */
  readonly byKey: ReadonlyMap<string, JsonField>;
  /** Keys that a message may have, in the order in which decoded messages have them. */
  readonly keys: readonly string[];
  /** The same as a set. */
  readonly known: ReadonlySet<string>;
  readonly lists: readonly JsonField[];
  readonly maps: readonly JsonField[];
  readonly required: readonly JsonField[];
  /** What one message counts; see `elements.ts`. */
  readonly elements: number;
  /** A decoded message without any field, but for its lists and maps. */
  readonly empty: Readonly<Record<string, unknown>>;
  /** The prototype of decoded messages; undefined where it is that of all objects. */
  readonly prototype: object | undefined;
  /** Whether its JSON is something else than an object of its fields. */
  readonly ownForm: boolean;
}

const plans = new WeakMap<MessageSchema, JsonPlan>();

/** The plan of `schema`. */
export function jsonPlanOf(schema: MessageSchema): JsonPlan {
  let plan = plans.get(schema);
  if (plan === undefined) plans.set(schema, plan = makePlan(schema));
  return plan;
}

/** The plan of the message type of a field. */
export function nestedPlan(field: JsonField): JsonPlan {
  return field.nested ??= jsonPlanOf(field.schema.messageType!);
}

function makePlan(schema: MessageSchema): JsonPlan {
  const { oneofs } = schema;
  const fields = schema.fields.map((field) => makeField(field, oneofs));
  const byKey = new Map<string, JsonField>();
  // A JSON name that is another field's original name is the JSON name.
  for (const field of fields) byKey.set(field.originalName, field);
  for (const field of fields) byKey.set(field.jsonName, field);
  // Of fields that proto2 may have with one JSON name, that one has it that is called so, and others are written as in the file.
  for (const field of fields) if (field.jsonName === field.originalName) byKey.set(field.jsonName, field);
  for (const field of fields) {
    if (byKey.get(field.jsonName) !== field) field.jsonName = field.originalName;
    const { jsonName, originalName } = field;
    field.aliased = jsonName !== originalName && byKey.get(jsonName) === field &&
      byKey.get(originalName) === field;
  }
  const withDefault = fields.filter(({ schema }) => schema.explicitDefault !== undefined);
  const keys = fields.filter((field) => !withDefault.includes(field)).map(({ name }) => name).concat(oneofs);
  return {
    schema,
    fields,
    byKey,
    keys,
    known: new Set([...keys, ...withDefault.map(({ name }) => name)]),
    lists: fields.filter(({ schema }) => schema.shape === "repeated"),
    maps: fields.filter(({ schema }) => schema.shape === "map"),
    required: fields.filter(({ schema }) => schema.presence === "required" && schema.shape === "singular"),
    elements: elementsOf(schema),
    empty: emptyOf(fields, keys),
    prototype: withDefault.length === 0 ? undefined : prototypeOf(schema),
    ownForm: hasOwnForm(schema),
  };
}

function makeField(field: FieldSchema, oneofs: readonly string[]): JsonField {
  const originalName = field.fullName.slice(field.fullName.lastIndexOf(".") + 1);
  return {
    schema: field,
    name: field.name,
    jsonName: field.jsonName,
    originalName,
    aliased: false,
    own: field.explicitDefault !== undefined || field.name in Object.prototype,
    singular: field.shape === "singular",
    implicit: field.shape === "singular" && field.presence === "implicit",
    oneof: field.oneof === undefined ? -1 : oneofs.indexOf(field.oneof),
    takesNull: field.shape === "singular" &&
      (isValue(field.messageType) ||
        field.enumType?.fullName === "google.protobuf.NullValue"),
    kind: KINDS[field.type],
    zero: field.presence === "implicit" && field.shape === "singular" ? zeroOf(field) : undefined,
    nested: undefined,
  };
}

function isValue(type: MessageSchema | undefined): boolean {
  return type?.fullName === "google.protobuf.Value" && hasOwnForm(type);
}

/** The properties that every decoded message has, in order. */
function emptyOf(fields: readonly JsonField[], keys: readonly string[]): Record<string, unknown> {
  const empty: Record<string, unknown> = {};
  for (const key of keys) put(empty, key, undefined);
  for (const { schema, name } of fields) {
    if (schema.presence === "implicit" && schema.shape === "singular") put(empty, name, zeroOf(schema));
  }
  return empty;
}

/** What an absent field without presence is. */
export function zeroOf({ type, enumType, longs }: FieldSchema): unknown {
  switch (type) {
    case "enum":
      return enumType!.names.get(enumType!.first);
    case "string":
      return "";
    case "bool":
      return false;
    case "bytes":
      return new Uint8Array(0);
    default:
      return isBigInt(type) && longs !== "number" ? longs === undefined ? 0n : "0" : 0;
  }
}
