// Syntax of options: statements, those in brackets, and the two bracketed pseudo-options.

import type { FieldType } from "../schema.ts";
import type { Cursor } from "./cursor.ts";
import { type FieldNode, type NamePart, NO_OPTIONS, type OptionNode, type OptionValue } from "./nodes.ts";
import { integerOf } from "./literals.ts";
import { Token } from "./tokenizer.ts";

/** `option name = value;`, which is `node`'s. */
export function parseOptionStatement(cursor: Cursor, node: { options: OptionNode[] }): void {
  cursor.expect("option");
  if (node.options === NO_OPTIONS) node.options = [];
  node.options.push(parseOption(cursor));
  cursor.expect(";");
}

/** `[name = value, ...]`, if the current token begins it. */
export function parseOptionList(cursor: Cursor): OptionNode[] {
  if (!cursor.take("[")) return NO_OPTIONS;
  const options: OptionNode[] = [];
  do options.push(parseOption(cursor)); while (cursor.take(","));
  cursor.expect("]");
  return options;
}

/** The options of a field, with its default and its name in JSON. */
export function parseFieldOptions(cursor: Cursor, field: FieldNode): void {
  if (!cursor.take("[")) return;
  const options: OptionNode[] = [];
  do {
    if (cursor.at("default")) parseDefault(cursor, field);
    else if (cursor.at("json_name")) parseJsonName(cursor, field);
    else options.push(parseOption(cursor));
  } while (cursor.take(","));
  cursor.expect("]");
  field.options = options;
}

function parseOption(cursor: Cursor): OptionNode {
  const nameAt = cursor.start;
  const name = [parseNamePart(cursor)];
  while (cursor.take(".")) name.push(parseNamePart(cursor));
  cursor.expect("=");
  const valueAt = cursor.start;
  return { name, nameAt, value: parseValue(cursor), valueAt };
}

function parseNamePart(cursor: Cursor): NamePart {
  if (!cursor.take("(")) return { text: cursor.identifier("Expected identifier"), extension: false };
  let text = cursor.at(".") ? "" : cursor.identifier("Expected identifier");
  while (cursor.take(".")) text += `.${cursor.identifier("Expected identifier")}`;
  cursor.expect(")");
  return { text, extension: true };
}

function parseValue(cursor: Cursor): OptionValue {
  const negative = cursor.take("-");
  switch (cursor.type) {
    case Token.END:
      return cursor.fail("Unexpected end of stream while parsing option value");
    case Token.IDENTIFIER: {
      const { text } = cursor;
      cursor.next();
      if (negative && text !== "inf" && text !== "nan") {
        cursor.fail("Identifier after '-' symbol must be inf or nan");
      }
      return negative
        ? { kind: "double", value: text === "inf" ? -Infinity : NaN }
        : { kind: "identifier", text };
    }
    case Token.INTEGER:
    case Token.FLOAT:
      return parseNumber(cursor, negative);
    case Token.STRING:
      if (negative) cursor.fail("Invalid '-' symbol before string");
      return { kind: "string", at: cursor.skipStrings("Expected string") };
    default:
      return cursor.at("{") ? parseAggregate(cursor) : cursor.fail("Expected option value");
  }
}

/** Integers of more than 64 bits are doubles. */
function parseNumber(cursor: Cursor, negative: boolean): OptionValue {
  if (cursor.type === Token.INTEGER) {
    const value = integerOf(cursor.text);
    if (value <= (negative ? 0x8000_0000_0000_0000n : 0xffff_ffff_ffff_ffffn)) {
      cursor.next();
      return { kind: "integer", value: negative ? -value : value };
    }
  }
  const value = cursor.double("Expected number");
  return { kind: "double", value: negative ? -value : value };
}

/** Takes a `{ }` value unparsed: its meaning depends on the option's type. */
function parseAggregate(cursor: Cursor): OptionValue {
  const from = cursor.end;
  let depth = 0;
  do {
    if (cursor.type === Token.END) cursor.fail("Unexpected end of stream while parsing aggregate value");
    if (cursor.at("{")) depth++;
    else if (cursor.at("}") && --depth === 0) break;
    cursor.next();
  } while (depth > 0);
  const to = cursor.start;
  cursor.next();
  return { kind: "aggregate", from, to };
}

function parseDefault(cursor: Cursor, field: FieldNode): void {
  if (field.defaultValue !== undefined) cursor.fail('Already set option "default"');
  cursor.next();
  cursor.expect("=");
  field.defaultAt = cursor.start;
  field.defaultValue = parseDefaultValue(cursor, field.type);
}

function parseDefaultValue(cursor: Cursor, type: FieldType | "group" | undefined): unknown {
  const expected = "Expected integer for field default value";
  switch (type) {
    case undefined: {
      // Enum or message: it is not yet known which. What is no identifier is refused once it is.
      const { text } = cursor;
      cursor.next();
      return text;
    }
    case "int32":
    case "sint32":
    case "sfixed32":
      return cursor.signedInt32(expected);
    case "uint32":
    case "fixed32":
      refuseSign(cursor);
      return Number(cursor.integer(expected, 0xffff_ffffn));
    case "int64":
    case "sint64":
    case "sfixed64":
      if (cursor.take("-")) return -cursor.integer(expected, 0x8000_0000_0000_0000n);
      return cursor.integer(expected, 0x7fff_ffff_ffff_ffffn);
    case "uint64":
    case "fixed64":
      refuseSign(cursor);
      return cursor.integer(expected, 0xffff_ffff_ffff_ffffn);
    case "float":
    case "double": {
      const negative = cursor.take("-");
      const value = cursor.double("Expected number");
      const signed = negative ? -value : value;
      return type === "float" ? Math.fround(signed) : signed;
    }
    case "bool":
      if (cursor.take("true")) return true;
      return cursor.take("false") ? false : cursor.fail('Expected "true" or "false"');
    case "string":
      return cursor.string("Expected string for field default value");
    case "bytes":
      return cursor.bytes("Expected string");
    default:
      return cursor.fail("Messages can't have default values");
  }
}

function refuseSign(cursor: Cursor): void {
  if (cursor.take("-")) cursor.fail("Unsigned field can't have negative default value");
}

function parseJsonName(cursor: Cursor, field: FieldNode): void {
  if (field.jsonName !== undefined) cursor.fail('Already set option "json_name"');
  field.jsonNameAt = cursor.start;
  cursor.next();
  cursor.expect("=");
  field.jsonName = cursor.string("Expected string for JSON name");
}
