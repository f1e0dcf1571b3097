// Codecs: messages to bytes and back, by the two functions that code a message type.

import type { Coder, ReadMessage, WriteMessage } from "./compile/coder.ts";
import { DecodeError, describeValue } from "./errors.ts";
import { defaultElementLimit } from "./elements.ts";
import { locateField } from "./locate.ts";
import { noMessage } from "./message_shape.ts";
import { Reader, WireError } from "./reader.ts";
import type { MessageSchema } from "./schema.ts";
import { PREFIX_BYTES, Writer } from "./writer.ts";

/** Turns messages of one type into bytes and back. `T`: what is received; `Init`: what may be sent, as with fields left out. */
// deno-lint-ignore no-explicit-any
export interface Codec<T = any, Init = T> {
  /** "routeguide.Point". */
  readonly typeName: string;
  /**
   * The encoded message, in bytes of its own.
   *
   * @throws {EncodeError} when the value does not fit the type
   */
  encode(message: Init): Uint8Array;
  /**
   * Appends the encoded message to what `writer` has begun.
   *
   * @throws {EncodeError} as `encode` does
   */
  encodeInto(message: Init, writer: Writer): void;
  /**
   * Decodes all of `bytes`. Fields of type bytes are views of `bytes`. Default of `maxElements`: 800,000, or a fifth
   * of `bytes.length` where that is more.
   *
   * @throws {DecodeError} when they are malformed or have more than `maxElements` elements (messages, lists, maps and
   *   their entries)
   * @throws {TypeError} for what is no Uint8Array
   */
  decode(bytes: Uint8Array, maxElements?: number): T;
}

/** The codec of a message type of a .proto file. */
// deno-lint-ignore no-explicit-any
export class MessageCodec<T = any, Init = T> implements Codec<T, Init>, Coder {
  /** "routeguide.Point". */
  readonly typeName: string;

  /**
   * `read` reads a message up to `end`, into what `into` already holds; `write` appends an object, which is the value
   * of `field`. Code of other types calls them; each may be replaced at its first call, when it is compiled.
   */
  constructor(readonly schema: MessageSchema, public read: ReadMessage, public write: WriteMessage) {
    this.typeName = schema.fullName;
  }

  encode(message: Init): Uint8Array {
    return encodeMessage(this, message);
  }

  encodeInto(message: Init, writer: Writer): void {
    if (typeof message !== "object" || message === null) noMessage(this.schema, message, undefined);
    this.write(message as Record<string, unknown>, writer, undefined);
  }

  decode(bytes: Uint8Array, maxElements?: number): T {
    const reader = sharedReader;
    try {
      const { length } = bytes;
      if (bytes.byteLength !== length) throw noBytes(this.typeName, bytes); // an array, text, a wider typed array
      reader.reset(bytes, maxElements ?? defaultElementLimit(length));
      return this.read(reader, length, undefined, 0) as T;
    } catch (error) {
      throw bytes instanceof Uint8Array ? this.decodeError(error, bytes) : noBytes(this.typeName, bytes);
    } finally {
      reader.clear();
    }
  }

  /** The whole message of what `encode` takes, as whoever receives it has it. */
  create(init: Init = {} as Init): T {
    return this.decode(this.encode(init));
  }

  /** Names the field where decoding stopped. */
  private decodeError(error: unknown, bytes: Uint8Array): unknown {
    if (!(error instanceof WireError)) return error;
    const where = error.place ?? locateField(this.schema, bytes, error.offset);
    return new DecodeError(
      `Cannot decode ${where}: ${error.message} (at byte ${error.offset} of ${bytes.length})`,
      error.offset,
      error.exhausted,
    );
  }
}

function noBytes(typeName: string, found: unknown): TypeError {
  return new TypeError(`Cannot decode ${typeName}: expected a Uint8Array, found ${describeValue(found)}`);
}

// Decoding calls no code but ours, so one reader serves every codec.
const sharedReader = new Reader();
const sharedWriter = new Writer();
let writing = false;

/**
 * Encodes `message` behind 5 free bytes, as `MessageStream.sendMessage` takes it. Give the result to
 * `reuseFramed` once its bytes were copied out (`sendMessage` returned true); else it is its holder's for good.
 *
 * @throws {EncodeError} when the value does not fit the type
 */
export function encodeFramed<T>(codec: Pick<Codec<unknown, T>, "encodeInto">, message: T): Uint8Array {
  // A getter of the message may itself send something.
  if (writing) return encodeWith(codec, message, new Writer());
  writing = true;
  try {
    return encodeWith(codec, message, sharedWriter);
  } finally {
    writing = false;
  }
}

function encodeWith<T>(codec: Pick<Codec<unknown, T>, "encodeInto">, message: T, writer: Writer): Uint8Array {
  writer.begin();
  codec.encodeInto(message, writer);
  return writer.finish();
}

/** Releases what `encodeFramed` returned: its memory is used for the next message. */
export function reuseFramed(framed: Uint8Array): void {
  sharedWriter.reuse(framed);
}

/**
 * Encodes `message` into bytes of its own, without a prefix.
 *
 * @throws {EncodeError} when the value does not fit the type
 */
export function encodeMessage<T>(codec: Pick<Codec<unknown, T>, "encodeInto">, message: T): Uint8Array {
  const framed = encodeFramed(codec, message);
  const bytes = framed.slice(PREFIX_BYTES);
  reuseFramed(framed);
  return bytes;
}
