// The text format of messages, in which options that are messages are written: `{ name: "x" list: [1, 2] sub < > }`.

import { integerOf } from "./literals.ts";
import type { EnumNode, FieldNode, MessageNode, OptionValues } from "./nodes.ts";
import { fieldsOf, integerRange, keyOf, valuesOf } from "./lookup.ts";
import type { Source } from "./source.ts";
import type { SymbolNode } from "./symbols.ts";
import { Token, Tokenizer } from "./tokenizer.ts";

/** Messages in messages, in one value: a bound on recursion. */
const MOST_NESTED = 100;

/** A value is not what its message type has. The message says what, in protoc's words. */
export class TextFormatError extends Error {}

/** Finds what names in brackets mean. */
export interface TextFormatNames {
  /** An extension of `of`, or the message whose extension it is. */
  extension(name: string, of: MessageNode): SymbolNode | undefined;
  /** The message of an Any. */
  message(fullName: string): SymbolNode | undefined;
}

/** Reads the text of `source` from `from` to `to` as a message of `type`. Throws TextFormatError. */
export function parseTextFormat(
  source: Source,
  from: number,
  to: number,
  type: MessageNode,
  names: TextFormatNames,
): OptionValues {
  const reader = new TextFormatReader(new Tokenizer(source, from, to, true), names);
  return reader.whole(type);
}

class TextFormatReader {
  #depth = 0;

  constructor(private readonly tokens: Tokenizer, private readonly names: TextFormatNames) {
    tokens.next();
  }

  whole(type: MessageNode): OptionValues {
    const values = new Map<string, unknown>();
    while (this.tokens.type !== Token.END) this.field(type, values);
    checkRequired(type, values);
    return values;
  }

  private fail(message: string): never {
    throw new TextFormatError(message);
  }

  private take(text: string): boolean {
    if (this.tokens.text !== text) return false;
    this.tokens.next();
    return true;
  }

  private expect(text: string): void {
    if (!this.take(text)) this.fail(`Expected "${text}", found "${this.tokens.text}"`);
  }

  private message(type: MessageNode): OptionValues {
    const end = this.take("<") ? ">" : "}";
    if (end === "}") this.expect("{");
    if (++this.#depth > MOST_NESTED) {
      this.fail(`Message is too deep, the parser exceeded the configured recursion limit of ${MOST_NESTED}`);
    }
    const values = new Map<string, unknown>();
    while (this.tokens.text !== ">" && this.tokens.text !== "}") this.field(type, values);
    this.expect(end);
    this.#depth--;
    return values;
  }

  private field(type: MessageNode, values: Map<string, unknown>): void {
    if (this.tokens.text === "[" && type.fullName === "google.protobuf.Any") return this.any(values);
    const field = this.tokens.text === "[" ? this.extension(type) : this.name(type);
    if (field === undefined) this.skipValue();
    else this.value(field, values);
    if (!this.take(";")) this.take(",");
  }

  private value(field: FieldNode, values: Map<string, unknown>): void {
    const key = keyOf(field);
    if (field.label !== "repeated" && values.has(key)) {
      this.fail(`Non-repeated field "${field.name}" is specified multiple times`);
    }
    const other = field.oneof?.fields.find(({ name }) => values.has(name));
    if (other !== undefined) {
      this.fail(
        `Field "${field.name}" is specified along with field "${other.name}", another member of oneof ` +
          `"${field.oneof!.name}"`,
      );
    }
    const target = field.target?.kind === "message" ? field.target : undefined;
    if (target === undefined) this.expect(":");
    else this.take(":");
    const one = () => target === undefined ? this.scalar(field) : this.message(target);
    if (field.label !== "repeated") {
      values.set(key, one());
      return;
    }
    let list = values.get(key) as unknown[] | undefined;
    if (list === undefined) values.set(key, list = []);
    if (!this.take("[")) list.push(one());
    else if (!this.take("]")) {
      list.push(one());
      while (!this.take("]")) {
        this.expect(",");
        list.push(one());
      }
    }
  }

  /** A field by its name; a group also by its message's. Undefined for a name that is reserved. */
  private name(type: MessageNode): FieldNode | undefined {
    const name = this.identifier();
    const field = fieldsOf(type).get(name) ??
      type.fields.find((field) => field.type === "group" && field.target?.name === name);
    if (field === undefined && !type.reservedNames.includes(name)) {
      this.fail(`Message type "${type.fullName}" has no field named "${name}"`);
    }
    return field;
  }

  private extension(type: MessageNode): FieldNode {
    const name = this.bracketed();
    if (name.includes("/")) this.fail('Extension name contains "/"');
    let symbol = this.names.extension(name, type);
    if (symbol?.kind === "message") {
      // Items of a MessageSet are named by their type.
      const item = symbol;
      symbol = item.extensions.find((extension) => extension.extends === type && extension.target === item);
    }
    if (symbol?.kind === "field" && symbol.extends === type) return symbol;
    return this.fail(`Extension "${name}" is not defined or is not an extension of "${type.fullName}"`);
  }

