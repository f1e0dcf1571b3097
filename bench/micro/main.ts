// Micro benchmarks of single parts on the runtime that runs this; `run.mjs` puts runtimes side by side.
//
//   deno run -A bench/micro/main.ts --filter=hpack --ms=500 --json
import process from "node:process";
import { Bench } from "tinybench";
import { readArguments } from "../../.ci/arguments.mjs";
import { checksum, operationsOf } from "./batch.ts";
import { add as addCalls } from "./calls.ts";
import { add as addCodec, addGenerated } from "./codec.ts";
import { add as addFfi } from "./ffi.ts";
import { add as addFrames } from "./frames.ts";
import { add as addHpack } from "./hpack.ts";
import { add as addJson } from "./json.ts";
import { add as addLoad } from "./load.ts";
import { add as addMessages } from "./messages.ts";
import { add as addMetadata } from "./metadata.ts";
import { add as addQueue } from "./queue.ts";
import { add as addPicks } from "./picks.ts";
import { add as addSlices } from "./slices.ts";
import { markdown } from "./table.mjs";
import { add as addTimers } from "./timers.ts";
import { add as addTurn } from "./turn.ts";

const options: { filter: string; ms: number; json: boolean } = readArguments(
  "Micro benchmarks of single parts, on the runtime that runs this.",
  {
    filter: ["", "only benchmarks whose name contains this"],
    ms: [150, "milliseconds for each"],
    json: [false, "one line of JSON instead of a table"],
  },
);
const bench = new Bench({ time: options.ms, warmupTime: options.ms / 3, throws: true });
for (
  const add of [
    addHpack,
    addFrames,
    addMessages,
    addTimers,
    addSlices,
    addMetadata,
    addQueue,
    addCalls,
    addCodec,
    addJson,
    addLoad,
    addTurn,
    addPicks,
    addFfi,
  ]
) add(bench);
await addGenerated(bench);
for (const { name } of [...bench.tasks]) if (!name.includes(options.filter)) bench.remove(name);
if (bench.tasks.length === 0) {
  fail(`Cannot find a benchmark whose name has ${JSON.stringify(options.filter)}`);
}
await bench.run();
const rows = bench.tasks.map(({ name, result }) => {
  if (result.state !== "completed") {
    throw new Error(`Cannot measure ${JSON.stringify(name)}: ${result.state}`);
  }
  const nanoseconds = result.latency.p50 * 1e6 / operationsOf(name);
  return { name, nanoseconds, opsPerSecond: 1e9 / nanoseconds, margin: result.latency.rme };
});
const runtime = "Deno" in globalThis ? "deno" : "bun";
if (options.json) console.log(JSON.stringify({ runtime, rows, checksum: checksum() }));
else console.log(`${markdown([{ runtime, rows }])}\n\nchecksum ${checksum()}`);

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
