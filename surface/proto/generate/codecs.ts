// The other half of a generated module: schemas, the functions that read and write messages, and services.

import { emitDecoder, emitMessageClass } from "../compile/emit_decoder.ts";
import { emitEncoder } from "../compile/emit_encoder.ts";
import type { Names } from "../compile/names.ts";
import { type MessagePlan, planOf } from "../compile/plan.ts";
import type { EnumNode, FieldNode, MessageNode, MethodNode, ServiceNode } from "../language/nodes.ts";
import { type FieldSchema, jsonNameOf, type MessageSchema } from "../schema.ts";
import { methodKind } from "../service.ts";
import { HELPERS, propertyKey } from "./identifiers.ts";
import { indent } from "./layout.ts";
import type { Module } from "./module.ts";

const PURE = "/* @__PURE__ */";

/** The schema of an enum, and the function that names its numbers where messages of the module need it. */
export function enumSchemaText(module: Module, node: EnumNode): string {
  const values = node.values.map(({ name, number }) => `${propertyKey(name)}: ${number}`);
  const closed = node.features.enum_type === "CLOSED" ? ", true" : "";
  const made = `${module.runtime("enumType")}(${JSON.stringify(node.fullName)}, { ${
    values.join(", ")
  } }${closed})`;
  return `export const ${module.enumSchema(node)}: ${
    module.runtime("EnumSchema", true)
  } = ${PURE} ${made};\n`;
}

/** What one message type is coded by. */
export class CodecText {
  readonly #plan: MessagePlan;
  readonly #name: string;
  readonly #targets: ReadonlyMap<number, FieldNode>;

  /** `enums`: the functions that name the numbers of enums, by enum, to which those that are needed are added. */
  constructor(
    private readonly module: Module,
    private readonly node: MessageNode,
    private readonly schema: MessageSchema,
    private readonly enums: Map<EnumNode, string>,
  ) {
    this.#plan = planOf(schema);
    this.#name = module.name(node);
    this.#targets = new Map(node.fields.map((field) => [field.number, field.entry?.fields[1] ?? field]));
  }

  /** The declarations of the type. */
  text(): string {
    const { module } = this;
    const name = this.#name;
    const type = `${module.runtime("MessageType", true)}<${name}>`;
    const codec = `${module.runtime("messageType")}(${name}$, ${name}$read, ${name}$write)`;
    const functions = this.#functions();
    for (const helper of helpersIn(functions)) module.runtime(helper);
    return `${this.#schemaText()}export const ${name}: ${type} = ${PURE} ${codec};\n${indent(functions)}`;
  }

  #schemaText(): string {
    const { oneofs, usedAsGroup, fullName, fields } = this.schema;
    const lines = fields.map((field) => `  ${this.#fieldText(field)},\n`);
    const list = lines.length === 0 ? "[]" : `[\n${lines.join("")}]`;
    const rest = usedAsGroup ? [oneofs, true] : oneofs.length > 0 ? [oneofs] : [];
    const args = [JSON.stringify(fullName), `() => ${list}`, ...rest.map((value) => JSON.stringify(value))];
    return `const ${this.#name}$ = ${PURE} ${this.module.runtime("messageSchema")}(${args.join(", ")});\n`;
  }

  #fieldText(field: FieldSchema): string {
    const extra = this.#extra(field);
    const head = `${field.number}, ${JSON.stringify(field.name)}, ${JSON.stringify(field.type)}`;
    return extra === "" ? `[${head}]` : `[${head}, { ${extra} }]`;
  }

  #extra(field: FieldSchema): string {
    const proto = this.node.fields.find(({ number }) => number === field.number)!.name;
    const usual: Partial<Record<keyof FieldSchema, unknown>> = {
      name: field.name,
      number: field.number,
      type: field.type,
      fullName: field.fullName,
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
    const target = this.#targets.get(field.number)!.target;
    if (key === "messageType") return this.#schemaOf(target as MessageNode);
    if (key === "enumType") return this.module.enumSchema(target as EnumNode);
    return literal(field[key]);
  }

  #schemaOf(target: MessageNode): string {
    const name = this.module.name(target);
    return target.file === this.node.file ? `${name}$` : `${name}.schema`;
  }

  #functions(): string {
    const plan = this.#plan;
    const name = this.#name;
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
      `const ${name}$keys: readonly string[] = ${JSON.stringify(plan.keys)};`,
      `const ${name}$class: any = ${PURE} messageClass(${args.join(", ")});`,
      named("read", emitDecoder(plan, names)),
      named("write", emitEncoder(plan, names)),
      "",
    ].join("\n");
  }

  #names(): Names {
    const name = this.#name;
    const target = (field: FieldSchema) => this.#targets.get(field.number)!.target as MessageNode;
    const method = (schema: FieldSchema, what: "read" | "write") => {
      const node = target(schema);
      return `${this.module.name(node)}${node.file === this.node.file ? "$" : "."}${what}`;
    };
    return {
      read: ({ schema }) => method(schema, "read"),
      write: ({ schema }) => method(schema, "write"),
      enumName: ({ schema }) => this.#enumName(this.#targets.get(schema.number)!.target as EnumNode),
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

/** The functions that name numbers of enums. */
export function enumNamesText(module: Module, enums: ReadonlyMap<EnumNode, string>): string {
  return [...enums].map(([node, name]) =>
    `const ${name} = ${PURE} ${module.runtime("enumNames")}(${module.enumSchema(node)});\n`
  ).join("");
}

/** A service. */
export function serviceCodecText(
  module: Module,
  service: ServiceNode,
  local: (method: MethodNode) => string,
): string {
  const name = module.name(service);
  const lines = service.methods.map((method) => {
    const level = method.settings.get("idempotency_level");
    const parts = [
      JSON.stringify(method.name),
      JSON.stringify(methodKind(method.clientStreaming, method.serverStreaming)),
      module.name(method.input!),
      module.name(method.output!),
      ...(level === "IDEMPOTENT" || level === "NO_SIDE_EFFECTS" ? [JSON.stringify(level)] : []),
    ];
    return `  ${propertyKey(local(method))}: [${parts.join(", ")}],\n`;
  });
  const methods = lines.length === 0 ? "{}" : `{\n${lines.join("")}}`;
  const made = `${module.runtime("service")}(${JSON.stringify(service.fullName)}, ${methods})`;
  return `export const ${name}: ${module.runtime("ServiceOf", true)}<${name}> = ${PURE} ${made};\n`;
}

/** A value of a schema, as code. */
function literal(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Uint8Array) return `Uint8Array.of(${value.join(", ")})`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  return JSON.stringify(value);
}

/** What emitted functions call of the runtime. */
function helpersIn(text: string): string[] {
  const code = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  const words = new Set(code.match(/(?<![.\w$])[A-Za-z_]\w*(?![\w$])/g));
  return [...HELPERS].filter((name) => words.has(name)).sort();
}
