// Messages and enums of descriptors as declarations: oneofs, maps, ranges and values.

import { MOST_NESTED } from "../language/cursor.ts";
import { features } from "../language/features.ts";
import {
  type EnumNode,
  type EnumValueNode,
  type FieldNode,
  type MessageNode,
  NO_OPTIONS,
  NO_SETTINGS,
  type OneofNode,
  type RangeNode,
  type Visibility,
} from "../language/nodes.ts";
import {
  type EnumDescriptor,
  type MessageDescriptor,
  type OneofDescriptor,
  type RangeDescriptor,
  type ValueDescriptor,
  VISIBILITIES,
} from "./descriptor_types.ts";
import type { ReadContext } from "./read_context.ts";
import { type Mutable, readField } from "./read_field.ts";

/** A message in `scope`, with all that is in it. */
export function readMessage(
  read: ReadContext,
  descriptor: MessageDescriptor,
  parent: MessageNode | undefined,
  scope: string,
  depth = 1,
): MessageNode {
  const [name, nameAt] = read.messageName(descriptor.name, scope);
  if (depth > MOST_NESTED) throw read.error(nameAt, "Reached maximum recursion limit for nested messages");
  const message: Mutable<MessageNode> = {
    kind: "message",
    name,
    nameAt,
    file: read.file,
    fullName: "",
    parent,
    isEntry: false,
    visibility: visibilityOf(descriptor.visibility),
    fields: [],
    oneofs: [],
    messages: [],
    enums: [],
    extensions: [],
    extensionRanges: [],
    reservedRanges: [],
    reservedNames: [...descriptor.reservedName ?? []],
    options: NO_OPTIONS,
    settings: NO_SETTINGS,
    features: features(read.file.edition),
  };
  read.options(message, descriptor.options, "MessageOptions");
  message.isEntry = message.settings.get("map_entry") === true;
  if (!message.isEntry) read.checkIdentifier(name, nameAt);
  readParts(read, descriptor, message, read.inside(scope, name), depth);
  return message;
}

function readParts(
  read: ReadContext,
  descriptor: MessageDescriptor,
  message: MessageNode,
  scope: string,
  depth: number,
): void {
  for (const one of descriptor.oneofDecl ?? []) message.oneofs.push(readOneof(read, one, message, scope));
  for (const one of descriptor.field ?? []) message.fields.push(readField(read, one, message, scope, false));
  for (const one of descriptor.nestedType ?? []) {
    message.messages.push(readMessage(read, one, message, scope, depth + 1));
  }
  for (const one of descriptor.enumType ?? []) message.enums.push(readEnum(read, one, message, scope));
  for (const one of descriptor.extension ?? []) {
    message.extensions.push(readField(read, one, message, scope, true));
  }
  for (const one of descriptor.extensionRange ?? []) {
    const range = readRange(one, message.nameAt, 1);
    read.options(range, one.options, "ExtensionRangeOptions");
    message.extensionRanges.push(range);
  }
  for (const one of descriptor.reservedRange ?? []) {
    message.reservedRanges.push(readRange(one, message.nameAt, 1));
  }
  dropSyntheticOneofs(read, message);
  findEntries(read, message, scope);
}

function readOneof(
  read: ReadContext,
  descriptor: OneofDescriptor,
  message: MessageNode,
  scope: string,
): OneofNode {
  const [name, nameAt] = read.name(descriptor.name, scope);
  const oneof: OneofNode = {
    kind: "oneof",
    message,
    name,
    nameAt,
    file: read.file,
    fullName: "",
    fields: [],
    options: NO_OPTIONS,
    settings: NO_SETTINGS,
    features: features(read.file.edition),
  };
  read.options(oneof, descriptor.options, "OneofOptions");
  return oneof;
}

