// Completion queues: kinds, events, waiting and plucking, by the numbers of their rules (docs/decisions/0021).
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { Alarm, CompletionQueue, type CompletionType, deadlineIn, type PollingType } from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { useEngine } from "../../../surface/full/engines.ts";
import { queueCoreOf } from "../../../surface/queue/completion_queue.ts";
import { counted } from "../../counted_engine.ts";
import { test } from "../../harness.ts";
import "../../shared_engines.ts";
import { nothingLeft } from "../serving.ts";
import { inject, keeping, say, settled } from "./queues.ts";

const COMPLETION_TYPES: CompletionType[] = ["NEXT", "PLUCK", "CALLBACK"];
const POLLING_TYPES: PollingType[] = ["DEFAULT_POLLING", "NON_LISTENING", "NON_POLLING"];

test("queue: [Q1] all nine combinations of its two types can be made", () => {
  for (const completionType of COMPLETION_TYPES) {
    for (const pollingType of POLLING_TYPES) {
      using queue = new CompletionQueue({ completionType, pollingType });
      assertEquals([queue.completionType, queue.pollingType], [completionType, pollingType]);
    }
  }
  using usual = new CompletionQueue();
  assertEquals([usual.completionType, usual.pollingType], ["NEXT", "DEFAULT_POLLING"]);
  for (const options of [{ completionType: "next" }, { pollingType: "POLLING" }, { completion: "NEXT" }]) {
    assertThrows(() => new CompletionQueue(options as never), TypeError, "Cannot make a completion queue");
  }
  assertThrows(
    () => new CompletionQueue({ onShutdown: () => {} }),
    TypeError,
    "onShutdown is for type CALLBACK",
  );
});

test("queue: what its callback, its errors or its messages go to is checked when it is made, as an alarm's", () => {
  const completionType = "CALLBACK";
  const queue = (options: object) => () => void new CompletionQueue({ completionType, ...options } as never);
  assertThrows(queue({ onShutdown: true }), TypeError, "onShutdown is the boolean true; give a function");
  assertThrows(queue({ onError: "x" }), TypeError, 'onError is the string "x"; give a function');
  assertThrows(queue({ logger: {} }), TypeError, "logger.error is null; give a function");
  assertThrows(() => new Alarm({ logger: {} as never }), TypeError, "Cannot make an alarm: logger.error is");
});

test("queue: [Q2] the methods of another type throw, and say which to use", async () => {
  using pluck = new CompletionQueue({ completionType: "PLUCK" });
  using next = new CompletionQueue();
  using callback = new CompletionQueue({ completionType: "CALLBACK" });
  await assertRejects(
    () => pluck.next(),
    TypeError,
    "Cannot next: the completion queue is of type PLUCK; use pluck",
  );
  assertThrows(() => pluck.tryNext(), TypeError, "use pluck");
  assertThrows(() => pluck[Symbol.asyncIterator](), TypeError, "use pluck");
  await assertRejects(() => pluck.doThenAsyncNext(() => {}), TypeError, "use pluck");
  await assertRejects(
    () => next.pluck(1),
    TypeError,
    "Cannot pluck: the completion queue is of type NEXT; use next",
  );
  await assertRejects(() => callback.next(), TypeError, "its tags are called");
  await assertRejects(() => callback.pluck(1), TypeError, "its tags are called");
  assertThrows(() => new Alarm().set(callback, 0, "no function"), TypeError, "not a function");
});

test("queue: [Q3] an event is type, success and tag; only OP_COMPLETE has a tag", async () => {
  const queue = new CompletionQueue<number>();
  inject(queue, 7);
  assertEquals(await queue.next(), { type: "OP_COMPLETE", success: true, tag: 7 });
  assertEquals(await queue.next(-1), { type: "QUEUE_TIMEOUT", success: false, tag: undefined });
  queue.shutdown();
  assertEquals(await queue.next(), { type: "QUEUE_SHUTDOWN", success: false, tag: undefined });
});

test("queue: [Q4] a tag is any value, and comes back the same, as often as it was given", async () => {
  const queue = new CompletionQueue();
  const hostile = new Proxy({}, {
    get() {
      throw new Error("a tag is not looked at");
    },
  });
  const tags = [undefined, null, 0, NaN, "", Symbol("s"), () => {}, { a: 1 }, Object.create(null), hostile];
  for (const tag of [...tags, ...tags]) inject(queue, tag);
  for (const tag of [...tags, ...tags]) {
    const event = await queue.next();
    assertEquals(event.type, "OP_COMPLETE");
    assert(Object.is(event.tag, tag));
  }
  queue.destroy();
  const plucked = new CompletionQueue({ completionType: "PLUCK" });
  for (const tag of [1, ...tags]) inject(plucked, tag);
  for (const tag of [...tags].reverse()) assert(Object.is((await plucked.pluck(tag)).tag, tag));
  await plucked.pluck(1);
  plucked.destroy();
});

