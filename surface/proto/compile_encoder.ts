// Makes, for one message type, the function that writes it: straight code, one block a field.

import * as values from "./encode_values.ts";
import { stray, toMessage, unset, writeUnknown } from "./message_shape.ts";
import {
  type FieldSchema,
  type FieldType,
  isBigInt,
  type MessageSchema,
  tagOf,
  WireType,
  wireTypeOf,
} from "./schema.ts";
import { unknownFields } from "./unknown_fields.ts";
import { ROOM_BYTES, type Writer } from "./writer.ts";

/** Writes an object as one message. `field`: whose value it is, for messages of errors. */
export type WriteMessage = (
  message: Record<string, unknown>,
  writer: Writer,
  field: FieldSchema | undefined,
) => void;

/** What compiled code calls for a nested message: its codec. */
export interface MessageWriter {
  /** Replaced by the compiled function when it is first called. */
  readonly write: WriteMessage;
}

/** The upper bound of bytes of a number on the wire. */
const NUMBER_BYTES = 10;

/** From here on a number is rounded to what a float cannot hold. */
const FLOAT_BOUND = 2 ** 128 - 2 ** 103;

/** Names that every object inherits: only an own property counts as the field. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/** Compiles the encoder of `schema`. */
export function compileEncoder(
  schema: MessageSchema,
  codecOf: (schema: MessageSchema) => MessageWriter,
): WriteMessage {
  const keys = keysOf(schema);
  const known = new Set(keys);
  const lines = [
    '"use strict";',
    `const KEYS = ${JSON.stringify(keys)};`, // a literal's strings are compared by address
    "const { Obj, hasOwn, toMessage, stray, unset, writeUnknown, keyAfter, UNKNOWN, S, KNOWN } = h;",
    "const { bad, toLong, toEnum, toKey, twice, missing, entries } = h.values;",
    "const LEAST = -0x7fffffffffffffffn - 1n, MOST = 0x7fffffffffffffffn, MOST_UNSIGNED = 0xffffffffffffffffn;",
  ];
  for (let i = 0; i < schema.fields.length; i++) {
    lines.push(`const F${i} = h.fields[${i}], C${i} = h.codecs[${i}];`);
  }
  lines.push(
    "return function (m, w, f) { if (m.constructor !== Obj) m = toMessage(S, m, f);",
    keyCheck(schema),
  );
  for (let i = 0; i < schema.oneofs.length; i++) lines.push(`let o${i} = "";`);
  const room = new Room(schema.fields);
  schema.fields.forEach((field, i) => lines.push(room.before(i), fieldBlock(schema, field, i)));
  schema.oneofs.forEach((oneof, i) => lines.push(`if (o${i} === "") { ${unsetCheck(oneof)} }`));
  lines.push("const u = m[UNKNOWN]; if (u !== undefined) writeUnknown(S, u, w);", "};");
  return new Function("h", lines.join("\n"))({
    Obj: Object,
    hasOwn: Object.hasOwn,
    toMessage,
    stray,
    unset,
    writeUnknown,
    UNKNOWN: unknownFields,
    S: schema,
    KNOWN: known,
    keyAfter: keyFinder(schema, keys, known),
    values,
    fields: schema.fields,
    codecs: schema.fields.map((field) => field.messageType && codecOf(field.messageType)),
  }) as WriteMessage;
}

/** The keys a message may have, in the order in which decoding makes them. */
function keysOf(schema: MessageSchema): string[] {
  return [...schema.fields.map(({ name }) => name), ...schema.oneofs];
}

/** With more keys than this JavaScriptCore's compiler often gives up on the switch, and the array is as fast. */
const MOST_CASES = 12;

/**
 * Code that looks at every key. Most messages are written in the order of the schema: a key is compared with what
 * may come next, and looked up only where it is none of these.
 */
function keyCheck(schema: MessageSchema): string {
  const keys = keysOf(schema);
  const cases = keys.map((key, i) =>
    `case ${i}: if (k === ${JSON.stringify(key)}) { i = ${i + 1}; continue; }`
  );
  return keys.length > MOST_CASES
    ? "let i = 0; for (const k in m) if (KEYS[i++] !== k) i = keyAfter(m, k, i - 1);"
    : `let i = 0; for (const k in m) { switch (i) { ${
      cases.join("\n")
    } } if (!KNOWN.has(k)) stray(S, m, k); }`;
}

/** The index after `key` among `keys`, searched from `from` on; a key before `from` is found too. */
function keyFinder(schema: MessageSchema, keys: readonly string[], known: ReadonlySet<string>) {
  return (message: Record<string, unknown>, key: string, from: number): number => {
    for (let i = from; i < keys.length; i++) if (keys[i] === key) return i + 1;
    if (!known.has(key)) stray(schema, message, key);
    return from;
  };
}

function unsetCheck(oneof: string): string {
  return `const v = ${property(oneof, INHERITED.has(oneof))}; if (v !== undefined && v !== null) unset(S, ${
    JSON.stringify(oneof)
  }, v);`;
}

