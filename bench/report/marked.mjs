// Places in documents that programs fill: each stands between `<!-- bench:NAME -->` and `<!-- /bench -->`.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { program, root } from "../../.ci/runtimes.mjs";

/** A place and what is in it; the first group is its name. */
export const MARKED = /<!-- bench:([a-z0-9-]+) -->\n[\s\S]*?<!-- \/bench -->/g;

/** `text` with what `contentOf` gives for a name in the place of that name; a place that it gives undefined for stays. */
export function fillMarked(text, contentOf) {
  return text.replace(MARKED, (there, name) => {
    const content = contentOf(name);
    return content === undefined ? there : `<!-- bench:${name} -->\n\n${content}\n\n<!-- /bench -->`;
  });
}

/** Writes `contents`, by names, into the document at `path` below the repository's folder, and formats it. */
export function fillDocument(path, contents) {
  const file = root + path;
  const text = readFileSync(file, "utf8");
  const missing = Object.keys(contents).find((name) => !text.includes(`<!-- bench:${name} -->`));
  if (missing !== undefined) throw new Error(`Cannot write ${missing}: ${path} has no place with that name`);
  writeFileSync(file, fillMarked(text, (name) => contents[name]));
  spawnSync(program("deno"), ["fmt", "--quiet", file], { stdio: "inherit", cwd: root });
}

/** A table: rows of cells, of which the first row is the head and the first column text. */
export function markdownTable([head, ...rows]) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, i) => i === 0 ? "---" : "---:")), ...rows.map(line)].join("\n");
}

/** Where and when, for a run of its own: `machine` as `measure/machine.mjs` gives it, with `loadAverages`. */
export function provenance(
  { date, commit, processor, cores, system, runtimes, loadAverages: [before, after] },
) {
  return `${date}, commit ${commit}; ${cores}-core ${processor}, ${system}; Deno ${runtimes.deno}, Bun ${runtimes.bun}; ` +
    `load average ${before.toFixed(1)} before and ${after.toFixed(1)} after`;
}
