// Builds dist/: plain JavaScript with types, for Node and for whoever imports the package from JavaScript.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "./install.mjs";
import { program, root } from "./runtimes.mjs";

/** The package's entry points, one a layer. */
const ENTRIES = ["mod.ts", "pollers/mod.ts", "transport/mod.ts", "surface/mod.ts"];

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
}

function run(name, args) {
  const { status, stdout, stderr, error } = spawnSync(program(name), args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`${name} failed: ${error?.message ?? ""}${stdout}${stderr}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) build();
