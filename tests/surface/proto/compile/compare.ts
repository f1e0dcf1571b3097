// How codecs of one type are compared: by all that can be seen of a message, and by errors to the word.

import type { Codec, MessageCodec } from "../../../../surface/proto/codec.ts";
import { makeCodec } from "../../../../surface/proto/compile/compile.ts";
import { DecodeError, EncodeError } from "../../../../surface/proto/errors.ts";
import type { JsonMessageCodec } from "../../../../surface/proto/json/json_codec.ts";
import type { MessageSchema } from "../../../../surface/proto/schema.ts";
import { toHex } from "../../../bytes.ts";

/** The interpreted codec of the type that `codec` is compiled for. */
export function interpreted(codec: Codec): MessageCodec {
  const made = new Map<MessageSchema, MessageCodec>();
  const codecOf = (schema: MessageSchema): MessageCodec => {
    let found = made.get(schema);
    if (found === undefined) made.set(schema, found = makeCodec(schema, codecOf, "interpreted"));
    return found;
  };
  return codecOf((codec as JsonMessageCodec).schema);
}

/** What `run` gives, or what it throws. */
export function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof DecodeError) && !(error instanceof EncodeError)) throw error;
    return [error.name, error.message, (error as DecodeError).offset, (error as DecodeError).exhausted];
  }
}

/** A message as text: every property in its order, symbols and inherited defaults with them. */
export function dump(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(dump).join(", ")}]`;
  if (value instanceof Uint8Array) return `bytes ${toHex(value)}`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) {
    return Object.is(value, -0) ? "-0" : JSON.stringify(value) ?? "none";
  }
  const properties = Reflect.ownKeys(value).map((key) =>
    `${String(key)}: ${dump((value as Record<PropertyKey, unknown>)[key])}`
  );
  const above = Object.getPrototypeOf(value);
  if (above !== Object.prototype) properties.push(`above: ${dump(above)}`);
  return `{ ${properties.join(", ")} }`;
}
