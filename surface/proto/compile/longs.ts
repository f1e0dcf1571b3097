// 64-bit integers that are numbers or text in messages: what decoders make of the bigints that were read.

import type { Longs } from "../schema.ts";
import type { Reader } from "../reader.ts";

/** A 64-bit integer as a number. One that a number does not hold is refused: another value must not stand in its place. */
export function longNumber(reader: Reader, value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    reader.fail(
      `${value} is no safe integer; only a field whose 64-bit integers are bigints or strings can have it`,
      reader.pos - 1, // its last octet: the position is that of the next field
    );
  }
  return number;
}

/** A 64-bit integer as text. */
export function longText(value: bigint): string {
  return String(value);
}

/** What a decoder makes of `value`. */
export function longIn(longs: Longs | undefined, reader: Reader, value: bigint): unknown {
  return longs === undefined ? value : longs === "number" ? longNumber(reader, value) : longText(value);
}
