// Emits a module with codecs that need neither a parser nor `Function`: what generated files consist of.

import { type EnumSchema, type FieldSchema, jsonNameOf, type MessageSchema } from "../schema.ts";
import { emitDecoder, emitMessageClass } from "./emit_decoder.ts";
import { emitEncoder } from "./emit_encoder.ts";
import type { Names } from "./names.ts";
import { type MessagePlan, planOf } from "./plan.ts";
import * as runtime from "./runtime.ts";

/**
 * The text of an ES module that exports `codecs`: those of `schemas`, and of all types that these refer to, by full
 * name. `specifier` is what the module imports `runtime.ts` as. Equal schemas give equal text.
 */
export function emitModule(schemas: readonly MessageSchema[], specifier: string): string {
  const emitter = new ModuleEmitter(schemas);
  const body = emitter.emit();
  const words = new Set(body.match(/[A-Za-z_$][\w$]*/g));
  const imported = Object.keys(runtime).filter((name) => words.has(name)).sort();
  return `import { ${imported.join(", ")} } from ${JSON.stringify(specifier)};\n\n${body}\n`;
}

class ModuleEmitter {
  private readonly messages = new Map<MessageSchema, number>();
  private readonly enums = new Map<EnumSchema, number>();

  constructor(schemas: readonly MessageSchema[]) {
    for (const schema of schemas) this.add(schema);
    // A map that grows while it is walked: types that are met on the way come behind.
    for (const schema of this.messages.keys()) {
      for (const { messageType, enumType } of schema.fields) {
        if (messageType !== undefined) this.add(messageType);
        if (enumType !== undefined && !this.enums.has(enumType)) this.enums.set(enumType, this.enums.size);
      }
    }
  }

  private add(schema: MessageSchema): void {
    if (!this.messages.has(schema)) this.messages.set(schema, this.messages.size);
  }

  emit(): string {
    const lines: string[] = [];
    for (const [type, i] of this.enums) {
      const values = JSON.stringify([...type.numbers]);
      lines.push(
        `const E${i} = enumSchema(${JSON.stringify(type.fullName)}, ${values}, ${type.closed});`,
        `const name${i} = enumNames(E${i});`,
      );
    }
    for (const [{ fullName, oneofs, usedAsGroup }, i] of this.messages) {
      lines.push(
        `const S${i} = messageSchema(${JSON.stringify(fullName)}, ${
          JSON.stringify(oneofs)
        }, ${usedAsGroup});`,
      );
    }
    for (const [schema, i] of this.messages) {
      schema.fields.forEach((field, f) =>
        lines.push(`const F${i}_${f} = field(S${i}, ${this.fieldLiteral(field)});`)
      );
    }
    for (const [schema, i] of this.messages) lines.push("", ...this.functions(planOf(schema), i));
    lines.push("", "export const codecs = {");
    for (const [{ fullName }, i] of this.messages) {
      lines.push(`  ${JSON.stringify(fullName)}: codec(S${i}, read${i}, write${i}),`);
    }
    return [...lines, "};"].join("\n");
  }

  private fieldLiteral(field: FieldSchema): string {
    const usual: Partial<Record<keyof FieldSchema, unknown>> = {
      shape: "singular",
      presence: "implicit",
      packed: false,
      delimited: false,
      jsonName: jsonNameOf(field.fullName),
    };
    const properties = (Object.keys(field) as (keyof FieldSchema)[])
      .filter((key) => field[key] !== undefined && field[key] !== usual[key])
      .map((key) => `${key}: ${this.valueCode(field, key)}`);
    return `{ ${properties.join(", ")} }`;
  }

  private valueCode(field: FieldSchema, key: keyof FieldSchema): string {
    if (key === "messageType") return `S${this.messages.get(field.messageType!)}`;
    if (key === "enumType") return `E${this.enums.get(field.enumType!)}`;
    const value = field[key];
    if (typeof value === "bigint") return `${value}n`;
    if (value instanceof Uint8Array) return `Uint8Array.of(${value.join(", ")})`;
    if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
    return JSON.stringify(value);
  }

  private functions(plan: MessagePlan, i: number): string[] {
    const names: Names = {
      read: ({ schema }) => `read${this.messages.get(schema.messageType!)}`,
      write: ({ schema }) => `write${this.messages.get(schema.messageType!)}`,
      enumName: ({ schema }) => `name${this.enums.get(schema.enumType!)}`,
      field: ({ index }) => `F${i}_${index}`,
      schema: () => `S${i}`,
      keys: () => `KEYS${i}`,
      known: () => `KNOWN${i}`,
      messageClass: () => `Message${i}`,
    };
    const named = (name: string, text: string) => text.replace("function (", `function ${name}(`);
    return [
      `const KEYS${i} = ${JSON.stringify(plan.keys)}, KNOWN${i} = new Set(KEYS${i});`,
      named(`Message${i}`, emitMessageClass(plan)),
      `Message${i}.prototype = prototypeOf(S${i});`,
      named(`read${i}`, emitDecoder(plan, names)),
      named(`write${i}`, emitEncoder(plan, names)),
    ];
  }
}
