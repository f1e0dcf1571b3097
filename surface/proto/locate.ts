// Finds which field a malformed byte belongs to, after decoding failed: the decoders themselves keep no track.

import { Reader, RECURSION_LIMIT } from "./reader.ts";
import type { FieldSchema, MessageSchema } from "./schema.ts";

/** Full name of the innermost field (or message) of `schema` in `bytes` that holds `offset`. Never throws. */
export function locateField(schema: MessageSchema, bytes: Uint8Array, offset: number): string {
  const reader = new Reader();
  reader.reset(bytes);
  let message = schema;
  let end = bytes.length;
  let place = schema.fullName;
  try {
    for (let depth = 0; depth <= RECURSION_LIMIT + 1; depth++) {
      const field = fieldAt(reader, message, end, offset);
      if (field === undefined) return message.fullName;
      place = field.fullName;
      if (field.messageType === undefined || field.shape === "map" || field.delimited) return place;
      const from = reader.pos;
      reader.tag();
      end = reader.delimited();
      if (reader.pos > offset || from === reader.pos) return place;
      message = field.messageType;
    }
  } catch {
    // The malformed place itself: the field it was read for is known by now.
  }
  return place;
}

/** Leaves `reader` before the tag of the field that holds `offset`. */
function fieldAt(
  reader: Reader,
  message: MessageSchema,
  end: number,
  offset: number,
): FieldSchema | undefined {
  const fields = new Map(message.fields.map((field) => [field.number, field]));
  while (reader.pos < end) {
    const from = reader.pos;
    const tag = reader.tag();
    const field = fields.get(tag >>> 3);
    try {
      reader.skip(tag);
    } catch (error) {
      if (field === undefined) throw error;
      reader.pos = from;
      return field;
    }
    // A field that fails at its own end (a value cut short) is met here with offset equal to the end.
    if (offset < reader.pos || (offset === reader.pos && reader.pos >= end)) {
      reader.pos = from;
      return field;
    }
  }
  return undefined;
}
