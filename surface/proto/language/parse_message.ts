// Syntax of messages: fields, maps, groups, oneofs, ranges and extensions.

import type { ScalarType } from "../schema.ts";
import { type Cursor, MAX_INT32 } from "./cursor.ts";
import { features } from "./features.ts";
import {
  Edition,
  type EnumNode,
  type FieldNode,
  type MessageNode,
  NO_OPTIONS,
  NO_SETTINGS,
  type OneofNode,
  type RangeNode,
  type Visibility,
} from "./nodes.ts";
import { parseEnum } from "./parse_enum.ts";
import { parseReservedNames } from "./parse_reserved.ts";
import { parseFieldOptions, parseOptionList, parseOptionStatement } from "./parse_options.ts";
import { Token } from "./tokenizer.ts";

/** The largest field number: a tag has 32 bits, three of which are the wire type. */
export const MAX_FIELD_NUMBER = 0x1fff_ffff;

const SCALARS: ReadonlySet<string> = new Set<ScalarType>([
  ...["double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64"] as const,
  ...["fixed32", "fixed64", "sfixed32", "sfixed64", "bool", "string", "bytes"] as const,
]);

/** What a message or a file declares besides its fields. */
interface Scope {
  readonly messages: MessageNode[];
  readonly enums: EnumNode[];
  readonly extensions: FieldNode[];
}

/** `message Name { ... }` */
export function parseMessage(
  cursor: Cursor,
  parent: MessageNode | undefined,
  visibility: Visibility,
): MessageNode {
  let message: MessageNode | undefined;
  cursor.nested(() => {
    cursor.expect("message");
    const nameAt = cursor.start;
    message = newMessage(cursor, cursor.identifier("Expected message name"), nameAt, parent, visibility);
    parseBlock(cursor, message);
  });
  return message!;
}

function newMessage(
  cursor: Cursor,
  name: string,
  nameAt: number,
  parent: MessageNode | undefined,
  visibility: Visibility = undefined,
  isEntry = false,
): MessageNode {
  return {
    kind: "message",
    name,
    nameAt,
    file: cursor.file,
    fullName: "",
    parent,
    isEntry,
    visibility,
    fields: [],
    oneofs: [],
    messages: [],
    enums: [],
    extensions: [],
    extensionRanges: [],
    reservedRanges: [],
    reservedNames: [],
    options: NO_OPTIONS,
    settings: NO_SETTINGS,
    features: features(cursor.file.edition),
  };
}

function parseBlock(cursor: Cursor, message: MessageNode): void {
  cursor.expect("{");
  while (!cursor.take("}")) {
    if (cursor.type === Token.END) {
      cursor.fail("Reached end of input in message definition (missing '}')");
    }
    parseStatement(cursor, message);
  }
  finishRanges(message);
  const entry = message.options.find(({ name }) => name[0]!.text === "map_entry" && !name[0]!.extension);
  if (entry !== undefined) {
    cursor.fail(
      "map_entry should not be set explicitly. Use map<KeyType, ValueType> instead",
      entry.nameAt,
    );
  }
}

/** `max` is another number in messages of the old MessageSet format. */
function finishRanges(message: MessageNode): void {
  const isSet = message.options.some(({ name, value }) =>
    name.length === 1 && name[0]!.text === "message_set_wire_format" && value.kind === "identifier" &&
    value.text === "true"
  );
  for (const range of [...message.extensionRanges, ...message.reservedRanges]) {
    if (range.end === Infinity) range.end = isSet ? MAX_INT32 - 1 : MAX_FIELD_NUMBER;
  }
}

function parseStatement(cursor: Cursor, message: MessageNode): void {
  if (cursor.take(";")) return;
  const visibility = parseVisibility(cursor);
  switch (cursor.text) {
    case "message":
      message.messages.push(parseMessage(cursor, message, visibility));
      break;
    case "enum":
      message.enums.push(parseEnum(cursor, message, visibility));
      break;
    case "extensions":
      parseExtensionRanges(cursor, message);
      break;
    case "reserved":
      parseReserved(cursor, message);
      break;
    case "extend":
      parseExtend(cursor, message, message);
      break;
    case "option":
      parseOptionStatement(cursor, message);
      break;
    case "oneof":
      parseOneof(cursor, message);
      break;
    default:
      message.fields.push(parseField(cursor, message, message, {}));
  }
}

/** `export` and `local` of edition 2024. */
export function parseVisibility(cursor: Cursor): Visibility {
  const { text } = cursor;
  if (cursor.file.edition < Edition.E2024 || (text !== "export" && text !== "local")) return undefined;
  cursor.next();
  if (cursor.at("message") || cursor.at("enum")) return text;
  return cursor.fail("'local' and 'export' visibility modifiers are valid only on 'message' and 'enum'");
}

