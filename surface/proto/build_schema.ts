// From protobufjs's reflection objects to our schema: names, presence, packing and defaults decided once.

import protobuf from "protobufjs";
import { ProtoError } from "./errors.ts";
import type { EnumSchema, FieldSchema, FieldType, MessageSchema, ScalarType } from "./schema.ts";
import { isBigInt, WireType, wireTypeOf } from "./schema.ts";
import { camelCase } from "./service.ts";

/** A tag has 32 bits, three of which are the wire type. */
const MAX_FIELD_NUMBER = 0x1fff_ffff;

/** Builds schemas of one root; asking twice for a type gives the same schema. */
export class SchemaBuilder {
  readonly #messages = new Map<protobuf.Type, MessageSchema>();
  readonly #enums = new Map<protobuf.Enum, EnumSchema>();

  /** The schema of a message type, with those of all types it refers to. */
  message(type: protobuf.Type): MessageSchema {
    const known = this.#messages.get(type);
    if (known !== undefined) return known;
    const schema: MessageSchema = {
      fullName: bare(type.fullName),
      fields: [],
      oneofs: [],
      usedAsGroup: false,
    };
    this.#messages.set(type, schema);
    const names = propertyNames(type);
    const oneofs = new Set<string>();
    const fields = type.fieldsArray.filter((field) => field.declaringField === null);
    for (const field of fields) {
      const oneof = realOneof(field);
      if (oneof !== undefined) oneofs.add(names.get(oneof.name)!);
      schema.fields.push(this.#field(field, names, oneof && names.get(oneof.name)!));
    }
    schema.fields.sort((a, b) => a.number - b.number);
    schema.oneofs.push(...oneofs);
    return schema;
  }

  /** The schema of an enum. */
  enum(type: protobuf.Enum): EnumSchema {
    const known = this.#enums.get(type);
    if (known !== undefined) return known;
    const numbers = new Map(Object.entries(type.values));
    for (const [name, number] of numbers) {
      if ((number | 0) === number) continue;
      throw new ProtoError(
        `Cannot use the value ${name} of ${bare(type.fullName)}: ${number} is above 32 bits`,
      );
    }
    const names = new Map<number, string>();
    for (const [name, number] of numbers) if (!names.has(number)) names.set(number, name);
    const first = numbers.values().next().value ?? 0;
    const schema = { fullName: bare(type.fullName), numbers, names, first };
    this.#enums.set(type, schema);
    return schema;
  }

  #field(field: protobuf.Field, names: Map<string, string>, oneof: string | undefined): FieldSchema {
    if (!(field.id >= 1 && field.id <= MAX_FIELD_NUMBER)) {
      throw new ProtoError(
        `Cannot use the number of ${bare(field.fullName)}: found ${field.id}, not 1 to ${MAX_FIELD_NUMBER}`,
      );
    }
    const target = field.resolvedType;
    const messageType = target instanceof protobuf.Type ? this.message(target) : undefined;
    const enumType = target instanceof protobuf.Enum ? this.enum(target) : undefined;
    const type: FieldType = messageType ? "message" : enumType ? "enum" : field.type as ScalarType;
    const shape = field.map ? "map" : field.repeated ? "repeated" : "singular";
    const delimited = messageType !== undefined && !field.map && field.delimited;
    if (delimited) messageType.usedAsGroup = true;
    return {
      name: names.get(field.name)!,
      fullName: bare(field.fullName),
      number: field.id,
      type,
      shape,
      presence: field.required ? "required" : messageType || field.hasPresence ? "explicit" : "implicit",
      packed: shape === "repeated" && field.packed && wireTypeOf(type) !== WireType.DELIMITED,
      delimited,
      oneof,
      keyType: field.map ? (field as unknown as protobuf.MapField).keyType as ScalarType : undefined,
      enumType,
      messageType,
      explicitDefault: shape === "singular" && oneof === undefined ? defaultOf(field, type) : undefined,
    };
  }
}

/** `fullName` without protobufjs's leading dot. */
export function bare(fullName: string): string {
  return fullName.startsWith(".") ? fullName.slice(1) : fullName;
}

/** The oneof a field is in, unless it is the synthetic one of `optional` in proto3. */
function realOneof(field: protobuf.Field): protobuf.OneOf | undefined {
  if (field.partOf === null || field.options?.["proto3_optional"] === true) return undefined;
  return field.partOf;
}

/**
 * Property names by original names, of fields and oneofs together. Where two would be the same, the one that is
 * written so in the .proto file has it, else the first; the others keep their original name.
 */
function propertyNames(type: protobuf.Type): Map<string, string> {
  const fields = type.fieldsArray.filter((field) => field.declaringField === null);
  const oneofs = new Set(fields.map(realOneof).filter((oneof) => oneof !== undefined));
  const originals = [...fields.map((field) => field.name), ...[...oneofs].map((oneof) => oneof.name)];
  const taken = new Set(originals.filter((name) => camelCase(name) === name));
  const names = new Map<string, string>();
  for (const original of originals) {
    const camel = camelCase(original);
    const free = camel === original || (camel !== "" && !taken.has(camel));
    names.set(original, free ? camel : original);
    taken.add(camel);
  }
  return names;
}

/** proto2's `[default = ...]` as a decoded value. */
function defaultOf(field: protobuf.Field, type: FieldType): unknown {
  const value = field.options?.["default"];
  if (value === undefined || value === null || type === "message") return undefined;
  if (type === "enum") {
    const numbers = (field.resolvedType as protobuf.Enum).values;
    if (typeof value === "string" && Object.hasOwn(numbers, value)) return value;
    throw badDefault(field, value);
  }
  if (isBigInt(type)) return bigintDefault(type, value);
  if (!fits(type, value)) throw badDefault(field, value);
  return type === "bytes" ? unescapeBytes(String(value)) : value;
}

/** The parser takes any value for any type. */
function fits(type: FieldType, value: unknown): boolean {
  switch (type) {
    case "bool":
      return typeof value === "boolean";
    case "string":
    case "bytes":
      return typeof value === "string";
    case "float":
    case "double":
      return typeof value === "number";
    case "uint32":
    case "fixed32":
      return typeof value === "number" && value >>> 0 === value;
    default:
      return typeof value === "number" && (value | 0) === value;
  }
}

function badDefault(field: protobuf.Field, value: unknown): ProtoError {
  return new ProtoError(`Cannot use the default of ${bare(field.fullName)}: found ${JSON.stringify(value)}`);
}

function bigintDefault(type: FieldType, value: unknown): bigint {
  const [least, most] = type === "uint64" || type === "fixed64"
    ? [0n, 0xffffffffffffffffn]
    : [-0x8000000000000000n, 0x7fffffffffffffffn];
  const exact = BigInt(value as number | string);
  return exact < least ? least : exact > most ? most : exact;
}

/** Bytes of a default: the parser has resolved escapes into characters of one byte each, or of UTF-8. */
function unescapeBytes(text: string): Uint8Array {
  // deno-lint-ignore no-control-regex
  return /^[\x00-\xff]*$/.test(text)
    ? Uint8Array.from(text, (character) => character.charCodeAt(0))
    : new TextEncoder().encode(text);
}
