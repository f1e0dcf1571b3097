// `npm run bench:spin`: one call after another, by how long a server's thread looks for the next event before it sleeps.
//
//   npm run bench:spin -- --docs: docs/pollers.md has the figures anew
//
// gRPC calls of 16 bytes on one connection, to a server on `epoll` in the thread that it has, and to C++'s. Every server
// runs all the time and is measured once a round.
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import {
  COUNT,
  listOfNumbers,
  POLLERS,
  POSITIVE,
  readArguments,
  refuse,
  RUNTIMES,
} from "../.ci/arguments.mjs";
import { ensureInstalled } from "../.ci/install.mjs";
import { root, runtimeCommand } from "../.ci/runtimes.mjs";
import { buildCpp } from "./contenders/build.mjs";
import { generator } from "./contenders/list.mjs";
import { loadAverage } from "./measure/disturbance.mjs";
import { machine } from "./measure/machine.mjs";
import { CORES, Watched } from "./measure/processes.mjs";
import { fillDocument, provenance } from "./report/marked.mjs";
import { spinTable } from "./report/spin.mjs";

const options = readArguments(
  "npm run bench:spin: one call after another, by how long a server's thread looks for the next event before it sleeps.",
  {
    spin: [
      "default,0,20,50,200",
      "microseconds of spinUs; default: as it is without being told",
      listOfNumbers(["default"]),
    ],
    runtime: ["deno,bun", "runtimes to measure", RUNTIMES],
    poller: ["epoll", "poller to measure", POLLERS.each],
    rounds: [3, "times that every server is measured; medians are shown", COUNT],
    seconds: [1.5, "length of one measurement", POSITIVE],
    docs: [false, "writes the table into docs/pollers.md"],
    json: ["bench/results/spin.json", "where the figures are written"],
  },
);
/** Milliseconds of calls before any is counted: for a server that has had none, and before each measurement. */
const WARM_UP_MS = { server: 2_500, client: 800 };

ensureInstalled();
const cpp = buildCpp();
if (options.docs && cpp.missing !== undefined) {
  refuse(`Cannot measure what the document says: ${cpp.missing}`);
}
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const ours = options.runtime.split(",").flatMap((runtime) =>
  options.spin.split(",").map((spin) => ({
    name: `${options.poller}, ${runtime === "bun" ? "Bun" : "Deno"}`,
    spin,
    command: [
      ...spin === "default" ? [] : ["env", `POLLWIRE_SPIN_US=${spin}`],
      ...runtimeCommand(runtime),
      here("contenders/pollwire/server.mjs"),
      `--poller=${options.poller}`,
    ],
  }))
);
const contenders = [
  ...ours,
  ...cpp.missing === undefined ? [{ name: "C++ gRPC", spin: "", command: cpp.server }] : [],
];

const servers = [];
const before = loadAverage();
try {
  for (const contender of contenders) {
    const server = new Watched(contender.command, CORES.server);
    servers.push(server);
    const [, port] = await server.line(/^listening (\d+)$/);
    Object.assign(contender, { server, port, rounds: [] });
    await measure(contender, WARM_UP_MS.server, 0.1);
  }
  for (let round = 1; round <= options.rounds; round++) {
    for (const contender of contenders) {
      console.error(`round ${round} of ${options.rounds}: ${contender.name} ${contender.spin}`);
      contender.rounds.push(await measure(contender, WARM_UP_MS.client, options.seconds));
    }
  }
} finally {
  for (const server of servers) server.kill();
}
report();
process.exit(0);

/** Calls a second, percentiles in microseconds, and CPU microseconds that the server spends on a call. */
async function measure({ server, port }, warmUpMs, seconds) {
  const load = new Watched([
    ...generator("bun"),
    `--port=${port}`,
    `--warm-up=${warmUpMs}`,
    `--seconds=${seconds}`,
    "--every=1",
  ], CORES.load);
  try {
    await load.line(/^measuring$/);
    const from = server.usage();
    const [json] = await load.line(/^\{.*\}$/, 60_000);
    const to = server.usage();
    const { count, wrong, elapsedMs, latencyMicroseconds } = JSON.parse(json);
    if (count === 0) throw new Error("no call was answered");
    if (wrong > 0) throw new Error(`${wrong} of ${count} answers were wrong`);
    const percentiles = new Map(latencyMicroseconds);
    return {
      rate: count / elapsedMs * 1_000,
      p50: percentiles.get(0.5),
      p99: percentiles.get(0.99),
      p999: percentiles.get(0.999),
      cpu: (to.cpuMicroseconds - from.cpuMicroseconds) / count,
    };
  } finally {
    load.kill();
  }
}

function report() {
  const results = contenders.map(({ name, spin, rounds }) => ({ name, spin, rounds }));
  const made = { ...machine(), loadAverages: [before, loadAverage()] };
  const table = spinTable(results);
  console.log(table);
  mkdirSync(`${root}bench/results`, { recursive: true });
  writeFileSync(options.json, JSON.stringify({ machine: made, command: options, results }, undefined, 1));
  console.log(`\nFigures: ${options.json}`);
  if (!options.docs) return;
  const { rounds, seconds } = options;
  const run = `${
    provenance(made)
  }; C++ gRPC ${cpp.version}; medians of ${rounds} interleaved rounds of ${seconds} s.`;
  fillDocument("docs/pollers.md", { "spin-run": run, spin: table });
  console.log("Written: docs/pollers.md");
}
