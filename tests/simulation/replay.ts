// Runs seeds one after another, with a verdict; a single one with its trace. A seed that fails is kept in
// tests/regressions/simulation/.
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { readArguments } from "../../.ci/arguments.mjs";
import { Progress } from "../progress.mjs";
import { OPTIONS, USAGE } from "./options.mjs";
import { runProgram, type Styles } from "./program.ts";

const { seed: first, seeds, steps, styles, trace } = readArguments(USAGE, OPTIONS);
const alone = seeds === 1;
const progress = new Progress("seeds", seeds);
const statuses: Record<string, number> = {};
let failed = 0;
for (let seed = first; seed < first + seeds && failed === 0; seed++) {
  try {
    const outcome = await runProgram(seed, steps, alone ? 100_000 : 200, styles as Styles);
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
    const name = `${seed}-${steps}${styles === "all" ? "-all" : ""}.json`;
    writeFileSync(new URL(name, folder), JSON.stringify({ seed, steps, styles }));
    console.log(`kept as tests/regressions/simulation/${name}`);
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
