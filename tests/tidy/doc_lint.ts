// `deno doc --lint` of an entry point: every public symbol has JSDoc, and users can name every type it mentions.
import { spawnSync } from "node:child_process";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";

/** What `deno doc --lint` complains of, a line each; runs in Deno alone. */
export function docLint(entry: string, cwd: string): string[] {
  const { status, stderr } = spawnSync(process.execPath, ["doc", "--lint", entry], { cwd, encoding: "utf8" });
  if (status === 0) return [];
  return stripVTControlCharacters(stderr).split("\n").filter((line) => /^error|^ *-->/.test(line));
}