test("queue: [Q7] what is there is taken whatever the deadline; else the engine polls once", async () => {
  using queue = new CompletionQueue();
  inject(queue, "there");
  assertEquals(say(await queue.next(-1_000)), ["there", true]);
  const { engine } = queueCoreOf(queue);
  const late = queue.next(-1_000);
  assert(!await settled(late)); // it polls
  engine.run(() => inject(queue, "too late"));
  assertEquals(say(await late), ["QUEUE_TIMEOUT"]);
  assertEquals(say(await queue.next()), ["too late", true]);
  const before = queue.polls;
  engine.run(() => inject(queue, "polled"));
  assertEquals(say(await queue.next(-1_000)), ["polled", true]);
  assertEquals(queue.polls, before + 1);
});

test("queue: [Q7] tryNext takes what is there, and never waits", () => {
  const queue = new CompletionQueue();
  assertEquals(say(queue.tryNext()), ["QUEUE_TIMEOUT"]);
  inject(queue, 1);
  assertEquals(say(queue.tryNext()), [1, true]);
  queue.shutdown();
  assertEquals(say(queue.tryNext()), ["QUEUE_SHUTDOWN"]);
});

test("queue: [Q8] deadlines are instants of the engine's clock, never early; without one there is no QUEUE_TIMEOUT", async () => {
  using queue = new CompletionQueue();
  const { engine } = queueCoreOf(queue);
  const instants = [engine.now(), deadlineIn(12.4) - 12.4, queue.deadlineIn(0), deadlineIn(0), engine.now()];
  const deadline = deadlineIn(12.4);
  for (const [i, instant] of instants.entries()) assert(i === 0 || instant - instants[i - 1]! > -0.001);
  assertEquals(say(await queue.next(deadline)), ["QUEUE_TIMEOUT"]);
  assert(engine.now() >= deadline);
  const endless = queue.next(Infinity);
  assertEquals(say(await queue.next(deadlineIn(5))), ["QUEUE_TIMEOUT"]);
  assert(!await settled(endless));
  inject(queue, 1);
  assertEquals(say(await endless), [1, true]);
  for (const wrong of [NaN, Date.now(), new Date(), "1", null]) {
    await assertRejects(() => queue.next(wrong as number), TypeError, "give deadlineIn(milliseconds)");
    assertThrows(
      () => new Alarm().set(queue, wrong as number, 1),
      TypeError,
      "give deadlineIn(milliseconds)",
    );
  }
  assertThrows(() => deadlineIn("5" as never), TypeError, "give milliseconds from now");
});

test("queue: [Q9] each event goes to one of several consumers, and wakes at most one", async () => {
  const queue = new CompletionQueue<number>();
  const waiting = [queue.next(), queue.next(), queue.next()];
  inject(queue, 1);
  assertEquals(await Promise.all(waiting.map(settled)), [true, false, false]);
  inject(queue, 2);
  inject(queue, 3);
  inject(queue, 4);
  assertEquals((await Promise.all(waiting)).map(({ tag }) => tag), [1, 2, 3]);
  assertEquals(say(queue.tryNext()), [4, true]);
  queue.destroy();
});

test("queue: [Q9] who takes one of several events wakes another consumer", async () => {
  using queue = new CompletionQueue<number>();
  const core = queueCoreOf(queue);
  const waiting = [queue.next(), queue.next()];
  // As where a consumer that blocked its thread was woken while two events came.
  for (const tag of [1, 2]) core.events.push({ type: "OP_COMPLETE", success: true, tag });
  core.poller.kick(core.pollset);
  assertEquals((await Promise.all(waiting)).map(({ tag }) => tag), [1, 2]);
});

test("queue: [Q10] six may pluck at a time; a seventh gets QUEUE_TIMEOUT at once", async () => {
  const { lines, logger } = keeping();
  using queue = new CompletionQueue<number>({ completionType: "PLUCK", logger });
  const six = [0, 1, 2, 3, 4, 5].map((tag) => queue.pluck(tag));
  const seventh = queue.pluck(6);
  assert(await settled(seventh));
  assertEquals(say(await seventh), ["QUEUE_TIMEOUT"]);
  assertEquals(lines, [
    "warn Cannot pluck 6: 6 pluck from this queue already, and it takes no more at a time",
  ]);
  inject(queue, 6);
  assertEquals(say(await queue.pluck(6)), [6, true]); // what is there needs no place
  assertEquals(await Promise.all(six.map(settled)), six.map(() => false));
  for (const tag of [5, 4, 3, 2, 1, 0]) inject(queue, tag);
  assertEquals((await Promise.all(six)).map(({ tag }) => tag), [0, 1, 2, 3, 4, 5]);
});

