// Makes, for one message type, the function that reads it: one switch over tags, one object literal at the end.

import { declaredDefaults, put } from "./defaults.ts";
import { elementsOf } from "./elements.ts";
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
import { UnknownFields, unknownFields } from "./unknown_fields.ts";

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

/** What compiled code calls for a nested message: its codec. */
export interface MessageReader {
  /** Replaced by the compiled function when it is first called. */
  readonly read: ReadMessage;
}

/** Compiles the decoder of `schema`. */
export function compileDecoder(
  schema: MessageSchema,
  codecOf: (schema: MessageSchema) => MessageReader,
): ReadMessage {
  const slots = slotsOf(schema);
  const lines = ['"use strict";', "const { put, hasOwn, skip, keep, EMPTY, Unknown, UNKNOWN } = h;"];
  schema.fields.forEach((field, i) => {
    if (field.messageType !== undefined) lines.push(`const C${i} = h.codecs[${i}];`);
    if (field.enumType !== undefined) lines.push(`const E${i} = h.enums[${i}];`);
  });
  if (hasDefaults(schema)) lines.push(messageClass(schema));
  lines.push("return function (r, end, p, g) {", "let u = undefined;");
  schema.oneofs.forEach((_, o) => lines.push(`let o${o} = undefined, w${o} = undefined;`));
  schema.fields.forEach((field, i) => {
    if (field.oneof === undefined) lines.push(`let v${i} = ${initial(field, i)};`);
  });
  lines.push(mergeBlock(schema, slots));
  lines.push("while (r.pos < end) {", "const t = r.tag();", "switch (t) {");
  schema.fields.forEach((field, i) => lines.push(fieldCases(schema, field, i, slots)));
  const ends = schema.usedAsGroup ? "if (t === g && g !== 0) { end = -1; break; }" : "";
  lines.push(`default: ${ends} u = skip(r, t, u);`, "}", "}");
  if (schema.usedAsGroup) {
    lines.push('if (g !== 0) { if (end !== -1) r.fail("the message ends inside a group"); } else');
  }
  lines.push('if (r.pos !== end) r.fail("a value reaches beyond the end of its message");');
  schema.fields.forEach((field, i) => lines.push(finish(field, i)));
  lines.push(
    `const m = ${hasDefaults(schema) ? `new Message(${values(schema, slots)})` : literal(schema, slots)};`,
    "return u === undefined ? m : u.attach(m); };",
  );
  return new Function("h", lines.join("\n"))({
    put,
    hasOwn: Object.hasOwn,
    skip: skipUnknown,
    keep: keepUnknown,
    EMPTY: new Uint8Array(0),
    Unknown: UnknownFields,
    UNKNOWN: unknownFields,
    codecs: schema.fields.map((field) => field.messageType && codecOf(field.messageType)),
    enums: schema.fields.map((field) => field.enumType && enumNames(field.enumType)),
    defaults: declaredDefaults(schema),
  }) as ReadMessage;
}

/** Code that keeps the value from `q` up to here as an unknown field, behind `tag`. */
function keep(tag: number): string {
  return `u = keep(r, ${tag}, q, u);`;
}

/** Passes over the value behind `tag`, and keeps both. */
function skipUnknown(reader: Reader, tag: number, kept: UnknownFields | undefined): UnknownFields {
  const from = reader.pos;
  reader.skip(tag);
  return keepUnknown(reader, tag, from, kept);
}

function keepUnknown(
  reader: Reader,
  tag: number,
  from: number,
  kept: UnknownFields | undefined,
): UnknownFields {
  const unknown = kept ?? new UnknownFields();
  unknown.add(tag, reader.buf, from, reader.pos);
  return unknown;
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
  const lines = ["if (p !== undefined) {", "if (p[UNKNOWN] !== undefined) u = new Unknown(p[UNKNOWN]);"];
  schema.oneofs.forEach((oneof, o) => {
    lines.push(`o${o} = p[${JSON.stringify(oneof)}]; if (o${o} !== undefined) w${o} = p[o${o}];`);
  });
  schema.fields.forEach((field, i) => {
    if (field.oneof !== undefined) return;
    const name = JSON.stringify(field.name);
    const own = field.explicitDefault === undefined ? "" : `if (hasOwn(p, ${name}))`;
    lines.push(`${own} ${slots[i]} = p[${name}];`);
  });
  lines.push("}");
  return lines.join("\n");
}

function fieldCases(schema: MessageSchema, field: FieldSchema, i: number, slots: string[]): string {
  const slot = slots[i]!;
  if (field.shape === "map") return mapCase(field, i, slot);
  const single = `case ${tagOf(field.number, ownWireType(field))}:`;
  if (field.shape === "repeated") {
    return `${single} ${store(field, i, "undefined", (x) => `${slot}.push(${x});`)} break;
${wireTypeOf(field.type) === WireType.DELIMITED ? "" : packedCase(field, i, slot)}`;
  }
  if (field.oneof === undefined) {
    return `${single} ${store(field, i, slot, (x) => `${slot} = ${x};`)} break;`;
  }
  const o = `o${schema.oneofs.indexOf(field.oneof)}`;
  const name = JSON.stringify(field.name);
  const into = `${o} === ${name} ? ${slot} : undefined`;
  return `${single} ${store(field, i, into, (x) => `${slot} = ${x}; ${o} = ${name};`)} break;`;
}

/** Code that reads a value and does `set` with it; one that a closed enum does not have is an unknown field. */
function store(field: FieldSchema, i: number, into: string, set: (value: string) => string): string {
  const value = valueCode(field, field.type, i, into);
  if (field.enumType?.closed !== true) return `${value.before} ${set(value.code)} ${value.after}`;
  const unknown = keep(tagOf(field.number, WireType.VARINT));
  return `{ const q = r.pos, x = ${value.code}; if (x === undefined) { ${unknown} } else { ${set("x")} } }`;
}

