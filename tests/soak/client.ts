// The client of a soak: so many calls a second, until its stdin ends and the last call has ended.
import process from "node:process";
import { readArguments } from "../../.ci/arguments.mjs";
import { SeededRandom } from "../../pollers/simulated/mod.ts";
import { ChannelPool } from "./channel_pool.ts";
import { answerSamples, resources } from "./resources.ts";
import { draw, type Kind, KINDS } from "./traffic.ts";

/** Calls are started this often, as many as are due. */
const TICK_MS = 10;

/** Calls at once; a client that cannot keep up starts fewer, and its rate says so. */
const MAX_RUNNING = 500;

/** Wrong calls that are told in full. */
const EXAMPLES = 10;

/** One channel of the pool is replaced by a new one after so many calls. */
const CALLS_A_REPLACEMENT = 500;

const { port, rate, seed } = readArguments("the client of npm run soak", { port: 0, rate: 100, seed: 1 });
const random = new SeededRandom(seed);
const pool = new ChannelPool(`127.0.0.1:${port}`);
const counts = {
  calls: 0,
  errors: 0,
  wrong: 0,
  byKind: Object.fromEntries(KINDS.map(({ name }) => [name, 0])),
  examples: [] as string[],
};
let started = 0;
let running = 0;
let ending = false;

async function make(kind: Kind, number: number): Promise<void> {
  running++;
  try {
    const failed = await pool.use((client) => kind.run({ client, random, number }));
    if (failed) counts.errors++;
  } catch (error) {
    counts.wrong++;
    const { stack = String(error) } = error as Error;
    if (counts.examples.length < EXAMPLES) {
      counts.examples.push(`call ${number}, ${kind.name}: ${stack.split("\n")[0]}`);
    }
  }
  counts.calls++;
  counts.byKind[kind.name]!++;
  running--;
  if (ending && running === 0) end();
}

const begin = performance.now();
const ticking = setInterval(() => {
  const due = Math.floor((performance.now() - begin) / 1_000 * rate) - started;
  for (let i = Math.min(due, MAX_RUNNING - running); i > 0; i--) {
    if (++started % CALLS_A_REPLACEMENT === 0) pool.replaceOne();
    void make(draw(random), started);
  }
}, TICK_MS);

function end(): void {
  console.log(`ended ${JSON.stringify({ client: resources(), ...counts })}`);
  pool.close();
  process.exit(0);
}

answerSamples(() => counts, () => {
  clearInterval(ticking);
  ending = true;
  if (running === 0) end();
});
console.log("calling");
