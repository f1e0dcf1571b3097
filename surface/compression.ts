// How messages are compressed: what applications say of it, and the encodings of gRPC.

import { markUncompressed, type MessageEncoding, type MessageEncodings } from "../transport/mod.ts";
import { describe } from "./options.ts";

/** An encoding of gRPC's, by name. "deflate" is zlib's format; "identity": messages are not compressed. */
export type Compression = "identity" | "deflate" | "gzip";

/** What channels and servers are told of compression. */
export interface CompressionOptions {
  /**
   * What this side compresses its messages with; calls may say otherwise. A server does it where the client takes that. A
   * message that would become no smaller is sent as it is. Default "identity": messages are not compressed.
   */
  readonly compression?: Compression;
  /**
   * What the other side may compress its messages with; [] where it may not. `maxReceiveMessageBytes` is of inflated
   * messages, and holds while they are inflated. Default ["deflate", "gzip"].
   */
  readonly acceptCompression?: ReadonlyArray<Exclude<Compression, "identity">>;
}

const NAMES: readonly unknown[] = ["deflate", "gzip"];

/**
 * The encoding of `compression`, one of those that the channel or server `has`; undefined for "identity". Throws TypeError
 * for what is none; `purpose`: what was tried.
 */
export function encodingNamed(
  purpose: string,
  compression: unknown,
  has: readonly MessageEncoding[],
): MessageEncoding | undefined {
  return compression === "identity" ? undefined : knownEncoding(purpose, "compression", compression, has);
}

/** Whether an option of a call is an encoding of gRPC's, or missing: as it is. Throws TypeError where it is not. */
export function checkedCompression(purpose: string, compression: unknown): Compression | undefined {
  if (compression !== undefined && compression !== "identity" && !NAMES.includes(compression)) {
    throw noEncoding(purpose, "compression", compression);
  }
  return compression as Compression | undefined;
}

/**
 * What a transport is made with; `has`: the encodings that the channel or server has. Throws TypeError for what are no
 * encodings; `purpose`: what was tried.
 */
export function messageEncodings(
  purpose: string,
  options: CompressionOptions,
  has: readonly MessageEncoding[],
): MessageEncodings {
  const { compression = "identity", acceptCompression } = options;
  const outgoing = encodingNamed(purpose, compression, has);
  if (acceptCompression === undefined) return { accepted: has, outgoing };
  if (!Array.isArray(acceptCompression)) {
    throw new TypeError(
      `Cannot ${purpose}: acceptCompression is ${describe(acceptCompression)}, not an array of encodings`,
    );
  }
  const accepted = acceptCompression.map((name) => knownEncoding(purpose, "acceptCompression", name, has));
  return { accepted: [...new Set(accepted)], outgoing };
}

function knownEncoding(
  purpose: string,
  option: string,
  name: unknown,
  has: readonly MessageEncoding[],
): MessageEncoding {
  const encoding = has.find((one) => one.name === name);
  if (encoding !== undefined) return encoding;
  if (!NAMES.includes(name)) throw noEncoding(purpose, option, name);
  throw new TypeError(
    `Cannot ${purpose}: ${option} has "${name as string}", which needs the feature compression`,
  );
}

function noEncoding(purpose: string, option: string, name: unknown): TypeError {
  const known = option === "compression" ? '"identity", "deflate" or "gzip"' : '"deflate" and "gzip"';
  return new TypeError(`Cannot ${purpose}: ${option} has ${describe(name)}; there is ${known}`);
}

/**
 * Messages that their senders do not want compressed; undefined while there was none. Files that ask for each message have
 * a local constant of it (docs/STYLE.md, "Hot paths").
 */
export const uncompressedMessages: { all: WeakSet<object> | undefined } = { all: undefined };

/**
 * `message`, which is sent as it is in a call that compresses its messages: where it is compressed already, or holds a
 * secret beside what others may choose, whose lengths then tell of it. For messages that promises, iterators and blocking
 * calls send; reactors and completion queues have flags of writes.
 *
 * @example
 * ```ts ignore
 * async *pictures(request) {
 *   yield { header: await describe(request) };
 *   yield uncompressed({ jpeg: await read(request) });
 * }
 * ```
 */
export function uncompressed<T extends object>(message: T): T {
  (uncompressedMessages.all ??= new WeakSet()).add(message);
  return message;
}

/** Marks `framed`, which is `message`, where that was given to {@linkcode uncompressed}. */
export function markMessage(framed: Uint8Array, message: unknown): void {
  if (uncompressedMessages.all?.has(message as object)) markUncompressed(framed);
}
