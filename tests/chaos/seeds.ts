// Runs seeds one after another; ends with 1 where one of them found something.
import process from "node:process";
import { readArguments } from "../../.ci/arguments.mjs";
import { Progress } from "../progress.mjs";
import { OPTIONS, USAGE } from "./options.mjs";
import { runSeed } from "./simulated.ts";

const { seed: first, seeds } = readArguments(USAGE, OPTIONS);
const progress = new Progress("seeds", seeds);
const sums: Record<string, number> = {};
let failed = 0;
let calls = 0;
let faults = 0;
for (let seed = first; seed < first + seeds; seed++) {
  const outcome = await runSeed(seed);
  progress.advance(`seed ${seed}: ${outcome.calls} calls`);
  calls += outcome.calls;
  faults += outcome.faults.length;
  for (const [what, count] of Object.entries(outcome.counts)) sums[what] = (sums[what] ?? 0) + count;
  if (outcome.problems.length === 0 && seeds > 1) continue;
  progress.clear();
  if (outcome.problems.length > 0) failed++;
  console.log(`seed ${seed}: ${outcome.calls} calls, ${outcome.repeated} executed more than once`);
  for (const fault of seeds === 1 ? outcome.faults : []) console.log(`  ${fault}`);
  for (const problem of outcome.problems.slice(0, 20)) console.log(`  WRONG: ${problem}`);
}
progress.clear();
console.log(Object.entries(sums).sort().map(([what, count]) => `${what}: ${count}`).join(", "));
console.log(
  `${seeds} seeds, ${calls} calls, ${faults} faults: ${
    failed === 0 ? "nothing was lost" : `${failed} seeds failed`
  }`,
);
process.exit(failed === 0 ? 0 : 1);
