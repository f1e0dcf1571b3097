// Builds dist/: plain JavaScript with types, for Node and for whoever imports the package from JavaScript.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "./install.mjs";
import { program, root } from "./runtimes.mjs";

/** The package's entry points, one a layer. */
const ENTRIES = [
  "mod.ts",
  "pollers/mod.ts",
  "pollers/simulated/mod.ts",
  "transport/mod.ts",
  "surface/mod.ts",
];

/** Builds dist/ anew; throws with the tool's output where it fails. */
export function build() {
  ensureInstalled();
  rmSync(`${root}dist`, { recursive: true, force: true });
  run("esbuild", [
    ...ENTRIES,
    "--bundle",
    "--splitting",
    "--format=esm",
    "--platform=node",
    "--target=es2022,node20",
    "--packages=external",
    "--outdir=dist",
    "--outbase=.",
    "--log-level=warning",
  ]);
  run("tsc", [
    "-p",
    "tsconfig.json",
    "--noEmit",
    "false",
    "--emitDeclarationOnly",
    "--declaration",
    "--outDir",
    "dist",
  ]);
  nameDeclarationsAsJavaScript(`${root}dist`);
}

/** Declarations keep the `.ts` of their sources' imports; beside them there are only `.js` and `.d.ts`. */
function nameDeclarationsAsJavaScript(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) nameDeclarationsAsJavaScript(path);
    else if (path.endsWith(".d.ts")) {
      const text = readFileSync(path, "utf8");
      writeFileSync(path, text.replaceAll(/((?:from|import)\s*\(?\s*"\.{1,2}\/[^"]*)\.ts"/g, '$1.js"'));
    }
  }
}

function run(name, args) {
  const { status, stdout, stderr, error } = spawnSync(program(name), args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`${name} failed: ${error?.message ?? ""}${stdout}${stderr}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) build();
