import { assertEquals } from "@std/assert";
import { Thread } from "../../../pollers/native/thread.ts";
import { test } from "../../harness.ts";
import { FEW_DESCRIPTORS, noLimit, Program } from "../program.ts";
import { sleep, until } from "../promised.ts";
import { TURN_MS } from "./spinning_thread.ts";

const SPINNING = new URL("./spinning_thread.ts", import.meta.url);

test("a thread that is terminated amid a turn has ended only when it runs no more", async () => {
  const counted = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Thread(SPINNING, counted);
  await until(() => Atomics.load(counted, 0) > 0, "the thread's start");
  thread.terminate();
  await thread.ended;
  const last = Atomics.load(counted, 0);
  await sleep(2 * TURN_MS);
  assertEquals(Atomics.load(counted, 0), last);
});

test("a thread that is terminated before it runs ends", async () => {
  const thread = new Thread(SPINNING, new Int32Array(new SharedArrayBuffer(4)));
  thread.terminate();
  await thread.ended;
});

test("a thread whose module does not exist ends, and says why", async () => {
  const { error } = await new Thread(new URL("./no_such_thread.ts", import.meta.url), 0).ended;
  assertEquals(error?.message.includes("no_such_thread.ts"), true, error?.message);
});

test(
  "a thread with too few descriptors to start is refused, or the runtime would end the process",
  async () => {
    const script = new URL("./programs/thread_when_full.ts", import.meta.url);
    const { code, output } = await new Program(script, [], { through: FEW_DESCRIPTORS }).ended;
    assertEquals(output.trim().split("\n"), [
      "it needs 12 descriptors, and 1 is left",
      "started and ended",
    ]);
    assertEquals(code, 0);
  },
  { skip: noLimit },
);
