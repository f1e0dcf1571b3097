// Alarms, by the numbers of their rules.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Alarm, CompletionQueue, deadlineIn } from "pollwire";
import { queueCoreOf } from "../../../surface/queue/completion_queue.ts";
import { useEngine } from "../../../surface/full/engines.ts";
import { counted } from "../../counted_engine.ts";
import { test } from "../../harness.ts";
import "../../shared_engines.ts";
import { until } from "../serving.ts";
import { keeping, say } from "./queues.ts";

test("alarm: [Q55] gives its tag with true when it expires, with false when it is cancelled, once", async () => {
  using queue = new CompletionQueue();
  const deadline = deadlineIn(50); // a busy machine takes 5 ms to set it
  const alarm = new Alarm();
  alarm.set(queue, deadline, "expired");
  assertEquals(say(await queue.next()), ["expired", true]);
  assert(queueCoreOf(queue).engine.now() >= deadline);
  alarm.set(queue, deadlineIn(60_000), "cancelled");
  assertEquals(say(queue.tryNext()), ["QUEUE_TIMEOUT"]);
  alarm.cancel();
  assertEquals(say(await queue.next()), ["cancelled", false]);
  assertEquals(say(await queue.next(deadlineIn(10))), ["QUEUE_TIMEOUT"]);
});

test("alarm: [Q55] a deadline that has passed fires at once; Infinity never", async () => {
  using queue = new CompletionQueue();
  const alarm = new Alarm();
  alarm.set(queue, -Infinity, 1);
  assertEquals(say(queue.tryNext()), [1, true]);
  alarm.set(queue, Infinity, 2);
  assertEquals(say(await queue.next(deadlineIn(2))), ["QUEUE_TIMEOUT"]);
  alarm.cancel();
  assertEquals(say(queue.tryNext()), [2, false]);
});

test("alarm: [Q55] the process stays for one that will expire, until it has ended, and not for one that never does", async () => {
  const use = useEngine();
  const { engine, left } = counted(use.engine);
  const holds = () => left().filter((line) => line === "hold").length;
  {
    using queue = new CompletionQueue({ poller: engine });
    const alarms = [new Alarm(), new Alarm(), new Alarm({ poller: engine })];
    alarms[0]!.set(queue, deadlineIn(60_000), 1);
    alarms[1]!.set(queue, Infinity, 2);
    assertEquals(holds(), 1);
    alarms[2]!.set(deadlineIn(60_000), () => {});
    assertEquals(holds(), 2);
    for (const alarm of alarms) alarm.cancel();
    assertEquals(holds(), 0);
    alarms[2] = new Alarm();
    alarms[2].set(queue, deadlineIn(1), 3);
    await until(() => queueCoreOf(queue).events.size === 3);
    assertEquals(holds(), 0);
    assertEquals([1, 2, 3].map(() => say(queue.tryNext())), [[1, false], [2, false], [3, true]]);
  }
  await use.end();
});

test("alarm: [Q56] cancelling does nothing twice, after it fired, or where it was never set", async () => {
  using queue = new CompletionQueue();
  new Alarm().cancel();
  const alarm = new Alarm();
  alarm.set(queue, -1, 1);
  alarm.cancel();
  assertEquals(say(await queue.next()), [1, true]);
  alarm.cancel();
  {
    using disposed = new Alarm();
    disposed.set(queue, deadlineIn(60_000), 2);
    alarm.set(queue, deadlineIn(60_000), 3);
    alarm.cancel();
    alarm.cancel();
  }
  assertEquals([say(await queue.next()), say(await queue.next())], [[3, false], [2, false]]);
  assertEquals(say(queue.tryNext()), ["QUEUE_TIMEOUT"]);
});

test("alarm: [Q57] may be set again once its event was taken, and not before", async () => {
  using queue = new CompletionQueue();
  const alarm = new Alarm();
  const again = (): void => alarm.set(queue, -1, 2);
  alarm.set(queue, deadlineIn(1), 1);
  assertThrows(again, TypeError, "Cannot set an alarm that is set: the event of tag 1 was not taken yet");
  await until(() => queueCoreOf(queue).events.size === 1);
  assertThrows(again, TypeError, "was not taken yet");
  assertEquals(say(await queue.next()), [1, true]);
  again();
  assertEquals(say(await queue.next()), [2, true]);
});

test("alarm: [Q57] with a function it uses no queue, and calls it off the caller's stack", async () => {
  const said: unknown[] = [];
  const errors: unknown[] = [];
  const { logger } = keeping();
  const alarm = new Alarm({ logger, onError: (error, { where }) => void errors.push(`${where}: ${error}`) });
  const deadlines = [-1, deadlineIn(3), deadlineIn(60_000)];
  for (const [i, deadline] of deadlines.entries()) {
    alarm.set(deadline, (expired) => void said.push(expired));
    assertThrows(() => alarm.set(deadline, () => {}), TypeError, "its function was not called yet");
    if (i === 2) alarm.cancel();
    assertEquals(said.length, i);
    await until(() => said.length === i + 1);
  }
  assertEquals(said, [true, true, false]);
  alarm.set(-1, () => {
    throw new Error("thrown");
  });
  await until(() => errors.length === 1);
  alarm.set(-1, () => Promise.reject(new Error("rejected")));
  await until(() => errors.length === 2);
  assertEquals(errors, ["queue callback: Error: thrown", "queue callback: Error: rejected"]);
});
