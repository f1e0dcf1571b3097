// google.protobuf.Any: a message of any type, encoded, with the URL of its type.

import type { Codec } from "./codec.ts";
import type { WithUnknownFields } from "./unknown_fields.ts";

/** A message of any type. */
export interface Any extends WithUnknownFields {
  /** "type.googleapis.com/pkg.Type": what stands behind the last slash is the message's type. */
  typeUrl: string;
  /** The encoded message. */
  value: Uint8Array;
}

/** What finds a codec by the name of its type: a registry, or a `Map`'s like. */
export interface MessageTypes {
  /** The codec of a message type: "google.rpc.ErrorInfo". */
  message(typeName: string): Codec | undefined;
}

/** What a type URL begins with where nothing else is said. */
const TYPE_URLS = "type.googleapis.com/";

/**
 * The Any of a message. `prefix`: what its URL begins with, default "type.googleapis.com/".
 *
 * @throws {EncodeError} when the message does not fit the type
 */
export function packAny<Init>(codec: Codec<unknown, Init>, message: Init, prefix: string = TYPE_URLS): Any {
  return { typeUrl: prefix + codec.typeName, value: codec.encode(message) };
}

/** The full name of the type of an Any: "pkg.Type"; "" where it has none. */
export function typeOfAny({ typeUrl }: Readonly<Any>): string {
  return typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
}

/**
 * The message of an Any; undefined where its type is not that of `codec`.
 *
 * @throws {DecodeError} when its octets are no message of that type
 */
export function unpackAny<T>(any: Readonly<Any>, codec: Codec<T, never>): T | undefined;
/**
 * The message of an Any, and its type's codec; undefined where `types` does not have it.
 *
 * @throws {DecodeError} when its octets are no message of that type
 */
export function unpackAny(
  any: Readonly<Any>,
  types: MessageTypes,
): { codec: Codec; message: unknown } | undefined;
export function unpackAny(any: Readonly<Any>, by: Codec | MessageTypes): unknown {
  const name = typeOfAny(any);
  if (!("message" in by)) return by.typeName === name ? by.decode(any.value) : undefined;
  const codec = by.message(name);
  return codec && { codec, message: codec.decode(any.value) };
}
