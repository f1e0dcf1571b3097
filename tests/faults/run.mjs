// `npm run faults`: the network fails in real time, and how long it takes until calls work again.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { POLLERS, readArguments, refuse, RUNTIMES } from "../../.ci/arguments.mjs";
import { ensureInstalled } from "../../.ci/install.mjs";
import { runtimeCommand } from "../../.ci/runtimes.mjs";
import { Progress } from "../progress.mjs";

const USAGE =
  `npm run faults: the network fails in real time, and how long it takes until calls work again, with a keepalive of 10 s
and 5 s. All faults run at the same time, on each poller and runtime; they take two and a half minutes.

  npm run faults -- --name=forgotten --runtime=bun --poller=epoll`;

/** Each fault: what it is, and the milliseconds within which calls must work again. */
const FAULTS = [
  { name: "forgotten", says: "a path forgets connections, others can be made", limitMs: 16_000 },
  { name: "stalled", seconds: 30, says: "a proxy forwards nothing for 30 s", limitMs: 2_000 },
  { name: "stalled", seconds: 120, says: "a proxy forwards nothing for 120 s", limitMs: 2_000 },
  { name: "dropped", seconds: 30, says: "packets are lost for 30 s (root)", limitMs: 9_000 },
  { name: "dropped", seconds: 120, says: "packets are lost for 120 s (root)", limitMs: 9_000 },
];

const { name, runtime, poller, keepalive, list } = readArguments(USAGE, {
  name: ["", "only faults whose name contains this"],
  runtime: ["deno,bun", "runtimes of client and server", RUNTIMES],
  poller: ["native,epoll", "pollers of both", POLLERS],
  keepalive: ["on", "off for comparison: calls may fail for minutes, or until the client gives up", [
    "on",
    "off",
  ]],
  list: [false, "prints the faults, and runs none"],
});

const chosen = FAULTS.filter((fault) => fault.name.includes(name));
if (chosen.length === 0) refuse(`No fault has ${JSON.stringify(name)} in its name; --list prints them all`);
if (list) {
  for (const { name, says } of chosen) console.log(`${name.padEnd(10)} ${says}`);
  process.exit(0);
}
ensureInstalled();

const why = await reason();
const runs = runtime.split(",").flatMap((one) =>
  poller.split(",").flatMap((two) => chosen.map((fault) => ({ ...fault, runtime: one, poller: two })))
);
const progress = new Progress("faults", runs.length);
let [held, fell, skipped] = [0, 0, 0];
await Promise.all(runs.map(run));
progress.clear();
console.log(`${held} held, ${fell} fell, ${skipped} skipped${skipped > 0 ? ` (${why})` : ""}`);
process.exit(fell > 0 ? 1 : 0);

/** Runs one fault, and prints what came of it. */
async function run({ name, seconds = 0, says, limitMs, runtime, poller }, index) {
  const where = `${runtime} ${poller}`.padEnd(12);
  if (name === "dropped" && why !== undefined) {
    skipped++;
    return progress.advance(says);
  }
  const args = [
    `--name=${name}`,
    `--seconds=${seconds}`,
    `--poller=${poller}`,
    `--index=${index}`,
    `--keepalive=${keepalive}`,
  ];
  const { ms = Infinity, statuses = {}, error = "" } = await program("fault.ts", runtime, args);
  const good = ms <= limitMs;
  if (good) held++;
  else fell++;
  progress.clear();
  const others = Object.entries(statuses).map(([status, count]) => `${count} ${status}`).join(", ");
  console.log(
    `${good ? "held" : "FELL"}  ${where} ${says}: ${ms} ms, at most ${limitMs}; meanwhile ${others} ${error}`,
  );
  progress.advance(says);
}

/** Why no namespace can be made here, or undefined. */
async function reason() {
  const { why } = await program("namespace_probe.ts", "deno", []);
  return why;
}

/** What a program prints, an object. */
function program(file, runtime, args) {
  const [command, ...before] = runtimeCommand(runtime);
  const path = fileURLToPath(new URL(file, import.meta.url));
  return new Promise((resolve) =>
    execFile(command, [...before, path, ...args], { timeout: 600_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout.trim().split("\n").at(-1)));
      else resolve({ error: `${error.message}\n${stderr}` });
    })
  );
}
