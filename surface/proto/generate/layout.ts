// Indents code by its braces: emitted functions are written for compilers first.

/** Before calls at the top of a module: bundlers drop what is not used of them. */
export const PURE = "/* @__PURE__ */";

/** `text` with each line as deep as the braces and brackets around it. */
export function indent(text: string): string {
  let depth = 0;
  return text.split("\n").filter((line) => line.trim() !== "").map((line) => {
    const code = line.replaceAll(/"(?:[^"\\]|\\.)*"/g, "");
    const closing = /^[\])}\s]*/.exec(code)![0].replaceAll(/\s/g, "").length;
    const at = Math.max(0, depth - closing);
    depth += (code.match(/[[({]/g)?.length ?? 0) - (code.match(/[\])}]/g)?.length ?? 0);
    return `${"  ".repeat(at)}${line.trim()}\n`;
  }).join("");
}
