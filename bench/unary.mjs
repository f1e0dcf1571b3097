// First figures: unary calls a second, pollwire beside @grpc/grpc-js on the same runtimes.
//
//   npm run bench -- --runtime=deno,bun --seconds=2 --rounds=3
//
// Each contender is a server and a client process of one runtime and library, pinned to a core each where
// `taskset` is there. Rounds are interleaved: every contender runs once a round. The table shows medians.
import { spawn, spawnSync } from "node:child_process";
import os from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "../.ci/install.mjs";
import { runtimeCommand } from "../.ci/runtimes.mjs";
import { readArguments } from "./contenders/arguments.mjs";

const options = readArguments({
  runtime: "deno,bun",
  poller: "native",
  "in-flight": "1,100",
  bytes: 16,
  rounds: 3,
  seconds: 2,
  "warm-up": 1000,
});
const directory = fileURLToPath(new URL("./contenders/", import.meta.url));
const pinned = spawnSync("taskset", ["-V"], { stdio: "ignore" }).status === 0 && os.cpus().length > 1;

ensureInstalled();
const contenders = options.runtime.split(",").flatMap((runtime) => [
  ...options.poller.split(",").map((poller) => ({
    name: `pollwire (${poller})`,
    runtime,
    server: ["pollwire_server.ts", `--poller=${poller}`],
    client: ["pollwire_client.ts", `--poller=${poller}`],
  })),
  { name: "grpc-js", runtime, server: ["grpc_js_server.mjs"], client: ["grpc_js_client.mjs"] },
]);

console.log(
  `${os.cpus()[0].model}, ${os.cpus().length} cores, ${new Date().toISOString().slice(0, 10)}; ` +
    `${options.bytes} B echo, ${options.rounds} interleaved rounds of ${options.seconds} s, medians; ` +
    (pinned ? "server and client on a core each" : "not pinned: no taskset"),
);
const results = new Map();
for (let round = 1; round <= options.rounds; round++) {
  for (const contender of contenders) {
    for (const inFlight of options["in-flight"].split(",")) {
      const key = `${contender.runtime} | ${contender.name} | ${inFlight}`;
      process.stderr.write(`\r\x1b[Kround ${round}/${options.rounds}: ${key}`);
      const figures = await runOnce(contender, Number(inFlight)).catch((error) => ({ error }));
      if (!results.has(key)) results.set(key, []);
      results.get(key).push(figures);
    }
  }
}
process.stderr.write("\r\x1b[K");
printTable();

/** One server, one client, one measurement; always takes both processes down. */
async function runOnce(contender, inFlight) {
  const server = start(contender.runtime, 0, contender.server);
  try {
    const port = await matchOutput(server, /listening (\d+)/, 20_000);
    const client = start(contender.runtime, 1, [
      ...contender.client,
      `--port=${port}`,
      `--in-flight=${inFlight}`,
      `--seconds=${options.seconds}`,
      `--warm-up=${options["warm-up"]}`,
      `--bytes=${options.bytes}`,
    ]);
    try {
      const json = await matchOutput(
        client,
        /^(\{.*\})$/m,
        (options.seconds + 20) * 1000 + options["warm-up"],
      );
      const figures = JSON.parse(json);
      if (figures.wrong > 0) throw new Error(`${figures.wrong} of ${figures.calls} answers were wrong`);
      return figures;
    } finally {
      client.kill("SIGKILL");
    }
  } finally {
    server.kill("SIGKILL");
  }
}

function start(runtime, core, [script, ...args]) {
  let [command, ...before] = [...runtimeCommand(runtime), directory + script];
  if (pinned) [command, ...before] = ["taskset", "-c", String(core), command, ...before];
  return spawn(command, [...before, ...args], { stdio: ["pipe", "pipe", "pipe"] });
}

/** Waits until what `child` prints matches; rejects with its last words when it ends or is too slow. */
function matchOutput(child, pattern, limitMs) {
  return new Promise((resolve, reject) => {
    let output = "";
    let errors = "";
    const timer = setTimeout(
      () => reject(new Error(`nothing after ${limitMs} ms ${errors.slice(-300)}`)),
      limitMs,
    );
    child.stderr.on("data", (chunk) => errors += chunk);
    child.stdout.on("data", (chunk) => {
      output += chunk;
      const match = pattern.exec(output);
      if (!match) return;
      clearTimeout(timer);
      resolve(match[1]);
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      reject(new Error(`ended with ${code}: ${errors.trim().slice(-300)}`));
    });
  });
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function printTable() {
  console.log(
    "| runtime | library | in flight | calls/s (min to max) | client CPU us a call | p50 us | p99 us |",
  );
  console.log("|---|---|---|---|---|---|---|");
  for (const [key, rounds] of results) {
    const [runtime, name, inFlight] = key.split(" | ");
    const failed = rounds.find((figures) => figures.error);
    if (failed) {
      console.log(`| ${runtime} | ${name} | ${inFlight} | failed: ${failed.error.message} | | | |`);
      process.exitCode = 1;
      continue;
    }
    const of = (field) => rounds.map((figures) => figures[field]);
    const rates = of("callsPerSecond");
    const thousand = (rate) => `${(rate / 1000).toFixed(1)}k`;
    console.log(
      `| ${runtime} | ${name} | ${inFlight} | ${thousand(median(rates))} ` +
        `(${thousand(Math.min(...rates))} to ${thousand(Math.max(...rates))}) ` +
        `| ${median(of("cpuMicrosecondsPerCall")).toFixed(1)} ` +
        `| ${median(of("p50Microseconds")).toFixed(0)} | ${median(of("p99Microseconds")).toFixed(0)} |`,
    );
  }
}
