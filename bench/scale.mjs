// `npm run bench:scale`: one channel with a thousand servers, each on a loopback address of its own.
import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { listOf, POLLERS, readArguments, RUNTIMES } from "../.ci/arguments.mjs";
import { ensureInstalled } from "../.ci/install.mjs";
import { runtimeCommand } from "../.ci/runtimes.mjs";

/** Policies that call every server, and need no config that says how. */
const POLICIES = ["round_robin", "ring_hash", "least_request", "weighted_round_robin"];

const options = readArguments(
  "npm run bench:scale: one channel with many servers: what each costs, and what a change of all of them costs.",
  {
    servers: [1_000, "how many, and as many again that replace them; 30,000 at most", {
      least: 1,
      most: 30_000,
    }],
    runtime: ["deno,bun", "runtimes of the client", RUNTIMES],
    poller: ["native", "its pollers", POLLERS],
    policy: ["round_robin,ring_hash", "balancing policies", listOf(POLICIES)],
  },
);
ensureInstalled();
const here = (name) => fileURLToPath(new URL(`./scale/${name}`, import.meta.url));

console.log(
  "| client | ready ms | all (ring_hash: 9 of 10) have answered ms | CPU us a server | KiB a server | CPU us a call, 1 server | with all | " +
    "replaced ms | CPU us a server | calls failed |\n|---|---|---|---|---|---|---|---|---|---|",
);
for (const runtime of options.runtime.split(",")) {
  for (const poller of options.poller.split(",")) {
    for (const policy of options.policy.split(",")) await measure(runtime, poller, policy);
  }
}
process.exit(0);

async function measure(runtime, poller, policy) {
  const server = start("bun", [here("server.ts"), String(2 * options.servers)], "epoll");
  const port = (await server.line()).split(" ")[1];
  const args = [here("client.ts"), policy, port, String(options.servers)];
  const client = start(runtime, args, poller);
  const found = JSON.parse(await client.line());
  server.child.kill("SIGKILL");
  const cells = [
    found.firstMs.toFixed(0),
    found.connectedMs.toFixed(0),
    found.connectCpu.toFixed(0),
    found.eachKb.toFixed(1),
    found.one.toFixed(1),
    found.many.toFixed(1),
    found.replacedMs.toFixed(0),
    found.replaceCpu.toFixed(0),
    found.failed,
  ];
  console.log(`| ${runtime} ${poller}, ${policy} | ${cells.join(" | ")} |`);
}

function start(runtime, args, poller) {
  const [command, ...before] = runtimeCommand(runtime);
  const flags = runtime === "deno" ? ["--v8-flags=--expose-gc"] : [];
  const child = spawn(command, [...before, ...flags, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, POLLWIRE_POLLER: poller, POLLWIRE_VERBOSITY: "error" },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    async line() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${args[0]} ended on ${runtime}`);
      return value;
    },
  };
}
