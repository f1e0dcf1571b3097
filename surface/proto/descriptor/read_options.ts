// Options from their message's bytes: values by name, in the forms that the parser has them in.

import { keyOf } from "../language/lookup.ts";
import type { EnumNode, FieldNode, FileNode, MessageNode, OptionValues } from "../language/nodes.ts";
import { Reader, RECURSION_LIMIT, WireError } from "../reader.ts";
import { type ScalarType, tagOf, WireType, wireTypeOf } from "../schema.ts";

/** Extensions by number, of each message that is extended. */
export type ExtensionsByNumber = ReadonlyMap<MessageNode, ReadonlyMap<number, FieldNode>>;

/** All extensions that linked `files` declare. */
export function extensionsOf(files: Iterable<FileNode>): ExtensionsByNumber {
  const all = new Map<MessageNode, Map<number, FieldNode>>();
  for (const { declared } of files) {
    for (const node of declared) {
      if (node.kind !== "field" || node.extends === undefined) continue;
      let known = all.get(node.extends);
      if (known === undefined) all.set(node.extends, known = new Map());
      known.set(node.number, node);
    }
  }
  return all;
}

/**
 * What `parts`, which are one message of `type`, set: fields and `extensions`; others are passed over. Strings and bytes
 * are octets. Throws WireError.
 */
export function readOptions(
  parts: readonly Uint8Array[],
  type: MessageNode,
  extensions: ExtensionsByNumber,
): OptionValues {
  const values = new Map<string, unknown>();
  for (const part of parts) new OptionsReader(part, extensions).message(type, values, part.length, 0);
  return values;
}

const fieldsByNumber = new WeakMap<MessageNode, ReadonlyMap<number, FieldNode>>();

function fieldOf(type: MessageNode, number: number): FieldNode | undefined {
  let known = fieldsByNumber.get(type);
  if (known === undefined) {
    fieldsByNumber.set(type, known = new Map(type.fields.map((field) => [field.number, field])));
  }
  return known.get(number);
}

const valueNames = new WeakMap<EnumNode, ReadonlyMap<number, string>>();

/** The first name of a number, as it is written in options; the number where it has none. */
function enumValue(type: EnumNode, number: number): string | number {
  let known = valueNames.get(type);
  if (known === undefined) {
    known = new Map([...type.values].reverse().map(({ name, number }) => [number, name]));
    valueNames.set(type, known);
  }
  return known.get(number) ?? number;
}

class OptionsReader {
  readonly #reader = new Reader();
  #depth = 0;

  constructor(bytes: Uint8Array, private readonly extensions: ExtensionsByNumber) {
    this.#reader.reset(bytes);
  }

  /** Reads up to `end`, or where `group` is not 0 up to that tag. */
  message(type: MessageNode, values: Map<string, unknown>, end: number, group: number): void {
    const reader = this.#reader;
    if (++this.#depth > RECURSION_LIMIT) {
      throw new WireError(`options are nested more than ${RECURSION_LIMIT} deep`, reader.pos);
    }
    while (reader.pos < end) {
      const tag = reader.tag();
      if (group !== 0 && tag === group) {
        this.#depth--;
        return;
      }
      const number = tag >>> 3;
      const field = fieldOf(type, number) ?? this.extensions.get(type)?.get(number);
      if (field === undefined || !this.#field(field, tag, values, end)) this.#skip(tag);
    }
    if (reader.pos > end || group !== 0) throw new WireError("a message ends inside a value", reader.pos);
    this.#depth--;
  }

  #skip(tag: number): void {
    this.#reader.depth = this.#depth;
    this.#reader.skip(tag);
  }

  /** False where the wire type is none of the field's. */
  #field(field: FieldNode, tag: number, values: Map<string, unknown>, end: number): boolean {
    const { type, target } = field;
    const wireType = tag & 7;
    if (target?.kind === "message") {
      if (wireType !== WireType.DELIMITED && wireType !== WireType.GROUP_START) return false;
      this.#nested(field, target, wireType === WireType.DELIMITED ? 0 : tagOf(field.number, 4), values, end);
      return true;
    }
    if (wireType === wireTypeOf(type as ScalarType)) {
      this.#add(field, this.#scalar(field), values);
      return true;
    }
    const scalar = type !== "string" && type !== "bytes";
    if (field.label !== "repeated" || !scalar || wireType !== WireType.DELIMITED) return false;
    const last = this.#reader.delimited();
    while (this.#reader.pos < last) this.#add(field, this.#scalar(field), values);
    if (this.#reader.pos > last) throw new WireError("a packed list ends inside a value", last);
    return true;
  }

  #nested(
    field: FieldNode,
    type: MessageNode,
    group: number,
    values: Map<string, unknown>,
    outerEnd: number,
  ): void {
    const end = group === 0 ? this.#reader.delimited() : outerEnd;
    if (end > outerEnd) throw new WireError("a length is more than the bytes left", this.#reader.pos);
    const known = field.label === "repeated" ? undefined : values.get(keyOf(field));
    const inner = (known ?? new Map()) as Map<string, unknown>;
    if (known === undefined) this.#add(field, inner, values);
    this.message(type, inner, end, group);
  }

  #add(field: FieldNode, value: unknown, values: Map<string, unknown>): void {
    const key = keyOf(field);
    if (field.label !== "repeated") {
      field.oneof?.fields.forEach((other) => other !== field && values.delete(keyOf(other)));
      values.set(key, value);
      return;
    }
    const list = values.get(key) as unknown[] | undefined;
    if (list === undefined) values.set(key, [value]);
    else list.push(value);
  }

  #scalar({ type, target }: FieldNode): unknown {
    const reader = this.#reader;
    switch (type as ScalarType | "enum") {
      case "enum":
        return enumValue(target as EnumNode, reader.int32());
      case "string":
        return reader.bytes();
      case "int32":
      case "uint32":
      case "sint32":
      case "fixed32":
      case "sfixed32":
        return BigInt(reader[type as "int32"]());
      default:
        return reader[type as "bool" | "double" | "int64" | "bytes"]();
    }
  }
}
