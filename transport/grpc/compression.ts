// Message encodings of a transport (gRPC's compression.md): which it takes, which it sends with, and a message of each.
//
// The transport has no algorithm of its own: its owner gives it those that it is to have. A new context is used for each
// message, so that one is compressed and inflated by itself.

import type { ExecCtx } from "../../pollers/contract/exec_ctx.ts";
import type { HeaderList } from "../hpack/header_list.ts";
import { MESSAGE_PREFIX_BYTES, writePrefix } from "./message_prefix.ts";

/** One encoding, such as "gzip". */
export interface MessageEncoding {
  /** What `grpc-encoding` says. */
  readonly name: string;
  /** `bytes` from `start` on, compressed, behind as many free octets, in memory of its own. */
  compress(bytes: Uint8Array, start: number): Uint8Array;
  /** All of `bytes`, inflated, in memory of its own; inflating stops where that is more than `maxBytes`. */
  inflate(
    bytes: Uint8Array,
    maxBytes: number,
  ): Uint8Array | { readonly tooLarge: boolean; readonly reason: string };
}

/** The encodings of a transport's messages. */
export interface MessageEncodings {
  /** Those that are taken from the peer. */
  readonly accepted: readonly MessageEncoding[];
  /** What a server compresses its responses with, where the client takes it and the call does not say otherwise. */
  readonly outgoing?: MessageEncoding | undefined;
}

/** The encodings of a transport, as its streams use them. */
export interface StreamEncodings extends MessageEncodings {
  /** Whose turns messages that wait to be inflated are handed up in. */
  readonly execCtx: ExecCtx;
}

/** What a client's streams are compressed and inflated by: {@linkcode compressedStreams}. */
export interface CompressedStreams {
  /** What it is for: compressed streams. */
  readonly purpose: string;
}

/** What is not compressed is "identity"; everybody takes it. */
export const IDENTITY = "identity";

/** What the first octet of a framed message says, until its prefix is written. */
export const MessageMark = {
  /** It is compressed where its call's messages are. */
  NONE: 0,
  /** It is not compressed. */
  UNCOMPRESSED: 2,
} as const;

/** `framed`, which has not been sent, is not compressed, whatever its call says. */
export function markUncompressed(framed: Uint8Array): void {
  framed[0] = MessageMark.UNCOMPRESSED;
}

/** The encoding of that name, where it is taken; undefined where it is not. */
export function encodingOf(
  name: string,
  encodings: MessageEncodings | undefined,
): MessageEncoding | undefined {
  return encodings?.accepted.find((one) => one.name === name);
}

/** What `grpc-accept-encoding` says of `encodings`. */
export function acceptedNames(encodings: MessageEncodings | undefined): string {
  return encodings === undefined
    ? IDENTITY
    : [IDENTITY, ...encodings.accepted.map(({ name }) => name)].join(",");
}

/** Whether the sender of `headers` takes messages compressed by `encoding`. */
export function takesEncoding(headers: HeaderList, encoding: MessageEncoding): boolean {
  return headers.getAll("grpc-accept-encoding").join(",").split(",").some((name) =>
    name.trim() === encoding.name
  );
}

/**
 * The octets of one message of a call that compresses, prefix and all, in memory of their own: a message that is sent again
 * is compressed again. It is not compressed where it is marked so, and where that would make it no smaller.
 */
export function encodedMessage(encoding: MessageEncoding, framed: Uint8Array): Uint8Array {
  if (framed[0] !== MessageMark.UNCOMPRESSED) {
    const compressed = encoding.compress(framed, MESSAGE_PREFIX_BYTES);
    if (compressed.length < framed.length) {
      writePrefix(compressed);
      compressed[0] = 1;
      return compressed;
    }
  }
  const plain = new Uint8Array(framed);
  writePrefix(plain);
  return plain;
}

/** Why messages with this grpc-encoding cannot be read. */
export function unsupportedEncoding(encoding: string, accepted: string): string {
  return `grpc-encoding ${JSON.stringify(encoding)} is not supported, only ${accepted}`;
}
