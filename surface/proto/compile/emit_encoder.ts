// Emits the function that encodes one message type: straight code, one block a field.

import { SIGNED } from "../encode_values.ts";
import { type FieldSchema, type FieldType, tagOf, WireType, wireTypeOf } from "../schema.ts";
import { ROOM_BYTES } from "../writer.ts";
import { type Names, type Typed, typedBy } from "./names.ts";
import { type FieldPlan, fixedSize, isInherited, type MessagePlan } from "./plan.ts";
import { rowOf, TYPES } from "./type_table.ts";

/** The upper bound of bytes of a number on the wire. */
const NUMBER_BYTES = 10;

/** With more keys than this JavaScriptCore's compiler often gives up on the switch, and the array is as fast. */
export const MOST_CASES = 12;

/**
 * The text of `function (m, w, f)`, which appends the message `m` to the writer `w`; `f` is the field whose value it is.
 * It calls the helpers of `encode_helpers.ts` by their names, and the rest as `names` says.
 */
export function emitEncoder(plan: MessagePlan, names: Names): string {
  return new EncoderEmitter(plan, names).emit();
}

class EncoderEmitter {
  private readonly as: Typed;

  constructor(private readonly plan: MessagePlan, private readonly names: Names) {
    this.as = typedBy(names);
  }

  emit(): string {
    const { fields, oneofs } = this.plan;
    const room = new Room(fields);
    const { as } = this;
    const head = `m${as("any")}, w${as("Writer")}, f${as("FieldSchema | undefined")}`;
    return `function (${head})${as("void")} {
if (m.constructor !== Obj) m = toMessage(${this.names.schema()}, m, f);
${this.keyCheck()}
${oneofs.map((_, o) => `let o${o} = "";`).join(" ")}
${fields.map((field) => `${room.before(field.index)}\n${this.block(field)}`).join("\n")}
${oneofs.map((oneof, o) => `if (o${o} === "") { ${this.unsetCheck(oneof)} }`).join("\n")}
const u = m[UNKNOWN]; if (u !== undefined) writeUnknown(${this.names.schema()}, u, w);
}`;
  }

  /**
   * Code that looks at every key. Most messages are written in the order of the schema: a key is compared with what
   * may come next, and looked up only where it is none of these.
   */
  private keyCheck(): string {
    const { keys } = this.plan;
    const S = this.names.schema();
    const KNOWN = this.names.known();
    if (keys.length > MOST_CASES) {
      const KEYS = this.names.keys();
      return `let i = 0; for (const k in m) if (${KEYS}[i++] !== k) i = keyAfter(${S}, ${KEYS}, ${KNOWN}, m, k, i - 1);`;
    }
    // Compilers of TypeScript may be told to refuse cases that go on in the next one.
    if (this.names.type !== undefined) {
      const tests = keys.map((key, i) =>
        `if (i <= ${i} && k === ${JSON.stringify(key)}) { i = ${i + 1}; continue; }`
      );
      return `${keys.length === 0 ? "" : "let i = 0; "}for (const k in m) {\n${
        tests.join("\n")
      }\nif (!${KNOWN}.has(k)) stray(${S}, m, k); }`;
    }
    const cases = keys.map((key, i) =>
      `case ${i}: if (k === ${JSON.stringify(key)}) { i = ${i + 1}; continue; }`
    );
    return `let i = 0; for (const k in m) { switch (i) {
${cases.join("\n")}
} if (!${KNOWN}.has(k)) stray(${S}, m, k); }`;
  }

  private unsetCheck(oneof: string): string {
    return `const v = ${property(oneof, isInherited(oneof))};
if (v !== undefined && v !== null) unset(${this.names.schema()}, ${JSON.stringify(oneof)}, v);`;
  }

  private block(field: FieldPlan): string {
    const { schema, kind } = field;
    const body = kind === "map"
      ? this.mapBody(field)
      : kind === "list"
      ? this.listBody(field)
      : this.singleBody(field);
    const absent = schema.presence === "required" && schema.shape === "singular"
      ? `else missing(${this.names.field(field)});`
      : "";
    return `{ const v = ${property(schema.name, field.own)}; if (v !== undefined && v !== null${
      field.omitsDefault ? ` && ${rowOf(schema).present}` : ""
    }) {\n${body}\n} ${absent} }`;
  }

  private singleBody(field: FieldPlan): string {
    const { type, name, number } = field.schema;
    const lines: string[] = [];
    if (field.kind === "member") {
      const o = `o${field.oneof}`;
      lines.push(
        `if (${o} !== "") twice(${this.names.field(field)}, ${o}); ${o} = ${JSON.stringify(name)};`,
      );
    }
    lines.push(this.convert(field, type, "v"));
    if (field.omitsDefault && type === "enum") lines.push("if (x !== 0)");
    if (field.omitsDefault && type === "bytes") lines.push("if (x.length !== 0)");
    lines.push(`{ ${this.taggedWrite(field, number, type, "x")} }`);
    return lines.join("\n");
  }

