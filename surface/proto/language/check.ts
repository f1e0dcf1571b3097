// Last pass over a file: errors that depend on options, on the edition or on the types of fields.

import { hasPresence, isPackable, ownFeatures } from "./features.ts";
import { Edition, type EnumNode, type FieldNode, type FileNode, type MessageNode } from "./nodes.ts";
import { camelCase } from "../service.ts";
import { MAX_INT32 } from "./cursor.ts";
import { MAX_FIELD_NUMBER } from "./parse_message.ts";
import { attempt, type ReportError } from "./report.ts";

/** Checks all of `file`, which is linked and whose options are read. Throws ProtoError, or reports each. */
export function checkFile(file: FileNode, report?: ReportError): void {
  if (file.edition >= Edition.E2023) attempt(report, () => checkFileFeatures(file));
  for (const node of file.declared) {
    if (node.kind === "field") attempt(report, () => checkField(node));
    else if (node.kind === "message") attempt(report, () => checkMessage(node));
    else if (node.kind === "enum") attempt(report, () => checkEnum(node));
  }
}

function checkFileFeatures({ source, syntaxAt, features, settings }: FileNode): void {
  if (features.field_presence === "LEGACY_REQUIRED") {
    throw source.error(syntaxAt, "Required presence can't be specified by default");
  }
  if (settings.get("java_string_check_utf8") === true) {
    throw source.error(
      syntaxAt,
      "File option java_string_check_utf8 is not allowed under editions. Use the (pb.java).utf8_validation feature " +
        "to control this behavior",
    );
  }
}

function checkMessage(message: MessageNode): void {
  const { file: { source, edition }, extensionRanges, settings } = message;
  const isSet = settings.get("message_set_wire_format") === true;
  if (edition === Edition.PROTO3) {
    if (extensionRanges.length > 0) {
      throw source.error(extensionRanges[0]!.at, "Extension ranges are not allowed in proto3");
    }
    if (isSet) throw source.error(message.nameAt, "MessageSet is not supported in proto3");
  }
  const most = isSet ? MAX_INT32 : MAX_FIELD_NUMBER;
  const beyond = extensionRanges.find(({ end }) => end > most);
  if (beyond !== undefined) throw source.error(beyond.at, `Extension numbers cannot be greater than ${most}`);
}

function checkField(field: FieldNode): void {
  if (field.parent?.isEntry === true) return;
  const { source, edition } = field.file;
  const { type, settings, typeAt } = field;
  const fail = (at: number, message: string): never => {
    throw source.error(at, message);
  };
  if (edition === Edition.PROTO3) checkProto3Field(field, fail);
  else if (edition >= Edition.E2023) checkFieldFeatures(field, (message) => fail(field.nameAt, message));
  const lazy = settings.get("lazy") === true || settings.get("unverified_lazy") === true;
  if (lazy && type !== "message") {
    fail(typeAt, "[lazy = true] can only be specified for submessage fields");
  }
  if (settings.get("packed") === true && !isPackable(field)) {
    fail(typeAt, "[packed = true] can only be specified for repeated primitive fields");
  }
  checkMessageSet(field, fail);
  if (field.target?.kind === "message" && field.target.isEntry) checkMap(field, fail);
  const jsType = settings.get("jstype");
  if (jsType !== undefined && jsType !== "JS_NORMAL" && !/^(?:u?int|sint|s?fixed)64$/.test(String(type))) {
    fail(typeAt, "jstype is only allowed on int64, uint64, sint64, fixed64 or sfixed64 fields");
  }
  if (field.jsonName !== undefined) {
    if (field.extendee !== undefined && field.jsonName !== camelCase(field.name)) {
      fail(field.jsonNameAt, "option json_name is not allowed on extension fields");
    }
    if (field.jsonName.includes("\0")) {
      fail(field.jsonNameAt, "json_name cannot have embedded null characters");
    }
  }
}

type Fail = (at: number, message: string) => never;

/** Messages whose options may be added to in proto3. */
const OPTIONS =
  /^google\.protobuf\.(?:File|Message|Field|Oneof|Enum|EnumValue|Service|Method|ExtensionRange)Options$/;

function checkProto3Field(field: FieldNode, fail: Fail): void {
  const { typeAt, target, type } = field;
  if (field.extends !== undefined && !OPTIONS.test(field.extends.fullName)) {
    fail(field.extendeeAt, "Extensions in proto3 are only allowed for defining options");
  }
  if (field.label === "required") fail(typeAt, "Required fields are not allowed in proto3");
  if (field.defaultValue !== undefined) {
    fail(field.defaultAt, "Explicit default values are not allowed in proto3");
  }
  const enumTarget = field.entry === undefined ? target : field.entry.fields[1]!.target;
  if (enumTarget?.kind === "enum" && enumTarget.features.enum_type === "CLOSED") {
    const container = (field.extends ?? field.parent)!.fullName;
    fail(
      typeAt,
      `Enum type "${enumTarget.fullName}" is not a proto3 enum, but is used in "${container}" which is a proto3 ` +
        "message type",
    );
  }
  if (type === "group") fail(typeAt, "Groups are not supported in proto3 syntax");
}

