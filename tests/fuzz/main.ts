// Fuzzes one target, or all, for a time; a failure is printed and kept in tests/regressions/fuzz/.
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { readArguments, refuse } from "../../.ci/arguments.mjs";
import { toHex } from "../bytes.ts";
import { OPTIONS, USAGE } from "./options.mjs";
import { fuzz, TARGETS } from "./registry.ts";
import { regressionName } from "./regressions.ts";
import { type FuzzTarget, invariant } from "./target.ts";
import { Watchdog } from "./watchdog.ts";

/** More memory than this is a leak: corpus and runtime take less than a third. */
const MOST_MEMORY_BYTES = 1_500_000_000;

const { name, seconds, seed } = readArguments(USAGE, OPTIONS);
const targets = TARGETS.filter((target) => name === "all" || target.name === name);
if (targets.length === 0) {
  refuse(`No target is called ${name}; there are ${TARGETS.map((target) => target.name).join(" ")}`);
}
const folder = new URL("../regressions/fuzz/", import.meta.url);
mkdirSync(folder, { recursive: true });
let failures = 0;
/** Inputs until memory is looked at again. */
let untilLook = 0;
for (const target of targets) if (!run(target)) failures++;
console.log(`${targets.length - failures} passed, ${failures} failed`);
process.exit(failures > 0 ? 1 : 0);

function run(target: FuzzTarget): boolean {
  const begin = performance.now();
  const end = begin + seconds * 1_000;
  const watchdog = new Watchdog(target, folder);
  const { inputs, failure } = fuzz(
    watchdog.watched({ ...target, run: (input) => runInMemory(target, input) }),
    seed,
    (count) => count % 64 !== 0 || performance.now() < end,
  );
  watchdog.end();
  const took = (performance.now() - begin) / 1_000;
  const rate = Math.round(inputs / took);
  console.log(
    `${target.name}: seed ${seed}, ${inputs} inputs in ${took.toFixed(0)} s, ${rate} a second${
      failure ? ", FAILED" : ""
    }`,
  );
  if (failure === undefined) return true;
  console.log(
    `${toHex(failure.input)}\n${failure.error instanceof Error ? failure.error.stack : failure.error}`,
  );
  const file = regressionName(target, failure.input);
  writeFileSync(new URL(file, folder), toHex(failure.input));
  console.log(`kept as tests/regressions/fuzz/${file}`);
  return false;
}

function runInMemory(target: FuzzTarget, input: Uint8Array): void {
  target.run(input);
  if (untilLook-- > 0) return;
  untilLook = 256;
  const { rss } = process.memoryUsage();
  invariant(rss < MOST_MEMORY_BYTES, `the process takes ${rss} bytes of memory`);
}
