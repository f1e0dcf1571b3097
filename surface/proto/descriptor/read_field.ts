// Fields and extensions of descriptors as declarations.

import { features } from "../language/features.ts";
import {
  Edition,
  type FieldNode,
  type MessageNode,
  NO_OPTIONS,
  NO_SETTINGS,
  type OneofNode,
} from "../language/nodes.ts";
import { jsonNameOf } from "../schema.ts";
import { defaultFromText } from "./default_text.ts";
import { type FieldDescriptor, LABELS, TYPES } from "./descriptor_types.ts";
import type { ReadContext } from "./read_context.ts";

/** Declarations while they are made. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

type FieldType = keyof typeof TYPES;

const TYPE_NAMES = new Map(
  Object.entries(TYPES).map(([name, number]) => [number as number, name as FieldType]),
);
const LABEL_NAMES = new Map(
  Object.entries(LABELS).map(([name, number]) => [number as number, name as FieldNode["label"]]),
);

/** A field of `parent`, or an extension that is declared in it or in the file. */
export function readField(
  read: ReadContext,
  descriptor: FieldDescriptor,
  parent: MessageNode | undefined,
  scope: string,
  isExtension: boolean,
): FieldNode {
  const [name, nameAt] = read.name(descriptor.name, scope);
  const fail = (message: string): never => {
    throw read.error(nameAt, message);
  };
  const { file } = read;
  const { extendee, jsonName, defaultValue, typeName } = descriptor;
  if (isExtension !== (extendee !== undefined)) {
    fail(
      isExtension ? "The extension lacks what it extends" : "A field that extends a message is no extension",
    );
  }
  const type = typeOf(descriptor, fail);
  const isDeclared = type === "message" || type === "enum";
  if (type === "group" && file.edition >= Edition.E2023) fail("Group types are not allowed under editions");
  const field: FieldNode = {
    kind: "field",
    name,
    nameAt,
    file,
    fullName: "",
    parent,
    label: labelOf(descriptor, file.edition, fail),
    proto3Optional: descriptor.proto3Optional === true,
    oneof: oneofOf(descriptor, isExtension ? undefined : parent, fail),
    typeAt: nameAt,
    type: isDeclared ? undefined : type,
    typeName,
    target: undefined,
    number: descriptor.number ?? 0,
    numberAt: nameAt,
    defaultValue: undefined,
    defaultAt: nameAt,
    jsonName: jsonName === jsonNameOf(name) ? undefined : jsonName,
    jsonNameAt: nameAt,
    extendee,
    extendeeAt: nameAt,
    extends: undefined,
    entry: undefined,
    options: NO_OPTIONS,
    settings: NO_SETTINGS,
    features: features(file.edition),
  };
  if (field.proto3Optional && file.edition !== Edition.PROTO3) {
    fail("proto3_optional is set on a field of a file that is not proto3");
  }
  if (defaultValue !== undefined) {
    field.defaultValue = defaultFromText(defaultValue, field.type);
    if (field.defaultValue === undefined) fail(`Couldn't parse default value "${defaultValue}"`);
  }
  if (isDeclared) read.expectKind(field, type);
  field.oneof?.fields.push(field);
  read.options(field, descriptor.options, "FieldOptions");
  return field;
}

type Fail = (message: string) => never;

/** The type; undefined where only its name is given. */
function typeOf({ type, typeName }: FieldDescriptor, fail: Fail): FieldType | undefined {
  if (type === undefined) return typeName ? undefined : fail("The field has no type");
  const name = TYPE_NAMES.get(type) ?? fail(`There is no type ${type}`);
  const isNamed = name === "message" || name === "enum" || name === "group";
  if (isNamed && !typeName) fail("Field with message or enum type missing type_name");
  if (!isNamed && typeName) fail("Field with primitive type has type_name");
  return name;
}

function labelOf({ label }: FieldDescriptor, edition: number, fail: Fail): FieldNode["label"] {
  if (label === undefined) return "optional";
  const name = LABEL_NAMES.get(label) ?? fail(`There is no label ${label}`);
  if (name === "required" && edition >= Edition.E2023) {
    fail("Required label is not allowed under editions.  Use the feature field_presence = LEGACY_REQUIRED");
  }
  return name;
}

function oneofOf(
  { oneofIndex, label }: FieldDescriptor,
  message: MessageNode | undefined,
  fail: Fail,
): OneofNode | undefined {
  if (oneofIndex === undefined) return undefined;
  const oneof = message?.oneofs[oneofIndex] ??
    fail(
      message === undefined
        ? "Extensions cannot be in a oneof"
        : `There is no oneof with index ${oneofIndex}`,
    );
  if (label !== undefined && label !== LABELS.optional) {
    fail("Fields in oneofs must not be required or repeated");
  }
  return oneof;
}
