// `npm run bench`: runtimes, pollers and other gRPC libraries side by side.
//
//   npm run bench -- --scenario=unary,download-64k --runtime=deno,bun --peers=grpc-js,cpp --rounds=5 --seconds=2
//   npm run bench -- compare before.json after.json
//   npm run bench -- --documented: all that docs/performance.md and README.md quote, and their tables anew
//   npm run bench -- tables FIGURES.json: these tables from a run that was kept
//
// Every contender is measured once a round, so that a slow minute of the machine meets all of them. Sides: as a
// server against the raw generator (or, for what that cannot do, a fixed client), as a client against a fixed
// server, and as both.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import {
  COUNT,
  listOf,
  MEASURED_POLLERS,
  POSITIVE,
  readArguments,
  refuse,
  RUNTIMES,
} from "../.ci/arguments.mjs";
import { ensureInstalled } from "../.ci/install.mjs";
import { program, root } from "../.ci/runtimes.mjs";
import { PLANS, SECONDS } from "./documented.mjs";
import { readFigures } from "./report/figures.mjs";
import { DEFAULT_SCENARIOS, selectScenarios } from "./scenarios.mjs";

const OPTIONS = {
  runtime: [
    "all",
    "runtimes to measure: deno,bun,node, all or none",
    listOf(["deno", "bun", "node", "all", "none"]),
  ],
  poller: ["native", "pollers to measure, each on its own: native,epoll", MEASURED_POLLERS],
  peers: [
    "all",
    "libraries to measure beside them: grpc-js,connect,cpp,go,python,bun-serve,nghttpd,c-echo, or none",
    listOf(["grpc-js", "connect", "cpp", "go", "python", "bun-serve", "nghttpd", "c-echo", "all", "none"]),
  ],
  beside: ["", "folder of another checkout, measured in the same rounds"],
  scenario: [DEFAULT_SCENARIOS, "what is measured: ids, beginnings of ids, or all"],
  side: ["server,client", "sides that are measured", listOf(["server", "client", "both"])],
  load: ["bun", "runtime of the load generator", RUNTIMES.each],
  rounds: [2, "times that every contender is measured; medians are shown", COUNT],
  seconds: [0.3, "length of one measurement", POSITIVE],
  documented: [false, "measures what docs/performance.md and README.md quote, and writes their tables"],
  json: ["bench/results/latest.json", "where the figures are written"],
  chart: ["", "where a chart is written, as SVG"],
  open: [false, "opens the page of charts"],
};

const [command, ...files] = process.argv.slice(2);
if (command === "compare") {
  const { compareFiles } = await import("./report/compare.mjs");
  process.exit(compareFiles(files));
}
if (command === "tables") await writeDocuments(figuresOf(files));
const options = readOptions();
ensureInstalled();
const { build } = await import("../.ci/build.mjs");
const { listContenders } = await import("./contenders/list.mjs");
const { runRounds } = await import("./measure/rounds.mjs");
const { loadAverage } = await import("./measure/disturbance.mjs");
const { machine } = await import("./measure/machine.mjs");
const { printTables } = await import("./report/table.mjs");
const { writeChart, writeHtml } = await import("./report/html.mjs");

if (!options.documented && (options.runtime === "all" || options.runtime.includes("node"))) {
  await build(); // Node runs the built package
}
const { scenario, side, load, rounds, seconds } = options;
const loadBefore = loadAverage();
const plans = options.documented ? PLANS : [{
  contenders: {
    runtimes: options.runtime,
    pollers: options.poller,
    peers: options.peers,
    beside: options.beside,
  },
  scenarios: scenario,
  sides: side.split(","),
  rounds,
  seconds,
}];
const startedAt = performance.now();
const results = fileURLToPath(new URL("./results/", import.meta.url));
const measured = options.documented
  ? { rounds: PLANS[0].rounds, seconds: SECONDS, load }
  : { scenario, side, load, rounds, seconds };
const report = { machine: machine(), command: measured, results: [] };
for (const plan of plans) {
  if (plan.title !== undefined) console.log(`${minutes()}: ${plan.title}`);
  report.results.push(
    ...await runRounds({
      seconds: SECONDS,
      load,
      ...plan,
      contenders: listContenders(plan.contenders),
      scenarios: selectScenarios(plan.scenarios),
    }),
  );
  report.machine.loadAverages = [loadBefore, loadAverage()];
  writeFigures(); // after each plan: a run that is ended early has something to show
}
printTables(report);
save();
if (options.documented) await writeDocuments(report);

/** The results that the chart in docs/performance.md shows. */
function chartOf(report) {
  const results = report.results.filter(({ scenario, side, load }) =>
    scenario === "unary-10x100-16" && side === "server" && load === "generator"
  );
  return { ...report, results };
}

function minutes() {
  return `${((performance.now() - startedAt) / 60_000).toFixed(1)} min`;
}

/** The figures of one file. */
function figuresOf(files) {
  if (files.length !== 1) {
    refuse(`Cannot write tables of ${files.length} files: usage is bench tables figures.json`);
  }
  try {
    return readFigures(files[0]);
  } catch (error) {
    return refuse(error.message);
  }
}

/** Writes the tables of `report` where they are quoted, as the formatter wants them, and ends the process. */
async function writeDocuments(report) {
  const { writeTables } = await import("./report/markdown.mjs");
  const documents = [`${root}docs/performance.md`, `${root}README.md`];
  const count = writeTables(report, documents);
  spawnSync(program("deno"), ["fmt", "--quiet", ...documents], { stdio: "inherit", cwd: root });
  console.log(`Wrote ${count} tables into docs/performance.md and README.md`);
  process.exit(0);
}

function readOptions() {
  const usage = "npm run bench: runtimes, pollers and other gRPC libraries side by side.\n" +
    "npm run bench -- compare BEFORE.json AFTER.json: two runs of it side by side.";
  const read = readArguments(usage, OPTIONS);
  try {
    selectScenarios(read.scenario);
  } catch (error) {
    refuse(error.message);
  }
  return read;
}

function writeFigures() {
  mkdirSync(results, { recursive: true });
  writeFileSync(options.json, JSON.stringify(report, undefined, 1));
  writeHtml(report, `${results}report.html`);
}

function save() {
  const page = `${results}report.html`;
  if (options.documented) writeChart(chartOf(report), `${root}docs/unary-10x100.svg`);
  if (options.chart !== "") writeChart(report, options.chart);
  console.log(`\nFigures: ${options.json}\nPage:    bench/results/report.html`);
  if (options.open) openPage(page);
}

async function openPage(page) {
  const { spawn } = await import("node:child_process");
  const opener = { darwin: "open", win32: "explorer" }[process.platform] ?? "xdg-open";
  spawn(opener, [page], { stdio: "ignore", detached: true }).on("error", (error) => {
    console.error(`Cannot open the page with ${opener}: ${error.message}`);
  }).unref();
}
