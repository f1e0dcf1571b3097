// Makes, for one message type, the function that reads it: one switch over tags, one object literal at the end.

import type { MessageCodec } from "./codec.ts";
import { type Reader, RECURSION_LIMIT } from "./reader.ts";
import {
  type EnumSchema,
  type FieldSchema,
  type FieldType,
  isBigInt,
  type MessageSchema,
  tagOf,
  WireType,
  wireTypeOf,
} from "./schema.ts";

/**
 * Reads a message that ends at `end`. `into` is an earlier part of the same message that this one is merged
 * with. `group` is the tag that ends it, where it is a group and `end` is not known; else 0.
 */
export type ReadMessage = (
  reader: Reader,
  end: number,
  into: Record<string, unknown> | undefined,
  group: number,
) => Record<string, unknown>;

/** Compiles the decoder of `schema`. */
export function compileDecoder(
  schema: MessageSchema,
  codecOf: (schema: MessageSchema) => MessageCodec,
): ReadMessage {
  const slots = slotsOf(schema);
  const lines = ['"use strict";', "const { put, EMPTY } = h;"];
  schema.fields.forEach((field, i) => {
    if (field.messageType !== undefined) lines.push(`const C${i} = h.codecs[${i}];`);
    if (field.enumType !== undefined) lines.push(`const E${i} = h.enums[${i}];`);
    if (field.explicitDefault !== undefined) lines.push(`const D${i} = h.defaults[${i}];`);
  });
  lines.push("return function (r, end, p, g) {");
  schema.oneofs.forEach((_, o) => lines.push(`let o${o} = undefined, w${o} = undefined;`));
  schema.fields.forEach((field, i) => {
    if (field.oneof === undefined) lines.push(`let v${i} = ${initial(field, i)};`);
  });
  lines.push(mergeBlock(schema, slots));
  lines.push("while (r.pos < end) {", "const t = r.tag();", "switch (t) {");
  schema.fields.forEach((field, i) => lines.push(fieldCases(schema, field, i, slots)));
  lines.push(
    schema.usedAsGroup
      ? "default: if (t === g && g !== 0) { end = -1; break; } r.skip(t);"
      : "default: r.skip(t);",
  );
  lines.push("}", "}");
  if (schema.usedAsGroup) {
    lines.push('if (g !== 0) { if (end !== -1) r.fail("the message ends inside a group"); } else');
  }
  lines.push('if (r.pos !== end) r.fail("a value reaches beyond the end of its message");');
  schema.fields.forEach((field, i) => lines.push(finish(field, i)));
  lines.push(literal(schema, slots), "};");
  return new Function("h", lines.join("\n"))({
    put,
    EMPTY: new Uint8Array(0),
    codecs: schema.fields.map((field) => field.messageType && codecOf(field.messageType)),
    enums: schema.fields.map((field) => field.enumType && enumNames(field.enumType)),
    defaults: schema.fields.map((field) => field.explicitDefault),
  }) as ReadMessage;
}

/** The local variable of each field: members of a oneof share one, since at most one is set. */
function slotsOf(schema: MessageSchema): string[] {
  return schema.fields.map((field, i) =>
    field.oneof === undefined ? `v${i}` : `w${schema.oneofs.indexOf(field.oneof)}`
  );
}

function initial(field: FieldSchema, i: number): string {
  if (field.shape === "repeated") return "[]";
  if (field.shape === "map") return "{}";
  if (field.presence !== "implicit") return "undefined";
  return field.type === "enum" ? `E${i}(${field.enumType!.first})` : zero(field.type);
}

/** Code of a type's default. */
function zero(type: FieldType): string {
  switch (type) {
    case "string":
      return '""';
    case "bytes":
      return "EMPTY";
    case "bool":
      return "false";
    default:
      return isBigInt(type) ? "0n" : "0";
  }
}

function mergeBlock(schema: MessageSchema, slots: string[]): string {
  const lines = ["if (p !== undefined) {"];
  schema.oneofs.forEach((oneof, o) => {
    lines.push(`o${o} = p[${JSON.stringify(oneof)}]; if (o${o} !== undefined) w${o} = p[o${o}];`);
  });
  schema.fields.forEach((field, i) => {
    if (field.oneof === undefined) lines.push(`${slots[i]} = p[${JSON.stringify(field.name)}];`);
  });
  lines.push("}");
  return lines.join("\n");
}

