// What the writers of well-known types use of the writer that they are part of.

import type { Message } from "../compile/coder.ts";
import type { FieldSchema, MessageSchema } from "../schema.ts";
import type { Json } from "../well_known_values.ts";
import type { Registry } from "./registry.ts";

/** An object of JSON that is made. */
export type JsonObject = { [key: string]: Json };

/** A writer of JSON. */
export interface WriteContext {
  readonly registry: Registry | undefined;
  /** Writes a message one level deeper. `field`: whose value it is. */
  message(schema: MessageSchema, message: unknown, field: FieldSchema | undefined): Json;
  /** Writes one value of a field; of a list or map one item. */
  value(field: FieldSchema, value: unknown): Json;
}

/** The value of the field with this number. */
export function valueOf(schema: MessageSchema, message: Message, number: number): unknown {
  const name = schema.fields.find((field) => field.number === number)?.name;
  return name === undefined ? undefined : message[name];
}
