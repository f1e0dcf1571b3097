// What codes messages: two functions for each type, however they are made.

import type { Reader } from "../reader.ts";
import type { FieldSchema, MessageSchema } from "../schema.ts";
import type { Writer } from "../writer.ts";

/** A message as its properties. */
export type Message = Record<string, unknown>;

/**
 * Reads a message that ends at `end`. `into` is an earlier part of the same message that this one is merged
 * with. `group` is the tag that ends it, where it is a group and `end` is not known; else 0.
 */
export type ReadMessage = (reader: Reader, end: number, into: Message | undefined, group: number) => Message;

/** Writes an object as one message. `field`: whose value it is, for messages of errors. */
export type WriteMessage = (message: Message, writer: Writer, field: FieldSchema | undefined) => void;

/** What code for a message calls for a nested one; its functions are replaced when they are first called. */
export interface Coder {
  readonly read: ReadMessage;
  readonly write: WriteMessage;
}

/** Finds the coder of a message type. */
export type CoderOf = (schema: MessageSchema) => Coder;
