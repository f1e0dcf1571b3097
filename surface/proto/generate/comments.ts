// Comments of a .proto file as JSDoc.

import { FileComments } from "../language/comments.ts";
import type { FileNode, Named } from "../language/nodes.ts";

/** Writes the JSDoc of the declarations of one file. */
export class Docs {
  #comments: FileComments | undefined = undefined;

  constructor(private readonly file: FileNode) {}

  /** The JSDoc of a declaration, each line behind `indent`; "" where there is nothing to say. */
  of(node: Named, indent = ""): string {
    const { leading, trailing } = node.comments ??
      (this.#comments ??= new FileComments(this.file)).of(node.nameAt);
    const texts = [leading, trailing].map((text) => text.replace(/^(?:[ \t]*\n)+/, "").trimEnd());
    const lines = texts.filter((text) => text !== "").join("\n\n").split("\n");
    if (lines.length === 1 && lines[0] === "") lines.pop();
    if (node.settings.get("deprecated") === true && !lines.some((line) => /^\s*@deprecated\b/.test(line))) {
      lines.push(...(lines.length === 0 ? [] : [""]), "@deprecated");
    }
    return jsDoc(lines, indent);
  }
}

/** A path in a comment, which it neither ends nor breaks: names of files and folders may be anything. */
export function pathInComment(path: string): string {
  return path.replaceAll("*/", "*\\/").replaceAll(/[\n\r\u2028\u2029]/g, "_");
}

/** `lines` as JSDoc, which ends with a line break. */
function jsDoc(lines: readonly string[], indent: string): string {
  const safe = lines.map((line) => line.replaceAll("*/", "*\\/").trimEnd());
  if (safe.length === 0) return "";
  if (safe.length === 1) return `${indent}/** ${safe[0]!.trim()} */\n`;
  return `${indent}/**\n${
    safe.map((line) => `${indent} *${line === "" ? "" : ` ${line}`}\n`).join("")
  }${indent} */\n`;
}
