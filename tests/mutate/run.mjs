// `npm run mutate`: puts one-line faults into a copy of the tree, one at a time, and sees whether their tests fail.
import process from "node:process";
import { COUNT, readArguments, refuse, WHOLE } from "../../.ci/arguments.mjs";
import { ensureInstalled } from "../../.ci/install.mjs";
import { endGroups } from "../process_group.mjs";
import { Progress } from "../progress.mjs";
import { printList } from "../tally.mjs";
import { judge } from "./judge.mjs";
import { readMutations, staleReason } from "./mutations.mjs";
import { makeCopy } from "./tree.mjs";

const USAGE =
  `npm run mutate: puts one-line faults into a copy of the tree, and sees whether their tests fail.

  npm run mutate -- --filter=surface/client
  npm run mutate -- --sample=20 --seed=7`;

const { filter, sample, seed, jobs } = readArguments(USAGE, {
  filter: ["", "only mutations whose file, test or id contains this"],
  sample: [0, "this many, drawn at random; 0 for all", WHOLE],
  seed: [Date.now() % 1_000_000, "what the sample is drawn by; by default from the clock"],
  jobs: [2, "copies that work at the same time", COUNT],
});

ensureInstalled();
const all = (await readMutations()).filter(({ id, file, test }) =>
  [id, file, test].some((text) => text.includes(filter))
);
const chosen = sample > 0 ? draw(all, sample, seed) : all;
if (chosen.length === 0) refuse(`No mutation has ${JSON.stringify(filter)} in its id, file or test`);
if (sample > 0) console.log(`${chosen.length} of ${all.length} mutations, drawn by --seed=${seed}`);

const progress = new Progress("mutations", chosen.length);
const rest = [...chosen];
const missed = [];
const skipped = [];
const copies = new Set();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => endBy(signal));
await Promise.all(Array.from({ length: jobs }, work));
progress.clear();
for (const line of skipped) console.log(line);
printList("Missed", missed);
const caught = chosen.length - missed.length - skipped.length;
console.log(
  `\n${caught} caught, ${missed.length} missed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`,
);
process.exit(missed.length > 0 ? 1 : 0);

/** One copy's share of the work. */
async function work() {
  const copy = makeCopy();
  copies.add(copy);
  try {
    for (let mutation = rest.shift(); mutation !== undefined; mutation = rest.shift()) {
      progress.show(mutation.id);
      const verdict = staleReason(mutation) ?? await judge(copy, mutation);
      progress.advance(mutation.id);
      if (verdict === "caught") continue;
      if (verdict.startsWith("SKIP ")) skipped.push(`SKIP mutation ${mutation.id}: ${verdict.slice(5)}`);
      else missed.push(`${mutation.id}: ${verdict} (${mutation.test})`);
    }
  } finally {
    copy.remove();
    copies.delete(copy);
  }
}

/** Leaves no copy and no test that runs: a mutated one may be an endless loop. */
function endBy(signal) {
  endGroups();
  for (const copy of copies) copy.remove();
  console.log(`Ended by ${signal}`);
  process.exit(1);
}

/** `count` of `list`, by a generator that begins at `start`. */
function draw(list, count, start) {
  let state = start >>> 0;
  const random = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  return list.map((one) => [random(), one]).sort(([a], [b]) => a - b).slice(0, count).map(([, one]) => one);
}
