// Waits for what handlers wait for, and does nothing else: as many waits at a time as there are calls, each followed by
// the next. What that takes is what no server can go below.
import process from "node:process";
import { readArguments } from "../../.ci/arguments.mjs";
import { afterImmediate, afterTimer } from "./macrotasks.mjs";

const WAITS = { immediate: afterImmediate, timer: afterTimer };

const options = readArguments("Awaits macrotasks and does nothing else; the bench starts it.", {
  wait: ["immediate", "what is awaited", Object.keys(WAITS)],
  streams: 1_000,
  seconds: 1,
  "warm-up": 500,
});
const wait = WAITS[options.wait];
let count = 0;
for (let i = 0; i < options.streams; i++) again();
await pause(options["warm-up"]);
count = 0;
const startedAt = performance.now();
const before = process.cpuUsage();
await pause(options.seconds * 1_000);
const { user, system } = process.cpuUsage(before);
const elapsedMs = performance.now() - startedAt;
console.log(JSON.stringify({ count, wrong: 0, elapsedMs, cpuMicroseconds: user + system }));
process.exit(0);

async function again() {
  for (;; count++) await wait();
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