function checkMessageSet(field: FieldNode, fail: Fail): void {
  const container = field.extends ?? field.parent;
  if (container?.settings.get("message_set_wire_format") !== true) return;
  if (field.extends === undefined) {
    fail(field.nameAt, "MessageSets cannot have fields, only extensions");
  }
  if (field.label !== "optional" || field.type !== "message") {
    fail(field.typeAt, "Extensions of MessageSets must be optional messages");
  }
}

function checkMap(field: FieldNode, fail: Fail): void {
  const { entry, typeAt } = field;
  if (entry === undefined) {
    throw fail(typeAt, "map_entry should not be set explicitly. Use map<KeyType, ValueType> instead");
  }
  const [key, value] = entry.fields as [FieldNode, FieldNode];
  if (key.type === "enum") fail(typeAt, "Key in map fields cannot be enum types");
  if (["float", "double", "bytes", "message", "group"].includes(key.type!)) {
    fail(typeAt, "Key in map fields cannot be float/double, bytes or message types");
  }
  if (value.target?.kind === "enum" && value.target.values[0]!.number !== 0) {
    fail(typeAt, "Enum value in map must define 0 as the first value");
  }
}

/** What features a field may set, and what they allow. */
function checkFieldFeatures(field: FieldNode, fail: (message: string) => never): void {
  const { settings, label, type, target } = field;
  const own = ownFeatures(settings);
  const presence = own?.get("field_presence");
  if (settings.has("packed")) {
    fail(
      "Field option packed is not allowed under editions.  Use the repeated_field_encoding feature to control this " +
        "behavior",
    );
  }
  if (label !== "repeated" && !hasPresence(field)) {
    if (field.defaultValue !== undefined) fail("Implicit presence fields can't specify defaults");
    if (target?.kind === "enum" && target.features.enum_type === "CLOSED") {
      fail("Implicit presence enum fields must always be open");
    }
  }
  if (presence !== undefined) {
    if (field.extendee !== undefined && presence === "LEGACY_REQUIRED") fail("Extensions can't be required");
    if (field.oneof !== undefined) fail("Oneof fields can't specify field presence");
    if (label === "repeated") fail("Repeated fields can't specify field presence");
    if (field.extendee !== undefined) fail("Extensions can't specify field presence");
    if (target?.kind === "message" && presence === "IMPLICIT") {
      fail("Message fields can't specify implicit presence");
    }
  }
  const encoding = own?.get("repeated_field_encoding");
  if (encoding !== undefined && label !== "repeated") {
    fail("Only repeated fields can specify repeated field encoding");
  }
  const isString = type === "string" || field.entry?.fields.some(({ type }) => type === "string") === true;
  if (own?.has("utf8_validation") === true && !isString) {
    fail("Only string fields can specify utf8 validation");
  }
  if (encoding === "PACKED" && !isPackable(field)) {
    fail("Only repeated primitive fields can specify PACKED repeated field encoding");
  }
  if (own?.has("message_encoding") === true && (target?.kind !== "message" || field.entry !== undefined)) {
    fail("Only message fields can specify message encoding");
  }
}

function checkEnum(node: EnumNode): void {
  const { file: { source, edition }, values, features, settings } = node;
  const first = values[0]!;
  if (edition !== Edition.PROTO2) checkPrefixes(node);
  if (features.enum_type === "OPEN" && first.number !== 0) {
    const where = edition === Edition.PROTO3 ? "in proto3" : "for open enums";
    throw source.error(first.numberAt, `The first enum value must be zero ${where}`);
  }
  if (settings.get("allow_alias") === true) return;
  const names = new Map<number, string>();
  for (const { fullName, number, numberAt } of values) {
    const other = names.get(number);
    if (other === undefined) names.set(number, fullName);
    else {
      throw source.error(
        numberAt,
        `"${fullName}" uses the same enum value as "${other}". If this is intended, set 'option allow_alias = true;' ` +
          `to the enum definition.${nextValue(values.map(({ number }) => number), number)}`,
      );
    }
  }
}

function nextValue(numbers: readonly number[], after: number): string {
  const used = new Set(numbers);
  let free = after + 1;
  while (used.has(free)) free++;
  return free < MAX_INT32 ? ` The next available enum value is ${free}` : "";
}

/** Names must differ by more than case and their enum's name, which generated code leaves out. */
function checkPrefixes({ name, values, file: { source } }: EnumNode): void {
  const prefix = name.replaceAll("_", "");
  const known = new Map<string, { name: string; number: number }>();
  for (const value of values) {
    const stripped = pascalCase(withoutPrefix(value.name, prefix));
    const other = known.get(stripped);
    if (other === undefined) known.set(stripped, value);
    else if (other.name !== value.name && other.number !== value.number) {
      throw source.error(
        value.nameAt,
        `Enum name ${value.name} has the same name as ${other.name} if you ignore case and strip out the enum name ` +
          "prefix (if any). (If you are using allow_alias, please assign the same number to each enum value name.)",
      );
    }
  }
}

/** `name` without `prefix`, in whose place underscores and case do not count; all of it where nothing would be left. */
function withoutPrefix(name: string, prefix: string): string {
  let i = 0;
  for (let j = 0; j < prefix.length; i++) {
    if (i === name.length) return name;
    if (name[i] === "_") continue;
    if (name[i]!.toLowerCase() !== prefix[j++]!.toLowerCase()) return name;
  }
  return name.slice(i).replace(/^_+/, "") || name;
}

function pascalCase(name: string): string {
  return name.split("_").map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()).join("");
}
