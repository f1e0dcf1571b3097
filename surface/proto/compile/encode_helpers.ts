// What emitted encoders call besides the writer; the names are those that emitted code uses.

import { stray } from "../message_shape.ts";
import type { MessageSchema } from "../schema.ts";

export { bad, badKey, FLOAT_BOUND, keysOf, missing, toEnum, toKey, toLong, twice } from "../encode_values.ts";
export { stray, toMessage, unset, writeUnknown } from "../message_shape.ts";
export { hasOwn, UNKNOWN } from "./decode_helpers.ts";
export * from "./packed_write.ts";

/** The class of plain objects. */
export const Obj: ObjectConstructor = Object;

/** The least and the greatest 64-bit integers. */
export const LEAST: bigint = -0x7fffffffffffffffn - 1n;
/** The greatest signed one. */
export const MOST: bigint = 0x7fffffffffffffffn;
/** The greatest unsigned one. */
export const MOST_UNSIGNED: bigint = 0xffffffffffffffffn;

/** The index after `key` among `keys`, searched from `from` on; a key before `from` is found too. */
export function keyAfter(
  schema: MessageSchema,
  keys: readonly string[],
  known: ReadonlySet<string>,
  message: Record<string, unknown>,
  key: string,
  from: number,
): number {
  for (let i = from; i < keys.length; i++) if (keys[i] === key) return i + 1;
  if (!known.has(key)) stray(schema, message, key);
  return from;
}
