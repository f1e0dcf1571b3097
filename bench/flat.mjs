// `npm run bench:flat`: whether a call costs the same however much a server has done and holds.
//
//   npm run bench:flat -- --runtime=deno,bun
//
// One server a runtime. Between the measurements it is given more to hold: calls done, open streams, connections.
import { COUNT, MEASURED_POLLERS, POSITIVE, readArguments, RUNTIMES } from "../.ci/arguments.mjs";
import { ensureInstalled } from "../.ci/install.mjs";
import { generator, listContenders } from "./contenders/list.mjs";
import { runClient, startServer } from "./measure/measure.mjs";
import { CORES, Watched } from "./measure/processes.mjs";
import { median } from "./measure/statistics.mjs";

const options = readArguments(
  "npm run bench:flat: whether a call costs the same however much a server has done and holds.",
  {
    runtime: ["deno,bun", "runtimes to measure", RUNTIMES],
    poller: ["native", "pollers to measure", MEASURED_POLLERS],
    seconds: [1, "length of one measurement", POSITIVE],
    rounds: [3, "measurements of each state; medians are shown", COUNT],
    load: ["bun", "runtime of the load generator", RUNTIMES.each],
  },
);
ensureInstalled();
const UNARY = { kind: "unary", connections: 10, streams: 100, bytes: 16, unit: "calls/s", warmUpMs: 300 };
const FIRST = { kind: "unary", connections: 1, streams: 10, bytes: 16, unit: "calls/s", warmUpMs: 300 };
const OPEN = 10_000;

console.log("| server | when | CPU us a call | server RSS MB |\n|---|---|---|---|");
for (
  const contender of listContenders({ runtimes: options.runtime, pollers: options.poller, peers: "none" })
) {
  await flat(contender);
}

async function flat(contender) {
  const served = await startServer(contender);
  const holders = [];
  try {
    await report(contender, "first calls of a new process", served, FIRST, 0.02, 1);
    await report(contender, "after about 1,000 calls", served, FIRST, 0.1, 1);
    await report(contender, "after 100,000 calls and more", served, UNARY);
    holders.push(await hold(contender, served, { connections: 1, streams: OPEN }));
    await report(contender, "with 10,000 open streams", served, UNARY);
    holders.push(await hold(contender, served, { connections: OPEN, streams: 1 }));
    await report(contender, "and with 10,000 connections", served, UNARY);
    for (const holder of holders.splice(0)) holder.kill();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await report(contender, "after all of these have gone", served, UNARY);
  } finally {
    for (const holder of [...holders, served.server]) holder.kill();
  }
}

async function report({ name }, when, served, scenario, seconds = options.seconds, rounds = options.rounds) {
  const figures = [];
  for (let i = 0; i < rounds; i++) {
    figures.push((await runClient(served, generator(options.load), scenario, seconds)).server);
  }
  if (figures[0] === undefined) throw new Error("CPU time is not told on this system");
  const cpu = median(figures.map(({ cpuMicroseconds }) => cpuMicroseconds));
  console.log(
    `| ${name} | ${when} | ${cpu.toFixed(2)} | ${(served.server.usage().rssBytes / 1e6).toFixed(0)} |`,
  );
}

/** A client that opens so many streams or connections and keeps them. */
async function hold({ client }, { port }, { connections, streams }) {
  const args = [`--port=${port}`, "--kind=idle", `--connections=${connections}`, `--streams=${streams}`];
  const holder = new Watched([...client, ...args], CORES.load);
  await holder.line(/^idle$/, 120_000);
  return holder;
}
