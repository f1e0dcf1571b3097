// Terminates threads that block in an engine of their own, closes what they have left, and uses the same numbers again.
import process from "node:process";
import { ORPHANED_RESOURCES } from "../../../../pollers/mod.ts";
import { Thread } from "../../../../pollers/native/thread.ts";
import { readExactly, sleep, write } from "../../promised.ts";
import { epollEngine } from "../setup.ts";
import { PAIRS } from "../terminated.ts";

/** At the same time, so that threads end while others start. */
const TOGETHER = 4;

const MODULE = new URL("../terminated.ts", import.meta.url);
const engine = epollEngine();
let toCome = Number(process.argv[2]);

async function liveAndDie(): Promise<void> {
  let onOpen: (left: unknown) => void;
  const opened = new Promise<unknown>((resolve) => onOpen = resolve);
  const thread = new Thread(MODULE, true, (left) => onOpen(left));
  const left = await opened;
  await sleep(Math.random() * 30);
  thread.terminate();
  await thread.ended;
  engine.extension(ORPHANED_RESOURCES)!.reclaimResources(left);
}

/** Opens as much as a thread has left, and finds it open a little later. */
async function useNumbersAgain(): Promise<void> {
  const pairs = await Promise.all(Array.from({ length: PAIRS }, () => engine.pair()));
  await sleep(20);
  for (const [one, other] of pairs) {
    const error = await write(one, "mine");
    if (error !== undefined) throw error;
    await readExactly(other, 4);
    one.close();
    other.close();
  }
}

async function repeat(): Promise<void> {
  while (toCome-- > 0) {
    await liveAndDie();
    await useNumbersAgain();
  }
}

await Promise.all(Array.from({ length: TOGETHER }, repeat));
console.log("all ended");
process.exit(0);
