// Emits the function that decodes one message type: one switch over tags, one object made at the end.

import { elementsOf } from "../elements.ts";
import { type FieldSchema, type FieldType, tagOf, WireType, wireTypeOf } from "../schema.ts";
import { type Names, type Typed, typedBy } from "./names.ts";
import { type FieldPlan, isInherited, type MessagePlan } from "./plan.ts";
import { rowOf, TYPES } from "./type_table.ts";

/**
 * The text of `function (r, end, p, g)`, which reads a message up to `end` from the reader `r`. `p`: an earlier part of
 * the same message; `g`: the tag that ends it where it is a group. It calls the helpers of `decode_helpers.ts` by their
 * names, and the rest as `names` says.
 */
export function emitDecoder(plan: MessagePlan, names: Names): string {
  return new DecoderEmitter(plan, names).emit();
}

/**
 * The text of the constructor of decoded messages. Not an object literal: where most objects of a literal outlive a garbage
 * collection, as messages do while a thousand calls wait, V8 has it make old objects from then on, and each that is dropped
 * keeps what it refers to for two more collections (a sixth of a unary call).
 */
export function emitMessageClass({ schema, oneofs }: MessagePlan, names: Names): string {
  const as = typedBy(names);
  const set = (name: string, value: string) =>
    isInherited(name)
      ? `define(this, ${JSON.stringify(name)}, ${value});`
      : `this[${JSON.stringify(name)}] = ${value};`;
  const lines: string[] = [];
  schema.fields.forEach(({ name, explicitDefault }, i) => {
    if (explicitDefault === undefined) lines.push(set(name, `a${i}`));
  });
  oneofs.forEach((oneof, o) => lines.push(set(oneof, `b${o}`)));
  // A field that has a default is a property of the message only where it was sent: so reading gives the default, and
  // encoding sends no more than was there.
  schema.fields.forEach(({ name, explicitDefault }, i) => {
    if (explicitDefault !== undefined) lines.push(`if (a${i} !== undefined) ${set(name, `a${i}`)}`);
  });
  const values = [...schema.fields.map((_, i) => `a${i}`), ...oneofs.map((_, o) => `b${o}`)];
  const parameters = [...(names.type !== undefined ? ["this"] : []), ...values].map((name) =>
    `${name}${as("any")}`
  );
  return `function (${parameters.join(", ")}) {\n${lines.join("\n")}\n}`;
}

class DecoderEmitter {
  private readonly as: Typed;

  constructor(private readonly plan: MessagePlan, private readonly names: Names) {
    this.as = typedBy(names);
  }

  emit(): string {
    const { plan, as } = this;
    const { schema } = plan;
    const any = as("any");
    // Only groups have use for the fourth one, and unused names are complained of unless they begin so.
    const g = this.names.type !== undefined && !schema.usedAsGroup ? "_g" : "g";
    const made = `new ${this.names.messageClass()}(${this.values().join(", ")})`;
    const ends = schema.usedAsGroup ? "if (t === g && g !== 0) { end = -1; break; }\n" : "";
    const groupEnd = schema.usedAsGroup
      ? 'if (g !== 0) { if (end !== -1) r.fail("the message ends inside a group"); } else\n'
      : "";
    return `function (r${as("Reader")}, end${as("number")}, p${any}, ${g}${as("number")})${any} {
let u${any} = undefined;
${this.variables()}
${this.mergeBlock()}
while (r.pos < end) {
const s = r.pos, t = r.tag();
switch (t) {
${plan.fields.map((field) => this.cases(field)).join("\n")}
default: ${ends}u = skip(r, t, s, u);
}
}
${groupEnd}if (r.pos !== end) r.beyond(end, "message");
${this.requiredChecks()}
const m = ${made};
return u === undefined ? m : u.attach(m);
}`;
  }

  private variables(): string {
    const { oneofs, fields } = this.plan;
    const any = this.as("any");
    return [
      ...oneofs.map((_, o) => `let o${o}${any} = undefined, v${o}${any} = undefined;`),
      ...fields.filter(({ kind }) => kind !== "member").map((field) =>
        `let v${field.slot}${any} = ${this.initial(field)};`
      ),
    ].join("\n");
  }

  private initial(field: FieldPlan): string {
    if (field.kind !== "single" || !field.omitsDefault) return "undefined";
    return field.schema.type === "enum" ? this.firstOfEnum(field) : rowOf(field.schema).zero;
  }

  private firstOfEnum(field: FieldPlan): string {
    return `${this.names.enumName(field)}(${field.schema.enumType!.first})`;
  }

  private mergeBlock(): string {
    const lines = ["if (p !== undefined) {", "u = unknownOf(p);"];
    this.plan.oneofs.forEach((oneof, o) => {
      lines.push(`o${o} = p[${JSON.stringify(oneof)}]; if (o${o} !== undefined) v${o} = p[o${o}];`);
    });
    for (const { kind, slot, schema } of this.plan.fields) {
      if (kind === "member") continue;
      const name = JSON.stringify(schema.name);
      const own = schema.explicitDefault === undefined ? "" : `if (hasOwn(p, ${name})) `;
      lines.push(`${own}v${slot} = p[${name}];`);
    }
    return [...lines, "}"].join("\n");
  }

  private cases(field: FieldPlan): string {
    switch (field.kind) {
      case "map":
        return this.mapCase(field);
      case "list":
        return this.listCases(field);
      case "single":
        return `case ${field.tag}: ${
          this.one(field, `v${field.slot}`, (x) => `v${field.slot} = ${x};`)
        } break;`;
      case "member": {
        const name = JSON.stringify(field.schema.name);
        const v = `v${field.slot}`, o = `o${field.oneof}`;
        const set = (x: string) => `${v} = ${x}; ${o} = ${name};`;
        return `case ${field.tag}: ${this.one(field, `${o} === ${name} ? ${v} : undefined`, set)} break;`;
      }
    }
  }

