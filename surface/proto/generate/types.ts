// The readable half of a generated module: an interface a message, a union an enum, and the methods of services.

import type {
  EnumNode,
  FieldNode,
  MessageNode,
  MethodNode,
  OneofNode,
  ServiceNode,
} from "../language/nodes.ts";
import { type FieldSchema, isBigInt, type MessageSchema } from "../schema.ts";
import { methodKind } from "../service.ts";

import { propertyKey } from "./identifiers.ts";
import type { Module } from "./module.ts";

/** As many combinations of oneofs' members as one type lists. */
const MOST_COMBINATIONS = 256;

/** Where options are declared, which most extensions extend. */
const DESCRIPTORS = "google/protobuf/descriptor.proto";

/** A message's fields as declared and as schema, in the order of the .proto file. */
export interface FieldPair {
  readonly node: FieldNode;
  readonly schema: FieldSchema;
}

/** The fields of `message`, in the order in which they are declared. */
function fieldsOf(message: MessageNode, schema: MessageSchema): FieldPair[] {
  const byNumber = new Map(schema.fields.map((field) => [field.number, field]));
  return message.fields.map((node) => ({ node, schema: byNumber.get(node.number)! }));
}

/** The type of a message. */
export function messageText(module: Module, message: MessageNode, schema: MessageSchema): string {
  const name = module.name(message);
  const fields = fieldsOf(message, schema);
  const plain = fields.filter(({ node }) => node.oneof === undefined).map((field) => property(module, field));
  const doc = module.docs.of(message);
  const unknown = module.runtime("WithUnknownFields", true);
  if (schema.oneofs.length === 0) {
    return `${doc}export interface ${name} extends ${unknown} ${block(plain)}\n`;
  }
  let combinations = 1;
  const parts = message.oneofs.map((oneof, i) => {
    const members = fields.filter(({ node }) => node.oneof === oneof);
    combinations *= members.length + 1;
    const type = module.runtime(combinations > MOST_COMBINATIONS ? "LooseOneOf" : "OneOf", true);
    return oneofText(module, type, oneof, schema.oneofs[i]!, members);
  });
  if (plain.length > 0) parts.unshift(`  & ${indented(block(plain))}`);
  parts.push(`  & ${unknown}`);
  return `${doc}export type ${name} =\n${parts.join("\n")};\n`;
}

function oneofText(
  module: Module,
  type: string,
  oneof: OneofNode,
  name: string,
  members: readonly FieldPair[],
): string {
  const lines = members.map(({ node, schema }) =>
    `${module.docs.of(node, "    ")}    ${propertyKey(schema.name)}: ${valueType(module, node, schema)};\n`
  );
  return `${module.docs.of(oneof, "  ")}  & ${type}<${JSON.stringify(name)}, {\n${lines.join("")}  }>`;
}

function block(lines: readonly string[]): string {
  return lines.length === 0 ? "{}" : `{\n${lines.join("")}}`;
}

function indented(text: string): string {
  return text.replaceAll("\n", "\n  ");
}

function property(module: Module, { node, schema }: FieldPair): string {
  return `${module.docs.of(node, "  ")}  ${propertyKey(schema.name)}: ${fieldType(module, node, schema)};\n`;
}

/** The type of a field's property. */
function fieldType(module: Module, node: FieldNode, schema: FieldSchema): string {
  const { entry } = node;
  if (entry !== undefined) return `{ [key: string]: ${valueType(module, entry.fields[1]!, schema)} }`;
  const value = valueType(module, node, schema);
  if (schema.shape === "repeated") return `${value}[]`;
  const absent = schema.presence === "explicit" && schema.explicitDefault === undefined;
  return absent ? `${value} | undefined` : value;
}

/** What an extension is of: what reading it gives, what setting it takes, and the message that has it. */
export function extensionType(module: Module, node: FieldNode, schema: FieldSchema): string {
  const type = fieldType(module, node, schema);
  const given = type.replace(/ \| undefined$/, "");
  const init = /^(?:string|number|boolean|Uint8Array)$/.test(given)
    ? given
    : `${module.runtime("MessageInit", true)}<${given}>`;
  const extended = node.extends!;
  // Whole modules of protobuf's options would be generated for the sake of extensions that are seldom read.
  const extendee = extended.file.path === DESCRIPTORS && module.file !== extended.file
    ? ""
    : `, ${module.name(extended, true)}`;
  return `${type}, ${init}${extendee}`;
}

/** The type of one value of a field. `node`: the field, or of a map the value's. */
function valueType(module: Module, node: FieldNode, { type, longs }: FieldSchema): string {
  if (node.target !== undefined) return module.name(node.target, true);
  if (type === "string" || type === "bytes") return type === "string" ? "string" : "Uint8Array";
  if (type === "bool") return "boolean";
  return isBigInt(type) ? longs ?? "bigint" : "number";
}

/** The type of an enum: its values' names, and where it is open any other number. */
export function enumText(module: Module, node: EnumNode, typesOnly: boolean): string {
  const name = module.name(node);
  const names = firstNames(node);
  const unique = [...new Set(names.values())].map((value) => JSON.stringify(value));
  const union = node.features.enum_type === "CLOSED" ? unique : [...unique, "(number & {})"];
  const line = `export type ${name} = ${union.join(" | ")};\n`;
  const type = line.length <= 80
    ? line
    : `export type ${name} =\n${union.map((value) => `  | ${value}\n`).join("").trimEnd()};\n`;
  if (typesOnly) return module.docs.of(node) + type;
  const values = node.values.map((value) =>
    `${module.docs.of(value, "  ")}  ${propertyKey(value.name)}: ${
      JSON.stringify(names.get(value.number))
    },\n`
  );
  return `${module.docs.of(node)}${type}\n${module.docs.of(node)}export const ${name} = {\n${
    values.join("")
  }} as const;\n`;
}

/** What decoding gives for each number: of several names the first. */
function firstNames(node: EnumNode): Map<number, string> {
  const names = new Map<number, string>();
  for (const { name, number } of node.values) if (!names.has(number)) names.set(number, name);
  return names;
}

const KINDS = {
  unary: "UnaryMethod",
  serverStreaming: "ServerStreamingMethod",
  clientStreaming: "ClientStreamingMethod",
  bidiStreaming: "BidiStreamingMethod",
} as const;

/** The methods of a service. `local`: what each is called in JavaScript. */
export function serviceText(
  module: Module,
  service: ServiceNode,
  local: (method: MethodNode) => string,
): string {
  const lines = service.methods.map((method) => {
    const kind = module.runtime(KINDS[methodKind(method.clientStreaming, method.serverStreaming)], true);
    const [request, response] = [module.name(method.input!, true), module.name(method.output!, true)];
    return `${module.docs.of(method, "  ")}  ${
      propertyKey(local(method))
    }: ${kind}<${request}, ${response}>;\n`;
  });
  return `${module.docs.of(service)}export interface ${module.name(service)} ${block(lines)}\n`;
}
