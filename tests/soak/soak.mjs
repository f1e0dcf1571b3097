// A soak from its start to its verdict: two processes, a line for each interval, and what the lines add up to.
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Watched } from "../../bench/measure/processes.mjs";
import { runtimeCommand } from "../../.ci/runtimes.mjs";
import { Progress } from "../progress.mjs";
import { chart } from "./chart.mjs";
import { header, line } from "./lines.mjs";
import { collectsAfter, judge } from "./verdict.mjs";

/** Calls that still run at the end have this long: more than their own deadlines. */
const END_LIMIT_MS = 60_000;

/** How long a process may take to say what it holds; a busy one answers late. */
const SAMPLE_LIMIT_MS = 30_000;

/** Runs one soak as `OPTIONS` says; true: it passed. */
export async function soak({ minutes, rate, every, runtime, poller, seed }) {
  console.log(`soak: ${runtime}, ${poller}, ${rate} calls a second for ${minutes} minutes, --seed=${seed}`);
  process.env.POLLWIRE_POLLER = poller;
  const server = start(runtime, "server.ts", []);
  let client;
  const rows = [];
  let failure;
  try {
    const [, port] = await server.line(/^listening (\d+)/);
    client = start(runtime, "client.ts", [`--port=${port}`, `--rate=${rate}`, `--seed=${seed}`]);
    await client.line(/^calling/);
    console.log(header());
    await watch(server, client, { untilMs: minutes * 60_000, everyMs: every * 1_000 }, rows);
  } catch (error) {
    failure = error.message;
  } finally {
    client?.kill();
    server.kill();
  }
  return report(rows, failure);
}

/** Takes samples until the time is over or somebody interrupts; then lets the calls that run come to their end. */
async function watch(server, client, { untilMs, everyMs }, rows) {
  const begin = performance.now();
  const passed = () => performance.now() - begin;
  const progress = new Progress("seconds", Math.round(untilMs / 1_000));
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once("SIGINT", interrupt);
  try {
    for (let next = everyMs; !interrupted.signal.aborted; next += everyMs) {
      while (passed() < Math.min(next, untilMs) && !interrupted.signal.aborted) {
        progress.done = Math.round(passed() / 1_000);
        progress.show(`${rows.at(-1)?.calls ?? 0} calls`);
        await sleep(Math.min(200, Math.max(1, Math.min(next, untilMs) - passed())), server, client);
      }
      if (passed() >= untilMs || interrupted.signal.aborted) break;
      add(rows, progress, { atMs: passed(), ...await sample(server, client) });
      if (!collectsAfter(rows.length, Math.ceil(untilMs / everyMs))) continue;
      for (const { child } of [server, client]) child.stdin.write("collect\n");
    }
    client.child.stdin.end();
    const [, last] = await client.line(/^ended (.*)/, END_LIMIT_MS);
    const ended = {
      ...rows.at(-1),
      atMs: passed(),
      ...await sampleOf(server, "server"),
      ...JSON.parse(last),
    };
    add(rows, progress, ended);
  } finally {
    process.removeListener("SIGINT", interrupt);
    progress.clear();
  }
}

function add(rows, progress, row) {
  progress.clear();
  console.log(line(row, rows.at(-1)));
  rows.push(row);
}

/** The criteria with their outcome, the chart, and one word. */
function report(rows, failure) {
  const { passed, findings } = judge(rows);
  if (rows.length > 1) console.log(`\n${chart(rows)}`);
  console.log("");
  for (const { ok, text } of findings) console.log(`${MARKS.get(ok)} ${text}`);
  for (const wrong of rows.at(-1)?.examples ?? []) console.log(`       ${wrong}`);
  if (failure !== undefined) console.log(`${MARKS.get(false)} ${failure}`);
  const all = passed && failure === undefined;
  console.log(`\nsoak ${all ? "passed" : "FAILED"}: ${rows.at(-1)?.calls ?? 0} calls`);
  return all;
}

const MARKS = new Map([[true, "ok    "], [false, "FAILED"], [undefined, "-     "]]);

function start(runtime, script, args) {
  const flags = runtime === "deno" ? ["--v8-flags=--expose-gc"] : [];
  return new Watched([
    ...runtimeCommand(runtime),
    ...flags,
    fileURLToPath(new URL(script, import.meta.url)),
    ...args,
  ]);
}

async function sample(server, client) {
  return { ...await sampleOf(server, "server"), ...await sampleOf(client, "client") };
}

/** What a process says of itself; the client says what became of its calls as well. */
async function sampleOf(watched, name) {
  watched.child.stdin.write("sample\n");
  const [, json] = await watched.line(/^sample (.*)/, SAMPLE_LIMIT_MS);
  const { resources, ...counts } = JSON.parse(json);
  return { [name]: resources, ...counts };
}

function sleep(ms, ...processes) {
  for (const { ended } of processes) if (ended !== undefined) throw new Error(`a process ended: ${ended}`);
  return new Promise((resolve) => setTimeout(resolve, ms));
}