/** What is known of a field before its type. */
interface FieldPlace {
  readonly oneof?: OneofNode;
  readonly extendee?: string;
  readonly extendeeAt?: number;
}

/** A field with its label. Its map entry or group is added to `scope`. */
function parseField(
  cursor: Cursor,
  scope: Scope,
  parent: MessageNode | undefined,
  place: FieldPlace,
): FieldNode {
  const label = place.oneof === undefined ? parseLabel(cursor) : undefined;
  const typeAt = cursor.start;
  const isMap = cursor.take("map");
  let type: FieldNode["type"];
  let typeName: string | undefined;
  let map: MapType | undefined;
  if (isMap && cursor.at("<")) map = parseMapType(cursor, place, label);
  else {
    if (label === undefined && place.oneof === undefined && cursor.file.edition === Edition.PROTO2) {
      cursor.fail('Expected "required", "optional", or "repeated"');
    }
    if (isMap) typeName = "map";
    else [type, typeName] = parseType(cursor);
  }
  const nameAt = cursor.start;
  const name = cursor.identifier("Expected field name");
  cursor.expect("=", "Missing field number");
  const numberAt = cursor.start;
  const number = cursor.int32("Expected field number");
  const field: FieldNode = {
    kind: "field",
    name: type === "group" ? name.toLowerCase() : name,
    nameAt,
    file: cursor.file,
    fullName: "",
    parent,
    label: map !== undefined ? "repeated" : label ?? "optional",
    proto3Optional: label === "optional" && cursor.file.edition === Edition.PROTO3,
    oneof: place.oneof,
    typeAt,
    type,
    typeName: type === "group" ? name : typeName,
    target: undefined,
    number,
    numberAt,
    defaultValue: undefined,
    defaultAt: 0,
    jsonName: undefined,
    jsonNameAt: 0,
    extendee: place.extendee,
    extendeeAt: place.extendeeAt ?? 0,
    extends: undefined,
    entry: undefined,
    options: NO_OPTIONS,
    settings: NO_SETTINGS,
    features: features(cursor.file.edition),
  };
  parseFieldOptions(cursor, field);
  if (type === "group") parseGroup(cursor, scope, parent, name, nameAt);
  else cursor.expect(";");
  if (map !== undefined) scope.messages.push(field.entry = entryOf(cursor, field, map));
  return field;
}

function parseLabel(cursor: Cursor): FieldNode["label"] | undefined {
  const { text } = cursor;
  if (text !== "optional" && text !== "required" && text !== "repeated") return undefined;
  if (cursor.file.edition >= Edition.E2023 && text !== "repeated") {
    cursor.fail(
      text === "optional"
        ? 'Label "optional" is not supported in editions. By default, all singular fields have presence unless ' +
          "features.field_presence is set"
        : 'Label "required" is not supported in editions, use features.field_presence = LEGACY_REQUIRED',
    );
  }
  cursor.next();
  return text;
}

type TypeOf = [type: FieldNode["type"], typeName: string | undefined];

function parseType(cursor: Cursor): TypeOf {
  const { text } = cursor;
  if (text === "group" && cursor.file.edition >= Edition.E2023) {
    cursor.fail(
      "Group syntax is no longer supported in editions. To get group behavior you can specify " +
        "features.message_encoding = DELIMITED on a message field",
    );
  }
  if (SCALARS.has(text) || text === "group") {
    cursor.next();
    return [text as ScalarType | "group", undefined];
  }
  return [undefined, parseTypeName(cursor)];
}

/** The name of a message or enum, with a leading dot if it is written so. */
export function parseTypeName(cursor: Cursor): string {
  if (SCALARS.has(cursor.text) || cursor.at("group")) cursor.fail("Expected message type");
  const root = cursor.take(".") ? "." : "";
  return root + cursor.dottedName("Expected type name");
}

function parseGroup(
  cursor: Cursor,
  scope: Scope,
  parent: MessageNode | undefined,
  name: string,
  nameAt: number,
): void {
  if (!/^[A-Z]/.test(name)) cursor.fail("Group names must start with a capital letter", nameAt);
  if (!cursor.at("{")) cursor.fail("Missing group body");
  const group = newMessage(cursor, name, nameAt, parent);
  scope.messages.push(group);
  cursor.nested(() => parseBlock(cursor, group));
}

interface MapType {
  readonly key: TypeOf;
  readonly value: TypeOf;
}

