// Makes, for one message type, the function that writes it: straight code, one block a field.

import type { MessageCodec } from "./codec.ts";
import { describeValue, EncodeError } from "./errors.ts";
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
import type { Writer } from "./writer.ts";

/** Writes one message; the value is known to be an object. */
export type WriteMessage = (message: Record<string, unknown>, writer: Writer) => void;

/** What generated code refers to by the names `field`, `bad`, `toLong` and so on. */
interface Helpers {
  fields: readonly FieldSchema[];
  codecs: readonly (MessageCodec | undefined)[];
  bad(field: FieldSchema, value: unknown, what?: string): never;
  toLong(field: FieldSchema, value: unknown, signed: boolean): bigint;
  toEnum(field: FieldSchema, value: unknown): number;
  toKey(field: FieldSchema, key: unknown): unknown;
  twice(field: FieldSchema, other: string): never;
  missing(field: FieldSchema): never;
  entries(field: FieldSchema, value: unknown): Iterable<[unknown, unknown]>;
}

/** The upper bound of bytes of a number on the wire. */
const NUMBER_BYTES = 10;

/** Names that every object inherits: only an own property counts as the field. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/** Compiles the encoder of `schema`. */
export function compileEncoder(
  schema: MessageSchema,
  codecOf: (schema: MessageSchema) => MessageCodec,
): WriteMessage {
  const codecs = schema.fields.map((field) => field.messageType && codecOf(field.messageType));
  const helpers: Helpers = {
    fields: schema.fields,
    codecs,
    bad,
    toLong,
    toEnum,
    toKey,
    twice,
    missing,
    entries,
  };
  const lines = [
    '"use strict";',
    "const { bad, toLong, toEnum, toKey, twice, missing, entries } = h;",
    "const LEAST = -0x7fffffffffffffffn - 1n, MOST = 0x7fffffffffffffffn, MOST_UNSIGNED = 0xffffffffffffffffn;",
  ];
  for (let i = 0; i < schema.fields.length; i++) {
    lines.push(`const F${i} = h.fields[${i}], C${i} = h.codecs[${i}];`);
  }
  lines.push("return function (m, w) {");
  for (let i = 0; i < schema.oneofs.length; i++) lines.push(`let o${i} = "";`);
  schema.fields.forEach((field, i) => lines.push(fieldBlock(schema, field, i)));
  lines.push("};");
  return new Function("h", lines.join("\n"))(helpers) as WriteMessage;
}

function fieldBlock(schema: MessageSchema, field: FieldSchema, i: number): string {
  const property = `m[${JSON.stringify(field.name)}]`;
  const own = INHERITED.has(field.name)
    ? `Object.hasOwn(m, ${JSON.stringify(field.name)}) ? ${property} : undefined`
    : property;
  const body = field.shape === "map"
    ? mapBody(field, i)
    : field.shape === "repeated"
    ? repeatedBody(field, i)
    : singularBody(schema, field, i);
  const absent = field.presence === "required" && field.shape === "singular" ? `else missing(F${i});` : "";
  return `{ const v = ${own}; if (v !== undefined && v !== null${
    notDefault(field)
  }) {\n${body}\n} ${absent} }`;
}

/** Fields without presence are left out when they hold their default. */
function notDefault(field: FieldSchema): string {
  if (field.shape !== "singular" || field.presence !== "implicit") return "";
  switch (field.type) {
    case "string":
      return ' && v !== ""';
    case "bool":
      return " && v !== false";
    case "float":
    case "double":
      return " && (v !== 0 || Object.is(v, -0))";
    case "message":
    case "enum":
    case "bytes":
      return "";
    default:
      return isBigInt(field.type) ? " && v !== 0n && v !== 0" : " && v !== 0";
  }
}

