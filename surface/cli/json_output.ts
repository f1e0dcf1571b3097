// JSON as it is printed: one line, or indented and coloured for a person; nothing in it can move a terminal's cursor.

import type { Json } from "../proto/mod.ts";
import type { Output } from "./terminal.ts";
import { styleOf } from "./text.ts";

/** What JSON.stringify leaves as it is and a terminal may act on: DEL, C1 controls, and marks of text direction. */
const UNSAFE = /[\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** `json` as text for `output`, without a line break at its end; `pretty`: on several lines. */
export function jsonText(json: Json, output: Output, pretty: boolean): string {
  const text = JSON.stringify(json, undefined, pretty ? 2 : undefined).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return output.colours ? coloured(text, output) : text;
}

const TOKENS = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*/g;

function coloured(text: string, output: Output): string {
  const { cyan, green, yellow } = styleOf(output);
  return text.replace(TOKENS, (token, string: string | undefined, colon: string | undefined) => {
    if (string === undefined) return yellow(token);
    return colon === undefined ? green(string) : cyan(string) + colon;
  });
}
