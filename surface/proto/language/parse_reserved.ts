// Syntax of the names that messages and enums reserve.

import type { Cursor } from "./cursor.ts";
import { Edition } from "./nodes.ts";
import { Token } from "./tokenizer.ts";

/** Names that are reserved: strings, in editions identifiers. False where numbers follow. */
export function parseReservedNames(
  cursor: Cursor,
  names: string[],
  what: string,
): boolean {
  const editions = cursor.file.edition >= Edition.E2023;
  if (cursor.type === Token.STRING && editions) {
    cursor.fail("Reserved names must be identifiers in editions, not string literals");
  }
  if (cursor.type === Token.IDENTIFIER && !editions) {
    cursor.fail("Reserved names must be string literals. (Only editions supports identifiers.)");
  }
  if (cursor.type !== Token.STRING && cursor.type !== Token.IDENTIFIER) return false;
  do {
    names.push(
      editions
        ? cursor.identifier(`Expected ${what} identifier`)
        : cursor.string(`Expected ${what} string literal`),
    );
  } while (cursor.take(","));
  cursor.expect(";");
  return true;
}
