// What generated code with JSON imports besides: message types that have it, and extensions.

import type { ReadMessage, WriteMessage } from "../compile/coder.ts";
import { type JsonCodec, JsonMessageCodec } from "../json/json_codec.ts";
import type { MessageInit } from "../message_types.ts";
import type { MessageSchema } from "../schema.ts";
import type { MessageType } from "./message.ts";

/** A message type with JSON. */
export interface JsonMessageType<T> extends MessageType<T>, JsonCodec<T, MessageInit<T>> {}

/** A message type with JSON, by the functions that read and write its messages. */
export function jsonMessageType<T>(
  schema: MessageSchema,
  read: ReadMessage,
  write: WriteMessage,
): JsonMessageType<T> {
  return new JsonMessageCodec(schema, read, write);
}
