// `npm run bench:executor`: light calls beside a method that computes, with and without an executor.
//
//   npm run bench:executor -- --runtime=deno --rounds=3 --seconds=5
//
// Each round measures both in turn, the server in a process of its own. What counts is p99 of the light calls.
import { spawn } from "node:child_process";
import { once } from "node:events";
import os from "node:os";
import { COUNT, POSITIVE, readArguments, RUNTIMES } from "../.ci/arguments.mjs";
import { ensureInstalled } from "../.ci/install.mjs";
import { root, runtimeCommand } from "../.ci/runtimes.mjs";
import { median } from "./measure/statistics.mjs";

const options = readArguments(
  "npm run bench:executor: light calls beside a method that computes, with and without an executor.",
  {
    runtime: ["deno,bun", "runtimes to measure", RUNTIMES],
    rounds: [3, "measurements of each; medians are shown", COUNT],
    seconds: [5, "length of one measurement", POSITIVE],
    ms: [50, "how long the heavy method computes", POSITIVE],
    load: [0.2, "share of one core that it takes", POSITIVE],
  },
);
ensureInstalled();
console.log(
  `${os.cpus()[0].model.trim()}, ${os.cpus().length} cores; 200 light calls a second beside a method of ` +
    `${options.ms} ms at ${100 * options.load}% of a core`,
);
console.log("| runtime | heavy method | light calls, p50 ms | p99 ms |\n|---|---|---|---|");
for (const runtime of options.runtime.split(",")) {
  const figures = { inline: [], executor: [] };
  for (let round = 0; round < options.rounds; round++) {
    for (const where of Object.keys(figures)) figures[where].push(await measure(runtime, where));
  }
  for (const [where, all] of Object.entries(figures)) {
    const middle = (name) => median(all.map((one) => one[name])).toFixed(2);
    console.log(`| ${runtime} | ${where} | ${middle("p50")} | ${middle("p99")} |`);
  }
}

async function measure(runtime, where) {
  const server = start(runtime, "server.ts", [where]);
  try {
    const port = await firstLine(server);
    const client = start(runtime, "client.ts", [
      port,
      options.seconds,
      options.ms,
      options.ms / options.load,
    ]);
    return JSON.parse(await firstLine(client));
  } finally {
    server.stdin.end();
    await once(server, "exit");
  }
}

function start(runtime, name, args) {
  const [command, ...before] = runtimeCommand(runtime);
  return spawn(command, [...before, `${root}bench/executor/${name}`, ...args.map(String)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
}

async function firstLine(child) {
  let text = "";
  for await (const chunk of child.stdout) {
    text += chunk;
    if (text.includes("\n")) return text.trim();
  }
  throw new Error(`the ${child.spawnargs.at(-2)} ended without a word`);
}
