// What `npm run fuzz` takes, read by the launcher and by the program it starts.

/** One sentence and examples. */
export const USAGE = `npm run fuzz: long runs of the fuzz targets.

  npm run fuzz -- --name=hpack --seconds=600
  npm run fuzz -- --seconds=60 --seed=7 --runtime=bun`;

/** Options, as `.ci/arguments.mjs` takes them. */
export const OPTIONS = {
  name: ["all", "target to run"],
  seconds: [10, "time for each target"],
  seed: [Date.now() % 1_000_000_007, "first seed; by default from the clock"],
};
