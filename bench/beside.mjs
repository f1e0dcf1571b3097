// `npm run bench:beside`: what this tree and another checkout spend on the same calls, or two pollers of this one.
//
//   npm run bench:beside -- --folder=../before
//   npm run bench:beside -- --poller=epoll,io_uring --side=server
//
// A machine's speed drifts by more in a minute than what is looked for, and two processes of one tree are some percent
// apart for as long as they live. So both run at once and are called in turn, in bursts of a tenth of a second; the
// ratio of their CPU times is taken turn by turn, its median is a pair's, and a row is the median of several pairs of
// processes. For other programs beside it: `chrt -r 20 node bench/beside.mjs`.
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { COUNT, listOf, POLLERS, POSITIVE, readArguments, refuse, RUNTIMES } from "../.ci/arguments.mjs";
import { ensureInstalled } from "../.ci/install.mjs";
import { root } from "../.ci/runtimes.mjs";
import { fixedSide, listContenders } from "./contenders/list.mjs";
import { loadAverage } from "./measure/disturbance.mjs";
import { machine } from "./measure/machine.mjs";
import { CORES, Watched } from "./measure/processes.mjs";
import { median } from "./measure/statistics.mjs";
import { besideTable } from "./report/beside.mjs";
import { provenance } from "./report/marked.mjs";
import { selectScenarios } from "./scenarios.mjs";

const SCENARIOS = [
  "unary-1x1-16",
  "unary-1x100-16",
  "unary-10x100-16",
  "unary-100x10-16",
  "unary-1x1-64k",
  "download-64k",
  "upload-64k",
].join();
const KINDS = ["unary", "headers", "download", "upload", "chat"];
/** Milliseconds of calls before any is counted; one call after another is few of them. */
const WARM_UP_MS = { many: 1_300, oneByOne: 2_500 };

const options = readArguments(
  "npm run bench:beside: what two trees, or two pollers, spend on the same calls, by bursts that alternate.",
  {
    folder: ["", "another checkout, with its packages installed; else two pollers are compared"],
    scenario: [SCENARIOS, "what is measured: ids, or beginnings of ids, of calls and streams"],
    side: ["server,client", "sides that are measured", listOf(["server", "client"])],
    runtime: ["deno,bun", "runtimes to measure", RUNTIMES],
    poller: [
      "native",
      "poller to measure; without --folder two, of which the second is measured beside the first",
      POLLERS,
    ],
    pairs: [5, "pairs of processes, one after another", COUNT],
    turns: [16, "bursts of each process", COUNT],
    burst: [80, "length of one, in milliseconds", POSITIVE],
    json: ["bench/results/beside.json", "where the figures are written"],
  },
);
const pollers = options.poller.split(",").length;
if (options.folder === "" && pollers !== 2) {
  refuse("Cannot compare one with nothing: give --folder=CHECKOUT, or two pollers (--poller=epoll,io_uring)");
}
if (options.folder !== "" && pollers !== 1) {
  refuse(`Cannot compare trees on ${pollers} pollers: give one, not --poller=${options.poller}`);
}
const sides = options.side.split(",");
if (!sides.every((side) => side === "server" || side === "client")) {
  refuse(`Cannot measure ${options.side} in bursts: --side is server, client, or both of them with a comma`);
}
if (process.platform !== "linux") {
  refuse("Cannot compare here: the CPU time of threads is told by Linux alone");
}
const scenarios = readScenarios();
ensureInstalled();
const before = loadAverage();
const fixed = fixedSide();
const results = [];
for (const side of sides) {
  for (const runtime of options.runtime.split(",")) {
    const [first, second] = listContenders({
      runtimes: runtime,
      pollers: options.poller,
      peers: "",
      beside: options.folder,
    }).filter(({ client }) => client !== undefined);
    const [measured, other] = options.folder === "" ? [second, first] : [first, second];
    if (other.missing !== undefined) refuse(`Cannot compare: ${other.missing}`);
    for (const scenario of scenarios) {
      console.error(`${side}, ${measured.name}: ${scenario.id}`);
      const pairs = [];
      while (pairs.length < options.pairs) {
        pairs.push(await comparePair(side, scenario, [measured, other], pairs.length % 2 === 1));
      }
      results.push({ side, contender: measured.name, other: other.name, scenario: scenario.id, pairs });
    }
  }
}
report();
process.exit(0);