test("queue: [Q11] pluck leaves the events of other tags, in order; one event goes to one of two that want it", async () => {
  const queue = new CompletionQueue<string>({ completionType: "PLUCK" });
  for (const tag of ["a", "b", "a", "c"]) inject(queue, tag);
  assertEquals(say(await queue.pluck("c", -1)), ["c", true]);
  assertEquals(say(await queue.pluck("d", -1)), ["QUEUE_TIMEOUT"]);
  assertEquals(queueCoreOf(queue).events.all().map(({ tag }) => tag), ["a", "b", "a"]);
  for (const tag of ["a", "a", "b"]) await queue.pluck(tag);
  const two = [queue.pluck("e"), queue.pluck("e")];
  inject(queue, "e");
  assertEquals((await Promise.all(two.map(settled))).filter((is) => is).length, 1);
  inject(queue, "e");
  assertEquals((await Promise.all(two)).map(({ tag }) => tag), ["e", "e"]);
  queue.destroy();
});

test("queue: [Q12] a completion kicks the consumer that plucks its tag, not the one that came first", async () => {
  using queue = new CompletionQueue<number>({ completionType: "PLUCK" });
  const first = queue.pluck(1);
  const second = queue.pluck(2);
  const { polls } = queue;
  inject(queue, 2);
  assertEquals(say(await second), [2, true]);
  assert(!await settled(first));
  assertEquals(queue.polls, polls); // the first one did not even look
  inject(queue, 1);
  await first;
});

test("queue: [Q13] waiting on one queue, an event of another wakes the consumer there", async () => {
  using one = new CompletionQueue();
  using other = new CompletionQueue();
  const waiting = one.next();
  const elsewhere = other.next();
  new Alarm().set(other, deadlineIn(1), "other");
  assertEquals(say(await elsewhere), ["other", true]);
  assert(!await settled(waiting));
  inject(one, "one");
  await waiting;
});

test("queue: [Q14] NON_POLLING remembers a kick that found nobody: it ends the next wait at once", async () => {
  using queue = new CompletionQueue({ pollingType: "NON_POLLING" });
  const { poller, pollset } = queueCoreOf(queue);
  poller.kick(pollset);
  const waiting = queue.next(deadlineIn(60_000));
  assertEquals(queue.polls, 2); // the first ended at once, and the consumer looked again
  assert(!await settled(waiting));
  inject(queue, 1);
  assertEquals(say(await waiting), [1, true]);
});

test("queue: [Q14] NON_POLLING does not poll for a deadline that has passed; I/O goes on while somebody waits", async () => {
  using queue = new CompletionQueue({ pollingType: "NON_POLLING" });
  assert(await settled(queue.next(-1)));
  const waiting = queue.next();
  new Alarm().set(queue, deadlineIn(1), "timer");
  assertEquals(say(await waiting), ["timer", true]);
});

test("queue: [Q15][Q16] the pollers differ in what they poll, and share the rest", () => {
  const at = (pollingType: PollingType) => {
    using queue = new CompletionQueue({ pollingType });
    return queueCoreOf(queue).poller;
  };
  const [usual, silent, none] = POLLING_TYPES.map(at);
  assertEquals([usual!.canGetPollset, usual!.canListen], [true, true]);
  assertEquals({ ...silent!, canListen: true }, usual!);
  assertEquals([silent!.canListen, none!.canGetPollset, none!.canListen], [false, false, false]);
  const methods = ["init", "kick", "work", "shutdown", "destroy"] as const;
  for (const method of methods) assertStrictEquals(silent![method], usual![method]);
  assertEquals(Object.keys(usual!), ["canGetPollset", "canListen", ...methods]);
});

test("queue: [Q17] where the engine cannot wait, consumers get its error and the logger a line", async () => {
  const use = useEngine();
  const broken = Object.create(use.engine, { runAt: { value: undefined, writable: true } });
  broken.runAt = () => {
    throw new Error("no more timers");
  };
  const { lines, logger } = keeping();
  const queue = new CompletionQueue({ poller: broken, logger });
  await assertRejects(() => queue.next(deadlineIn(60_000)), Error, "no more timers");
  assertEquals(lines, ["error a completion queue cannot wait, since its engine threw Error: no more timers"]);
  inject(queue, 1);
  assertEquals(say(await queue.next(deadlineIn(60_000))), [1, true]);
  assertEquals(queueCoreOf(queue).pollset.workers, []);
  queue.destroy();
  await use.end();
});