  /** `[type.googleapis.com/pkg.Message] { ... }` in an Any. */
  private any(values: Map<string, unknown>): void {
    const url = this.bracketed();
    const slash = url.lastIndexOf("/");
    if (slash < 0) this.fail("Type URL prefix is missing");
    this.take(":");
    const symbol = this.names.message(url.slice(slash + 1));
    if (symbol?.kind !== "message") {
      this.fail(`Could not find type "${url}" stored in google.protobuf.Any`);
    }
    if (values.has("value")) this.fail("Non-repeated Any specified multiple times");
    values.set("type_url", [JSON.stringify(url)]);
    values.set("value", this.message(symbol as MessageNode));
    if (!this.take(";")) this.take(",");
  }

  private bracketed(): string {
    this.expect("[");
    let name = "";
    while (this.tokens.text !== "]" && this.tokens.type !== Token.END) {
      name += this.tokens.text;
      this.tokens.next();
    }
    this.expect("]");
    return name;
  }

  private identifier(): string {
    const { text, type } = this.tokens;
    if (type !== Token.IDENTIFIER) this.fail(`Expected identifier, got: ${text}`);
    this.tokens.next();
    return text;
  }

  private scalar(field: FieldNode): unknown {
    switch (field.type) {
      case "string":
      case "bytes":
        return this.string();
      case "bool":
        return this.bool(field);
      case "enum":
        return this.enum(field, field.target as EnumNode);
      case "float":
      case "double":
        return this.double();
      default: {
        const [, least, most] = integerRange(field.type!)!;
        return this.integer(least, most);
      }
    }
  }

  private string(): string[] {
    if (this.tokens.type !== Token.STRING) this.fail(`Expected string, got: ${this.tokens.text}`);
    const tokens = [];
    for (; this.tokens.type === Token.STRING; this.tokens.next()) tokens.push(this.tokens.text);
    return tokens;
  }

  private integer(least: bigint, most: bigint): bigint {
    const negative = least < 0n && this.take("-");
    const { text, type } = this.tokens;
    if (type !== Token.INTEGER) this.fail(`Expected integer, got: ${text}`);
    const value = negative ? -integerOf(text) : integerOf(text);
    if (value < least || value > most) this.fail(`Integer out of range (${text})`);
    this.tokens.next();
    return value;
  }

  private bool(field: FieldNode): boolean {
    if (this.tokens.type === Token.INTEGER) return this.integer(0n, 1n) === 1n;
    const text = this.identifier();
    if (["true", "True", "t"].includes(text)) return true;
    if (["false", "False", "f"].includes(text)) return false;
    return this.fail(`Invalid value for boolean field "${field.name}". Value: "${text}"`);
  }

  private enum(field: FieldNode, target: EnumNode): string | number {
    const { text, type } = this.tokens;
    if (type === Token.IDENTIFIER) {
      this.tokens.next();
      if (valuesOf(target).has(text)) return text;
      return this.fail(`Unknown enumeration value of "${text}" for field "${field.name}"`);
    }
    if (type !== Token.INTEGER && text !== "-") this.fail(`Expected integer or identifier, got: ${text}`);
    const number = Number(this.integer(-0x8000_0000n, 0x7fff_ffffn));
    if (target.features.enum_type === "OPEN" || target.values.some((value) => value.number === number)) {
      return number;
    }
    return this.fail(`Unknown enumeration value of "${number}" for field "${field.name}"`);
  }

  private double(): number {
    const negative = this.take("-");
    const { text, type } = this.tokens;
    const word = text.toLowerCase();
    let value: number;
    if (type === Token.FLOAT || (type === Token.INTEGER && !/^0[0-9xX]/.test(text))) value = Number(text);
    else if (type === Token.INTEGER) value = this.fail(`Expect a decimal number, got: ${text}`);
    else if (word === "inf" || word === "infinity") value = Infinity;
    else if (word === "nan") value = NaN;
    else value = this.fail(`Expected double, got: ${text}`);
    this.tokens.next();
    return negative ? -value : value;
  }

  /** Passes over the value of a name that is reserved. */
  private skipValue(): void {
    this.take(":");
    if (this.tokens.type === Token.STRING) {
      this.string();
      return;
    }
    this.take("-");
    let depth = 0;
    do {
      if (this.tokens.type === Token.END) this.fail('Expected "}", found ""');
      if ("{<[".includes(this.tokens.text)) depth++;
      else if ("}>]".includes(this.tokens.text)) depth--;
      this.tokens.next();
    } while (depth > 0);
  }
}

/** A message that lacks a required field is refused, with the paths of all that are missing. */
function checkRequired(type: MessageNode, values: OptionValues): void {
  const missing: string[] = [];
  collectMissing(type, values, "", missing);
  if (missing.length > 0) throw new TextFormatError(`Message missing required fields: ${missing.join(", ")}`);
}

function collectMissing(type: MessageNode, values: OptionValues, path: string, missing: string[]): void {
  for (const field of type.fields) {
    const value = values.get(field.name);
    if (value === undefined) {
      if (field.label === "required") missing.push(path + field.name);
    } else if (field.target?.kind === "message" && type.fullName !== "google.protobuf.Any") {
      const each = field.label === "repeated" ? value as OptionValues[] : [value as OptionValues];
      each.forEach((inner, i) => {
        const at = field.label === "repeated" ? `${field.name}[${i}]` : field.name;
        collectMissing(field.target as MessageNode, inner, `${path}${at}.`, missing);
      });
    }
  }
}
