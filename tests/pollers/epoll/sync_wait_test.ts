// A thread that blocks in the epoll engine: signals, and poller threads that break or are gone.
import { assert, assertEquals, assertThrows } from "@std/assert";
import process from "node:process";
import { SliceBuffer } from "../../../pollers/mod.ts";
import { Thread } from "../../../pollers/native/thread.ts";
import { test } from "../../harness.ts";
import { logged } from "../../logged.ts";
import { read, until, write } from "../promised.ts";
import { threadId } from "./native_calls.ts";
import { breakSet, parked } from "./breaking.ts";
import { epollEngine, noEpoll, testShapes } from "./setup.ts";
import type { EpollEngine } from "../../../pollers/epoll/engine.ts";

const skip = noEpoll;

// Deno ends the process by a signal that comes to its thread of signals once nobody listens any more: this one stays.
if (skip === undefined) process.on("SIGUSR2", () => {});

testShapes("[Q128] a thousand signals end neither the wait nor its deadline", async (factory) => {
  const engine = factory.create({}) as EpollEngine;
  const [one, other] = await engine.pair();
  let signals = 0;
  const heard = (): void => void signals++;
  process.on("SIGUSR2", heard);
  const ending = new Int32Array(new SharedArrayBuffer(8));
  const thread = new Thread(new URL("./signaller.ts", import.meta.url), {
    thread: threadId(),
    ending,
  });
  await until(() => Atomics.load(ending, 1) > 0, "the first signal");
  const before = Atomics.load(ending, 1);
  const deadline = engine.now() + 300;
  assertEquals(engine.waitSync(() => false, deadline), false);
  assert(engine.now() >= deadline, "over before its deadline");
  assert(Atomics.load(ending, 1) > before + 10, "hardly a signal came meanwhile");
  const into = new SliceBuffer();
  let got = false;
  assertEquals(one.read(into, () => got = true), false);
  void write(other, "x");
  assert(engine.waitSync(() => got, engine.now() + 5_000));
  Atomics.store(ending, 0, 1);
  assertEquals((await thread.ended).error, undefined);
  await until(() => signals > 0, "the signals' listener");
  process.off("SIGUSR2", heard);
  one.close();
  other.close();
  await engine.shutdown();
});

testShapes(
  "a set that breaks while its thread blocks, or just before, ends the wait with the reason",
  async (factory) => {
    const engine = factory.create({}) as EpollEngine;
    const [one, other] = await engine.pair();
    await logged(async () => {
      const { mend } = await breakSet(engine, false);
      let error = "";
      assertEquals(one.read(new SliceBuffer(), (failed) => error = failed!.message), false);
      assertThrows(
        () => engine.waitSync(() => false, engine.now() + 5_000),
        Error,
        "Cannot block: the descriptors can no longer be polled: epoll_wait failed: EINVAL",
      );
      assert(error.includes("the descriptors can no longer be polled"), error);
      mend();
    });
    const [three, four] = await engine.pair();
    const pending = read(three);
    await write(four, "on");
    assertEquals(new TextDecoder().decode(await pending as Uint8Array), "on");
    for (const end of [one, other, three, four]) end.close();
    await engine.shutdown();
  },
);

test("a poller thread that is gone while it had the token is done without", async () => {
  const engine = epollEngine();
  const [one, other] = await engine.pair();
  await parked(engine);
  const { waiting } = engine as unknown as { waiting: { thread: Thread; handover: { control: Int32Array } } };
  const { thread, handover: { control } } = waiting;
  // It ends without a word: as one that the system ended.
  Atomics.store(control, 3, 1);
  engine["pollset"].kick();
  await until(() => waiting.thread !== thread || Atomics.load(control, 1) === 1, "its end");
  const into = new SliceBuffer();
  let got = false;
  assertEquals(one.read(into, () => got = true), false);
  await logged(async () => {
    void write(other, "x");
    assert(engine.waitSync(() => got, engine.now() + 15_000));
    await until(() => waiting.thread !== thread, "another state of the thread");
  });
  one.close();
  other.close();
  await engine.shutdown();
}, { skip });

test(
  "a signal that comes late, of a token that was taken back, wakes nobody, and the next event does",
  async () => {
    const engine = epollEngine();
    const [one, other] = await engine.pair();
    const pending = read(one);
    await parked(engine);
    const { waiting } = engine as unknown as { waiting: { wake(): void; parked: boolean } };
    waiting.wake();
    assertEquals(waiting.parked, true);
    await write(other, "on");
    assertEquals(new TextDecoder().decode(await pending as Uint8Array), "on");
    one.close();
    other.close();
    await engine.shutdown();
  },
  { skip },
);