test("queue: [Q18] it counts the waits that were begun", async () => {
  using queue = new CompletionQueue();
  assertEquals(queue.polls, 0);
  inject(queue, 1);
  await queue.next();
  assertEquals(queue.polls, 0);
  await queue.next(-1);
  await queue.next(deadlineIn(1));
  assertEquals(queue.polls, 2);
});

test("queue: what whoever takes one event after the other sends in between is written together, and only that", async () => {
  const engine = new Simulation().host();
  let expected = 0;
  engine.execCtx.expectContinuations = () => void expected++;
  const since = (): number => [expected, expected = 0][0]!;
  const queue = new CompletionQueue<string>({ poller: engine });
  const waiting = queue.next();
  inject(queue, "taken at once");
  assertEquals([since(), say(await waiting)], [0, ["taken at once", true]]);
  inject(queue, "first");
  inject(queue, "last");
  assertEquals(since(), 2);
  assertEquals([say(await queue.next()), since()], [["first", true], 1]);
  assertEquals([say(await queue.next()), since()], [["last", true], 0]);
  const plucked = new CompletionQueue<string>({ completionType: "PLUCK", poller: engine });
  inject(plucked, "tag");
  assertEquals([say(await plucked.pluck("tag")), since()], [["tag", true], 0]);
  for (const one of [queue, plucked]) one.destroy();
});

test("queue: [Q19] an event that a closure completes goes past the queue, the first one only", async () => {
  const queue = new CompletionQueue<string>();
  inject(queue, "queued");
  assertEquals(say(await queue.doThenAsyncNext(() => inject(queue, "done"))), ["done", true]);
  assertEquals(say(await queue.doThenAsyncNext(() => {})), ["queued", true]);
  const both = queue.doThenAsyncNext(() => ["a", "b"].forEach((tag) => inject(queue, tag)));
  assertEquals(say(queue.tryNext()), ["b", true]);
  assertEquals(say(await both), ["a", true]);
  assertEquals(say(await queue.doThenAsyncNext(() => {}, -1)), ["QUEUE_TIMEOUT"]);
  await assertRejects(
    () => queue.doThenAsyncNext(-1 as never),
    TypeError,
    "closure is the number -1; give a",
  );
  inject(queue, "after"); // nothing is taken past the queue any more
  assertEquals(say(queue.tryNext()), ["after", true]);
  queue.destroy();
});

test("queue: [Q19] an event of another queue, or of a closure that throws, goes the usual way", async () => {
  using queue = new CompletionQueue<string>();
  using other = new CompletionQueue<string>();
  const elsewhere = await queue.doThenAsyncNext(() => inject(other, "other"), -1);
  assertEquals([say(elsewhere), say(other.tryNext())], [["QUEUE_TIMEOUT"], ["other", true]]);
  const throwing = (): void => {
    inject(queue, "kept");
    throw new Error("thrown");
  };
  await assertRejects(() => queue.doThenAsyncNext(throwing), Error, "thrown");
  assertEquals(say(queue.tryNext()), ["kept", true]);
  let inner: Promise<unknown> | undefined;
  const outer = queue.doThenAsyncNext(() => {
    inner = other.doThenAsyncNext(() => inject(other, "inner"));
    inject(queue, "outer");
  });
  assertEquals([say(await outer), await inner], [["outer", true], {
    type: "OP_COMPLETE",
    success: true,
    tag: "inner",
  }]);
});

test("queue: waits that end leave nothing with the engine", async () => {
  const use = useEngine();
  const accounts = counted(use.engine);
  const queue = new CompletionQueue({ poller: accounts.engine });
  const waiting = queue.next(deadlineIn(60_000));
  const alarm = new Alarm();
  alarm.set(queue, deadlineIn(60_000), 1);
  assertEquals(accounts.left().length > 0, true);
  alarm.cancel();
  assertEquals(say(await waiting), [1, false]);
  await queue.next(deadlineIn(1));
  await queue.next(-1);
  await nothingLeft(accounts);
  queue.destroy();
  await use.end();
});

test("queue: it is a loop over its events, and several loops share them", async () => {
  const queue = new CompletionQueue<number>();
  const taken: number[] = [];
  const loop = async (): Promise<void> => {
    for await (const { tag } of queue) taken.push(tag);
  };
  const loops = [loop(), loop()];
  for (let tag = 0; tag < 5; tag++) inject(queue, tag);
  new Alarm().set(queue, deadlineIn(2), 5);
  queue.shutdown();
  await Promise.all(loops);
  assertEquals(taken.sort(), [0, 1, 2, 3, 4, 5]);
});

test("queue: a loop that is left leaves the queue as it is", async () => {
  using queue = new CompletionQueue<number>();
  inject(queue, 1);
  inject(queue, 2);
  for await (const { tag } of queue) if (tag === 1) break;
  assertEquals(say(queue.tryNext()), [2, true]);
});