  private listCases(field: FieldPlan): string {
    const v = `v${field.slot}`;
    const { type } = field.schema;
    const begun = `if (${v} === undefined) ${v} = [];`;
    const push = (x: string) => `${v}.push(${x});`;
    const packed = rowOf(field.schema).readMany;
    const lines: string[] = [];
    if (type === "string" && field.tag < 128) {
      lines.push(
        `case ${field.tag}: if (${v} === undefined) ${v} = r.strings(${field.tag}, end${
          field.schema.lenient ? ", true" : ""
        }); else ${v}.push(${scalar("string", field.schema)}); break;`,
      );
    } else {
      lines.push(`case ${field.tag}: ${begun} ${this.one(field, "undefined", push)} break;`);
    }
    if (field.packedTag === 0) return lines.join("\n");
    if (packed !== "") {
      lines.push(`case ${field.packedTag}: ${begun} ${packed}(r, ${v}); break;`);
    } else {
      lines.push(`case ${field.packedTag}: { const e = r.delimited(); ${begun}
while (r.pos < e) { ${this.one(field, "undefined", push)} }
if (r.pos !== e) r.beyond(e, "field"); break; }`);
    }
    return lines.join("\n");
  }

  /** Code that reads a value and does `set` with it; one that a closed enum does not have is an unknown field. */
  private one(field: FieldPlan, into: string, set: (value: string) => string): string {
    const value = this.value(field, into);
    const after = field.schema.type === "message" ? " r.depth--;" : "";
    if (field.schema.enumType?.closed !== true) return `${set(value)}${after}`;
    const unknown = `u = keep(r, ${tagOf(field.schema.number, WireType.VARINT)}, q, u);`;
    return `{ const q = r.pos, x = ${value}; if (x === undefined) { ${unknown} } else { ${set("x")} } }`;
  }

  /** Code of one value; behind a message `r.depth--` must follow. */
  private value(field: FieldPlan, into: string): string {
    const { type, messageType } = field.schema;
    if (type === "enum") return `${this.names.enumName(field)}(r.int32())`;
    if (type !== "message") {
      const { longs } = field.schema;
      return longs === undefined
        ? scalar(type, field.schema)
        : longs === "number"
        ? `longNumber(r, r.${type}())`
        : `longText(r.${type}())`;
    }
    const end = field.endTag === 0 ? "r.enter" : "enterGroup";
    const args = field.endTag === 0 ? `${elementsOf(messageType!)}` : `r, ${elementsOf(messageType!)}`;
    return `${this.names.read(field)}(r, ${end}(${args}), ${into}, ${field.endTag})`;
  }

  private mapCase(field: FieldPlan): string {
    const { type, keyType, messageType, enumType } = field.schema;
    const v = `v${field.slot}`;
    const first = type === "enum" ? this.firstOfEnum(field) : rowOf(field.schema).zero;
    const empty = type === "message"
      ? `if (x === undefined) { r.spend(${elementsOf(messageType!)}); x = ${
        this.names.read(field)
      }(r, e, undefined, 0); }\n`
      : "";
    // An entry whose value is none of a closed enum is unknown as a whole, as in C++ and Java.
    const unnamed = enumType?.closed === true
      ? `if (x === undefined) { u = keep(r, ${field.tag}, q, u); break; }\n`
      : "";
    const after = type === "message" ? " r.depth--;" : "";
    const key = this.names.type === undefined ? "k" : "k as any"; // no bigint is an index to TypeScript
    const store = keyType === "string" ? `put(${v}, k, x);` : `${v}[${key}] = x;`;
    const from = unnamed === "" ? "" : "q = r.pos, ";
    return `case ${field.tag}: { r.spend(1); const ${from}e = r.delimited(); let k = ${
      TYPES[keyType!].zero
    }, x${this.as("any")} = ${first};
while (r.pos < e) { const n = r.tag(); switch (n) {
case ${tagOf(1, wireTypeOf(keyType!))}: k = ${scalar(keyType!, field.schema)}; break;
case ${tagOf(2, wireTypeOf(type))}: x = ${this.value(field, "x")};${after} break;
default: r.skip(n); } }
if (r.pos !== e) r.beyond(e, "map entry");
${empty}${unnamed}if (${v} === undefined) ${v} = {};
${store} break; }`;
  }

  private requiredChecks(): string {
    return this.plan.fields.filter(({ kind, schema }) => kind === "single" && schema.presence === "required")
      .map(({ slot, schema }) => `if (v${slot} === undefined) r.missing(${JSON.stringify(schema.fullName)});`)
      .join("\n");
  }

  /** Code of the properties' values: every message of a type has the same properties in the same order. */
  private values(): string[] {
    const { fields, oneofs } = this.plan;
    return [
      ...fields.map(({ kind, slot, oneof, schema }) => {
        if (kind === "list") return `v${slot} === undefined ? [] : v${slot}`;
        if (kind === "map") return `v${slot} === undefined ? {} : v${slot}`;
        return kind === "single"
          ? `v${slot}`
          : `o${oneof} === ${JSON.stringify(schema.name)} ? v${slot} : undefined`;
      }),
      ...oneofs.map((_, o) => `o${o}`),
    ];
  }
}

/** Code that reads a scalar of `type`. */
function scalar(type: FieldType, { lenient }: FieldSchema): string {
  return type === "string" && lenient ? "r.string(true)" : `r.${type}()`;
}
