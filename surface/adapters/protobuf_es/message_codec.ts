// Codecs of protobuf-es's messages: its encoder and decoder behind the interface of ours.

import {
  type BinaryReadOptions,
  type BinaryWriteOptions,
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { messageOf } from "../../../pollers/mod.ts";
import type { Codec } from "../../proto/codec.ts";
import { DecodeError, describeValue, EncodeError } from "../../proto/errors.ts";
import type { Writer } from "../../proto/writer.ts";
import { isRecord } from "../../records.ts";

/** How protobuf-es codes messages: what its `fromBinary` and `toBinary` take. */
export type ProtobufEsOptions = Partial<BinaryReadOptions & BinaryWriteOptions>;

/** The codec of one message type. What it decodes is a message of protobuf-es; what it encodes may be an init of one. */
export class ProtobufEsCodec<Desc extends DescMessage = DescMessage>
  implements Codec<MessageShape<Desc>, MessageInitShape<Desc>> {
  /** "routeguide.Point". */
  readonly typeName: string;

  /** `options`: see {@linkcode ProtobufEsOptions}; protobuf-es's own defaults where there are none. */
  constructor(
    /** The type, as protobuf-es describes it. */
    readonly desc: Desc,
    private readonly options?: ProtobufEsOptions,
  ) {
    this.typeName = desc.typeName;
  }

  /**
   * The encoded message, in bytes of its own.
   *
   * @throws {EncodeError} when the value does not fit the type
   */
  encode(message: MessageInitShape<Desc>): Uint8Array {
    this.check(message);
    try {
      return toBinary(this.desc, create(this.desc, message), this.options);
    } catch (error) {
      throw withCause(new EncodeError(`Cannot encode ${this.typeName}: ${messageOf(error)}`), error);
    }
  }

  /**
   * Appends the encoded message to what `writer` has begun.
   *
   * @throws {EncodeError} as `encode` does
   */
  encodeInto(message: MessageInitShape<Desc>, writer: Writer): void {
    writer.raw(this.encode(message));
  }

  /**
   * Decodes all of `bytes`. Fields of type bytes, and unknown fields, are views of `bytes`. protobuf-es has no limit of
   * elements; it has one of nesting.
   *
   * @throws {DecodeError} when they are malformed
   * @throws {TypeError} for what is no Uint8Array
   */
  decode(bytes: Uint8Array): MessageShape<Desc> {
    if (!(bytes instanceof Uint8Array)) {
      throw new TypeError(
        `Cannot decode ${this.typeName}: expected a Uint8Array, found ${describeValue(bytes)}`,
      );
    }
    try {
      return fromBinary(this.desc, bytes, this.options);
    } catch (error) {
      // protobuf-es does not say where it stopped.
      throw withCause(new DecodeError(`Cannot decode ${this.typeName}: ${messageOf(error)}`, 0), error);
    }
  }

  /** protobuf-es takes what has no fields, as a promise, for a message without any, and any message for an init of this one. */
  private check(message: unknown): void {
    if (isRecord(message)) {
      const { $typeName } = message as { $typeName?: unknown };
      if ($typeName === undefined || $typeName === this.typeName) return;
      throw new EncodeError(`Cannot encode ${this.typeName}: found a message of type ${String($typeName)}`);
    }
    throw new EncodeError(
      `Cannot encode ${this.typeName}: expected an object, found ${describeValue(message)}`,
    );
  }
}

function withCause<E extends Error>(error: E, cause: unknown): E {
  error.cause = cause;
  return error;
}

const codecs = new WeakMap<DescMessage, ProtobufEsCodec>();

/**
 * The codec of the message type that `desc` describes; without `options`, the same one each time.
 *
 * @example
 * ```ts
 * import { TimestampSchema } from "@bufbuild/protobuf/wkt";
 * import { protobufEsCodec } from "pollwire/protobuf-es";
 *
 * const codec = protobufEsCodec(TimestampSchema);
 * console.log(codec.decode(codec.encode({ seconds: 5n })).seconds); // 5n
 * ```
 *
 * @throws {TypeError} for what is no message's schema
 */
export function protobufEsCodec<Desc extends DescMessage>(
  desc: Desc,
  options?: ProtobufEsOptions,
): ProtobufEsCodec<Desc> {
  if (desc?.kind !== "message") {
    throw new TypeError(
      `Cannot make a codec: expected a message's schema of protobuf-es, found ${describeValue(desc)}`,
    );
  }
  if (options !== undefined) return new ProtobufEsCodec(desc, options);
  let codec = codecs.get(desc);
  if (codec === undefined) codecs.set(desc, codec = new ProtobufEsCodec<DescMessage>(desc));
  return codec as ProtobufEsCodec<DescMessage> as unknown as ProtobufEsCodec<Desc>;
}
