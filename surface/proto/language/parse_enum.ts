// Syntax of enums.

import { type Cursor, MAX_INT32 } from "./cursor.ts";
import { features } from "./features.ts";
import {
  type EnumNode,
  type EnumValueNode,
  type MessageNode,
  NO_OPTIONS,
  NO_SETTINGS,
  type Visibility,
} from "./nodes.ts";
import { parseOptionList, parseOptionStatement } from "./parse_options.ts";
import { parseReservedNames } from "./parse_reserved.ts";
import { Token } from "./tokenizer.ts";

/** `enum Name { ... }` */
export function parseEnum(
  cursor: Cursor,
  parent: MessageNode | undefined,
  visibility: Visibility,
): EnumNode {
  cursor.expect("enum");
  const nameAt = cursor.start;
  const node: EnumNode = {
    kind: "enum",
    name: cursor.identifier("Expected enum name"),
    nameAt,
    file: cursor.file,
    fullName: "",
    parent,
    visibility,
    values: [],
    reservedRanges: [],
    reservedNames: [],
    options: NO_OPTIONS,
    settings: NO_SETTINGS,
    features: features(cursor.file.edition),
  };
  cursor.expect("{");
  while (!cursor.take("}")) {
    if (cursor.type === Token.END) cursor.fail("Reached end of input in enum definition (missing '}')");
    parseStatement(cursor, node);
  }
  checkAliases(cursor, node);
  return node;
}

function parseStatement(cursor: Cursor, node: EnumNode): void {
  if (cursor.take(";")) return;
  if (cursor.at("option")) parseOptionStatement(cursor, node);
  else if (cursor.at("reserved")) parseReserved(cursor, node);
  else node.values.push(parseValue(cursor, node));
}

function parseValue(cursor: Cursor, parent: EnumNode): EnumValueNode {
  const nameAt = cursor.start;
  const name = cursor.identifier("Expected enum constant name");
  cursor.expect("=", "Missing numeric value for enum constant");
  const numberAt = cursor.start;
  const value: EnumValueNode = {
    kind: "value",
    name,
    nameAt,
    file: cursor.file,
    fullName: "",
    parent,
    number: cursor.signedInt32("Expected integer"),
    numberAt,
    options: NO_OPTIONS,
    settings: NO_SETTINGS,
    features: parent.features,
  };
  value.options = parseOptionList(cursor);
  cursor.expect(";");
  return value;
}

function parseReserved(cursor: Cursor, node: EnumNode): void {
  cursor.expect("reserved");
  if (parseReservedNames(cursor, node.reservedNames, "enum value")) return;
  let expected = "Expected enum value or number range";
  do {
    const at = cursor.start;
    const start = cursor.signedInt32(expected);
    const end = !cursor.take("to")
      ? start
      : cursor.take("max")
      ? MAX_INT32
      : cursor.signedInt32("Expected integer");
    node.reservedRanges.push({ start, end, at, options: NO_OPTIONS });
    expected = "Expected enum number range";
  } while (cursor.take(","));
  cursor.expect(";");
}

/** An option that has no effect is refused, for the sake of later authors. */
function checkAliases(cursor: Cursor, { name, options, values }: EnumNode): void {
  const option = options.find(({ name }) => name.length === 1 && name[0]!.text === "allow_alias");
  if (option === undefined || option.name[0]!.extension) return;
  if (option.value.kind !== "identifier" || option.value.text !== "true") {
    cursor.fail(
      `"${name}" declares 'option allow_alias = false;' which has no effect. Please remove the declaration`,
    );
  }
  if (new Set(values.map(({ number }) => number)).size < values.length) return;
  cursor.fail(
    `"${name}" declares support for enum aliases but no enum values share field numbers. ` +
      "Please remove the unnecessary 'option allow_alias = true;' declaration",
  );
}
