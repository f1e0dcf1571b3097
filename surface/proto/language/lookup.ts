// Finds fields and enum values by name, and knows the ranges of integers.

import type { EnumNode, EnumValueNode, FieldNode, MessageNode } from "./nodes.ts";

const fields = new WeakMap<MessageNode, ReadonlyMap<string, FieldNode>>();
const values = new WeakMap<EnumNode, ReadonlyMap<string, EnumValueNode>>();

/** The fields of a message by name. */
export function fieldsOf(message: MessageNode): ReadonlyMap<string, FieldNode> {
  let known = fields.get(message);
  if (known === undefined) {
    fields.set(message, known = new Map(message.fields.map((field) => [field.name, field])));
  }
  return known;
}

/** The values of an enum by name. */
export function valuesOf(node: EnumNode): ReadonlyMap<string, EnumValueNode> {
  let known = values.get(node);
  if (known === undefined) {
    values.set(node, known = new Map(node.values.map((value) => [value.name, value])));
  }
  return known;
}

/** The key of a field's value in `OptionValues`. */
export function keyOf(field: FieldNode): string {
  return field.extends === undefined ? field.name : `(${field.fullName})`;
}

const INTEGERS: Readonly<Record<string, [type: string, least: bigint, most: bigint]>> = {
  int32: ["int32", -0x8000_0000n, 0x7fff_ffffn],
  uint32: ["uint32", 0n, 0xffff_ffffn],
  int64: ["int64", -0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn],
  uint64: ["uint64", 0n, 0xffff_ffff_ffff_ffffn],
};

/** The range of an integer type, by what protoc keeps it in. */
export function integerRange(type: string): [type: string, least: bigint, most: bigint] | undefined {
  const unsigned = type.startsWith("u") || type.startsWith("fixed");
  const width = type.endsWith("64") ? "64" : type.endsWith("32") ? "32" : undefined;
  return width === undefined ? undefined : INTEGERS[`${unsigned ? "u" : ""}int${width}`];
}
