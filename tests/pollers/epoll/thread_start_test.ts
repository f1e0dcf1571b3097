// When the poller thread starts: not for an engine that is used for a moment.
import { assertEquals } from "@std/assert";
import type { Loop } from "../../../pollers/core/base_engine.ts";
import type { EpollEngine } from "../../../pollers/epoll/engine.ts";
import { test } from "../../harness.ts";
import { read, readExactly, until, write } from "../promised.ts";
import { epollEngine, noEpoll } from "./setup.ts";

const skip = noEpoll;

/** As in thread_waiting.ts. */
const START_AFTER_MS = 20;

function hasThread(engine: EpollEngine): boolean {
  return (engine as unknown as { waiting: { thread?: object } }).waiting.thread !== undefined;
}

/** An engine whose thread has its time when the test says so. */
function engineWithStarts(): { engine: EpollEngine; starts: Array<() => void> } {
  const engine = epollEngine();
  const starts: Array<() => void> = [];
  const { runtime } = engine.activity;
  const arm: Loop["arm"] = (ms, fire) => {
    if (ms !== START_AFTER_MS) return runtime.arm(ms, fire);
    starts.push(fire);
    return undefined;
  };
  Object.assign(engine.activity, { runtime: { ...runtime, arm } });
  return { engine, starts };
}

/** Some bytes over a pair that is closed then. */
async function useForAMoment(engine: EpollEngine): Promise<void> {
  const [one, other] = await engine.pair();
  const reading = readExactly(other, 5); // which has to wait
  await new Promise((resolve) => setTimeout(resolve, 3));
  await write(one, "hello");
  await reading;
  one.close();
  other.close();
}

test(
  "an engine that is used for a moment has no poller thread, then neither, nor the next time",
  async () => {
    const { engine, starts } = engineWithStarts();
    for (let round = 1; round <= 3; round++) {
      await useForAMoment(engine);
      assertEquals([starts.length, hasThread(engine)], [round, false]);
      starts.at(-1)!();
      assertEquals(hasThread(engine), false);
    }
    await engine.shutdown();
  },
  { skip },
);

test("one that is in use when the thread's time has come has it, and keeps it", async () => {
  const { engine, starts } = engineWithStarts();
  const [one, other] = await engine.pair();
  const reading = read(one);
  await useForAMoment(engine);
  assertEquals(starts.length, 1);
  starts[0]!();
  await until(() => hasThread(engine), "the thread");
  await write(other, "hello");
  assertEquals((await reading as Uint8Array).length, 5);
  one.close();
  other.close();
  await useForAMoment(engine);
  assertEquals([starts.length, hasThread(engine)], [1, true]);
  await engine.shutdown();
  assertEquals(engine.opened.size, 0);
}, { skip });
