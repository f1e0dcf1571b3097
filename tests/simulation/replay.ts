// Runs seeds one after another, with a verdict; a single one with its trace. A seed that fails is kept in
// tests/regressions/simulation/.
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { readArguments } from "../../.ci/arguments.mjs";
import { Progress } from "../progress.mjs";
import { OPTIONS, USAGE } from "./options.mjs";
import { runProgram } from "./program.ts";

const { seed: first, seeds, steps, trace } = readArguments(USAGE, OPTIONS);
const alone = seeds === 1;
const progress = new Progress("seeds", seeds);
const statuses: Record<string, number> = {};
let failed = 0;
for (let seed = first; seed < first + seeds && failed === 0; seed++) {
  try {
    const outcome = await runProgram(seed, steps, alone ? 100_000 : 200);
    if (alone) console.log(folded(outcome.trace, trace).join("\n"));
    for (const [name, count] of Object.entries(outcome.statuses)) {
      statuses[name] = (statuses[name] ?? 0) + count;
    }
  } catch (error) {
    failed++;
    progress.clear();
    console.log((error as Error).message);
    const folder = new URL("../regressions/simulation/", import.meta.url);
    mkdirSync(folder, { recursive: true });
    writeFileSync(new URL(`${seed}-${steps}.json`, folder), JSON.stringify({ seed, steps }));
    console.log(`kept as tests/regressions/simulation/${seed}-${steps}.json`);
  }
  progress.advance(`seed ${seed}`);
}
progress.clear();
const calls = Object.entries(statuses).map(([name, count]) => `${count} ${name}`).join(", ");
console.log(`calls by status: ${calls}`);
console.log(`${progress.done - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

/** `lines` of which those that follow one another and differ in the time alone stand once, unless `whole`. */
function folded(lines: readonly string[], whole: boolean): string[] {
  const shown: string[] = [];
  let last: string | undefined = undefined, times = 0;
  const flush = (): void => {
    if (times > 1) shown.push(`${" ".repeat(12)}... ${times - 1} more of these`);
  };
  for (const line of lines) {
    const event = line.replace(/^[\s\d.]+/, "");
    if (event === last && !whole) {
      times++;
      continue;
    }
    flush();
    shown.push(line);
    last = event;
    times = 1;
  }
  flush();
  return shown;
}
