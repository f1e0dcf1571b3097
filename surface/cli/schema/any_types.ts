// Types that messages name where the schema does not: those inside google.protobuf.Any.

import type { JsonCodec } from "../../proto/json/json_codec.ts";
import type { Schema } from "./schema.ts";

const MOST_DEPTH = 100;

/** Full names of the types of every Any in `message`. */
export function anyTypesIn(message: unknown): Set<string> {
  const found = new Set<string>();
  visit(message, found, 0);
  return found;
}

function visit(value: unknown, found: Set<string>, depth: number): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || depth > MOST_DEPTH) return;
  const { typeUrl, value: octets } = value as { typeUrl?: unknown; value?: unknown };
  if (typeof typeUrl === "string" && octets instanceof Uint8Array) found.add(nameOf(typeUrl));
  for (const inner of Object.values(value)) visit(inner, found, depth + 1);
}

/** Full names of the types that JSON names for Any. */
export function anyTypesInJson(text: string): Set<string> {
  return new Set([...text.matchAll(/"@type"\s*:\s*"([^"\\]+)"/g)].map(([, url]) => nameOf(url!)));
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
