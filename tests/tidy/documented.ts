// The rule that what a module exports says in JSDoc what it is; members of exported classes and interfaces too.
import { matchBrackets } from "./functions.ts";
import { isGenerated, isLibrary, type Rule } from "./rules.ts";
import { lineOf } from "./scanner.ts";
import type { Source } from "./source.ts";

const EXPORTED =
  /^export\s+(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(function\*?|class|interface|type|const|let)\s+([\w$]+)/gm;

/** A member at the beginning of its line: modifiers, then a name. */
const MEMBER =
  /^ {2}((?:(?:public|private|protected|static|readonly|override|abstract|async|get|set|declare)\s+)*)\*?([\w$#]+|\[[^\]]*\])(\??!?\s*[<(]|[?!]?\s*[:;=])/;

/** Exported symbols, and the methods of exported classes and interfaces, have JSDoc. */
export const documented: Rule = (source) => {
  if (!isLibrary(source.path) || isGenerated(source)) return [];
  const partners = matchBrackets(source.code);
  const problems: string[] = [];
  let previous = "";
  for (const match of source.code.matchAll(EXPORTED)) {
    const [, kind, name = ""] = match;
    // The documentation of an overloaded function is that of its first signature.
    if (name !== previous && !hasDoc(source, match.index)) problems.push(missing(source, match.index, name));
    previous = name;
    if (kind !== "class" && kind !== "interface") continue;
    const open = bodyStart(source.code, match.index + match[0].length);
    const close = partners.get(open);
    if (close === undefined) continue;
    const inherits = /\b(?:implements|extends)\b/.test(source.code.slice(match.index, open));
    problems.push(...members(source, open, close, name, kind === "class" && inherits));
  }
  return problems;
};

/** The brace that opens a class or interface, past type arguments in its heading. */
function bodyStart(code: string, at: number): number {
  for (let depth = 0; at < code.length; at++) {
    const c = code[at];
    if (c === "<") depth++;
    else if (c === ">") depth--;
    else if (c === "{" && depth === 0) return at;
  }
  return at;
}

/**
 * Members without documentation. Those of a class that has a contract (`implements`, `extends`) are documented
 * there; fields whose name and type say all need no sentence.
 */
function members(source: Source, open: number, close: number, owner: string, inherits: boolean): string[] {
  if (inherits) return [];
  const problems: string[] = [];
  let at = source.code.indexOf("\n", open) + 1;
  let previous = "";
  for (; at > 0 && at < close; at = source.code.indexOf("\n", at) + 1) {
    const [, modifiers = "", name = "", after = ""] = MEMBER.exec(source.code.slice(at, at + 200)) ?? [];
    if (name === "" || /^(?:constructor|static|return|if|for)$/.test(name) || name.startsWith("#")) continue;
    if (/\b(?:private|protected|override)\b/.test(modifiers) || name === previous) continue;
    const isMethod = /[<(]$/.test(after) || /\b(?:get|set)\b/.test(modifiers);
    if (isMethod && !hasDoc(source, at + 2)) problems.push(missing(source, at, `${owner}.${name}`));
    previous = name;
  }
  return problems;
}

/** Whether the text before `at` ends with a JSDoc comment, directives to tools aside. */
function hasDoc(source: Source, at: number): boolean {
  let before = source.text.slice(0, at).trimEnd();
  for (;;) {
    const directive = /\n?[ \t]*\/\/ (?:deno-lint-ignore|deno-fmt-ignore|@ts-)[^\n]*$/.exec(before);
    if (directive === null) {
      return before.endsWith("*/") && before.lastIndexOf("/**") > before.lastIndexOf("*/", before.length - 3);
    }
    before = before.slice(0, directive.index).trimEnd();
  }
}

function missing(source: Source, at: number, name: string): string {
  return `${source.path}:${lineOf(source.text, at)}: ${name} is exported without JSDoc`;
}
