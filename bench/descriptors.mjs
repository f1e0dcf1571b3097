// `npm run bench:descriptors`: one busy connection beside many idle ones, by how the process waits for them.
//
//   npm run bench:descriptors -- --docs: docs/pollers.md has tables and chart anew
//
// A raw echo, one byte back and forth: select, poll and epoll in C beside the pollers of this library; and a gRPC server,
// one call at a time. Every contender runs once a round, and is measured as its idle connections become more.
import { spawnSync } from "node:child_process";
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
import { buildEcho } from "./contenders/build.mjs";
import { generator } from "./contenders/list.mjs";
import { loadAverage } from "./measure/disturbance.mjs";
import { machine } from "./measure/machine.mjs";
import { CORES, Watched } from "./measure/processes.mjs";
import { cpuTable, descriptorsChart, rateTable, withinLimit } from "./report/descriptors.mjs";
import { fillDocument, provenance } from "./report/marked.mjs";

const options = readArguments(
  "npm run bench:descriptors: one busy connection beside many idle ones, by how the process waits for them.",
  {
    idle: [
      "10,100,1000,5000,19000",
      "numbers of idle connections, as many as the limit of descriptors allows",
      listOfNumbers(),
    ],
    runtime: ["deno,bun", "runtimes to measure", RUNTIMES],
    poller: ["epoll,poll,io_uring", "pollers to measure, each on its own, where they can run", POLLERS],
    rounds: [3, "times that every contender is measured; medians are shown", COUNT],
    seconds: [0.25, "length of one measurement", POSITIVE],
    docs: [false, "writes tables and chart into docs/"],
    json: ["bench/results/descriptors.json", "where the figures are written"],
    chart: ["bench/results/descriptors.svg", "where the chart is written"],
  },
);
/** Milliseconds before what is measured: for a server that has done nothing yet, one that has, and a new client of gRPC. */
const WARM_UP_MS = { first: 1_000, next: 150, client: 600 };
/** A measurement that says nothing is made again, so often. */
const TRIES = 5;

ensureInstalled();
const { server: epollInC, level, load, missing } = buildEcho();
if (missing !== undefined) refuse(`Cannot measure: ${missing}`);

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const limit = Number(spawnSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" }).stdout) || Infinity;
const asked = options.idle.split(",").map(Number);
const counts = withinLimit(asked, limit);
if (counts.join() !== asked.join()) {
  console.error(`At most ${limit} descriptors are allowed: ${counts.join(", ")}`);
}

const ours = options.runtime.split(",").flatMap((runtime) =>
  options.poller.split(",").map((poller) => ({
    name: `${poller}, ${runtime === "bun" ? "Bun" : "Deno"}`,
    call: poller,
    runtime,
  }))
);
const program = ({ runtime, call }, path) => [...runtimeCommand(runtime), here(path), `--poller=${call}`];
const contenders = [
  ...["select", "poll"].map((call) => ({ name: `${call}, C`, call, command: [...level, call] })),
  { name: "epoll, C", call: "epoll", command: epollInC },
  ...ours.map((one) => ({ ...one, command: program(one, "contenders/echo/server.mjs") })),
  ...ours.map((one) => ({ ...one, grpc: true, command: program(one, "contenders/pollwire/server.mjs") })),
].map((contender) => ({ ...contender, figures: new Map(counts.map((idle) => [idle, []])) }));

const before = loadAverage();
for (let round = 1; round <= options.rounds; round++) {
  for (const contender of contenders) {
    console.error(
      `round ${round} of ${options.rounds}: ${contender.grpc ? "gRPC on " : ""}${contender.name}`,
    );
    await run(contender);
  }
}
report();
process.exit(0);

/** One server, with more and more idle connections. */
async function run(contender) {
  const { command, grpc, figures } = contender;
  const server = new Watched(command, CORES.server);
  const started = [server];
  try {
    const port = await server.line(/^listening (\d+)$/).then(([, port]) => port, (error) => {
      contender.lacks = error.message;
    });
    if (port === undefined) return console.error(`  cannot run here: ${contender.lacks}`);
    let idling = 0;
    for (const idle of counts) {
      const more = [port, String(idle - idling), ...grpc ? ["http2"] : []];
      const holder = new Watched(["node", here("contenders/idle.mjs"), ...more], CORES.load);
      started.push(holder);
      await holder.line(/^idle$/, 60_000);
      figures.get(idle).push(
        await measure(
          server,
          port,
          grpc,
          idling === 0 ? WARM_UP_MS.first : grpc ? WARM_UP_MS.client : WARM_UP_MS.next,
        ),
      );
      idling = idle;
    }
  } finally {
    for (const one of started) one.kill();
  }
}

/** Round trips or calls a second, and CPU microseconds that the server spends on each. */
async function measure(server, port, grpc, warmUpMs) {
  for (let left = TRIES; left > 0; left--) {
    const figures = await tryOnce(server, port, grpc, warmUpMs);
    // None where this process could not look at the server in time, on a machine with other work.
    if (figures.cpu > 0) return figures;
  }
  throw new Error("the server took no time that is counted; give more --seconds");
}

async function tryOnce(server, port, grpc, warmUpMs) {
  const args = [`--port=${port}`, "--connections=1", "--bytes=1"];
  const times = [`--warm-up=${warmUpMs}`, `--seconds=${options.seconds}`];
  const busy = new Watched([...grpc ? generator("bun") : load, ...args, ...times], CORES.load);
  try {
    await busy.line(/^measuring$/);
    const from = server.usage();
    const [json] = await busy.line(/^\{.*\}$/, 60_000);
    const to = server.usage();
    const { count, wrong, elapsedMs } = JSON.parse(json);
    if (count === 0) throw new Error("there was no answer; give more --seconds");
    if (wrong > 0) throw new Error(`${wrong} of ${count} answers were wrong`);
    return {
      rate: count / elapsedMs * 1_000,
      cpu: (to.cpuMicroseconds - from.cpuMicroseconds) / count,
    };
  } finally {
    busy.kill();
  }
}

function report() {
  const results = contenders.filter(({ lacks }) => lacks === undefined);
  const made = { ...machine(), loadAverages: [before, loadAverage()], descriptors: limit };
  const [cpu, rates] = [cpuTable(results), rateTable(results)];
  console.log(`CPU microseconds of a round trip:\n${cpu}\n\ngRPC calls a second:\n${rates}`);
  mkdirSync(`${root}bench/results`, { recursive: true });
  const chart = descriptorsChart(results);
  writeFileSync(options.chart, chart);
  const kept = results.map(({ name, call, grpc, figures }) => ({ name, call, grpc, figures: [...figures] }));
  writeFileSync(
    options.json,
    JSON.stringify({ machine: made, command: options, results: kept }, undefined, 1),
  );
  console.log(`\nFigures: ${options.json}\nChart:   ${options.chart}`);
  if (!options.docs) return;
  writeFileSync(`${root}docs/descriptors.svg`, chart);
  const { rounds, seconds } = options;
  const run = `${
    provenance(made)
  }; ${limit} descriptors at most; medians of ${rounds} rounds of ${seconds} s.`;
  fillDocument("docs/pollers.md", { "descriptors-run": run, descriptors: cpu, "descriptors-grpc": rates });
  console.log("Written: docs/pollers.md, docs/descriptors.svg");
}