/** `optional` fields of proto3 are alone in a oneof that no text has. */
function dropSyntheticOneofs(read: ReadContext, message: Mutable<MessageNode>): void {
  const synthetic = new Set<OneofNode>();
  for (const field of message.fields as Mutable<FieldNode>[]) {
    if (!field.proto3Optional) continue;
    if (field.oneof?.fields.length !== 1) {
      throw read.error(field.nameAt, "Fields with proto3_optional set must be a member of a one-field oneof");
    }
    synthetic.add(field.oneof);
    field.oneof = undefined;
  }
  if (synthetic.size > 0) message.oneofs = message.oneofs.filter((oneof) => !synthetic.has(oneof));
}

/** Gives maps their entries. Throws ProtoError where a message says that it is an entry, and is not as protobuf makes them. */
function findEntries(read: ReadContext, message: MessageNode, scope: string): void {
  const entries = new Map(
    message.messages.filter(({ isEntry }) => isEntry).map((entry) => [entry.name, entry]),
  );
  if (entries.size === 0) return;
  for (const field of message.fields as Mutable<FieldNode>[]) {
    const path = field.typeName ?? "";
    const name = path.slice(path.lastIndexOf(".") + 1);
    const entry = entries.get(name);
    if (entry === undefined || (path !== name && path !== `.${scope}.${name}`)) continue;
    // Not by its name: proto-loader calls the entry of "counts" "Counts", and protoc "CountsEntry".
    if (field.label !== "repeated" || !isEntry(entry)) {
      throw read.error(
        field.nameAt,
        "map_entry should not be set explicitly. Use map<KeyType, ValueType> instead",
      );
    }
    field.entry = entry;
    field.typeName = undefined;
    entries.delete(name);
  }
  for (const { nameAt } of entries.values()) throw read.error(nameAt, "The entries are those of no map");
}

function isEntry({ fields, messages, enums, extensions, oneofs, extensionRanges }: MessageNode): boolean {
  const [key, value] = fields;
  return fields.length === 2 && key!.name === "key" && key!.number === 1 && key!.label === "optional" &&
    value!.name === "value" && value!.number === 2 && value!.label === "optional" &&
    [messages, enums, extensions, oneofs, extensionRanges].every(({ length }) => length === 0);
}

/** `beyond`: how far the descriptor's end is beyond the last number. */
function readRange({ start = 0, end = 0 }: RangeDescriptor, at: number, beyond: number): RangeNode {
  return { start, end: end - beyond, at, options: NO_OPTIONS };
}

/** An enum in `scope`. */
export function readEnum(
  read: ReadContext,
  descriptor: EnumDescriptor,
  parent: MessageNode | undefined,
  scope: string,
): EnumNode {
  const [name, nameAt] = read.name(descriptor.name, scope);
  const node: EnumNode = {
    kind: "enum",
    name,
    nameAt,
    file: read.file,
    fullName: "",
    parent,
    visibility: visibilityOf(descriptor.visibility),
    values: [],
    reservedRanges: (descriptor.reservedRange ?? []).map((range) => readRange(range, nameAt, 0)),
    reservedNames: [...descriptor.reservedName ?? []],
    options: NO_OPTIONS,
    settings: NO_SETTINGS,
    features: features(read.file.edition),
  };
  read.options(node, descriptor.options, "EnumOptions");
  for (const one of descriptor.value ?? []) node.values.push(readValue(read, one, node, scope));
  return node;
}

function readValue(
  read: ReadContext,
  descriptor: ValueDescriptor,
  parent: EnumNode,
  scope: string,
): EnumValueNode {
  const [name, nameAt] = read.name(descriptor.name, scope);
  const value: EnumValueNode = {
    kind: "value",
    name,
    nameAt,
    file: read.file,
    fullName: "",
    parent,
    number: descriptor.number ?? 0,
    numberAt: nameAt,
    options: NO_OPTIONS,
    settings: NO_SETTINGS,
    features: parent.features,
  };
  read.options(value, descriptor.options, "EnumValueOptions");
  return value;
}

function visibilityOf(visibility: number | undefined): Visibility {
  if (visibility === VISIBILITIES.local) return "local";
  return visibility === VISIBILITIES.export ? "export" : undefined;
}