  private listBody(field: FieldPlan): string {
    const { type, number, packed } = field.schema;
    const F = this.names.field(field);
    const { typed, writeMany: many } = TYPES[type];
    const head = `if (!Array.isArray(v)${
      typed === "" ? "" : ` && !(v instanceof ${typed})`
    }) bad(${F}, v, "an array");`;
    const each = "for (let i = 0; i < v.length; i++) { const e = v[i];";
    const item = this.convert(field, type, "e");
    if (!packed) {
      const more = type === "string" || type === "bytes"
        ? ""
        : `w.reserve(${tagBytes(number) + (type === "message" ? 1 : NUMBER_BYTES)});`;
      return `${head} ${each} ${item} ${more} ${this.taggedWrite(field, number, type, "x")} }`;
    }
    const tag = putTag(field.packedTag);
    const begin = `${head} if (v.length !== 0) { w.reserve(${tagBytes(number) + 5}); ${tag}`;
    const size = fixedSize(type);
    if (size !== 0 && many !== "") {
      return `${begin} w.uint32(v.length * ${size}); ${many}(w, ${F}, v); }`;
    }
    const values = many !== ""
      ? `${many}(w, ${F}, v);`
      : `${each} ${item} w.reserve(${NUMBER_BYTES}); w.${wireMethod(type)}(x); }`;
    return `${begin} const a = w.openPart();\n${values} w.closePart(a); }`;
  }

  private mapBody(field: FieldPlan): string {
    const { type, keyType, number } = field.schema;
    const F = this.names.field(field);
    const any = this.as("any");
    const convertKey = keyType === "string"
      ? `if (typeof k !== "string") badKey(${F}, k); const y = k;`
      : `const y${any} = toKey(${F}, k);`;
    return `const ks = keysOf(${F}, v), map = v instanceof Map;
for (let i = 0; i < ks.length; i++) { const k${any} = ks[i], e${any} = map ? v.get(k) : v[k]; ${convertKey}
w.reserve(${7 + NUMBER_BYTES}); ${putTag(tagOf(number, WireType.DELIMITED))} const a = w.openPart();
${this.taggedWrite(field, 1, keyType!, "y")}
${this.convert(field, type, "e")} w.reserve(${1 + NUMBER_BYTES}); ${this.taggedWrite(field, 2, type, "x")}
w.closePart(a); }`;
  }

  /** Declares `x`, the checked form of `from`. */
  private convert(field: FieldPlan, type: FieldType, from: string): string {
    const F = this.names.field(field);
    const { refusal } = TYPES[type];
    if (refusal !== "") {
      return `if (${refusal.replaceAll(/\bv\b/g, from)}) bad(${F}, ${from}); const x = ${from};`;
    }
    if (type === "enum") return `const x = toEnum(${F}, ${from});`;
    const signed = SIGNED.has(type);
    const [least, most] = signed ? ["LEAST", "MOST"] : ["0n", "MOST_UNSIGNED"];
    return `let x = ${from};
if (typeof x !== "bigint" || x < ${least} || x > ${most}) x = toLong(${F}, x, ${signed});`;
  }

  /** Code that writes tag and value `name`; there is room for the tag, and for a number. */
  private taggedWrite(field: FieldPlan, number: number, type: FieldType, name: string): string {
    if (type !== "message") {
      return `${putTag(tagOf(number, wireTypeOf(type)))} w.${wireMethod(type)}(${name});`;
    }
    const write = `${this.names.write(field)}(${name}, w, ${this.names.field(field)});`;
    if (field.endTag !== 0) {
      return `${putTag(field.tag)} w.enterGroup();
${write} w.leaveGroup(); w.reserve(5); ${putTag(field.endTag)}`;
    }
    const tag = putTag(tagOf(number, WireType.DELIMITED));
    return `${tag} { const b = w.open(); ${write} w.close(b); }`;
  }
}

/** Code that reads a property of the message; `own`: what it inherits under the name does not count. */
function property(name: string, own: boolean): string {
  const quoted = JSON.stringify(name);
  return own ? `hasOwn(m, ${quoted}) ? m[${quoted}] : undefined` : `m[${quoted}]`;
}

function putTag(tag: number): string {
  return tag < 128 ? `w.buf[w.pos++] = ${tag};` : `w.uint32(${tag});`;
}

function wireMethod(type: FieldType): string {
  return type === "enum" ? "int32" : type;
}

function tagBytes(number: number): number {
  return number < 16 ? 1 : number < 2_048 ? 2 : number < 262_144 ? 3 : number < 33_554_432 ? 4 : 5;
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

  constructor(private readonly fields: readonly FieldPlan[]) {}

  /** Code that reserves room for field `i`, and for those that follow it where none is left. */
  before(i: number): string {
    const field = this.fields[i]!.schema;
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
    for (const { schema } of this.fields.slice(i)) {
      const needed = unreserved(schema);
      if (sum + needed > MOST_RESERVED_BYTES) break;
      sum += needed;
      if (needed === 0 || schema.type === "message") break;
    }
    return sum;
  }
}
