// Who is compared: for each contender how its server and client are started, or why it cannot be here.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { findPython, run } from "../../.ci/grpc_toolchains.mjs";
import { program, root, runtimeCommand } from "../../.ci/runtimes.mjs";
import { unaryMessage } from "../measure/h2load.mjs";
import { buildCpp, buildEcho, buildGo } from "./build.mjs";

const here = fileURLToPath(new URL("./", import.meta.url));

/**
 * Every contender that `runtimes`, `pollers` and `peers` (comma-separated; "all") name:
 * `{ name, ours, version, server, client, refuses }`. `server` and `client` are commands, `client` undefined where
 * the library is measured as a server only; `secure`: its server takes `--tls=FOLDER`; `refuses(scenario)` says why it takes no part in one. `beside` is the
 * folder of another checkout with its packages installed: its pollwire is one more contender, for before and after.
 */
export function listContenders({ runtimes, pollers, peers, beside = "" }) {
  const wanted = (list, name) => list === "all" || list.split(",").includes(name);
  const all = [];
  for (const runtime of ["deno", "bun", "node"].filter((name) => wanted(runtimes, name))) {
    for (const poller of pollers.split(",").filter((name) => name !== "")) {
      all.push(pollwire(runtime, poller), ...rawEcho(runtime, poller));
      if (beside !== "") all.push(checkout(runtime, poller, beside));
    }
    all.push(bareWaits(runtime));
    if (wanted(peers, "grpc-js")) all.push(fromNpm(runtime, "grpc-js", "grpc_js", "@grpc/grpc-js"));
    if (wanted(peers, "connect")) {
      all.push(fromNpm(runtime, "connect", "connect", "@connectrpc/connect-node"));
    }
  }
  if (wanted(peers, "bun-serve") && wanted(runtimes, "bun")) all.push(bunServe());
  if (wanted(peers, "nghttpd")) all.push(nghttpd());
  if (wanted(peers, "c-echo")) {
    all.push({ ...echoContender("C epoll echo"), ...buildEcho(), client: undefined });
  }
  if (wanted(peers, "cpp")) all.push(native("C++ gRPC", buildCpp, ["await"]));
  if (wanted(peers, "go")) all.push(native("Go gRPC", buildGo, ["await"]));
  if (wanted(peers, "python")) {
    all.push(native("Python gRPC", pythonGrpc, ["headers", "await"], ["sync"]));
  }
  return all;
}

/** pollwire on Bun: the fixed server of client measurements, and the fixed client of what no generator does. */
export function fixedSide() {
  return pollwire("bun", "native");
}

/** The raw generator as a command. */
export function generator(runtime) {
  return [...runtimeCommand(runtime), fileURLToPath(new URL("../load/main.ts", import.meta.url))];
}

/** The load of raw echoes, and why it cannot be had. */
export function echoLoad() {
  const { load, missing } = buildEcho();
  return { command: load, missing };
}

function script(runtime, path, ...args) {
  return [...runtimeCommand(runtime), here + path, ...args];
}

/** `poller` may be "epoll/2": reactor workers with two threads, measured as a server. */
function pollwire(runtime, poller) {
  const [name, threads] = poller.split("/");
  const args = [`--poller=${name}`];
  return {
    name: titleOf(runtime, poller),
    ours: true,
    version: versionOf(`${root}package.json`),
    server: script(runtime, "pollwire/server.mjs", ...args, ...(threads ? [`--threads=${threads}`] : [])),
    client: threads === undefined ? script(runtime, "pollwire/client.mjs", ...args) : undefined,
    secure: true,
    refuses: noEcho,
  };
}

/**
 * pollwire as it stands in another folder, with the programs of this one: they are copied below that folder's
 * `bench/results`, from where they import its library.
 */
function checkout(runtime, poller, folder) {
  const ours = pollwire(runtime, poller);
  const target = `${path.resolve(folder)}/bench/results/beside/`;
  const bench = ["echo.proto", "headers.mjs", "scenarios.mjs", "contenders"].map((name) => `bench/${name}`);
  for (const needed of [".ci/arguments.mjs", ...bench]) {
    if (existsSync(folder)) cpSync(root + needed, target + needed, { recursive: true });
  }
  const there = (command) => command?.map((word) => word.replace(here, `${target}bench/contenders/`));
  const name = `${ours.name}, ${path.basename(path.resolve(folder))}`;
  const missing = existsSync(`${folder}/node_modules`) ? undefined : `${folder} has no node_modules`;
  return { ...ours, name, missing, server: there(ours.server), client: there(ours.client) };
}

/** The same poller without HTTP/2; "epoll/1" is an engine that has its thread to itself. */
function rawEcho(runtime, poller) {
  const [name, threads] = poller.split("/");
  if (runtime === "node" || Number(threads) > 1) return [];
  const server = script(runtime, "echo/server.mjs", `--poller=${name}`, ...(threads ? ["--own"] : []));
  const version = versionOf(`${root}package.json`);
  return [{ ...echoContender(titleOf(runtime, poller)), ours: true, version, server }];
}