function singularBody(schema: MessageSchema, field: FieldSchema, i: number): string {
  const lines: string[] = [];
  if (field.oneof !== undefined) {
    const o = `o${schema.oneofs.indexOf(field.oneof)}`;
    lines.push(`if (${o} !== "") twice(F${i}, ${o}); ${o} = ${JSON.stringify(field.name)};`);
  }
  lines.push(convert(field.type, i, "v", "x"));
  const write = taggedWrite(field.number, field.type, field.delimited, i, "x");
  const implicit = field.presence === "implicit";
  if (implicit && field.type === "enum") lines.push("if (x !== 0)");
  if (implicit && field.type === "bytes") lines.push("if (x.length !== 0)");
  lines.push(`{ ${write} }`);
  return lines.join("\n");
}

function repeatedBody(field: FieldSchema, i: number): string {
  const head = `if (!Array.isArray(v)${ACCEPT_TYPED[field.type] ?? ""}) bad(F${i}, v, "an array");`;
  const each = "for (let i = 0; i < v.length; i++) { const e = v[i];";
  const item = convert(field.type, i, "e", "x");
  if (!field.packed) {
    return `${head} ${each} ${item} ${taggedWrite(field.number, field.type, field.delimited, i, "x")} }`;
  }
  const tag = putTag(tagOf(field.number, WireType.DELIMITED));
  return `${head} if (v.length !== 0) { w.reserve(6); ${tag} const a = w.openPart();
${each} ${item} w.reserve(${NUMBER_BYTES}); w.${wireMethod(field.type)}(x); } w.closePart(a); }`;
}

/** Typed arrays that hold what a repeated field holds are as good as arrays. */
const ACCEPT_TYPED: Partial<Record<FieldType, string>> = {
  double: " && !(v instanceof Float64Array)",
  float: " && !(v instanceof Float32Array)",
  int32: " && !(v instanceof Int32Array)",
  uint32: " && !(v instanceof Uint32Array)",
  int64: " && !(v instanceof BigInt64Array)",
  uint64: " && !(v instanceof BigUint64Array)",
};

function mapBody(field: FieldSchema, i: number): string {
  const keyType = field.keyType!;
  return `for (const [k, e] of entries(F${i}, v)) { const y = toKey(F${i}, k);
w.reserve(6); ${putTag(tagOf(field.number, WireType.DELIMITED))} const a = w.openPart();
${taggedWrite(1, keyType, false, i, "y")}
${convert(field.type, i, "e", "x")} ${taggedWrite(2, field.type, false, i, "x")}
w.closePart(a); }`;
}

/** Declares `to`, the checked form of `from`. */
function convert(type: FieldType, i: number, from: string, to: string): string {
  switch (type) {
    case "int32":
    case "sint32":
    case "sfixed32":
      return `if (typeof ${from} !== "number" || (${from} | 0) !== ${from}) bad(F${i}, ${from}); const ${to} = ${from};`;
    case "uint32":
    case "fixed32":
      return `if (typeof ${from} !== "number" || (${from} >>> 0) !== ${from}) bad(F${i}, ${from}); const ${to} = ${from};`;
    case "float":
    case "double":
      return `if (typeof ${from} !== "number") bad(F${i}, ${from}); const ${to} = ${from};`;
    case "bool":
      return `if (typeof ${from} !== "boolean") bad(F${i}, ${from}); const ${to} = ${from};`;
    case "string":
      return `if (typeof ${from} !== "string") bad(F${i}, ${from}); const ${to} = ${from};`;
    case "bytes":
      return `if (!(${from} instanceof Uint8Array)) bad(F${i}, ${from}); const ${to} = ${from};`;
    case "enum":
      return `const ${to} = toEnum(F${i}, ${from});`;
    case "message":
      return `if (typeof ${from} !== "object" || ${from} === null || Array.isArray(${from})) bad(F${i}, ${from});
const ${to} = ${from};`;
    default: {
      const signed = SIGNED.has(type);
      const [least, most] = signed ? ["LEAST", "MOST"] : ["0n", "MOST_UNSIGNED"];
      return `let ${to} = ${from};
if (typeof ${to} !== "bigint" || ${to} < ${least} || ${to} > ${most}) ${to} = toLong(F${i}, ${to}, ${signed});`;
    }
  }
}

