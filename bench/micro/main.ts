// Small measurements of single parts, on the runtime that runs this: prints a table, or JSON for `run.mjs`.
import process from "node:process";
import { Bench } from "tinybench";
import { readArguments } from "../arguments.mjs";
import { addGrpc } from "./grpc.ts";
import { addHpack } from "./hpack.ts";
import { addHttp2 } from "./http2.ts";
import { addPollers } from "./pollers.ts";
import { addSurface } from "./surface.ts";

const options = readArguments({ filter: "", ms: 300, json: false });
const bench = new Bench({ time: options.ms, warmupTime: options.ms / 3 });
for (const add of [addHpack, addHttp2, addGrpc, addPollers, addSurface]) add(bench);
for (const { name } of [...bench.tasks]) if (!name.includes(options.filter)) bench.remove(name);
await bench.run();
const rows = bench.tasks.map(({ name, result }) => {
  if (result.state === "errored") throw new Error(`${name} failed: ${result.error.message}`);
  if (result.state !== "completed") throw new Error(`${name} was not run: ${result.state}`);
  return { name, nanoseconds: result.latency.p50 * 1e6, margin: result.latency.rme };
});
if (options.json) console.log(JSON.stringify(rows));
else {
  for (const { name, nanoseconds, margin } of rows) {
    console.log(`${name.padEnd(50)} ${nanoseconds.toFixed(0).padStart(10)} ns ±${margin.toFixed(1)}%`);
  }
}
process.exit(0);
