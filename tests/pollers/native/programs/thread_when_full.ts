// Starts a thread with too few descriptors, and once more with enough.
import { closeSync, openSync } from "node:fs";
import process from "node:process";
import { Thread } from "../../../../pollers/native/thread.ts";
import { until } from "../../promised.ts";

process.on("SIGUSR2", () => {}); // Deno opens what signals need a moment after its start, and dies where it cannot
const module = new URL("../spinning_thread.ts", import.meta.url);
const counted = new Int32Array(new SharedArrayBuffer(4));
const files: number[] = [];
try {
  for (;;) files.push(openSync("/dev/null", "r"));
} catch { /* all are used up */ }
closeSync(files.pop()!);
try {
  new Thread(module, counted);
} catch (error) {
  console.log((error as Error).message);
}
for (const file of files) closeSync(file);
const thread = new Thread(module, counted);
await until(() => Atomics.load(counted, 0) > 0, "the thread's start");
thread.terminate();
await thread.ended;
console.log("started and ended");
process.exit(0);
