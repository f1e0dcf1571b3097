// Types that messages name where the schema does not: those inside google.protobuf.Any.

import type { JsonCodec } from "../../proto/json/json_codec.ts";
import type { Schema } from "./schema.ts";

/** Messages in messages, and Anys in Anys, as JSON has them. */
const MOST_DEPTH = 100;

/** Codecs by type name. */
type Codecs = Readonly<Record<string, JsonCodec>>;

/** What an Any has in it. */
interface Packed {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/**
 * The codecs of what `symbol` needs, and of the types of every Any in `message` and inside those, as far as the schema
 * has them. They know each other.
 */
export async function codecsOfAnys(schema: Schema, symbol: string, message: unknown): Promise<Codecs> {
  let { messages } = await schema.types(symbol);
  let packed = packedIn(message);
  for (let depth = 0; packed.length > 0 && depth < MOST_DEPTH; depth++) {
    for (const name of new Set(packed.map(({ typeUrl }) => nameOf(typeUrl)))) await schema.find(name);
    ({ messages } = await schema.types(symbol));
    const codecs: Codecs = messages;
    packed = packed.flatMap(({ typeUrl, value }) => packedIn(unpack(codecs[nameOf(typeUrl)], value)));
  }
  return messages;
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
