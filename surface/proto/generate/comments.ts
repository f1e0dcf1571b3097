// Comments of a .proto file as JSDoc.

import type { Named } from "../language/nodes.ts";

/** The JSDoc of a declaration, each line behind `indent`; "" where there is nothing to say. */
export function docOf(node: Named, indent = ""): string {
  const lines: string[] = [];
  if (node.settings.get("deprecated") === true) lines.push("@deprecated");
  return jsDoc(lines, indent);
}

/** `lines` as JSDoc, which ends with a line break. */
export function jsDoc(lines: readonly string[], indent = ""): string {
  const safe = lines.map((line) => line.replaceAll("*/", "*\\/"));
  if (safe.length === 0) return "";
  if (safe.length === 1) return `${indent}/** ${safe[0]} */\n`;
  return `${indent}/**\n${
    safe.map((line) => `${indent} *${line === "" ? "" : ` ${line}`}\n`).join("")
  }${indent} */\n`;
}
