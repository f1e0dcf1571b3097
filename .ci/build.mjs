// Builds dist/: plain JavaScript with types, for Node and for whoever imports the package from JavaScript.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { posix } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { leaveOutDeclarations } from "./class_fields.mjs";
import { keepClassNames } from "./class_names.mjs";
import { directImports } from "./direct_imports.mjs";
import { ensureInstalled } from "./install.mjs";
import { importLate, LATE, lateModules, namedLate } from "./late_modules.mjs";
import { program, root } from "./runtimes.mjs";

/** The package's entry points, one a layer. */
const ENTRIES = [
  "mod.ts",
  "pollers/mod.ts",
  "pollers/simulated/mod.ts",
  "transport/mod.ts",
  "surface/mod.ts",
  "surface/adapters/connect/mod.ts",
  "surface/adapters/protobuf_es/mod.ts",
  "surface/cli/main.ts",
  "surface/cli/protoc_plugin.ts",
  "surface/adapters/grpc_js/mod.ts",
  "surface/proto/generated.ts",
  "surface/proto/mod.ts",
  "surface/lean.ts",
  "surface/lean_client.ts",
  "surface/features/mod.ts",
  "pollers/author.ts",
  "pollers/native/entry.ts",
  "pollers/epoll/entry.ts",
  "pollers/poll/entry.ts",
  "pollers/io_uring/entry.ts",
  "pollers/iocp/entry.ts",
];

/** Modules that run in threads of their own: they are named by URL, not imported. */
const THREADS = [
  "pollers/epoll/poller_worker.ts",
  "pollers/poll/poller_worker.ts",
  "pollers/io_uring/poller_worker.ts",
  "pollers/iocp/poller_worker.ts",
  "pollers/native/lookup_worker.ts",
  "pollers/threads/executor_worker.ts",
  "surface/blocking/helper_worker.ts",
  "surface/workers/reactor_worker.ts",
];

/**
 * Those of them that bundles may leave behind: their text is in dist/ beside their URL, since it is small. The others are
 * the whole library once more.
 */
const INLINE = THREADS.filter((thread) => !thread.startsWith("surface/"));

/** The others run in an application's thread with modules of its own, which import the same files of dist/. */
const SHARING = THREADS.filter((thread) => !INLINE.includes(thread));

/** Entries that nobody imports. */
const PROGRAMS = ["surface/cli/main.ts", "surface/cli/protoc_plugin.ts"];

/** The folder of what Bun loads, which parses less for it (decision 65). */
const BUN = "bun";

/** Builds dist/ anew; throws with the tool's output where it fails. */
export async function build() {
  ensureInstalled();
  const { build: bundle } = await import("esbuild"); // not before it is installed
  rmSync(`${root}dist`, { recursive: true, force: true });
  const options = {
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: ["es2022", "node20"],
    packages: "external",
    outbase: ".",
    sourcemap: true,
    // The sources are not beside the maps. Where Deno finds no file by a map's name it shows the source's line of the bundle.
    sourceRoot: "pollwire:///",
    logLevel: "warning",
  };
  await bundle({
    ...options,
    entryPoints: [...ENTRIES, ...THREADS],
    plugins: [directImports()],
    outdir: "dist",
    sourcesContent: true,
  });
  await bundle({
    ...options,
    entryPoints: [...ENTRIES.filter((entry) => !PROGRAMS.includes(entry)), ...SHARING, ...LATE],
    plugins: [lateModules(), directImports(importLate)],
    outdir: `dist/${BUN}`,
    sourcesContent: true, // Bun warns of maps without
    banner: { js: "// @bun" }, // it is not transpiled
  });
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
  finishDeclarations(`${root}dist`);
  const texts = new Map(INLINE.map((thread) => [thread, textOf(thread)]));
  for (const name of readdirSync(`${root}dist`, { recursive: true })) {
    if (!name.endsWith(".js")) continue;
    nameThreads(name, texts);
    freeNamespaces(`${root}dist/${name}`);
    keepClassNames(`${root}dist/${name}`, root);
    leaveOutDeclarations(`${root}dist/${name}`);
  }
}

/** The whole of a thread's module, importing nothing of this package. */
function textOf(thread) {
  return run("esbuild", [
    thread,
    "--bundle",
    "--minify",
    "--format=esm",
    "--platform=node",
    "--target=es2022,node20",
    "--charset=ascii",
    "--log-level=warning",
  ]);
}

/**
 * Code says `new URL("./poller_worker.ts", import.meta.url)`, relative to its source; in dist/ it lies in some bundle,
 * where esbuild's comments say which source each part comes from. A module whose text is inline gets it as the argument of
 * `threadModule` behind the function that has its URL.
 */
function nameThreads(bundle, texts) {
  const path = `${root}dist/${bundle}`;
  let source = "";
  const lines = readFileSync(path, "utf8").split("\n").map((line) => {
    source = /^\/\/ (\S+\.ts)$/.exec(line)?.[1] ?? source;
    return line.replace(/new URL\("(\.[^"]+\.ts)", import\.meta\.url\)/, (_, name) => {
      const thread = posix.join(posix.dirname(source), name);
      if (!THREADS.includes(thread)) {
        throw new Error(`${source} names ${name}, which is not among the threads`);
      }
      const folder = bundle.startsWith(`${BUN}/`) && SHARING.includes(thread) ? `${BUN}/` : "";
      const target = posix.relative(posix.dirname(bundle), folder + thread.replace(/ts$/, "js"));
      const url = `new URL("./${target}", import.meta.url)`.replace('"./../', '"../');
      const text = texts.get(thread);
      return text === undefined ? url : `${url}, ${JSON.stringify(text)}`;
    });
  });
  const text = lines.join("\n");
  writeFileSync(path, bundle.startsWith(`${BUN}/`) ? namedLate(bundle.slice(BUN.length + 1), text) : text);
}

/**
 * `import * as helpers` becomes an object that a call fills, and what it fills it with: nothing of it can be left out of a
 * bundle, unless the object is what the call returns, and the call has no other effect.
 */
function freeNamespaces(path) {
  const text = readFileSync(path, "utf8");
  const freed = text
    .replace(/^(var __export = \(target, all\) => \{[^}]*\}\);\n)(\};)$/m, "$1  return target;$2")
    .replaceAll(/^var (\w+) = \{\};\n__export\(\1, \{$/gm, "\nvar $1 = /* @__PURE__ */ __export({}, {");
  if (/^__export\(/m.test(freed)) throw new Error(`${path} has a namespace that no bundle can leave out`);
  if (text !== freed) writeFileSync(path, freed);
}

/**
 * Declarations keep the `.ts` of their sources' imports; beside them there are only `.js` and `.d.ts`. One that names
 * `Symbol.dispose` brings its library along, so that users need not have it in their configuration.
 */
function finishDeclarations(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) finishDeclarations(path);
    else if (path.endsWith(".d.ts")) {
      const text = readFileSync(path, "utf8");
      const library = /Symbol\.(?:asyncD|d)ispose/.test(text)
        ? '/// <reference lib="esnext.disposable" />\n'
        : "";
      writeFileSync(
        path,
        library + text.replaceAll(/((?:from|import)\s*\(?\s*"\.{1,2}\/[^"]*)\.ts"/g, '$1.js"'),
      );
    }
  }
}

function run(name, args) {
  const { status, stdout, stderr, error } = spawnSync(program(name), args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`${name} failed: ${error?.message ?? ""}${stdout}${stderr}`);
  return stdout;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
