// What the writers of well-known types use of the writer that they are part of.

import type { Message } from "../compile/coder.ts";
import { DecodeError, EncodeError } from "../errors.ts";
import type { FieldSchema } from "../schema.ts";
import type { Json } from "./json_value.ts";
import type { JsonField, JsonPlan } from "./plan.ts";
import type { Registry } from "./registry.ts";

/** An object of JSON that is made. */
export type JsonObject = { [key: string]: Json };

/** A writer of JSON. */
export interface WriteContext {
  readonly registry: Registry | undefined;
  /** Writes a message one level deeper. `field`: whose value it is. */
  message(plan: JsonPlan, message: unknown, field: FieldSchema | undefined): Json;
  /** Writes one value of a field; of a list or map one item. */
  value(field: JsonField, value: unknown): Json;
  /** Writes the map of a field. */
  map(field: JsonField, value: unknown): JsonObject;
}

/** The value of the field with this number. */
export function valueOf({ fields }: JsonPlan, message: Message, number: number): unknown {
  const name = fields.find(({ schema }) => schema.number === number)?.name;
  return name === undefined ? undefined : message[name];
}

/** What `decode` makes of octets that `typeName` keeps encoded; an EncodeError where they are malformed. */
export function decoded<T>(typeName: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const why = error.message.replace(/^C/, "c");
    throw new EncodeError(`Cannot encode ${typeName} as JSON: ${why}`, { cause: error });
  }
}
