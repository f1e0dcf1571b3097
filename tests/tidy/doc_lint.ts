// What `deno doc` finds in an entry point: public symbols without JSDoc, types that users cannot name, and errors that
// only prose mentions.
import { spawnSync } from "node:child_process";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";

/** What `deno doc --lint` complains of, a line each; runs in Deno alone. */
export function docLint(entry: string, cwd: string): string[] {
  const { status, stderr } = spawnSync(process.execPath, ["doc", "--lint", entry], { cwd, encoding: "utf8" });
  if (status === 0) return [];
  return stripVTControlCharacters(stderr).split("\n").filter((line) => /^error|^ *-->/.test(line));
}

/** Public symbols whose JSDoc says that they throw, and has no `@throws`; runs in Deno alone. */
export function throwsInProse(entry: string, cwd: string): string[] {
  const { stdout } = spawnSync(process.execPath, ["doc", "--json", entry], {
    cwd,
    encoding: "utf8",
    maxBuffer: Infinity,
  });
  const found = new Set<string>();
  collect(JSON.parse(stdout) as DocNode, "", found);
  return [...found];
}

/** A node of `deno doc --json`: whatever has `jsDoc` is a symbol. */
interface DocNode {
  readonly name?: string;
  readonly jsDoc?: { readonly doc?: string; readonly tags?: readonly { readonly kind: string }[] };
}

function collect(node: unknown, owner: string, found: Set<string>): void {
  if (typeof node !== "object" || node === null) return;
  const { name, jsDoc } = node as DocNode;
  const path = typeof name === "string" ? `${owner}.${name}` : owner;
  const says = /\b(?:throws|rejects with) (?:an? )?(?:\{@linkcode )?[A-Z]\w*Error\b/i.test(jsDoc?.doc ?? "");
  if (says && !jsDoc?.tags?.some(({ kind }) => kind === "throws")) {
    found.add(`${path.slice(1)} says in prose what it throws`);
  }
  for (const inner of Object.values(node)) collect(inner, path, found);
}
