// `npm run bench:pollers`: a gRPC server on one poller beside another, for each kind of traffic.
//
//   npm run bench:pollers -- --docs: docs/pollers.md has the table anew
//   npm run bench:pollers -- --scenario=unary,headers && npm run bench:pollers -- --scenario=tls --add: in two pieces
//
// The rounds of `npm run bench`, with what a server does and what counts for a poller; the whole takes five minutes.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { COUNT, MEASURED_POLLERS, POSITIVE, readArguments, refuse, RUNTIMES } from "../.ci/arguments.mjs";
import { ensureInstalled } from "../.ci/install.mjs";
import { root } from "../.ci/runtimes.mjs";
import { selectScenarios } from "./scenarios.mjs";

const SCENARIOS = [
  "unary-1x1-16",
  "unary-1x100-16",
  "unary-10x100-16",
  "unary-100x10-16",
  "unary-10x100-1k",
  "headers-production",
  "headers-five",
  "await",
  "large-1m",
  "large-16m",
  "download",
  "upload",
  "chat",
  "connect",
  "idle-connections-4000",
  "tls",
].join();
/** What says the same as its neighbour, or takes long: a client sends headers in one way, and a handshake is OpenSSL's. */
const LEFT_OUT = ["headers-production-literal", "tls-connect-resumed"];

const options = readArguments(
  "npm run bench:pollers: a gRPC server on one poller beside another, for each kind of traffic.",
  {
    poller: [
      "epoll,io_uring",
      "pollers to measure; the last one is compared with the first",
      MEASURED_POLLERS,
    ],
    runtime: ["deno,bun", "runtimes to measure", RUNTIMES],
    scenario: [SCENARIOS, "what is measured: ids, or beginnings of ids"],
    rounds: [2, "times that every server is measured; medians are shown", COUNT],
    seconds: [0.3, "length of one measurement", POSITIVE],
    docs: [false, "writes the table into docs/pollers.md"],
    add: [false, "keeps the figures that the file has of other scenarios"],
    json: ["bench/results/pollers.json", "where the figures are written"],
  },
);
const scenarios = readScenarios();
ensureInstalled();
const { listContenders } = await import("./contenders/list.mjs");
const { runRounds } = await import("./measure/rounds.mjs");
const { loadAverage } = await import("./measure/disturbance.mjs");
const { machine } = await import("./measure/machine.mjs");
const { fillDocument, provenance } = await import("./report/marked.mjs");
const { pollersTable } = await import("./report/pollers.mjs");

const { rounds, seconds } = options;
const before = loadAverage();
const found = await runRounds({
  contenders: listContenders({ runtimes: options.runtime, pollers: options.poller, peers: "" }),
  scenarios,
  sides: ["server"],
  load: "bun",
  rounds,
  seconds,
  skips: (name, _scenario, load) => load === "h2load" || name.startsWith("bare"),
});
const report = { machine: { ...machine(), loadAverages: [before, loadAverage()] }, results: merged(found) };
mkdirSync(`${root}bench/results`, { recursive: true });
writeFileSync(options.json, JSON.stringify(report, undefined, 1));
const runtimes = options.runtime.split(",").map((name) => name[0].toUpperCase() + name.slice(1));
const table = pollersTable(report, runtimes, options.poller.split(","));
console.log(`${table}\n\nFigures: ${options.json}`);
for (const { contender, scenario, error } of found) {
  if (error !== undefined) console.log(`${contender}, ${scenario}: ${error}`);
}
if (options.docs) {
  const run = `${provenance(report.machine)}; ${
    rounds === 1 ? "one round" : `medians of ${rounds} interleaved rounds`
  } of ${seconds} s.`;
  fillDocument("docs/pollers.md", { "pollers-run": run, pollers: table });
  console.log("Written: docs/pollers.md");
}
process.exit(0);

function readScenarios() {
  try {
    return selectScenarios(options.scenario).filter(({ id }) => !LEFT_OUT.includes(id));
  } catch (error) {
    refuse(error.message);
  }
}

/** `results`, and with `--add` those of other scenarios that the file has, in the order of scenarios. */
function merged(results) {
  const kept = options.add && existsSync(options.json)
    ? JSON.parse(readFileSync(options.json, "utf8")).results.filter(({ scenario }) =>
      scenarios.every(({ id }) => id !== scenario)
    )
    : [];
  const order = selectScenarios("all").map(({ id }) => id);
  const place = ({ scenario }) => order.indexOf(scenario);
  return [...results, ...kept].sort((one, other) => place(one) - place(other));
}
