// What `npm run simulate` takes, read by the launcher and by the program it starts.
import { COUNT, WHOLE } from "../../.ci/arguments.mjs";

/** One sentence and examples. */
export const USAGE = `npm run simulate: replays one seed with its trace, or looks for seeds that fail.

  npm run simulate -- --seed=17 --steps=12
  npm run simulate -- --seed=1 --seeds=3000 --runtime=bun`;

/** Options, as `.ci/arguments.mjs` takes them. */
export const OPTIONS = {
  seed: [1, "first seed", WHOLE],
  seeds: [1, "how many seeds, one after another; a single one is printed with its trace", COUNT],
  steps: [12, "calls of each program", COUNT],
  styles: [
    "all",
    "calls in all styles, by promises alone, that block, or in all styles with compressed messages, or policies",
    ["all", "promise", "blocking", "compressed", "repeated"],
  ],
  trace: [false, "every line of the trace, also where one repeats another"],
};