function readScenarios() {
  try {
    const chosen = selectScenarios(options.scenario);
    const refused = chosen.find(({ kind, tls, indexing }) =>
      tls || indexing === "literal" || !KINDS.includes(kind)
    );
    if (refused === undefined) return chosen;
    refuse(
      `Cannot measure ${refused.id} in bursts: only plaintext calls and streams (${KINDS.join(", ")}), ` +
        "with headers as our clients send them",
    );
  } catch (error) {
    refuse(error.message);
  }
}

/** Both in processes of their own: `{ ratio, measured, other }`, nanoseconds of an answer or message. */
async function comparePair(side, scenario, contenders, reversed) {
  const started = [];
  const start = async (command, core, ready) => {
    const watched = new Watched(command, core);
    started.push(watched);
    return { watched, said: (await watched.line(ready))[1] };
  };
  const serve = ({ server }) => start(server, CORES.server, /^listening (\d+)$/);
  const load = ({ client }, ports) =>
    start([...client, ...clientFlags(scenario), `--port=${ports}`], CORES.load, /^measuring$/);
  try {
    const order = reversed ? contenders.toReversed() : contenders;
    const parts = new Map();
    if (side === "server") {
      const servers = [];
      for (const contender of order) servers.push(await serve(contender));
      const { watched: client } = await load(fixed, servers.map(({ said }) => said).join());
      order.forEach((contender, index) => {
        parts.set(contender, { ...servers[index], client, index });
      });
    } else {
      const server = await serve(fixed);
      for (const contender of order) {
        const { watched: client } = await load(contender, server.said);
        parts.set(contender, { watched: client, client, index: 0 });
      }
    }
    return await alternate(scenario, parts, contenders, order);
  } finally {
    for (const watched of started) watched.kill();
  }
}

function clientFlags({ kind, connections, streams, bytes, headers }) {
  return [
    "--bursts",
    `--kind=${kind}`,
    `--connections=${connections}`,
    `--streams=${streams}`,
    `--bytes=${bytes}`,
    ...headers === undefined ? [] : [`--headers=${headers}`],
  ];
}

async function alternate({ connections, streams, kind }, parts, [measured, other], order) {
  const burst = async (contender, ms) => {
    const { watched, client, index } = parts.get(contender);
    const from = watched.nanoseconds();
    client.proceed(`${index} ${ms}`);
    const [json] = await client.line(/^\{.*\}$/, ms + 30_000);
    const { count, wrong } = JSON.parse(json);
    if (count === 0) throw new Error("nothing was done");
    if (wrong > 0) throw new Error(`${wrong} of ${count} answers were wrong`);
    return (watched.nanoseconds() - from) / count;
  };
  const oneByOne = kind === "unary" && connections * streams === 1;
  for (const contender of order) await burst(contender, oneByOne ? WARM_UP_MS.oneByOne : WARM_UP_MS.many);
  const turns = [];
  for (let turn = 0; turn < options.turns; turn++) {
    const spent = new Map();
    for (const contender of turn % 2 === 0 ? order : order.toReversed()) {
      spent.set(contender, await burst(contender, options.burst));
    }
    turns.push({ measured: spent.get(measured), other: spent.get(other) });
  }
  return {
    ratio: median(turns.map((turn) => turn.measured / turn.other)),
    measured: median(turns.map((turn) => turn.measured)),
    other: median(turns.map((turn) => turn.other)),
  };
}

function report() {
  const made = { ...machine(), loadAverages: [before, loadAverage()] };
  const { pairs, turns, burst } = options;
  console.log(`${provenance(made)}; ${pairs} pairs of processes, ${turns} bursts of ${burst} ms each.\n`);
  console.log(besideTable(results));
  mkdirSync(`${root}bench/results`, { recursive: true });
  writeFileSync(options.json, JSON.stringify({ machine: made, command: options, results }, undefined, 1));
  console.log(`\nFigures: ${options.json}`);
}
