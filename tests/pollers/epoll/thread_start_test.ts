// When the poller thread starts: not for an engine that is used for a moment.
import { assertEquals } from "@std/assert";
import type { EpollEngine } from "../../../pollers/epoll/engine.ts";
import { test } from "../../harness.ts";
import { read, readExactly, sleep, until, write } from "../promised.ts";
import { epollEngine, noEpoll } from "./setup.ts";

const skip = noEpoll;

/** Longer than an engine has to be in use. */
const A_WHILE_MS = 60;

function hasThread(engine: EpollEngine): boolean {
  return (engine as unknown as { waiting: { thread?: object } }).waiting.thread !== undefined;
}

/** Some bytes over a pair that is closed then; gives whether there was a thread meanwhile. */
async function useForAMoment(engine: EpollEngine): Promise<boolean> {
  const [one, other] = await engine.pair();
  const reading = readExactly(other, 5); // which has to wait
  await sleep(2);
  await write(one, "hello");
  await reading;
  const had = hasThread(engine);
  one.close();
  other.close();
  return had;
}

test(
  "an engine that is used for a moment has no poller thread, then neither, nor the next time",
  async () => {
    for (let tries = 0, quick = 0; quick < 2 && tries < 30; tries++) {
      const engine = epollEngine();
      for (let round = 0; round < 2; round++) {
        const from = performance.now();
        const had = await useForAMoment(engine);
        if (performance.now() - from > 15) break; // the first time, and on a busy machine
        quick++;
        assertEquals(had, false);
        await sleep(A_WHILE_MS);
        assertEquals(hasThread(engine), false);
      }
      await engine.shutdown();
    }
  },
  { skip },
);

test("one that is used longer has it, and keeps it; what waits until then is heard", async () => {
  const engine = epollEngine();
  const [one, other] = await engine.pair();
  const reading = read(one);
  await until(() => hasThread(engine), "the thread");
  await write(other, "hello");
  assertEquals((await reading as Uint8Array).length, 5);
  one.close();
  other.close();
  await sleep(A_WHILE_MS);
  assertEquals(hasThread(engine), true);
  assertEquals(await useForAMoment(engine), true);
  await engine.shutdown();
}, { skip });

test("one that is shut down before it has a thread, with bytes to come, leaves nothing", async () => {
  const engine = epollEngine();
  const [one, other] = await engine.pair();
  void read(one);
  await sleep(3);
  one.close();
  other.close();
  await engine.shutdown();
  assertEquals(hasThread(engine), false);
}, { skip });
