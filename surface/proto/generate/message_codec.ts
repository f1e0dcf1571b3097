// How messages are coded in a generated module: a schema, and two functions.

import { emitDecoder, emitMessageClass } from "../compile/emit_decoder.ts";
import { emitEncoder, MOST_CASES } from "../compile/emit_encoder.ts";
import type { Names } from "../compile/names.ts";
import { type MessagePlan, planOf } from "../compile/plan.ts";
import type { EnumNode, FieldNode, MessageNode } from "../language/nodes.ts";
import { type FieldSchema, jsonNameOf, type MessageSchema } from "../schema.ts";
import { HELPERS } from "./identifiers.ts";
import { indent, PURE } from "./layout.ts";
import type { Module } from "./module.ts";

/** What one message type is coded by. */
export class CodecText {
  readonly #plan: MessagePlan;
  readonly #fields: ReadonlyMap<number, FieldNode>;

  /**
   * `name`: what the type is called in `module`. `enums`: the functions that name the numbers of enums, by enum, to which
   * those that are needed are added.
   */
  constructor(
    private readonly module: Module,
    private readonly name: string,
    fields: readonly FieldNode[],
    private readonly schema: MessageSchema,
    private readonly enums: Map<EnumNode, string>,
  ) {
    // The file whose field sends it as a group may be generated another time.
    this.#plan = planOf({ ...schema, usedAsGroup: true });
    this.#fields = new Map(fields.map((field) => [field.number, field]));
  }

  /** What a field refers to; of a map, what its values do. */
  #target({ number }: FieldSchema): FieldNode["target"] {
    const field = this.#fields.get(number)!;
    return (field.entry?.fields[1] ?? field).target;
  }

  /** The schema, and the functions. */
  text(): string {
    const functions = this.#functions();
    for (const helper of helpersIn(functions)) this.module.runtime(helper);
    return this.#schemaText() + indent(functions);
  }

  #schemaText(): string {
    const { oneofs, fullName, fields } = this.schema;
    const lines = fields.map((field) => `  ${this.#fieldText(field)},\n`);
    const list = lines.length === 0 ? "[]" : `[\n${lines.join("")}]`;
    const args = [JSON.stringify(fullName), `() => ${list}`];
    if (oneofs.length > 0) args.push(JSON.stringify(oneofs));
    return `const ${this.name}$ = ${PURE} ${this.module.runtime("messageSchema")}(${args.join(", ")});\n`;
  }

  #fieldText(field: FieldSchema): string {
    const extra = this.#extra(field);
    const head = `${field.number}, ${JSON.stringify(field.name)}, ${JSON.stringify(field.type)}`;
    return extra === "" ? `[${head}]` : `[${head}, { ${extra} }]`;
  }

  #extra(field: FieldSchema): string {
    const proto = this.#fields.get(field.number)!.name;
    const usual: Partial<Record<keyof FieldSchema, unknown>> = {
      name: field.name,
      number: field.number,
      type: field.type,
      fullName: `${this.schema.fullName}.${proto}`,
      shape: "singular",
      presence: "implicit",
      packed: false,
      delimited: false,
      jsonName: jsonNameOf(field.fullName),
    };
    const properties = (Object.keys(field) as (keyof FieldSchema)[])
      .filter((key) => field[key] !== undefined && field[key] !== usual[key])
      .map((key) => `${key}: ${this.#valueText(field, key)}`);
    if (proto !== field.name) properties.unshift(`proto: ${JSON.stringify(proto)}`);
    return properties.join(", ");
  }

  #valueText(field: FieldSchema, key: keyof FieldSchema): string {
    const target = this.#target(field);
    if (key === "messageType") return this.#schemaOf(target as MessageNode);
    if (key === "enumType") return this.module.enumSchema(target as EnumNode);
    return literal(field[key]);
  }

  #schemaOf(target: MessageNode): string {
    const name = this.module.name(target);
    return target.file === this.module.file ? `${name}$` : `${name}.schema`;
  }

  #functions(): string {
    const plan = this.#plan;
    const name = this.name;
    const names = this.#names();
    const named = (suffix: string, text: string) =>
      text.replace("function (", () => `function ${name}$${suffix}(`);
    const defaults = plan.schema.fields.filter(({ explicitDefault }) => explicitDefault !== undefined)
      .map((field) => `[${JSON.stringify(field.name)}, ${literal(field.explicitDefault)}]`);
    const args = [
      emitMessageClass(plan, names),
      ...(defaults.length === 0 ? [] : [`[${defaults.join(", ")}]`]),
    ];
    return [
      ...(plan.keys.length > MOST_CASES
        ? [`const ${name}$keys: readonly string[] = ${JSON.stringify(plan.keys)};`]
        : []),
      `const ${name}$class: any = ${PURE} messageClass(${args.join(", ")});`,
      named("read", emitDecoder(plan, names)),
      named("write", emitEncoder(plan, names)),
      "",
    ].join("\n");
  }

  #names(): Names {
    const name = this.name;
    const method = (schema: FieldSchema, what: "read" | "write") => {
      const node = this.#target(schema) as MessageNode;
      return `${this.module.name(node)}${node.file === this.module.file ? "$" : "."}${what}`;
    };
    return {
      read: ({ schema }) => method(schema, "read"),
      write: ({ schema }) => method(schema, "write"),
      enumName: ({ schema }) => this.#enumName(this.#target(schema) as EnumNode),
      field: ({ index }) => `${name}$.fields[${index}]!`,
      schema: () => `${name}$`,
      keys: () => `${name}$keys`,
      known: () => `${name}$.known`,
      messageClass: () => `${name}$class`,
      type: (name) => this.module.runtime(name, true),
    };
  }

  #enumName(node: EnumNode): string {
    let name = this.enums.get(node);
    if (name === undefined) this.enums.set(node, name = `${this.module.enumSchema(node)}name`);
    return name;
  }
}

/** A value of a schema, as code. */
function literal(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Uint8Array) return `${PURE} Uint8Array.of(${value.join(", ")})`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  return JSON.stringify(value);
}

/** What emitted functions call of the runtime. */
function helpersIn(text: string): string[] {
  const code = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  const words = new Set(code.match(/(?<![.\w$])[A-Za-z_]\w*(?![\w$])/g));
  return [...HELPERS].filter((name) => words.has(name)).sort();
}