/** Code that reads a property of the message; `own`: what it inherits under the name does not count. */
function property(name: string, own: boolean): string {
  const quoted = JSON.stringify(name);
  return own ? `hasOwn(m, ${quoted}) ? m[${quoted}] : undefined` : `m[${quoted}]`;
}

function fieldBlock(schema: MessageSchema, field: FieldSchema, i: number): string {
  // Decoded messages inherit declared defaults, which are not sent.
  const value = property(field.name, INHERITED.has(field.name) || field.explicitDefault !== undefined);
  const body = field.shape === "map"
    ? mapBody(field, i)
    : field.shape === "repeated"
    ? repeatedBody(field, i)
    : singularBody(schema, field, i);
  const absent = field.presence === "required" && field.shape === "singular" ? `else missing(F${i});` : "";
  return `{ const v = ${value}; if (v !== undefined && v !== null${
    notDefault(field)
  }) {\n${body}\n} ${absent} }`;
}

/** Octets that a field's block writes without making room for them itself. */
function unreserved(field: FieldSchema): number {
  if (field.shape === "map") return 0;
  const tag = tagBytes(field.number);
  if (field.type === "string" || field.type === "bytes") return tag;
  if (field.shape === "repeated") return 0;
  return field.type === "message" ? tag + 1 : tag + NUMBER_BYTES;
}

/** What is reserved at once, at most: much more would leave the ends of chunks unused. */
const MOST_RESERVED_BYTES = 256;

/** Follows how much room there is for sure, so that not every field has to ask for its own. */
class Room {
  private left = 0;

  constructor(private readonly fields: readonly FieldSchema[]) {}

  /** Code that reserves room for field `i`, and for those that follow it where none is left. */
  before(i: number): string {
    const field = this.fields[i]!;
    const needed = unreserved(field);
    let code = "";
    if (this.left < needed) {
      this.left = this.ahead(i);
      code = `w.reserve(${this.left});`;
    }
    // The field may be absent, and nothing be written.
    if (field.type === "string" || field.type === "bytes") this.left = Math.min(this.left, ROOM_BYTES);
    else if (field.shape !== "singular" || field.type === "message") this.left = 0;
    else this.left -= needed;
    if (field.shape === "map") this.left = 0;
    return code;
  }

  private ahead(i: number): number {
    let sum = 0;
    for (const field of this.fields.slice(i)) {
      const needed = unreserved(field);
      if (sum + needed > MOST_RESERVED_BYTES) break;
      sum += needed;
      if (needed === 0 || field.type === "message") break;
    }
    return sum;
  }
}

function tagBytes(number: number): number {
  return number < 16 ? 1 : number < 2_048 ? 2 : number < 262_144 ? 3 : number < 33_554_432 ? 4 : 5;
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
    const more = field.type === "string" || field.type === "bytes"
      ? ""
      : `w.reserve(${tagBytes(field.number) + (field.type === "message" ? 1 : NUMBER_BYTES)});`;
    return `${head} ${each} ${item} ${more} ${
      taggedWrite(field.number, field.type, field.delimited, i, "x")
    } }`;
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
w.reserve(${7 + NUMBER_BYTES}); ${putTag(tagOf(field.number, WireType.DELIMITED))} const a = w.openPart();
${taggedWrite(1, keyType, false, i, "y")}
${convert(field.type, i, "e", "x")} w.reserve(${1 + NUMBER_BYTES}); ${
    taggedWrite(2, field.type, false, i, "x")
  }
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
      return `if (typeof ${from} !== "number" || (Math.abs(${from}) >= ${FLOAT_BOUND} && ${from} - ${from} === 0)) bad(F${i}, ${from});
const ${to} = ${from};`;
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
      return `if (typeof ${from} !== "object" || ${from} === null) bad(F${i}, ${from}); const ${to} = ${from};`;
    default: {
      const signed = values.SIGNED.has(type);
      const [least, most] = signed ? ["LEAST", "MOST"] : ["0n", "MOST_UNSIGNED"];
      return `let ${to} = ${from};
if (typeof ${to} !== "bigint" || ${to} < ${least} || ${to} > ${most}) ${to} = toLong(F${i}, ${to}, ${signed});`;
    }
  }
}

/** Code that writes tag and value `name`; there is room for the tag, and for a number. */
function taggedWrite(number: number, type: FieldType, delimited: boolean, i: number, name: string): string {
  if (type === "message" && delimited) {
    return `${putTag(tagOf(number, WireType.GROUP_START))} w.enterGroup();
C${i}.write(${name}, w, F${i}); w.leaveGroup(); w.reserve(5); ${putTag(tagOf(number, WireType.GROUP_END))}`;
  }
  const tag = putTag(tagOf(number, wireTypeOf(type)));
  if (type === "message") return `${tag} { const b = w.open(); C${i}.write(${name}, w, F${i}); w.close(b); }`;
  return `${tag} w.${wireMethod(type)}(${name});`;
}

function putTag(tag: number): string {
  return tag < 128 ? `w.buf[w.pos++] = ${tag};` : `w.uint32(${tag});`;
}

function wireMethod(type: FieldType): string {
  return type === "enum" ? "int32" : type;
}
