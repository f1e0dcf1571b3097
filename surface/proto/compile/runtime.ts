// What emitted modules import: the helpers that emitted code calls, and what makes schemas and codecs.

import { MessageCodec } from "../codec.ts";
import { type EnumSchema, type FieldSchema, jsonNameOf, type MessageSchema } from "../schema.ts";
import type { ReadMessage, WriteMessage } from "./coder.ts";

export * from "./decode_helpers.ts";
export * from "./encode_helpers.ts";

/** A message type whose fields follow; see `field`. */
export function messageSchema(fullName: string, oneofs: string[], usedAsGroup: boolean): MessageSchema {
  return { fullName, fields: [], oneofs, usedAsGroup };
}

/** What must be said of a field; the rest is what most fields are. */
export type FieldInit =
  & Pick<FieldSchema, "name" | "fullName" | "number" | "type">
  & Partial<FieldSchema>;

/** Adds a field to a message type. */
export function field(schema: MessageSchema, init: FieldInit): FieldSchema {
  const added: FieldSchema = {
    jsonName: jsonNameOf(init.fullName),
    shape: "singular",
    presence: "implicit",
    packed: false,
    delimited: false,
    oneof: undefined,
    keyType: undefined,
    enumType: undefined,
    messageType: undefined,
    explicitDefault: undefined,
    ...init,
  };
  schema.fields.push(added);
  return added;
}

/** An enum: its values in the order of their declaration. */
export function enumSchema(
  fullName: string,
  values: readonly (readonly [name: string, number: number])[],
  closed: boolean,
): EnumSchema {
  const names = new Map<number, string>();
  for (const [name, number] of values) if (!names.has(number)) names.set(number, name);
  return { fullName, numbers: new Map(values), names, first: values[0]![1], closed };
}

/** The codec of a message type, without JSON. */
export function codec(schema: MessageSchema, read: ReadMessage, write: WriteMessage): MessageCodec {
  return new MessageCodec(schema, read, write);
}
