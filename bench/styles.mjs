// `npm run bench:styles`: what a unary call costs in each style of API, as a client and as a server, and over several
// connections by each balancing policy.
//
//   npm run bench:styles -- --table=servers --runtime=deno --rounds=5 --seconds=1
//
// All clients call one and the same server, and one and the same generator calls all servers. Each round measures every
// style once, so that a slow minute of the machine meets all of them. The best of all rounds is shown, for whatever else
// runs on the machine adds to a figure and takes nothing from it.
import os from "node:os";
import process from "node:process";
import { COUNT, listOf, POSITIVE, readArguments, RUNTIMES } from "../.ci/arguments.mjs";
import { ensureInstalled } from "../.ci/install.mjs";
import { root, runtimeCommand } from "../.ci/runtimes.mjs";
import { fixedSide, generator } from "./contenders/list.mjs";
import { machine } from "./measure/machine.mjs";
import { runClient, startServer } from "./measure/measure.mjs";

const options = readArguments(
  "npm run bench:styles: what a unary call costs in each style of API, as a client and as a server.",
  {
    table: [
      "clients,single,servers,balancing",
      "clients with 100 calls at a time, clients with a single one, servers, and clients over three connections",
      listOf(["clients", "single", "servers", "balancing"]),
    ],
    runtime: ["deno,bun", "runtimes to measure", RUNTIMES],
    rounds: [3, "measurements of each; the best is shown", COUNT],
    seconds: [0.5, "length of one measurement", POSITIVE],
  },
);
const CLIENTS = ["promise", "octets", "callback", "reactor", "batches", "batches-callback", "async"];
const ONE_AT_A_TIME = ["promise", "callback", "batches", "async", "blocking", "blocking-spin"];
const SERVERS = ["promise", "octets", "generic", "default-reactor", "reactor", "batches", "async", "polled"];
/** Over three addresses of one server; "none" has one connection to one of them. */
const POLICIES = ["none", "round_robin", "least_request", "weighted_round_robin", "outlier_detection"];

/** A style is compiled by then on a busy machine, too. */
const WARM_UP_MS = 1_500;

/** Each table: who is measured, how many calls at a time, by which poller. */
const TABLES = [
  {
    id: "clients",
    title: "Clients, 1 connection x 100 calls, native",
    side: "client",
    styles: CLIENTS,
    connections: 1,
    streams: 100,
    poller: "native",
  },
  {
    id: "single",
    title: "Clients, one call at a time, epoll",
    side: "client",
    styles: ONE_AT_A_TIME,
    connections: 1,
    streams: 1,
    poller: "epoll",
  },
  {
    id: "servers",
    title: "Servers, 10 connections x 100 calls, native",
    side: "server",
    styles: SERVERS,
    connections: 10,
    streams: 100,
    poller: "native",
  },
  {
    id: "balancing",
    title: "Clients by balancing policy, 3 connections, 100 calls at a time, native",
    side: "client",
    option: "policy",
    styles: POLICIES,
    connections: 1,
    streams: 100,
    poller: "native",
  },
].filter(({ id }) => options.table.split(",").includes(id));

ensureInstalled();
const { date, processor, cores, system, runtimes, pinned } = machine();
console.log(
  `${processor}, ${cores} cores, ${system}, ${date}; Deno ${runtimes.deno}, Bun ${runtimes.bun}; ` +
    `${options.rounds} rounds of ${options.seconds} s${pinned ? ", a core for each side" : ""}; ` +
    `the best of them; load of the machine at the start ${os.loadavg()[0].toFixed(1)}`,
);
const results = new Map();
for (let round = 0; round < options.rounds; round++) {
  for (const table of TABLES) await runRound(table);
}
for (const table of TABLES) print(table);
process.exit(0);

/** Every style and runtime of a table once. */
async function runRound(table) {
  for (const style of table.styles) {
    for (const runtime of options.runtime.split(",")) {
      const figures = await measure(table, style, runtime).catch((error) => ({ error: error.message }));
      const key = keyOf(table, style, runtime);
      results.set(key, [...results.get(key) ?? [], figures]);
    }
  }
}

/** Calls a second, and CPU microseconds that a call costs the side that is measured. */
async function measure({ side, option = "style", connections, streams, poller }, style, runtime) {
  const script = [...runtimeCommand(runtime), `${root}bench/styles/${side}.ts`];
  const own = [...script, `--${option}=${style}`, `--poller=${poller}`];
  const started = await startServer(side === "server" ? { server: own } : serverOf(option));
  try {
    const scenario = {
      kind: "unary",
      unit: "calls/s",
      connections,
      streams,
      bytes: 16,
      warmUpMs: WARM_UP_MS,
    };
    const client = side === "server" ? generator("bun") : own;
    const { value, ...sides } = await runClient(started, client, scenario, options.seconds);
    return { callsPerSecond: value, cpuMicroseconds: sides[side].cpuMicroseconds };
  } finally {
    started.server.kill();
  }
}

/** The server of clients: the fixed one, or one with several addresses. */
function serverOf(option) {
  if (option === "style") return fixedSide();
  return { server: [...runtimeCommand("bun"), `${root}bench/styles/server.ts`, "--addresses=3"] };
}

function keyOf({ title }, style, runtime) {
  return `${title}\n${style}\n${runtime}`;
}

function print(table) {
  const names = options.runtime.split(",");
  const heads = names.flatMap((runtime) => [`${runtime}: us a call`, "calls/s"]);
  console.log(
    `\n${table.title}\n\n| ${table.option === undefined ? "Style" : "Policy"} | ${
      heads.join(" | ")
    } |\n| --- |${" ---: |".repeat(heads.length)}`,
  );
  for (const style of table.styles) {
    const cells = names.flatMap((runtime) => cellsOf(results.get(keyOf(table, style, runtime))));
    console.log(`| ${style} | ${cells.join(" | ")} |`);
  }
}

function cellsOf(rounds) {
  const error = rounds.find((figures) => figures.error !== undefined)?.error;
  if (error !== undefined) return [error.slice(0, 120), ""];
  const least = Math.min(...rounds.map(({ cpuMicroseconds }) => cpuMicroseconds));
  const most = Math.max(...rounds.map(({ callsPerSecond }) => callsPerSecond));
  return [least.toFixed(2), `${(most / 1_000).toFixed(1)}k`];
}
