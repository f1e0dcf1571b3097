// From linked declarations to our schema: names, presence, packing and defaults decided once.

import { hasPresence, isPackable } from "./language/features.ts";
import type { EnumNode, FieldNode, MessageNode } from "./language/nodes.ts";
import {
  type EnumSchema,
  type FieldSchema,
  type FieldType,
  jsonNameOf,
  type Longs,
  type MessageSchema,
} from "./schema.ts";
import { camelCase } from "./service.ts";

/** Builds schemas; asking twice for a type gives the same schema. */
export class SchemaBuilder {
  /** `longs`: what 64-bit integers are where no `jstype` says it; bigints, where this does not either. */
  constructor(private readonly longs?: Longs) {}

  readonly #messages = new Map<MessageNode, MessageSchema>();
  readonly #enums = new Map<EnumNode, EnumSchema>();

  /** The schema of a message type, with those of all types it refers to. */
  message(type: MessageNode): MessageSchema {
    const known = this.#messages.get(type);
    if (known !== undefined) return known;
    const pending = [type];
    const schema = this.#empty(type);
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) this.#fill(next, pending);
    return schema;
  }

  /** The schema of an enum. */
  enum(type: EnumNode): EnumSchema {
    const known = this.#enums.get(type);
    if (known !== undefined) return known;
    const numbers = new Map(type.values.map(({ name, number }) => [name, number]));
    const names = new Map<number, string>();
    for (const [name, number] of numbers) if (!names.has(number)) names.set(number, name);
    const first = type.values[0]!.number;
    const closed = type.features.enum_type === "CLOSED";
    const schema = { fullName: type.fullName, numbers, names, first, closed };
    this.#enums.set(type, schema);
    return schema;
  }

  /** The schema of a message whose only field is an extension, as `value`. */
  extension(field: FieldNode): MessageSchema {
    const schema: MessageSchema = { fullName: field.fullName, fields: [], oneofs: [], usedAsGroup: false };
    const names = new Map([[field.name, "value"]]);
    schema.fields.push(this.#field(field, names, (target) => this.message(target)));
    return schema;
  }

  #empty(type: MessageNode): MessageSchema {
    const schema: MessageSchema = { fullName: type.fullName, fields: [], oneofs: [], usedAsGroup: false };
    this.#messages.set(type, schema);
    return schema;
  }

  /** Fills in the fields of a schema. Message types met for the first time are added to `pending`. */
  #fill(type: MessageNode, pending: MessageNode[]): void {
    const schema = this.#messages.get(type)!;
    const names = propertyNames(type);
    const nested = (target: MessageNode) => {
      const known = this.#messages.get(target);
      if (known !== undefined) return known;
      pending.push(target);
      return this.#empty(target);
    };
    for (const field of type.fields) schema.fields.push(this.#field(field, names, nested));
    schema.fields.sort((a, b) => a.number - b.number);
    for (const oneof of type.oneofs) schema.oneofs.push(names.get(oneof.name)!);
  }

  /** Messages of protobuf's own are what the library's functions take, whatever others are. */
  #longsOf({ type, settings, file }: FieldNode): Longs | undefined {
    if (type === undefined || !type.endsWith("64")) return undefined;
    const jsType = settings.get("jstype");
    if (jsType === "JS_STRING") return "string";
    if (jsType === "JS_NUMBER") return "number";
    return file.path.startsWith("google/protobuf/") ? undefined : this.longs;
  }

  #field(
    field: FieldNode,
    names: ReadonlyMap<string, string>,
    nested: (target: MessageNode) => MessageSchema,
  ): FieldSchema {
    const { entry } = field;
    const value = entry === undefined ? field : entry.fields[1]!;
    const messageType = value.target?.kind === "message" ? nested(value.target) : undefined;
    const enumType = value.target?.kind === "enum" ? this.enum(value.target) : undefined;
    const delimited = messageType !== undefined && entry === undefined &&
      field.features.message_encoding === "DELIMITED";
    if (delimited) messageType.usedAsGroup = true;
    const shape = entry !== undefined ? "map" : field.label === "repeated" ? "repeated" : "singular";
    const longs = this.#longsOf(value);
    const lenient = field.features.utf8_validation === "NONE" &&
      [value, ...(entry?.fields ?? [])].some(isString);
    const required = field.features.field_presence === "LEGACY_REQUIRED" && shape === "singular" &&
      field.oneof === undefined;
    return {
      name: names.get(field.name)!,
      fullName: field.fullName,
      jsonName: field.jsonName ?? jsonNameOf(field.name),
      number: field.number,
      type: value.type === "group" ? "message" : value.type as FieldType,
      shape,
      presence: required ? "required" : hasPresence(field) ? "explicit" : "implicit",
      packed: isPackable(field) && field.features.repeated_field_encoding === "PACKED",
      delimited,
      oneof: field.oneof && names.get(field.oneof.name)!,
      keyType: entry === undefined ? undefined : entry.fields[0]!.type as FieldSchema["keyType"],
      enumType,
      messageType,
      ...(lenient ? { lenient } : {}),
      ...(longs === undefined ? {} : { longs }),
      explicitDefault: field.oneof === undefined ? inForm(field.defaultValue, longs, enumType) : undefined,
    };
  }
}

function isString({ type }: FieldNode): boolean {
  return type === "string";
}

/** A declared default as messages have it: of an enum value with several names the first. */
function inForm(value: unknown, longs: Longs | undefined, enumType: EnumSchema | undefined): unknown {
  if (enumType !== undefined) return enumType.names.get(enumType.numbers.get(value as string)!);
  if (typeof value !== "bigint" || longs === undefined) return value;
  return longs === "number" ? Number(value) : String(value);
}

/**
 * Property names by original names, of fields and oneofs together. Where two would be the same, the one that is
 * written so in the .proto file has it, else the first; the others keep their original name.
 */
function propertyNames({ fields, oneofs }: MessageNode): Map<string, string> {
  const originals = [...fields, ...oneofs].map(({ name }) => name);
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
