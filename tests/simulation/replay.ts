// Runs seeds one after another; a single one with its trace. A seed that fails is kept in tests/regressions/simulation/.
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { runProgram } from "./program.ts";

const options: Record<string, number> = { seed: 1, seeds: 1, steps: 12 };
for (const argument of process.argv.slice(2)) {
  const match = /^--(seed|seeds|steps)=(\d+)$/.exec(argument);
  if (match === null) {
    console.error(
      `Cannot read argument ${JSON.stringify(argument)}; there are --seed= --seeds= --steps= --runtime=`,
    );
    process.exit(2);
  }
  options[match[1]!] = Number(match[2]);
}
const { seed: first = 1, seeds = 1, steps = 12 } = options;
for (let seed = first; seed < first + seeds; seed++) {
  try {
    const outcome = await runProgram(seed, steps, seeds === 1 ? 100_000 : 200);
    if (seeds === 1) console.log(outcome.trace.join("\n"));
    if (seeds === 1 || seed % 1_000 === 0) {
      console.log(`seed ${seed}: ${JSON.stringify(outcome.statuses)} in ${outcome.virtualMs.toFixed(3)} ms`);
    }
  } catch (error) {
    console.log((error as Error).message);
    const folder = new URL("../regressions/simulation/", import.meta.url);
    mkdirSync(folder, { recursive: true });
    writeFileSync(new URL(`${seed}-${steps}.json`, folder), JSON.stringify({ seed, steps }));
    process.exit(1);
  }
}
process.exit(0);