function echoContender(name) {
  return {
    name,
    ours: false,
    client: undefined,
    refuses: ({ kind }) => kind === "echo" ? undefined : "it is no gRPC",
  };
}

function titleOf(runtime, poller) {
  const [name, threads] = poller.split("/");
  const workers = threads === undefined ? "" : ` x${threads} worker${threads === "1" ? "" : "s"}`;
  return `pollwire ${name}${workers}, ${title(runtime)}`;
}

/** Calls that block are measured where the client makes them. */
const isSync = ({ kind }) => kind === "sync" || kind === "sync-spin";
const noEcho = (scenario, side) =>
  scenario.kind === "echo"
    ? "it is no raw echo"
    : isSync(scenario) && side !== "client"
    ? "its client blocks, not its server"
    : undefined;
const noSync = (scenario, side) => isSync(scenario) ? "its calls do not block" : noEcho(scenario, side);

function fromNpm(runtime, library, folder, packageName) {
  return {
    name: `${library}, ${title(runtime)}`,
    ours: false,
    version: versionOf(`${root}node_modules/${packageName}/package.json`),
    server: script(runtime, `${folder}/server.mjs`),
    client: script(runtime, `${folder}/client.mjs`),
    refuses: noSync,
  };
}

function bunServe() {
  return {
    name: "Bun.serve HTTP/2, no gRPC",
    ours: false,
    reference: true,
    version: spawnSync(program("bun"), ["--version"], { encoding: "utf8" }).stdout.trim(),
    server: script("bun", "bun_serve/server.mjs"),
    client: undefined,
    // It cannot send trailers, so the generator would find every answer wrong: h2load sees HTTP status only.
    h2loadOnly: true,
    refuses: ({ kind }) => kind === "unary" ? undefined : "it answers unary calls only",
  };
}

/** nghttp2's server, which answers with a file: what HTTP/2 takes in C when nothing is done with a call. */
function nghttpd() {
  const missing = run("nghttpd", ["--version"]) === undefined
    ? "nghttpd is not installed (Debian: nghttp2-server)"
    : undefined;
  const folder = fileURLToPath(new URL("../results/nghttpd/", import.meta.url));
  mkdirSync(`${folder}bench.Echo`, { recursive: true });
  writeFileSync(`${folder}bench.Echo/Unary`, unaryMessage(16));
  const port = 20_000 + process.pid % 10_000;
  const script = `(sleep 0.3; echo listening ${port}) & exec nghttpd --no-tls -a 127.0.0.1 -d "$0" ${port}`;
  return {
    name: "nghttpd, a file, no gRPC",
    ours: false,
    reference: true,
    missing,
    version: run("nghttpd", ["--version"])?.split("/")[1],
    server: ["sh", "-c", script, folder],
    client: undefined,
    h2loadOnly: true,
    refuses: ({ kind, bytes }) => kind === "unary" && bytes === 16 ? undefined : "its file has 16 bytes",
  };
}

/** No server: what waiting costs that handlers do. */
function bareWaits(runtime) {
  return {
    name: `bare await, ${title(runtime)}`,
    ours: false,
    reference: true,
    version: spawnSync(program(runtime), ["--version"], { encoding: "utf8" }).stdout?.split("\n")[0],
    waits: script(runtime, "waits.mjs"),
    server: undefined,
    client: undefined,
    refuses: ({ kind }, side) => kind === "await" && side === "server" ? undefined : "it only waits",
  };
}

/** `lacks`: kinds of traffic that it cannot serve; `calls`: those that its client has, where these are not all. */
function native(name, build, lacks = [], calls = undefined) {
  const built = attempt(build);
  return {
    name,
    ours: false,
    version: built.version,
    missing: built.missing,
    server: built.server,
    client: built.client,
    secure: name !== "Python gRPC",
    refuses: ({ kind }, side) =>
      kind === "echo" || kind === "sync-spin" || lacks.includes(kind) ||
        (kind === "sync" && side !== "client") ||
        (side !== "server" && calls !== undefined && !calls.includes(kind)) ||
        side !== "server" && ["connect", "start", "idle"].includes(kind)
        ? "its client has no such kind"
        : undefined,
  };
}

/** What `build` gives; one that fails takes no other contender with it. */
function attempt(build) {
  try {
    return build();
  } catch (error) {
    return { missing: error.message };
  }
}

function pythonGrpc() {
  const python = findPython("grpc");
  if (python === undefined) return { missing: "no python3 has grpcio (Debian: python3-grpcio)" };
  const version = run(python, ["-c", "import grpc; print(grpc.__version__)"]);
  return {
    version,
    server: [python, `${here}python/server.py`],
    client: [python, `${here}python/client.py`],
  };
}

function versionOf(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).version : "not installed";
}

function title(runtime) {
  return runtime[0].toUpperCase() + runtime.slice(1);
}
