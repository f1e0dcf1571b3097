// `npm run bench`: runtimes, pollers and other gRPC libraries side by side.
//
//   npm run bench -- --scenario=unary,download-64k --runtime=deno,bun --peers=grpc-js,cpp --rounds=5 --seconds=2
//   npm run bench -- compare before.json after.json
//
// Every contender is measured once a round, so that a slow minute of the machine meets all of them. Sides: as a
// server against the raw generator (or, for what that cannot do, a fixed client), as a client against a fixed
// server, and as both.
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { readArguments, refuse } from "../.ci/arguments.mjs";
import { ensureInstalled } from "../.ci/install.mjs";
import { DEFAULT_SCENARIOS, selectScenarios } from "./scenarios.mjs";

const OPTIONS = {
  runtime: ["all", "runtimes to measure: deno,bun,node"],
  poller: ["native", "pollers to measure, each on its own: native,epoll"],
  peers: [
    "all",
    "libraries to measure beside them: grpc-js,connect,cpp,go,python,bun-serve,nghttpd, or none",
  ],
  beside: ["", "folder of another checkout, measured in the same rounds"],
  scenario: [DEFAULT_SCENARIOS, "what is measured: ids, beginnings of ids, or all"],
  side: ["server,client", "sides that are measured: server, client, both"],
  load: ["bun", "runtime of the load generator"],
  rounds: [2, "times that every contender is measured; medians are shown"],
  seconds: [0.3, "length of one measurement"],
  json: ["bench/results/latest.json", "where the figures are written"],
  chart: ["", "where a chart is written, as SVG"],
  open: [false, "opens the page of charts"],
};

const [command, ...files] = process.argv.slice(2);
if (command === "compare") {
  const { compareFiles } = await import("./report/compare.mjs");
  process.exit(compareFiles(files));
}
const options = readOptions();
ensureInstalled();
const { build } = await import("../.ci/build.mjs");
const { listContenders } = await import("./contenders/list.mjs");
const { runRounds } = await import("./measure/rounds.mjs");
const { loadAverage } = await import("./measure/disturbance.mjs");
const { machine } = await import("./measure/machine.mjs");
const { printTables } = await import("./report/table.mjs");
const { writeChart, writeHtml } = await import("./report/html.mjs");

if (options.runtime === "all" || options.runtime.includes("node")) build(); // Node runs the built package
const contenders = listContenders({
  runtimes: options.runtime,
  pollers: options.poller,
  peers: options.peers,
  beside: options.beside,
});
const scenarios = selectScenarios(options.scenario);
const { scenario, side, load, rounds, seconds } = options;
const loadBefore = loadAverage();
const report = { machine: machine(), command: { scenario, side, load, rounds, seconds }, results: [] };
report.results = await runRounds({ contenders, scenarios, sides: side.split(","), load, rounds, seconds });
report.machine.loadAverages = [loadBefore, loadAverage()];
printTables(report);
save();

function readOptions() {
  const usage = "npm run bench: runtimes, pollers and other gRPC libraries side by side.\n" +
    "npm run bench -- compare BEFORE.json AFTER.json: two runs of it side by side.";
  const read = readArguments(usage, OPTIONS);
  try {
    selectScenarios(read.scenario);
  } catch (error) {
    refuse(error.message);
  }
  if (read.rounds < 1) refuse("Cannot measure in no round: --rounds is at least 1");
  return read;
}

function save() {
  const folder = fileURLToPath(new URL("./results/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  writeFileSync(options.json, JSON.stringify(report, undefined, 1));
  const page = `${folder}report.html`;
  writeHtml(report, page);
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
