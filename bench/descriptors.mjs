// `npm run bench:descriptors`: one busy connection beside many idle ones, by how the process waits for them.
//
// A raw echo, one byte back and forth: select, poll and epoll in C beside the pollers of this library; and a gRPC server,
// one call at a time. Every contender is measured once a round at each number of idle connections.
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { readArguments, refuse } from "../.ci/arguments.mjs";
import { ensureInstalled } from "../.ci/install.mjs";
import { root, runtimeCommand } from "../.ci/runtimes.mjs";
import { buildEcho } from "./contenders/build.mjs";
import { machine } from "./measure/machine.mjs";
import { CORES, Watched } from "./measure/processes.mjs";
import { lineChart } from "./report/lines.mjs";

const options = readArguments(
  "npm run bench:descriptors: one busy connection beside many idle ones, by how the process waits for them.",
  {
    idle: ["10,100,1000,5000,19000", "numbers of idle connections"],
    runtime: ["deno,bun", "runtimes to measure"],
    poller: ["epoll,poll", "pollers to measure, each on its own"],
    rounds: [3, "times that every contender is measured; medians are shown"],
    seconds: [0.5, "length of one measurement"],
    json: ["bench/results/descriptors.json", "where the figures are written"],
    chart: ["bench/results/descriptors.svg", "where the chart is written"],
  },
);
ensureInstalled();
const { server: epollInC, level, load, missing } = buildEcho();
if (missing !== undefined) refuse(`Cannot measure: ${missing}`);

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const counts = options.idle.split(",").map(Number);
const ours = options.runtime.split(",").flatMap((runtime) =>
  options.poller.split(",").map((poller) => ({ name: `${poller}, ${runtime}`, runtime, poller }))
);
const echoes = [
  ...["select", "poll"].map((call) => ({ name: `${call}, C`, command: [...level, call] })),
  { name: "epoll, C", command: epollInC },
  ...ours.map(({ name, runtime, poller }) => ({
    name,
    command: [...runtimeCommand(runtime), here("contenders/echo/server.mjs"), `--poller=${poller}`],
  })),
];
const servers = ours.map(({ name, runtime, poller }) => ({
  name,
  grpc: true,
  command: [...runtimeCommand(runtime), here("contenders/pollwire/server.mjs"), `--poller=${poller}`],
}));

const figures = new Map();
for (let round = 1; round <= options.rounds; round++) {
  for (const idle of counts) {
    for (const contender of [...echoes, ...servers]) {
      console.error(`round ${round} of ${options.rounds}, ${idle} idle: ${contender.name}`);
      const key = `${contender.grpc ? "gRPC" : "echo"} ${contender.name}`;
      const perCount = figures.get(key) ?? new Map();
      figures.set(key, perCount.set(idle, [...perCount.get(idle) ?? [], await measure(contender, idle)]));
    }
  }
}
report();
process.exit(0);

/** Round trips or calls a second, and CPU microseconds that the server spends on each. */
async function measure({ command, grpc }, idle) {
  const server = new Watched(command, CORES.server);
  let holder, busy;
  try {
    const [, port] = await server.line(/^listening (\d+)$/);
    holder = new Watched(
      ["node", here("contenders/idle.mjs"), port, String(idle), ...grpc ? ["http2"] : []],
      CORES.load,
    );
    await holder.line(/^idle$/, 60_000);
    const args = [
      `--port=${port}`,
      "--connections=1",
      "--bytes=1",
      "--warm-up=1000",
      `--seconds=${options.seconds}`,
    ];
    const generator = [...runtimeCommand("bun"), here("load/main.ts"), "--kind=unary", "--streams=1"];
    busy = new Watched([...grpc ? generator : load, ...args], CORES.load);
    await busy.line(/^measuring$/);
    const before = server.usage();
    const [json] = await busy.line(/^\{.*\}$/, 60_000);
    const after = server.usage();
    const { count, wrong, elapsedMs } = JSON.parse(json);
    if (count === 0) throw new Error("there was no answer; give more --seconds");
    if (wrong > 0) throw new Error(`${wrong} of ${count} answers were wrong`);
    const cpu = (after.cpuMicroseconds - before.cpuMicroseconds) / count;
    // The system counts in hundredths of a second.
    if (cpu === 0) throw new Error("the server took no time that is counted; give more --seconds");
    return { rate: count / elapsedMs * 1_000, cpu };
  } finally {
    for (const one of [busy, holder, server]) one?.kill();
  }
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function report() {
  const medians = (key, what) =>
    counts.map((idle) => median(figures.get(key).get(idle).map((figure) => figure[what])));
  console.log(
    `| | ${counts.map((idle) => `${idle} idle`).join(" | ")} |\n|---|${counts.map(() => "---").join("|")}|`,
  );
  for (const key of figures.keys()) {
    const rates = medians(key, "rate");
    const cells = medians(key, "cpu").map((cpu, i) =>
      `${cpu.toFixed(1)} us, ${(rates[i] / 1_000).toFixed(1)}k/s`
    );
    console.log(`| ${key} | ${cells.join(" | ")} |`);
  }
  const lines = echoes.map(({ name }) => [
    name,
    medians(`echo ${name}`, "cpu").map((cpu, i) => [counts[i], cpu]),
    !name.endsWith(", C"),
  ]);
  mkdirSync(`${root}bench/results`, { recursive: true });
  const chart = lineChart({
    what: "CPU of a round trip of one connection, by idle connections beside it",
    across: "idle connections",
    up: "CPU microseconds of a round trip",
    lines,
  });
  writeFileSync(options.chart, chart);
  const results = Object.fromEntries(
    [...figures].map(([key, perCount]) => [key, Object.fromEntries(perCount)]),
  );
  writeFileSync(
    options.json,
    JSON.stringify({ machine: machine(), command: options, results }, undefined, 1),
  );
  console.log(`\nFigures: ${options.json}\nChart:   ${options.chart}`);
}
