// `npm run test:windows`: the pollers' contract, the end-to-end tests and real peers on Windows builds of Bun and Deno.
//
// The programs are Windows', the system below them is Wine: it shows that calls, layouts and the order of completions
// are right, and nothing of how fast Windows is. grpc-js peers run on Linux. Where Wine cannot be had, nothing is run,
// and the reason is printed.
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { readArguments } from "../../.ci/arguments.mjs";
import { ensureInstalled } from "../../.ci/install.mjs";
import { root } from "../../.ci/runtimes.mjs";
import { endGroup, endGroups, startGroup } from "../process_group.mjs";
import { RunnerProgress } from "../runner_progress.mjs";
import { runnerArguments, Tally } from "../tally.mjs";
import { startPeers } from "./peers.mjs";
import { compile, Missing, prepareWindows } from "./setup.mjs";

/** A runner that takes longer than this is hung: three times what one takes on two busy cores. */
const RUNNER_LIMIT_MS = 10 * 60_000;

const USAGE = `npm run test:windows: pollers, calls and peers on Windows builds of Bun and Deno, under Wine.

  npm run test:windows -- --runtime=bun --poller=iocp --filter=tests/pollers --repeat=20`;

const RUNTIMES = ["bun", "deno"];
const POLLERS = ["iocp", "native"];

/** Calls from end to end, threads that block, workers and other people's programs, over sockets of whichever poller. */
const END_TO_END = [
  "tests/surface/calls_test.ts",
  "tests/surface/lifecycle_test.ts",
  "tests/surface/blocking/sync_client_test.ts",
  "tests/surface/workers/",
  "tests/peers/",
  "tests/interop/grpc_js_test.ts",
];

/** The pollers' own tests, and what is above them: all on iocp, which is there for Windows; on native what sockets could break. */
const TESTS = {
  iocp: [
    "tests/pollers/iocp_contract_test.ts",
    "tests/pollers/iocp/",
    ...END_TO_END,
    "tests/surface/bad_input_test.ts",
    "tests/surface/bad_input_peers_test.ts",
    "tests/surface/bad_input_requests_test.ts",
    "tests/surface/compression_test.ts",
    "tests/surface/compression_styles_test.ts",
    "tests/surface/client/",
    "tests/surface/queue/",
  ],
  native: [
    "tests/pollers/native_contract_test.ts",
    ...END_TO_END,
    // The program: what it does with paths and terminals is Windows', whichever poller it calls by.
    "tests/surface/cli/call_test.ts",
    "tests/surface/cli/describe_test.ts",
    "tests/surface/cli/gen/gen_test.ts",
    "tests/surface/cli/gen/outputs_test.ts",
    "tests/surface/cli/health_test.ts",
  ],
};

const options = readArguments(USAGE, {
  runtime: ["", "only this runtime", RUNTIMES],
  poller: ["", "only this poller", POLLERS],
  filter: ["", "only test files whose path begins with this"],
  repeat: [1, "rounds, one after another"],
});
options.filter = options.filter.replace(/^\.\//, "");
const tally = new Tally();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => endBy(signal));

ensureInstalled();
const windows = prepare();
const folder = mkdtempSync(`${os.tmpdir()}/pollwire-windows-`);
const peers = await startPeers();
try {
  writeLayouts();
  for (let round = 1; round <= options.repeat; round++) {
    if (options.repeat > 1) console.log(`Round ${round} of ${options.repeat}`);
    for (const runtime of RUNTIMES) {
      for (const poller of POLLERS) {
        if (["", runtime].includes(options.runtime) && ["", poller].includes(options.poller)) {
          await runSuite(runtime, poller);
        }
      }
    }
  }
} finally {
  peers.end();
  rmSync(folder, { recursive: true, force: true });
  endWine();
}
process.exit(tally.end(` on ${windows.version} (not Windows)`));

/** Wine and the runtimes; ends the process, in peace, where they cannot be had. */
function prepare() {
  try {
    return prepareWindows();
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.log(`SKIP every test on Windows (skipped: ${error.message})`);
    process.exit(0);
  }
}