function parseMapType(cursor: Cursor, place: FieldPlace, label: string | undefined): MapType {
  if (place.oneof !== undefined) cursor.fail("Map fields are not allowed in oneofs");
  if (label !== undefined) {
    cursor.fail("Field labels (required/optional/repeated) are not allowed on map fields");
  }
  if (place.extendee !== undefined) cursor.fail("Map fields are not allowed to be extensions");
  cursor.expect("<");
  const key = parseType(cursor);
  cursor.expect(",");
  const value = parseType(cursor);
  cursor.expect(">");
  return { key, value };
}

/** The name of a map's entries: "name_of_field" has those of NameOfFieldEntry. */
function entryName(field: string): string {
  return `${field.replace(/(?:_+|^)([^_]?)/g, (_, letter: string) => letter.toUpperCase())}Entry`;
}

/** The message that a map is on the wire. */
function entryOf(cursor: Cursor, field: FieldNode, { key, value }: MapType): MessageNode {
  const entry = newMessage(cursor, entryName(field.name), field.nameAt, field.parent, undefined, true);
  const part = (name: string, number: number, [type, typeName]: TypeOf): FieldNode => ({
    ...field,
    name,
    number,
    type,
    typeName,
    parent: entry,
    label: "optional",
    options: NO_OPTIONS,
    settings: NO_SETTINGS,
    entry: undefined,
    jsonName: undefined,
  });
  entry.fields.push(part("key", 1, key), part("value", 2, value));
  return entry;
}

function parseOneof(cursor: Cursor, message: MessageNode): void {
  cursor.expect("oneof");
  const nameAt = cursor.start;
  const oneof: OneofNode = {
    kind: "oneof",
    message,
    name: cursor.identifier("Expected oneof name"),
    nameAt,
    file: cursor.file,
    fullName: "",
    fields: [],
    options: NO_OPTIONS,
    settings: NO_SETTINGS,
    features: features(cursor.file.edition),
  };
  message.oneofs.push(oneof);
  cursor.expect("{");
  do {
    if (cursor.type === Token.END) cursor.fail("Reached end of input in oneof definition (missing '}')");
    if (cursor.at("option")) {
      parseOptionStatement(cursor, oneof);
      continue;
    }
    if (cursor.at("required") || cursor.at("optional") || cursor.at("repeated")) {
      cursor.fail("Fields in oneofs must not have labels (required / optional / repeated)");
    }
    const field = parseField(cursor, message, message, { oneof });
    oneof.fields.push(field);
    message.fields.push(field);
  } while (!cursor.take("}"));
}

/** `extend Name { ... }`, in a message or in a file. */
export function parseExtend(cursor: Cursor, scope: Scope, parent: MessageNode | undefined): void {
  cursor.expect("extend");
  const extendeeAt = cursor.start;
  const extendee = parseTypeName(cursor);
  cursor.expect("{");
  do {
    if (cursor.type === Token.END) cursor.fail("Reached end of input in extend definition (missing '}')");
    scope.extensions.push(parseField(cursor, scope, parent, { extendee, extendeeAt }));
  } while (!cursor.take("}"));
}

function parseExtensionRanges(cursor: Cursor, message: MessageNode): void {
  cursor.expect("extensions");
  const ranges: RangeNode[] = [];
  do ranges.push(parseRange(cursor, "Expected field number range")); while (cursor.take(","));
  const options = parseOptionList(cursor);
  for (const range of ranges) {
    range.options = options;
    message.extensionRanges.push(range);
  }
  cursor.expect(";");
}

function parseRange(cursor: Cursor, expected: string): RangeNode {
  const at = cursor.start;
  const start = boundedInt32(cursor, expected);
  const end = !cursor.take("to")
    ? start
    : cursor.take("max")
    ? Infinity
    : boundedInt32(cursor, "Expected integer");
  return { start, end, at, options: NO_OPTIONS };
}

/** protoc keeps the number behind a range's last, which must be an int32 as well. */
function boundedInt32(cursor: Cursor, expected: string): number {
  const value = cursor.int32(expected);
  if (value === MAX_INT32) cursor.fail("Field number out of bounds");
  return value;
}

function parseReserved(cursor: Cursor, message: MessageNode): void {
  cursor.expect("reserved");
  if (parseReservedNames(cursor, message.reservedNames, "field name")) return;
  let expected = "Expected field name or number range";
  do {
    message.reservedRanges.push(parseRange(cursor, expected));
    expected = "Expected field number range";
  } while (cursor.take(","));
  cursor.expect(";");
}
