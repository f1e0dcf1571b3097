// Finds function bodies in blanked code: where each begins and ends, in lines.
import { lineOf } from "./scanner.ts";

/** A function, method or arrow with a body in braces. */
export interface FunctionSpan {
  /** The word before its parameters; "" for arrows without one. */
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

/** Words whose parentheses hold no parameters. */
const CONTROL = new Set(["if", "for", "while", "switch", "catch", "with", "await"]);

/** Every function body of `code`, which the scanner has blanked. */
export function findFunctions(code: string): FunctionSpan[] {
  const found: FunctionSpan[] = [];
  const partners = matchBrackets(code);
  for (let at = 0; at < code.length; at++) {
    if (code[at] !== "(") continue;
    const name = /([\w$#]*)\s*(?:<[^()]*>)?\s*$/.exec(code.slice(Math.max(0, at - 120), at))?.[1] ?? "";
    const close = partners.get(at);
    if (CONTROL.has(name) || close === undefined) continue;
    const body = bodyAfter(code, close + 1, partners);
    const end = body === undefined ? undefined : partners.get(body);
    if (end === undefined) continue;
    const line = lineOf(code, at);
    found.push({ name, line, lines: lineOf(code, end) - line + 1 });
  }
  return found;
}

/** Where the body of a function begins whose parameters end before `at`; undefined where there is none. */
function bodyAfter(code: string, at: number, partners: ReadonlyMap<number, number>): number | undefined {
  let i = skipSpace(code, at);
  if (code[i] === "{") return i;
  if (code[i] === ":") {
    // A return type: anything up to a brace that does not itself begin a type.
    let typeExpected = true;
    for (i = skipSpace(code, i + 1); i < code.length; i = skipSpace(code, i)) {
      if (code.startsWith("=>", i)) break;
      const c = code[i]!;
      if (c === "{" && !typeExpected) return i;
      if (";,)}]=?".includes(c)) return undefined;
      typeExpected = c === "|" || c === "&" || c === ":";
      if (c === "<") i = typeArgumentsEnd(code, i, partners);
      else i = (partners.get(i) ?? i) + (/^[\w$]+/.exec(code.slice(i, i + 80))?.[0].length ?? 1);
    }
  }
  if (!code.startsWith("=>", i)) return undefined;
  i = skipSpace(code, i + 2);
  return code[i] === "{" ? i : undefined;
}

/** Past the `>` that closes the type arguments beginning at `at`. */
function typeArgumentsEnd(code: string, at: number, partners: ReadonlyMap<number, number>): number {
  for (let depth = 0; at < code.length; at = (partners.get(at) ?? at) + 1) {
    if (code[at] === "<") depth++;
    else if (code[at] === ">" && code[at - 1] !== "=" && --depth === 0) return at + 1;
  }
  return at;
}

function skipSpace(code: string, at: number): number {
  while (/\s/.test(code[at] ?? "")) at++;
  return at;
}

/** The offset of each opening bracket's partner. */
export function matchBrackets(code: string): Map<number, number> {
  const partners = new Map<number, number>();
  const open: number[] = [];
  for (let at = 0; at < code.length; at++) {
    const c = code[at]!;
    if ("([{".includes(c)) open.push(at);
    else if (")]}".includes(c)) {
      const start = open.pop();
      if (start !== undefined) partners.set(start, at);
    }
  }
  return partners;
}