function fieldCases(schema: MessageSchema, field: FieldSchema, i: number, slots: string[]): string {
  const slot = slots[i]!;
  if (field.shape === "map") return mapCase(field, i, slot);
  const single = `case ${tagOf(field.number, ownWireType(field))}:`;
  if (field.shape === "repeated") {
    const value = valueCode(field, field.type, i, "undefined");
    const one = `${single} ${value.before} ${slot}.push(${value.code}); ${value.after} break;`;
    if (wireTypeOf(field.type) === WireType.DELIMITED) return one;
    return `${one}
case ${tagOf(field.number, WireType.DELIMITED)}: { const e = r.delimited();
while (r.pos < e) ${slot}.push(${value.code});
if (r.pos !== e) r.fail("a packed value reaches beyond the end of its field"); break; }`;
  }
  if (field.oneof === undefined) {
    const value = valueCode(field, field.type, i, slot);
    return `${single} ${value.before} ${slot} = ${value.code}; ${value.after} break;`;
  }
  const o = `o${schema.oneofs.indexOf(field.oneof)}`;
  const name = JSON.stringify(field.name);
  const value = valueCode(field, field.type, i, `${o} === ${name} ? ${slot} : undefined`);
  return `${single} ${value.before} ${slot} = ${value.code}; ${o} = ${name}; ${value.after} break;`;
}

function ownWireType(field: FieldSchema): number {
  return field.delimited ? WireType.GROUP_START : wireTypeOf(field.type);
}

/** Code of one value, with what must stand before and after the statement it is in. */
function valueCode(
  field: FieldSchema,
  type: FieldType,
  i: number,
  into: string,
): { before: string; code: string; after: string } {
  if (type === "enum") return { before: "", code: `E${i}(r.int32())`, after: "" };
  if (type !== "message") return { before: "", code: `r.${type}()`, after: "" };
  if (!field.delimited) {
    return { before: "", code: `C${i}.read(r, r.enter(), ${into}, 0)`, after: "r.depth--;" };
  }
  const end = tagOf(field.number, WireType.GROUP_END);
  return {
    before:
      `if (++r.depth > ${RECURSION_LIMIT}) r.fail("groups are nested more than ${RECURSION_LIMIT} deep");`,
    code: `C${i}.read(r, r.buf.length, ${into}, ${end})`,
    after: "r.depth--;",
  };
}

function mapCase(field: FieldSchema, i: number, slot: string): string {
  const keyType = field.keyType!;
  const value = valueCode(field, field.type, i, "x");
  const first = field.type === "message"
    ? "undefined"
    : field.type === "enum"
    ? `E${i}(${field.enumType!.first})`
    : zero(field.type);
  const empty = field.type === "message" ? `if (x === undefined) x = C${i}.read(r, e, undefined, 0);` : "";
  return `case ${tagOf(field.number, WireType.DELIMITED)}: { const e = r.delimited(); let k = ${
    zero(keyType)
  }, x = ${first};
while (r.pos < e) { const u = r.tag(); switch (u) {
case ${tagOf(1, wireTypeOf(keyType))}: k = r.${keyType}(); break;
case ${tagOf(2, wireTypeOf(field.type))}: x = ${value.code}; ${value.after} break;
default: r.skip(u); } }
if (r.pos !== e) r.fail("a value reaches beyond the end of its map entry");
${empty} put(${slot}, k, x); break; }`;
}

/** What is left to do once all fields are read: required fields and defaults of proto2. */
function finish(field: FieldSchema, i: number): string {
  if (field.shape !== "singular" || field.oneof !== undefined) return "";
  if (field.presence === "required") {
    return `if (v${i} === undefined) r.fail(${
      JSON.stringify(`required field ${field.fullName} is missing`)
    });`;
  }
  return "";
}

function literal(schema: MessageSchema, slots: string[]): string {
  const properties = schema.fields.map((field, i) => {
    const key = JSON.stringify(field.name);
    if (field.oneof === undefined) {
      return field.explicitDefault === undefined
        ? `${own(field.name)}: ${slots[i]}`
        : `${own(field.name)}: ${slots[i]} === undefined ? D${i} : ${slots[i]}`;
    }
    const o = `o${schema.oneofs.indexOf(field.oneof)}`;
    return `${own(field.name)}: ${o} === ${key} ? ${slots[i]} : undefined`;
  });
  schema.oneofs.forEach((oneof, o) => properties.push(`${own(oneof)}: o${o}`));
  return `return { ${properties.join(", ")} };`;
}

/** A property's name in an object literal, where `__proto__` alone would set the prototype. */
function own(name: string): string {
  return name === "__proto__" ? '["__proto__"]' : JSON.stringify(name);
}

/** Sets an entry of a decoded map; `__proto__` too becomes a property like any other. */
function put(map: Record<string, unknown>, key: string | number | bigint | boolean, value: unknown): void {
  const name = String(key);
  if (name === "__proto__") {
    Object.defineProperty(map, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    map[name] = value;
  }
}

/** Enum values below this are looked up in an array. */
const DENSE_VALUES = 256;

/** The function from a number on the wire to the value's name, or to itself where it has none. */
function enumNames(schema: EnumSchema): (value: number) => string | number {
  const dense: (string | number)[] = [];
  const { names } = schema;
  const count = Math.min(DENSE_VALUES, Math.max(0, ...[...names.keys()].map((value) => value + 1)));
  for (let value = 0; value < count; value++) dense.push(names.get(value) ?? value);
  return (value) => value >= 0 && value < dense.length ? dense[value]! : names.get(value) ?? value;
}
