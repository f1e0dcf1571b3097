// The codec of messages without a schema: octets are the message.

import { describe } from "../options.ts";
import type { Codec } from "./codec.ts";
import { EncodeError } from "./errors.ts";
import type { Writer } from "./writer.ts";

/** Messages are their octets. What is encoded is copied; what is decoded is a view. */
export const BYTES: Codec<Uint8Array> = {
  typeName: "bytes",
  encode: (message) => new Uint8Array(checked(message)),
  encodeInto(message: Uint8Array, writer: Writer): void {
    const { length } = checked(message);
    writer.reserve(length);
    writer.buf.set(message, writer.pos);
    writer.pos += length;
  },
  decode: (bytes) => bytes,
};

function checked(message: unknown): Uint8Array {
  if (message instanceof Uint8Array) return message;
  throw new EncodeError(
    `Cannot encode a message without a schema: expected a Uint8Array, found ${describe(message)}`,
  );
}
