// What `deno doc` finds in an entry point: public symbols without JSDoc, types that users cannot name, and errors that
// only prose mentions.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";

/** What `deno doc --lint` complains of, a line each; runs in Deno alone. */
export function docLint(entry: string, cwd: string): string[] {
  const { status, stderr } = spawnSync(process.execPath, ["doc", "--lint", entry], { cwd, encoding: "utf8" });
  if (status === 0) return [];
  return stripVTControlCharacters(stderr).split("\n").filter((line) => /^error|^ *-->/.test(line));
}

/**
 * The same of an adapter: its users have the package that it is for, and ours, so they can name the types that it imports
 * from a package, and those that `main` exports.
 */
export function docLintOfAdapter(entry: string, main: string, cwd: string): string[] {
  const lines = docLint(entry, cwd);
  const ours = exportedNames(main, cwd);
  return lines.filter((_, i) => !isKnown(lines, i - i % 2)).filter((line) => !line.startsWith("error: "));

  function isKnown(all: readonly string[], at: number): boolean {
    const type = /^error\[private-type-ref\].* private type '([^']+)'$/.exec(all[at]!)?.[1];
    const file = /--> (.*?):\d+:\d+$/.exec(all[at + 1] ?? "")?.[1];
    if (type === undefined || file === undefined) return false;
    return ours.has(type) || packageNames(readFileSync(file, "utf8")).has(type);
  }
}

/** What `text` imports from packages, by name. */
function packageNames(text: string): Set<string> {
  const imports = [...text.matchAll(/import (?:type )?\{([^}]*)\}\s*from "[^".][^"]*"/g)];
  return new Set(imports.flatMap(([, names]) => names!.match(/\w+/g) ?? []));
}

/** What can be imported from `entry`. */
function exportedNames(entry: string, cwd: string): Set<string> {
  const { stdout } = spawnSync(process.execPath, ["doc", "--json", entry], {
    cwd,
    encoding: "utf8",
    maxBuffer: Infinity,
  });
  return new Set([...stdout.matchAll(/"name": ?"(\w+)"/g)].map(([, name]) => name!));
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
