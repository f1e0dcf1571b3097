// JSON as it is printed: one line, or indented and coloured for a person; nothing in it can move a terminal's cursor.

import type { Json } from "../proto/mod.ts";
import type { Output } from "./terminal.ts";
import { styleOf } from "./text.ts";

/** What JSON.stringify leaves as it is and a terminal may act on: DEL, C1 controls, and marks of text direction. */
const UNSAFE = /[\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** `json` as text for `output`, without a line break at its end; `pretty`: on several lines. */
export function jsonText(json: Json, output: Output, pretty: boolean): string {
  const text = plainJson(json, pretty);
  return output.colours ? coloured(text, output) : text;
}

/** What a program reads of `json`: without colours, in which nothing is to a terminal more than text either. */
export function plainJson(json: unknown, pretty = false): string {
  return JSON.stringify(json, undefined, pretty ? 2 : undefined).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What is coloured; of a string how it begins. */
const TOKENS = /"|\b(?:true|false|null)\b|-?\d[\d.eE+-]*/g;

function coloured(text: string, output: Output): string {
  const { cyan, green, yellow } = styleOf(output);
  let shown = "";
  let at = 0;
  TOKENS.lastIndex = 0;
  for (let found = TOKENS.exec(text); found !== null; found = TOKENS.exec(text)) {
    const isString = found[0] === '"';
    const end = isString ? stringEnd(text, found.index) : TOKENS.lastIndex;
    const paint = !isString ? yellow : text[end] === ":" ? cyan : green;
    shown += text.slice(at, found.index) + paint(text.slice(found.index, end));
    TOKENS.lastIndex = at = end;
  }
  return shown + text.slice(at);
}

/** Behind the string that begins at `start`. Not by an expression, whose stack a string of some megabytes fills. */
function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1);; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text[end - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return end + 1;
  }
}
