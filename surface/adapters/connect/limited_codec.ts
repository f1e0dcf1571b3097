// The codec of a transport: protobuf-es's, within the limits that connect-es has, and with its words in errors.

import {
  type BinaryReadOptions,
  type BinaryWriteOptions,
  type DescMessage,
  fromBinary,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { messageOf } from "../../../pollers/mod.ts";
import { uncompressed } from "../../compression.ts";
import { describe } from "../../options.ts";
import type { Codec } from "../../proto/codec.ts";
import { DecodeError, EncodeError } from "../../proto/errors.ts";
import type { Writer } from "../../proto/writer.ts";

/** The most that a message's prefix can say. */
const MAX_BYTES = 0xff_ff_ff_ff;

/** The option `name` among limits: as many octets as were given, or as there can be. Throws RangeError for what is no limit. */
export function bytesOption(purpose: string, name: string, given: number = MAX_BYTES): number {
  if (Number.isInteger(given) && given >= 1 && given <= MAX_BYTES) return given;
  throw new RangeError(`Cannot ${purpose}: ${name} is ${describe(given)}; give 1 to ${MAX_BYTES} octets`);
}

/** How the messages of one transport are coded. */
export interface MessageLimits {
  readonly binaryOptions: Partial<BinaryReadOptions & BinaryWriteOptions> | undefined;
  /** Of a received message. */
  readonly readMaxBytes: number;
  /** Of a sent message. */
  readonly writeMaxBytes: number;
  /** Smaller messages are sent uncompressed; 0 where none is compressed. */
  readonly compressMinBytes: number;
}

/** See the head of this file. Messages are whole: connect makes them of what its users give, before interceptors run. */
export class LimitedCodec implements Codec<MessageShape<DescMessage>> {
  readonly typeName: string;

  constructor(private readonly desc: DescMessage, private readonly limits: MessageLimits) {
    this.typeName = desc.typeName;
  }

  encode(message: MessageShape<DescMessage>): Uint8Array {
    const { writeMaxBytes, binaryOptions, compressMinBytes } = this.limits;
    let bytes: Uint8Array;
    try {
      bytes = toBinary(this.desc, message, binaryOptions);
    } catch (error) {
      throw unfit(new EncodeError(messageOf(error)), `serialize binary: ${messageOf(error)}`, Code.Internal);
    }
    const { length } = bytes;
    if (length > writeMaxBytes) {
      const details = `message size ${length} is larger than configured writeMaxBytes ${writeMaxBytes}`;
      throw unfit(new EncodeError(details), details, Code.ResourceExhausted);
    }
    if (length < compressMinBytes) uncompressed(message);
    return bytes;
  }

  encodeInto(message: MessageShape<DescMessage>, writer: Writer): void {
    writer.raw(this.encode(message));
  }

  decode(bytes: Uint8Array): MessageShape<DescMessage> {
    const { length } = bytes;
    const { readMaxBytes, binaryOptions } = this.limits;
    if (length > readMaxBytes) {
      const details = `message size ${length} is larger than configured readMaxBytes ${readMaxBytes}`;
      throw unfit(new DecodeError(details, 0), details, Code.ResourceExhausted);
    }
    try {
      return fromBinary(this.desc, bytes, binaryOptions);
    } catch (error) {
      throw unfit(new DecodeError(messageOf(error), 0), `parse binary: ${messageOf(error)}`, Code.Internal);
    }
  }
}

/** `error`, with what the caller gets for it. */
function unfit<E extends Error>(error: E, details: string, code: Code): E {
  error.cause = new ConnectError(details, code);
  return error;
}
