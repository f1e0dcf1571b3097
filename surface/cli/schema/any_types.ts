// Types that messages name where the schema does not: those inside google.protobuf.Any.

import type { Assembled } from "../../proto/assemble.ts";
import type { MessageCodec } from "../../proto/codec.ts";
import type { JsonCodec } from "../../proto/json/json_codec.ts";
import { createRegistry, type Registry } from "../../proto/json/registry.ts";
import { parseProto } from "../../proto/parse.ts";
import type { Schema } from "./schema.ts";

/** Messages in messages, and Anys in Anys, as JSON has them. */
const MOST_DEPTH = 100;

/** What an Any has in it. */
interface Packed {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/**
 * The types of what `symbol` needs, and those of every Any in `message` and inside those, as far as the schema has them.
 * Their codecs know each other.
 */
export async function typesOfAnys(schema: Schema, symbol: string, message: unknown): Promise<Assembled> {
  let types = await schema.types(symbol);
  let packed = packedIn(message);
  for (let depth = 0; packed.length > 0 && depth < MOST_DEPTH; depth++) {
    for (const name of new Set(packed.map(({ typeUrl }) => nameOf(typeUrl)))) {
      await schema.find(name).catch(() => undefined); // whoever sends a message may put any name in it
    }
    const { messages } = types = await schema.types(symbol);
    packed = packed.flatMap(({ typeUrl, value }) => packedIn(unpack(messages[nameOf(typeUrl)], value)));
  }
  return types;
}

/** The registry of `types`, for writing: an Any of another type is `{ "@type": ..., "@value": base64 }`, as in grpcurl. */
export function withOpaqueAnys(types: Assembled): Registry {
  const known = createRegistry(types);
  const opaque = opaqueCodec();
  return {
    message: (typeName) => known.message(typeName) ?? opaque,
    extension: (fullName) => known.extension(fullName),
    extensionsOf: (typeName) => known.extensionsOf(typeName),
  };
}

/** A codec that takes all octets as the one field of a message. */
function opaqueCodec(): MessageCodec {
  const { messages } = parseProto(
    'syntax = "proto3"; message Opaque { bytes value = 1 [json_name = "@value"]; }',
  );
  return Object.create(messages["Opaque"]!, { decode: { value: (value: Uint8Array) => ({ value }) } });
}

function unpack(codec: JsonCodec | undefined, value: Uint8Array): unknown {
  try {
    return codec?.decode(value);
  } catch {
    return undefined; // whoever prints the message says what is wrong with it
  }
}

function packedIn(message: unknown): Packed[] {
  const found: Packed[] = [];
  visit(message, found, 0);
  return found;
}

function visit(message: unknown, found: Packed[], depth: number): void {
  if (typeof message !== "object" || message === null || ArrayBuffer.isView(message) || depth > MOST_DEPTH) {
    return;
  }
  const { typeUrl, value } = message as { typeUrl?: unknown; value?: unknown };
  if (typeof typeUrl === "string" && value instanceof Uint8Array) found.push({ typeUrl, value });
  for (const inner of Object.values(message)) visit(inner, found, depth + 1);
}

/** Full names of the types that JSON names for Any. Slashes may be escaped, as PHP writes them. */
export function anyTypesInJson(text: string): Set<string> {
  const urls = text.matchAll(/"@type"\s*:\s*"((?:[^"\\]|\\\/)+)"/g);
  return new Set([...urls].map(([, url]) => nameOf(url!)));
}

function nameOf(url: string): string {
  return url.slice(url.lastIndexOf("/") + 1);
}

/** The codec of `codec`'s type that also knows `names`, as far as the schema has them. */
export async function codecWith(
  schema: Schema,
  codec: JsonCodec,
  names: Iterable<string>,
): Promise<JsonCodec> {
  for (const name of names) await schema.find(name);
  const { messages } = await schema.types(codec.typeName);
  return messages[codec.typeName] ?? codec;
}