/** What C has for structs, constants and errors, for tests/pollers/iocp/layouts_test.ts. */
function writeLayouts() {
  const table = readFileSync(`${root}pollers/ffi/windows_error_table.ts`, "utf8");
  const names = [...table.matchAll(/^ {2}\["(\w+)", /gm)].map(([, name]) => `ROW(${name})`);
  writeFileSync(`${folder}/error_rows.h`, `${names.join("\n")}\n`);
  const source = fileURLToPath(new URL("./layouts.c", import.meta.url));
  const program = compile(source, `${folder}/layouts.exe`, [`-I${folder}`]);
  const [command, ...args] = [...windows.wine, program];
  const { stdout, status } = spawnSync(command, args, {
    env: windows.environment,
    encoding: "utf8",
    timeout: 60_000,
  });
  if (status !== 0) throw new Error(`layouts.exe ended with ${status}`);
  writeFileSync(`${folder}/layouts.json`, stdout);
}

function findTests(poller) {
  return TESTS[poller].flatMap((path) => path.endsWith("/") ? filesUnder(path.slice(0, -1)) : [path])
    .filter((path) => path.startsWith(options.filter));
}

function filesUnder(path) {
  return readdirSync(`${root}${path}`, { withFileTypes: true }).flatMap((entry) => {
    const inner = `${path}/${entry.name}`;
    if (entry.isDirectory()) return filesUnder(inner);
    return entry.name.endsWith("_test.ts") ? [inner] : [];
  }).sort();
}

/** All tests of one poller on one runtime. */
async function runSuite(runtime, poller) {
  const title = `${runtime}, ${poller}`;
  const files = findTests(poller);
  if (files.length === 0) return;
  const junitFile = `${folder}/${runtime}-${poller}.xml`;
  rmSync(junitFile, { force: true });
  const args = runnerArguments(runtime, files, windowsPath(junitFile));
  const startedAt = performance.now();
  const progress = new RunnerProgress(`${title} under Wine`, files.length);
  const ended = await capture([...windows.wine, windows.programs[runtime], ...args], poller, progress);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  tally.addRun(runtime, files, { ...ended, junitFile }, title, `${title} (${seconds} s)`);
}

/** Wine has Linux' files under drive Z. */
function windowsPath(path) {
  return `Z:${path.replaceAll("/", "\\")}`;
}

/** Runs a command to its end; its output goes through a file, for Wine does not pass pipes on well. */
function capture([command, ...args], poller, progress) {
  const outputFile = `${folder}/output.txt`;
  const output = openSync(outputFile, "w");
  const child = startGroup(command, args, {
    cwd: root,
    env: {
      ...windows.environment,
      POLLWIRE_POLLER: poller,
      POLLWIRE_PEERS: String(peers.port),
      POLLWIRE_WINDOWS_LAYOUTS: `${folder}/layouts.json`,
    },
    stdio: ["ignore", output, output],
  });
  return new Promise((resolve) => {
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      endAll(child);
    }, RUNNER_LIMIT_MS);
    let seen = 0;
    const look = setInterval(() => {
      const text = readFileSync(outputFile, "utf8").replaceAll("\r", "");
      progress.read(text.slice(seen));
      seen = text.length;
    }, 1_000);
    const end = (code) => {
      clearTimeout(limit);
      clearInterval(look);
      progress.end();
      closeSync(output);
      resolve({
        code: late ? `its time limit, at ${progress.at}` : code,
        output: readFileSync(outputFile, "utf8").replaceAll("\r", ""),
      });
    };
    child.on("error", (error) => end(error.message));
    child.on("exit", (code, signal) => end(code ?? signal));
  });
}

/** Ends every Windows process, and waits until Wine's server is gone: the next run is to have one of its own. */
function endWine() {
  for (const flag of ["-k", "-w"]) {
    spawnSync(windows.wineserver, [flag], { env: windows.environment, timeout: 10_000 });
  }
}

/** Ends a runner and what it started: Windows processes are children of Wine's server, not of the runner. */
function endAll(child) {
  endWine();
  endGroup(child);
}

function endBy(signal) {
  endWine();
  endGroups();
  console.log(`Ended by ${signal}`);
  process.exit(1);
}
