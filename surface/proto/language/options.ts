// Third pass over a file: what its options mean. Their names are fields of google.protobuf.*Options and extensions of those.

import type {
  EnumNode,
  FieldNode,
  FileNode,
  MessageNode,
  NamePart,
  OptionNode,
  OptionValue,
} from "./nodes.ts";
import { fieldsOf, integerRange, keyOf, valuesOf } from "./lookup.ts";
import type { Symbols } from "./symbols.ts";
import { parseTextFormat, TextFormatError } from "./text_format.ts";

type MutableValues = Map<string, unknown>;

/** What is known of protobuf's own options. */
export interface StandardOptions {
  /** google/protobuf/descriptor.proto, whose messages they are fields of. */
  descriptor(): FileNode;
  /**
   * The type of an option of message `type` that is a string or a bool, as most are. It is found without
   * `descriptor`, which costs more to parse when nothing is warm yet than most files that have options.
   */
  plainType(type: string, option: string): "string" | "bool" | undefined;
}

/** Interprets the options of one file. */
export class OptionReader {
  constructor(
    private readonly file: FileNode,
    private readonly symbols: Symbols,
    private readonly standard: StandardOptions,
  ) {}

  /**
   * Adds to `settings` what options mean that are fields of google.protobuf's message `type`, or its `extensions`.
   * Names in parentheses mean something in `scope`; those that no loaded file declares are passed over. Throws
   * ProtoError.
   */
  read(
    options: readonly OptionNode[],
    settings: MutableValues,
    type: string,
    scope: string,
    extensions: boolean,
  ): void {
    for (const option of options) {
      if (option.name[0]!.extension !== extensions || this.#plain(option, settings, type)) continue;
      const root = this.standard.descriptor().messages.find(({ name }) => name === type)!;
      this.#option(option, settings, root, scope);
    }
  }

  /** Reads an option that is a string or a bool. False where it is none, or wrong. */
  #plain({ name, value }: OptionNode, settings: MutableValues, type: string): boolean {
    const { text, extension } = name[0]!;
    if (extension || name.length > 1 || settings.has(text)) return false;
    const isBool = value.kind === "identifier" && (value.text === "true" || value.text === "false");
    if (!isBool && value.kind !== "string") return false;
    if (this.standard.plainType(type, text) !== (isBool ? "bool" : "string")) return false;
    settings.set(text, isBool ? value.text === "true" : value);
    return true;
  }

  #option(option: OptionNode, settings: MutableValues, root: MessageNode, scope: string): void {
    const fail = (message: string): never => {
      throw this.file.source.error(option.nameAt, message);
    };
    if (option.name[0]!.text === "uninterpreted_option") {
      fail('Option must not use reserved name "uninterpreted_option"');
    }
    let message = root;
    let into: MutableValues = settings;
    let shown = "";
    for (let i = 0;; i++) {
      const part = option.name[i]!;
      shown += (i === 0 ? "" : ".") + (part.extension ? `(${part.text})` : part.text);
      const field = this.#field(part, message, scope);
      if (field === undefined) {
        if (part.extension) return;
        throw fail(
          `Option "${shown}" unknown. Ensure that your proto definition file imports the proto which defines the option`,
        );
      }
      if ((field.extends ?? field.parent) !== message) {
        fail(`Option field "${shown}" is not a field or extension of message "${message.name}"`);
      }
      if (i === option.name.length - 1) return this.#set(option, field, into, shown);
      if (field.target?.kind !== "message") {
        throw fail(`Option "${shown}" is an atomic type, not a message`);
      }
      if (field.label === "repeated") {
        fail(
          `Option field "${shown}" is a repeated message. Repeated message options must be initialized using an ` +
            "aggregate value",
        );
      }
      message = field.target;
      const key = keyOf(field);
      let inner = into.get(key) as MutableValues | undefined;
      if (inner === undefined) into.set(key, inner = new Map());
      into = inner;
    }
  }

  #field(part: NamePart, message: MessageNode, scope: string): FieldNode | undefined {
    if (!part.extension) return fieldsOf(message).get(part.text);
    const symbol = this.symbols.resolve(part.text, scope, this.file, false);
    return symbol?.kind === "field" ? symbol : undefined;
  }

  #set(option: OptionNode, field: FieldNode, into: MutableValues, shown: string): void {
    const key = keyOf(field);
    const { source } = this.file;
    if (field.label !== "repeated" && into.has(key)) {
      throw source.error(option.nameAt, `Option "${shown}" was already set`);
    }
    const value = this.#value(option, field);
    const list = into.get(key) as unknown[] | undefined;
    if (field.label !== "repeated") into.set(key, value);
    else if (list === undefined) into.set(key, [value]);
    else list.push(value);
  }

  #value({ value, valueAt }: OptionNode, field: FieldNode): unknown {
    const { source } = this.file;
    if (field.target?.kind !== "message") {
      const problem = (message: string): never => {
        throw source.error(valueAt, message);
      };
      return scalarValue(value, field, problem);
    }
    if (value.kind !== "aggregate") {
      throw source.error(
        valueAt,
        `Option "${field.fullName}" is a message. To set the entire message, use syntax like "${field.name} = ` +
          `{ <proto text format> }". To set fields within it, use syntax like "${field.name}.foo = value"`,
      );
    }
    try {
      const extension = (name: string, of: MessageNode) =>
        this.symbols.resolve(name, of.fullName, this.file, false);
      const message = (name: string) => this.symbols.resolve(`.${name}`, "", this.file, false);
      return parseTextFormat(source, value.from, value.to, field.target, { extension, message });
    } catch (error) {
      if (!(error instanceof TextFormatError)) throw error;
      throw source.error(valueAt, `Error while parsing option value for "${field.name}": ${error.message}`);
    }
  }
}

function scalarValue(value: OptionValue, field: FieldNode, problem: (message: string) => never): unknown {
  const { type, fullName } = field;
  switch (type) {
    case "bool":
      if (value.kind !== "identifier") {
        return problem(`Value must be identifier for boolean option "${fullName}"`);
      }
      if (value.text === "true" || value.text === "false") return value.text === "true";
      return problem(`Value must be "true" or "false" for boolean option "${fullName}"`);
    case "float":
    case "double":
      if (value.kind === "double") return value.value;
      if (value.kind === "integer") return Number(value.value);
      if (value.kind === "identifier" && value.text === "inf") return Infinity;
      if (value.kind === "identifier" && value.text === "nan") return NaN;
      return problem(`Value must be number for ${type} option "${fullName}"`);
    case "string":
    case "bytes":
      if (value.kind === "string") return value;
      return problem(`Value must be quoted string for string option "${fullName}"`);
    case "enum": {
      const target = field.target as EnumNode;
      if (value.kind !== "identifier") {
        return problem(`Value must be identifier for enum-valued option "${fullName}"`);
      }
      if (valuesOf(target).has(value.text)) return value.text;
      return problem(
        `Enum type "${target.fullName}" has no value named "${value.text}" for option "${fullName}"`,
      );
    }
    default: {
      const [shown, least, most] = integerRange(type!)!;
      if (value.kind !== "integer" || (least === 0n && value.value < 0n)) {
        return problem(`Value must be integer, from ${least} to ${most}, for ${shown} option "${fullName}"`);
      }
      if (value.value >= least && value.value <= most) return value.value;
      return problem(`Value out of range, ${least} to ${most}, for ${shown} option "${fullName}"`);
    }
  }
}
