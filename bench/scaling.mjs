// `npm run bench:scaling`: reactor workers, one against two, and how connections and wake-ups spread over them.
//
//   npm run bench:scaling -- --runtime=deno --rounds=3 --seconds=2
//
// Every handler computes for 0.1 ms, so that the load beside the server takes little of the machine; with
// --service=service it echoes at once. Nothing is pinned: workers are to use what cores there are.
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import process from "node:process";
import { runtimeCommand } from "../.ci/runtimes.mjs";
import { COUNT, POSITIVE, readArguments, RUNTIMES } from "../.ci/arguments.mjs";
import { ensureInstalled } from "../.ci/install.mjs";
import { generator } from "./contenders/list.mjs";
import { Watched } from "./measure/processes.mjs";
import { median } from "./measure/statistics.mjs";

const options = readArguments(
  "npm run bench:scaling: reactor workers, one against two, and how connections and wake-ups spread over them.",
  {
    runtime: ["deno,bun", "runtimes to measure", RUNTIMES],
    rounds: [3, "measurements of each shape; medians are shown", COUNT],
    seconds: [1.5, "length of one measurement", POSITIVE],
    "warm-up": [
      5,
      "seconds before it: as long as the runtime compiles, which takes a tenth of a core a worker",
    ],
    connections: [32, "connections of the load", COUNT],
    service: ["busy_service", "what handlers do", ["busy_service", "service"]],
  },
);
const CONNECTS = 100;
const SHAPES = [
  { threads: 1, sharing: "reuse-port" },
  { threads: 2, sharing: "reuse-port" },
  { threads: 2, sharing: "boss" },
];

ensureInstalled();
if (process.platform !== "linux") {
  console.log("Threads are counted in Linux's /proc, and this is another system");
  process.exit(0);
}
console.log(
  `${
    os.cpus()[0].model.trim()
  }, ${os.cpus().length} cores; ${options.service}, ${options.connections} connections`,
);
for (const runtime of options.runtime.split(",")) await measureRuntime(runtime);
process.exit(0);

async function measureRuntime(runtime) {
  const figures = SHAPES.map(() => []);
  for (let round = 0; round < options.rounds; round++) {
    for (const [i, shape] of SHAPES.entries()) figures[i].push(await measure(runtime, shape));
  }
  for (const [i, { threads, sharing }] of SHAPES.entries()) {
    const middle = (name) => median(figures[i].map((one) => one[name]));
    const woken = figures[i].some((one) => one.woken === undefined)
      ? "not measured"
      : middle("woken").toFixed(2);
    console.log(
      `${runtime}, ${threads} worker${threads > 1 ? "s" : ""}, ${sharing}: ${
        Math.round(middle("rate"))
      } calls/s, ${middle("cpu").toFixed(1)} us of CPU each; ` +
        `busiest worker did ${(100 * middle("share")).toFixed(0)}%; ` +
        `threads woken by a new connection: ${woken}`,
    );
  }
}

/** One server: calls a second, how evenly they spread, and who wakes for a connection. */
async function measure(runtime, { threads, sharing }) {
  const path = new URL("./contenders/pollwire/server.mjs", import.meta.url).pathname;
  const args = [
    `--poller=epoll`,
    `--threads=${threads}`,
    `--sharing=${sharing}`,
    `--service=${options.service}`,
  ];
  const server = new Watched([...runtimeCommand(runtime), path, ...args]);
  let client = undefined;
  try {
    const port = Number((await server.line(/^listening (\d+)$/))[1]);
    const woken = await wakeUps(server.child.pid, port);
    const load = [
      `--port=${port}`,
      `--connections=${options.connections}`,
      "--streams=4",
      `--seconds=${options.seconds}`,
      `--warm-up=${options["warm-up"] * 1_000}`,
    ];
    client = new Watched([...generator("bun"), ...load]);
    await client.line(/^measuring$/);
    const before = cpuOfThreads(server.child.pid);
    const [json] = await client.line(/^\{.*\}$/, options.seconds * 1_000 + 30_000);
    const { count, elapsedMs } = JSON.parse(json);
    const spent = differences(before, cpuOfThreads(server.child.pid));
    const share = spent[0] / sum(spent.slice(0, threads));
    return { rate: count / elapsedMs * 1_000, cpu: sum(spent) / 1_000 / count, share, woken };
  } finally {
    client?.kill();
    server.kill();
  }
}

/**
 * Threads to which an event is reported for a new connection, on average, over connections that then say nothing; what
 * an idle server does anyway is subtracted. Undefined without strace.
 */
async function wakeUps(pid, port) {
  if (spawnSync("strace", ["-V"]).status !== 0) return undefined;
  const tracer = spawn("strace", ["-f", "-ttt", "-e", "trace=epoll_wait,epoll_pwait2", "-p", String(pid)]);
  let trace = "";
  tracer.stderr.setEncoding("utf8").on("data", (text) => trace += text);
  await pause(500);
  const sockets = [];
  const windows = [];
  for (let i = 0; i < 2 * CONNECTS; i++) {
    const connects = i >= CONNECTS;
    windows.push({ connects, from: Date.now() / 1_000, told: new Set() });
    if (connects) sockets.push(net.connect(port, "127.0.0.1"));
    await pause(20);
  }
  tracer.kill();
  await new Promise((resolve) => tracer.on("close", resolve));
  for (const socket of sockets) socket.destroy();
  for (const [, thread, time] of trace.matchAll(/^\[pid +(\d+)\] (\d+\.\d+) .*= [1-9]\d*$/gm)) {
    windows.findLast(({ from }) => from <= Number(time))?.told.add(thread);
  }
  const told = (when) =>
    windows.filter(({ connects }) => connects === when).reduce((sum, { told }) => sum + told.size, 0);
  return (told(true) - told(false)) / CONNECTS;
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function tasks(pid) {
  return readdirSync(`/proc/${pid}/task`);
}

/** Nanoseconds that each thread ran. */
function cpuOfThreads(pid) {
  return new Map(
    tasks(pid).map((task) => {
      const [ran] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ");
      return [task, Number(ran)];
    }),
  );
}

function sum(numbers) {
  return numbers.reduce((total, one) => total + one, 0);
}

/** What each ran between, the busiest first. */
function differences(before, after) {
  return [...after].map(([task, ran]) => ran - (before.get(task) ?? 0)).sort((a, b) => b - a);
}
