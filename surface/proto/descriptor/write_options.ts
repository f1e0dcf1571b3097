// Options as their message's bytes: values that the parser has by name become fields, in ascending order of numbers.

import { hasPresence, isPackable } from "../language/features.ts";
import { bytesOf } from "../language/literals.ts";
import { fieldsOf, valuesOf } from "../language/lookup.ts";
import type { EnumNode, FieldNode, MessageNode, OptionValue, OptionValues } from "../language/nodes.ts";
import type { Source } from "../language/source.ts";
import { Token, Tokenizer } from "../language/tokenizer.ts";
import { type ScalarType, tagOf, WireType, wireTypeOf } from "../schema.ts";
import { PREFIX_BYTES, ROOM_BYTES, Writer } from "../writer.ts";

/** Finds what options name by full name. */
export interface OptionNames {
  /** An extension that the file can see, or that is in what it imports. */
  extension(fullName: string): FieldNode | undefined;
  /** The message of an Any. */
  message(fullName: string): MessageNode | undefined;
}

/** The octets of a string or bytes option: read again from `source`, of a `{ }` value as tokens, of descriptors as such. */
export function octetsOf(value: unknown, source: Source): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return bytesOf(value as string[]);
  const { at } = value as OptionValue & { kind: "string" };
  const tokens = new Tokenizer(source, at);
  const strings: string[] = [];
  for (tokens.next(); tokens.type === Token.STRING; tokens.next()) strings.push(tokens.text);
  return bytesOf(strings);
}

/** Only protoc reads these: it leaves them out of descriptors. Ours of descriptor.proto have no options. */
const OF_SOURCES = new Set([
  "google.protobuf.ExtensionRangeOptions.declaration",
  "google.protobuf.ExtensionRangeOptions.verification",
]);

/** Encodes options of one file. */
export class OptionWriter {
  constructor(private readonly source: Source, private readonly names: OptionNames) {}

  /** `values` as a message of `type`. */
  encode(values: OptionValues, type: MessageNode): Uint8Array {
    const writer = new Writer();
    writer.begin();
    this.#message(values, type, writer);
    return writer.finish().slice(PREFIX_BYTES);
  }

  #message(values: OptionValues, type: MessageNode, writer: Writer): void {
    const fields: [FieldNode, unknown][] = [];
    for (const [key, value] of values) {
      const field = key.startsWith("(") ? this.names.extension(key.slice(1, -1)) : fieldsOf(type).get(key);
      if (field !== undefined && !isOfSources(field)) fields.push([field, value]);
    }
    fields.sort(([a], [b]) => a.number - b.number);
    for (const [field, value] of fields) {
      writer.reserve(ROOM_BYTES);
      if (field.fullName === "google.protobuf.Any.value" && value instanceof Map) {
        this.#any(values, field, writer);
      } else if (field.label !== "repeated") this.#singular(field, value, writer);
      else if (isPackable(field) && field.features.repeated_field_encoding === "PACKED") {
        this.#packed(field, value as unknown[], writer);
      } else for (const one of value as unknown[]) this.#value(field, one, writer);
    }
  }

  #singular(field: FieldNode, value: unknown, writer: Writer): void {
    if (hasPresence(field) || !this.#isZero(field, value)) this.#value(field, value, writer);
  }

  #packed({ number, type, target }: FieldNode, values: unknown[], writer: Writer): void {
    if (values.length === 0) return;
    writer.uint32(tagOf(number, WireType.DELIMITED));
    const mark = writer.openPart();
    for (const value of values) {
      writer.reserve(ROOM_BYTES);
      this.#scalar(type as ScalarType, target, value, writer);
    }
    writer.closePart(mark);
    writer.reserve(ROOM_BYTES);
  }

  #value(field: FieldNode, value: unknown, writer: Writer): void {
    const { number, type, target, features } = field;
    writer.reserve(ROOM_BYTES);
    if (target?.kind !== "message") {
      writer.uint32(tagOf(number, wireTypeOf(type as ScalarType)));
      this.#scalar(type as ScalarType, target, value, writer);
    } else if (features.message_encoding === "DELIMITED" && field.entry === undefined) {
      writer.uint32(tagOf(number, WireType.GROUP_START));
      this.#message(value as OptionValues, target, writer);
      writer.reserve(ROOM_BYTES);
      writer.uint32(tagOf(number, WireType.GROUP_END));
    } else if (field.extends?.settings.get("message_set_wire_format") === true) {
      writer.uint32(tagOf(1, WireType.GROUP_START));
      writer.uint32(tagOf(2, WireType.VARINT));
      writer.uint32(number);
      this.#delimited(3, value as OptionValues, target, writer);
      writer.uint32(tagOf(1, WireType.GROUP_END));
    } else this.#delimited(number, value as OptionValues, target, writer);
  }

  #delimited(number: number, value: OptionValues, type: MessageNode, writer: Writer): void {
    writer.uint32(tagOf(number, WireType.DELIMITED));
    const mark = writer.open();
    this.#message(value, type, writer);
    writer.close(mark);
    writer.reserve(ROOM_BYTES);
  }

  /** The message of an Any that is written out. */
  #any(values: OptionValues, field: FieldNode, writer: Writer): void {
    const url = new TextDecoder().decode(octetsOf(values.get("type_url"), this.source));
    const type = this.names.message(url.slice(url.lastIndexOf("/") + 1));
    const inner = values.get("value") as OptionValues;
    if (type === undefined || inner.size === 0) return;
    writer.uint32(tagOf(field.number, WireType.DELIMITED));
    writer.bytes(this.encode(inner, type));
  }

  #isZero({ type, target }: FieldNode, value: unknown): boolean {
    if (type === "string" || type === "bytes") return octetsOf(value, this.source).length === 0;
    if (target?.kind === "enum") return enumNumber(target, value) === 0;
    return value === false || value === 0n || Object.is(value, 0);
  }

  #scalar(type: ScalarType | "enum", target: FieldNode["target"], value: unknown, writer: Writer): void {
    switch (type) {
      case "string":
      case "bytes":
        return writer.bytes(octetsOf(value, this.source));
      case "bool":
        return writer.bool(value as boolean);
      case "float":
        return writer.float(value as number);
      case "double":
        return writer.double(value as number);
      case "enum":
        return writer.int32(enumNumber(target as EnumNode, value));
      case "int64":
      case "uint64":
      case "sint64":
      case "fixed64":
      case "sfixed64":
        return writer[type](value as bigint);
      default:
        return writer[type](Number(value));
    }
  }
}

function isOfSources(field: FieldNode): boolean {
  return field.settings.get("retention") === "RETENTION_SOURCE" || OF_SOURCES.has(field.fullName);
}

function enumNumber(type: EnumNode, value: unknown): number {
  return typeof value === "number" ? value : valuesOf(type).get(String(value))!.number;
}
