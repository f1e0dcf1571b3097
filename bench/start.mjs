// `npm run bench:start`: how long programs of the package take from their start to their first answer, and how large their
// bundle is.
//
//   npm run bench:start -- --rounds=21 --runtime=deno
//   npm run bench:start -- --sizes --by=file
//
// The package is what npm packs. Each round starts every program once, an empty one first; medians are shown.
import { build as bundle } from "esbuild";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { COUNT, readArguments, RUNTIMES } from "../.ci/arguments.mjs";
import { build } from "../.ci/build.mjs";
import { program, root, runtimeCommand } from "../.ci/runtimes.mjs";
import { Progress } from "../tests/progress.mjs";
import { median } from "./measure/statistics.mjs";

const options = readArguments(
  "npm run bench:start: time from a process's start to its first answer, and the size of a client's bundle.",
  {
    runtime: ["deno,bun", "runtimes to measure", RUNTIMES],
    rounds: [11, "starts of each program; medians are shown", COUNT],
    sizes: [false, "shows the bundle alone, by its parts"],
    by: ["folder", "what its parts are", ["folder", "file"]],
  },
);

/** By what they show: an empty process, the lean entry with generated code and with loadProto, the full one with loadProto. */
const PROGRAMS = {
  empty: "empty.mjs",
  lean: "lean.mjs",
  "lean, loadProto": "lean_proto.mjs",
  loadProto: "full.mjs",
};

/** Bun's executables of them, with the bytecode of all their functions. */
const COMPILED = { "empty, compiled": "empty.mjs", "lean, compiled": "lean.mjs" };

await build();
const project = mkdtempSync(`${os.tmpdir()}/pollwire-start-`);
try {
  install();
  await showSizes();
  if (!options.sizes) await showStarts();
} finally {
  rmSync(project, { recursive: true, force: true });
}

/** A project that has the package, the programs and their generated code. */
function install() {
  const installed = `${project}/node_modules/pollwire`;
  mkdirSync(installed, { recursive: true });
  cpSync(`${root}dist`, `${installed}/dist`, { recursive: true });
  cpSync(`${root}package.json`, `${installed}/package.json`);
  cpSync(fileURLToPath(new URL("./start/", import.meta.url)), project, { recursive: true });
  writeFileSync(`${project}/package.json`, '{ "type": "module" }');
  run(process.execPath, [
    `${installed}/dist/surface/cli/main.js`,
    "gen",
    "greeter.proto",
    "-o",
    "gen",
    "--no-json",
    "--no-descriptors",
  ]);
  run(program("esbuild"), [
    "gen/greeter.ts",
    "--outdir=gen",
    "--out-extension:.js=.mjs",
    "--log-level=error",
  ]);
  if (!options.runtime.split(",").includes("bun")) return;
  for (const file of Object.values(COMPILED)) {
    run(program("bun"), [
      "build",
      "--compile",
      "--bytecode",
      "--format=esm",
      `--outfile=${executable(file)}`,
      file,
    ]);
  }
}

function executable(file) {
  return `${project}/${file.replace(".mjs", "")}`;
}

/** Of the package as it is packed; by its parts, of the sources. */
async function showSizes() {
  const sources = JSON.parse(readFileSync(`${root}deno.json`, "utf8")).imports;
  const alias = Object.fromEntries(
    Object.entries(sources).filter(([name]) => name.startsWith("pollwire/"))
      .map(([name, path]) => [name, root + path.slice(2)]),
  );
  const packed = await bundled({});
  const parts = await bundled({ alias });
  console.log(`a unary client with TLS and generated code, minified, of the package: ${describe(packed)}`);
  console.log(`of the sources, in which modules that are not used can be told: ${describe(parts)}`);
  const [output] = Object.values(parts.metafile.outputs);
  const sizes = new Map();
  for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
    const inside = path.split(/\/(?=(?:pollers|transport|surface)\/)/).at(-1);
    const part = options.by === "file" ? inside : inside.split("/").slice(0, 2).join("/");
    sizes.set(part, (sizes.get(part) ?? 0) + bytesInOutput);
  }
  for (const [part, size] of [...sizes].sort(([, a], [, b]) => b - a)) {
    if (size > 0) console.log(`${String(size).padStart(8)}  ${part}`);
  }
}

function bundled(more) {
  return bundle({
    entryPoints: [`${project}/secure_client.mjs`],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    metafile: true,
    write: false,
    ...more,
  });
}

function describe({ outputFiles: [{ contents }] }) {
  return `${(contents.length / 1e3).toFixed(1)} KB, ${
    (gzipSync(contents, { level: 9 }).length / 1e3).toFixed(1)
  } gzipped`;
}

async function showStarts() {
  const runtimes = options.runtime.split(",");
  const [command, ...before] = runtimeCommand("bun");
  const server = spawn(command, [...before, "server.mjs"], {
    cwd: project,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = await once(server.stdout, "data");
    const times = await measure(runtimes, String(line).trim());
    console.log(
      "| ms until the first answer | " + runtimes.join(" | ") + " |\n|---|" + "---|".repeat(runtimes.length),
    );
    for (const name of Object.keys({ ...PROGRAMS, ...COMPILED })) {
      const medians = runtimes.map((runtime) => {
        const found = times.get(`${runtime} ${name}`);
        return found === undefined ? "" : median(found).toFixed(1);
      });
      console.log(`| ${name} | ${medians.join(" | ")} |`);
    }
  } finally {
    server.kill();
    await once(server, "exit");
  }
}

async function measure(runtimes, address) {
  const starts = runtimes.flatMap((runtime) => {
    const [command, ...before] = runtimeCommand(runtime);
    const files = Object.entries(PROGRAMS).map(([name, file]) => [name, [command, ...before, file, address]]);
    const compiled = Object.entries(COMPILED).map(([name, file]) => [name, [executable(file), address]]);
    return [...files, ...runtime === "bun" ? compiled : []]
      .map(([name, of]) => ({ key: `${runtime} ${name}`, command: of }));
  });
  const progress = new Progress("starts", options.rounds * starts.length);
  const times = new Map();
  for (let round = 0; round < options.rounds; round++) {
    for (const { key, command } of starts) {
      times.set(key, [...times.get(key) ?? [], await untilAnswer(command)]);
      progress.advance(key);
    }
  }
  progress.clear();
  return times;
}

/** Milliseconds from the start of a process to the first it prints. */
async function untilAnswer([command, ...args]) {
  const begin = performance.now();
  const child = spawn(command, args, { cwd: project, stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit");
  await Promise.race([once(child.stdout, "data"), exit]);
  const passed = performance.now() - begin;
  const [code] = await exit;
  if (code !== 0) throw new Error(`${[command, ...args].join(" ")} failed with ${code}`);
  return passed;
}

function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: project, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${stdout}${stderr}`);
}
