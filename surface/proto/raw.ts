// Methods whose messages are octets: for calls that are made, served or passed on without their schema.

import type { Codec } from "./codec.ts";
import { EncodeError } from "./errors.ts";
import type { MethodDescriptor, MethodKind } from "./service.ts";
import type { Writer } from "./writer.ts";

const KINDS: readonly MethodKind[] = ["unary", "serverStreaming", "clientStreaming", "bidiStreaming"];

/** A method whose messages are octets, as they are on the wire behind their prefix. */
export type RawMethod<Kind extends MethodKind = MethodKind> = MethodDescriptor<Uint8Array, Uint8Array, Kind>;

/** Messages as octets. What is sent is copied; what was received is a view of receive memory, which is never overwritten. */
export const RAW_CODEC: Codec<Uint8Array> = {
  typeName: "octets",
  encode: (message) => new Uint8Array(checked(message)),
  encodeInto(message: Uint8Array, writer: Writer): void {
    writer.raw(checked(message));
  },
  decode: (bytes) => bytes,
};

/**
 * The method at `path` without its schema; its messages are octets. Every API style takes it in place of a method of a
 * service.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rawMethod } from "pollwire";
 * assertEquals(rawMethod("/routeguide.RouteGuide/GetFeature", "unary").localName, "getFeature");
 * ```
 *
 * @throws {TypeError} where `path` does not begin with a slash, as "/package.Service/Method", or has what no path has, and for a kind
 *   that is none
 */
export function rawMethod<Kind extends MethodKind>(path: string, kind: Kind): RawMethod<Kind> {
  if (typeof path !== "string" || !/^\/[!-~]*$/.test(path)) {
    const found = typeof path === "string" ? JSON.stringify(path) : typeof path;
    throw new TypeError(`Cannot call ${found}: a method's path is "/package.Service/Method"`);
  }
  if (!KINDS.includes(kind)) {
    throw new TypeError(`Cannot call ${path}: its kind is ${String(kind)}; there are ${KINDS.join(", ")}`);
  }
  const name = path.slice(path.lastIndexOf("/") + 1);
  const localName = name.charAt(0).toLowerCase() + name.slice(1);
  return { name, localName, path, kind, requestCodec: RAW_CODEC, responseCodec: RAW_CODEC };
}

/** `descriptor` with octets in place of its messages. */
export function withoutSchema(descriptor: MethodDescriptor<unknown, unknown>): RawMethod {
  return { ...descriptor, requestCodec: RAW_CODEC, responseCodec: RAW_CODEC };
}

function checked(message: unknown): Uint8Array {
  if (message instanceof Uint8Array) return message;
  throw new EncodeError(
    `Cannot send a message without its schema: expected a Uint8Array, found ${typeof message}`,
  );
}
