// What `npm run chaos` takes.

/** One sentence and examples. */
export const USAGE =
  `npm run chaos: servers that are killed, frozen, drained and moved under calls, in virtual time.

  npm run chaos -- --seeds=1000 --runtime=bun
  npm run chaos -- --seed=17                    with its faults`;

/** Options, as \`.ci/arguments.mjs\` takes them. */
export const OPTIONS = {
  seed: [1, "first seed"],
  seeds: [1, "how many, one after another"],
};
