// Opens its first endpoints with too few descriptors for a thread, and then has enough.
import { closeSync, openSync } from "node:fs";
import process from "node:process";
import { readExactly, sleep, until, write } from "../../promised.ts";
import { parked } from "../breaking.ts";
import { epollEngine } from "../setup.ts";

process.on("SIGUSR2", () => {}); // Deno opens what signals need a moment after its start, and dies where it cannot
const engine = epollEngine();
const files: number[] = [];
try {
  for (;;) files.push(openSync("/dev/null", "r"));
} catch { /* all are used up */ }
for (let free = 0; free < 10; free++) closeSync(files.pop()!);
const [one, other] = await engine.pair();

async function echo(text: string): Promise<void> {
  const reading = readExactly(one, text.length);
  await sleep(5); // for an engine that has gone to sleep
  await write(other, text);
  console.log(`echoed: ${new TextDecoder().decode(await reading)}`);
}

const { waiting } = engine as unknown as { waiting: { thread?: object; alone: boolean } };
await until(() => waiting.alone, "the failure to start a thread");
await echo("alone");
let least = 1;
for (let span = 0; span < 8 && least > 0.2; span++) {
  const [before, began] = [process.cpuUsage(), performance.now()];
  await sleep(200);
  const { user, system } = process.cpuUsage(before);
  least = Math.min(least, (user + system) / 1000 / (performance.now() - began));
}
console.log(least < 0.2 ? "processor: idle" : `processor: ${least} of one`);
for (const file of files.splice(0)) closeSync(file);
await until(() => waiting.thread !== undefined, "a thread");
await parked(engine);
console.log("a thread polls");
await echo("with it");
one.close();
other.close();
await engine.shutdown();
process.exit(0);