/** Code that writes tag and value `name`, with its room. */
function taggedWrite(number: number, type: FieldType, delimited: boolean, i: number, name: string): string {
  if (type === "message" && delimited) {
    return `w.reserve(5); ${putTag(tagOf(number, WireType.GROUP_START))} w.enterGroup();
C${i}.write(${name}, w); w.leaveGroup(); w.reserve(5); ${putTag(tagOf(number, WireType.GROUP_END))}`;
  }
  const tag = putTag(tagOf(number, wireTypeOf(type)));
  if (type === "message") {
    return `w.reserve(6); ${tag} { const b = w.open(); C${i}.write(${name}, w); w.close(b); }`;
  }
  if (type === "string" || type === "bytes") return `w.reserve(5); ${tag} w.${type}(${name});`;
  return `w.reserve(${NUMBER_BYTES + 5}); ${tag} w.${wireMethod(type)}(${name});`;
}

function putTag(tag: number): string {
  return tag < 128 ? `w.buf[w.pos++] = ${tag};` : `w.uint32(${tag});`;
}

function wireMethod(type: FieldType): string {
  return type === "enum" ? "int32" : type;
}

const SIGNED: ReadonlySet<string> = new Set(["int32", "int64", "sint32", "sint64", "sfixed32", "sfixed64"]);

function bad(field: FieldSchema, value: unknown, what = expectation(field.type, field)): never {
  throw new EncodeError(`Cannot encode ${field.fullName}: expected ${what}, found ${describeValue(value)}`);
}

function expectation(type: FieldType, field: FieldSchema): string {
  switch (type) {
    case "float":
    case "double":
      return "a number";
    case "bool":
      return "a boolean";
    case "string":
      return "a string";
    case "bytes":
      return "a Uint8Array";
    case "enum":
      return `the name or number of a ${field.enumType!.fullName}`;
    case "message":
      return `an object of ${field.messageType!.fullName}`;
    default:
      return isBigInt(type) ? `a bigint or safe integer of ${type}` : `an integer of ${type}`;
  }
}

function toLong(field: FieldSchema, value: unknown, signed: boolean): bigint {
  const long = longOf(value, signed);
  return long === undefined ? bad(field, value) : long;
}

function longOf(value: unknown, signed: boolean): bigint | undefined {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || (!signed && value < 0)) return undefined;
    return BigInt(value);
  }
  if (typeof value !== "bigint") return undefined;
  return (signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value)) === value ? value : undefined;
}

function toEnum(field: FieldSchema, value: unknown): number {
  if (typeof value === "string") {
    const number = (field.enumType as EnumSchema).numbers.get(value);
    return number === undefined ? bad(field, value) : number;
  }
  return typeof value === "number" && (value | 0) === value ? value : bad(field, value);
}

function twice(field: FieldSchema, other: string): never {
  throw new EncodeError(
    `Cannot encode ${field.fullName}: oneof ${field.oneof} already holds ${other}; set one of them only`,
  );
}

function missing(field: FieldSchema): never {
  throw new EncodeError(`Cannot encode ${field.fullName}: the field is required and missing`);
}

/** The entries of a map field's value: a Map, or an object's own properties. */
function entries(field: FieldSchema, value: unknown): Iterable<[unknown, unknown]> {
  if (value instanceof Map) return value as Map<unknown, unknown>;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return bad(field, value, "an object or Map");
  }
  return Object.entries(value);
}

/** A map key in the form its type is written in; keys of objects are strings. */
function toKey(field: FieldSchema, key: unknown): unknown {
  const type = field.keyType!;
  const wrong = () => bad(field, key, `keys of ${type}`);
  if (type === "string") return typeof key === "string" ? key : wrong();
  if (type === "bool") {
    if (key === "true" || key === true) return true;
    return key === "false" || key === false ? false : wrong();
  }
  const value = typeof key === "string" ? (/^-?\d{1,20}$/.test(key) ? BigInt(key) : undefined) : key;
  const signed = SIGNED.has(type);
  const long = longOf(value, signed);
  if (long === undefined) return wrong();
  if (isBigInt(type)) return long;
  const number = Number(long);
  return (signed ? number | 0 : number >>> 0) === number ? number : wrong();
}