function packedCase(field: FieldSchema, i: number, slot: string): string {
  return `case ${tagOf(field.number, WireType.DELIMITED)}: { const e = r.delimited();
while (r.pos < e) { ${store(field, i, "undefined", (x) => `${slot}.push(${x});`)} }
if (r.pos !== e) r.fail("a packed value reaches beyond the end of its field"); break; }`;
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
  const elements = elementsOf(field.messageType!);
  if (!field.delimited) {
    return { before: "", code: `C${i}.read(r, r.enter(${elements}), ${into}, 0)`, after: "r.depth--;" };
  }
  const end = tagOf(field.number, WireType.GROUP_END);
  return {
    before:
      `r.spend(${elements}); if (++r.depth > ${RECURSION_LIMIT}) r.fail("groups are nested more than ${RECURSION_LIMIT} deep");`,
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
  const empty = field.type === "message"
    ? `if (x === undefined) { r.spend(${
      elementsOf(field.messageType!)
    }); x = C${i}.read(r, e, undefined, 0); }`
    : "";
  const tag = tagOf(field.number, WireType.DELIMITED);
  // An entry whose value is none of a closed enum is unknown as a whole, as in C++ and Java.
  const unnamed = field.enumType?.closed === true ? `if (x === undefined) { ${keep(tag)} break; }` : "";
  return `case ${tag}: { r.spend(1); const q = r.pos, e = r.delimited(); let k = ${
    zero(keyType)
  }, x = ${first};
while (r.pos < e) { const n = r.tag(); switch (n) {
case ${tagOf(1, wireTypeOf(keyType))}: k = r.${keyType}(); break;
case ${tagOf(2, wireTypeOf(field.type))}: x = ${value.code}; ${value.after} break;
default: r.skip(n); } }
if (r.pos !== e) r.fail("a value reaches beyond the end of its map entry");
${empty} ${unnamed} put(${slot}, k, x); break; }`;
}

/** What is left to do once all fields are read: required fields must be there. */
function finish(field: FieldSchema, i: number): string {
  if (field.shape !== "singular" || field.oneof !== undefined) return "";
  if (field.presence === "required") {
    return `if (v${i} === undefined) r.fail(${
      JSON.stringify(`required field ${field.fullName} is missing`)
    });`;
  }
  return "";
}

function hasDefaults(schema: MessageSchema): boolean {
  return schema.fields.some((field) => field.explicitDefault !== undefined);
}

/** The object literal of a decoded message: every message of a type has the same properties in the same order. */
function literal(schema: MessageSchema, slots: string[]): string {
  const properties = schema.fields.map((field, i) =>
    `${key(field.name)}: ${present(schema, field, slots[i]!)}`
  );
  schema.oneofs.forEach((oneof, o) => properties.push(`${key(oneof)}: o${o}`));
  return `{ ${properties.join(", ")} }`;
}

/** `"__proto__": value` would set the prototype. */
function key(name: string): string {
  return name === "__proto__" ? '["__proto__"]' : JSON.stringify(name);
}

function present(schema: MessageSchema, field: FieldSchema, slot: string): string {
  if (field.oneof === undefined) return slot;
  return `o${schema.oneofs.indexOf(field.oneof)} === ${JSON.stringify(field.name)} ? ${slot} : undefined`;
}

/**
 * The class of messages with declared defaults, which its prototype holds: a field that has one is a property of the
 * message only where it was sent, so that reading gives the default and encoding sends no more than was there.
 */
function messageClass(schema: MessageSchema): string {
  const set = (name: string, value: string) =>
    name === "__proto__" ? `put(this, "__proto__", ${value});` : `this[${JSON.stringify(name)}] = ${value};`;
  const lines: string[] = [];
  schema.fields.forEach(({ name, explicitDefault }, i) => {
    if (explicitDefault === undefined) lines.push(set(name, `a${i}`));
  });
  schema.oneofs.forEach((oneof, o) => lines.push(set(oneof, `b${o}`)));
  schema.fields.forEach(({ name, explicitDefault }, i) => {
    if (explicitDefault !== undefined) lines.push(`if (a${i} !== undefined) ${set(name, `a${i}`)}`);
  });
  const parameters = [...schema.fields.map((_, i) => `a${i}`), ...schema.oneofs.map((_, o) => `b${o}`)];
  return `function Message(${parameters.join(", ")}) { ${
    lines.join("\n")
  } }\nMessage.prototype = h.defaults;`;
}

/** What {@linkcode messageClass} is made with. */
function values(schema: MessageSchema, slots: string[]): string {
  return [
    ...schema.fields.map((field, i) => present(schema, field, slots[i]!)),
    ...schema.oneofs.map((_, o) => `o${o}`),
  ].join(", ");
}

/** Enum values below this are looked up in an array. */
const DENSE_VALUES = 256;

/**
 * The function from a number on the wire to the value's name. One without a name stays a number, or is undefined
 * where the enum is closed.
 */
function enumNames(schema: EnumSchema): (value: number) => string | number | undefined {
  const dense: (string | number | undefined)[] = [];
  const { names, closed } = schema;
  const nameOf = (value: number) => names.get(value) ?? (closed ? undefined : value);
  const count = Math.min(DENSE_VALUES, Math.max(0, ...[...names.keys()].map((value) => value + 1)));
  for (let value = 0; value < count; value++) dense.push(nameOf(value));
  return (value) => value >= 0 && value < dense.length ? dense[value] : nameOf(value);
}
