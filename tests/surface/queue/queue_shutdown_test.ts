// Shutdown of completion queues, by the numbers of their rules.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Alarm, CallError, CompletionQueue, deadlineIn } from "pollwire";
import { engineCount } from "../../../surface/engines.ts";
import { queueCoreOf } from "../../../surface/queue/completion_queue.ts";
import { test } from "../../harness.ts";
import "../../shared_engines.ts";
import { until } from "../serving.ts";
import { inject, keeping, say, settled } from "./queues.ts";

test("queue shutdown: [Q20] idempotent; pending events still come, QUEUE_SHUTDOWN after the last was taken", async () => {
  const queue = new CompletionQueue<string>();
  inject(queue, "there");
  const alarm = new Alarm();
  alarm.set(queue, deadlineIn(60_000), "pending");
  queue.shutdown();
  queue.shutdown();
  assertEquals(say(await queue.next()), ["there", true]);
  const waiting = queue.next();
  assert(!await settled(waiting));
  assertEquals(say(await queue.next(-1)), ["QUEUE_TIMEOUT"]);
  alarm.cancel();
  assertEquals(say(await waiting), ["pending", false]);
  assertEquals(say(await queue.next()), ["QUEUE_SHUTDOWN"]);
});

test("queue shutdown: [Q20] an event that nobody has taken comes before QUEUE_SHUTDOWN", async () => {
  const queue = new CompletionQueue<string>();
  inject(queue, "untaken");
  queue.shutdown();
  assertEquals(say(await queue.next()), ["untaken", true]);
  assertEquals(say(await queue.next()), ["QUEUE_SHUTDOWN"]);
});

test("queue shutdown: [Q21] everybody gets QUEUE_SHUTDOWN at once, those who wait and those who come", async () => {
  const queue = new CompletionQueue();
  const waiting = [queue.next(), queue.next(deadlineIn(60_000)), queue.next()];
  queue.shutdown();
  waiting.push(queue.next(), queue.next(-1), Promise.resolve(queue.tryNext()));
  for (const one of waiting) assert(await settled(one));
  assertEquals((await Promise.all(waiting)).map(say), waiting.map(() => ["QUEUE_SHUTDOWN"]));
  const plucks = new CompletionQueue({ completionType: "PLUCK" });
  inject(plucks, 1);
  const two = [plucks.pluck(2), plucks.pluck(3, deadlineIn(60_000))];
  plucks.shutdown();
  assertEquals((await Promise.all(two)).map(say), [["QUEUE_SHUTDOWN"], ["QUEUE_SHUTDOWN"]]);
  assertEquals(say(await plucks.pluck(1)), [1, true]); // what is there can be taken
});

test("queue shutdown: [Q22] new work is accepted while something is pending, and refused after", async () => {
  const queue = new CompletionQueue<number>();
  const alarm = new Alarm();
  alarm.set(queue, deadlineIn(60_000), 1);
  queue.shutdown();
  const more = new Alarm();
  more.set(queue, deadlineIn(60_000), 2);
  alarm.cancel();
  inject(queue, 3);
  more.cancel();
  assertEquals([await queue.next(), await queue.next(), await queue.next()].map(({ tag }) => tag), [1, 3, 2]);
  const refused = assertThrows(
    () => inject(queue, 4),
    CallError,
    "Cannot set an alarm: its completion queue is shut down",
  );
  assertEquals(refused.code, "COMPLETION_QUEUE_SHUTDOWN");
  assertEquals(say(queue.tryNext()), ["QUEUE_SHUTDOWN"]);
});

test("queue shutdown: [Q22] all is refused as soon as nothing is pending, though events wait", () => {
  const queue = new CompletionQueue<number>();
  inject(queue, 1);
  queue.shutdown();
  assertThrows(() => inject(queue, 2), CallError, "COMPLETION_QUEUE_SHUTDOWN");
  assertEquals(say(queue.tryNext()), [1, true]);
});

test("queue shutdown: [Q23] a CALLBACK queue calls its tags, and last onShutdown, once, with true", async () => {
  const said: unknown[] = [];
  const { lines, logger } = keeping();
  const errors: unknown[] = [];
  const queue = new CompletionQueue<(success: boolean) => void>({
    completionType: "CALLBACK",
    logger,
    onError: (error, { where }) => void errors.push(`${where}: ${error}`),
    onShutdown: (success) => void said.push(["shutdown", success]),
  });
  const alarm = new Alarm();
  alarm.set(queue, deadlineIn(60_000), (success) => void said.push(["alarm", success]));
  inject(queue, (success) => {
    said.push(["first", success]);
    throw new Error("thrown");
  });
  inject(queue, (success) => {
    said.push(["second", success]);
    queue.shutdown();
    alarm.cancel();
    said.push("still here"); // nothing is called on this stack
  });
  assertEquals(said, []);
  await until(() => said.length === 5);
  assertEquals(said, [["first", true], ["second", true], "still here", ["alarm", false], ["shutdown", true]]);
  assertEquals([errors, lines], [["queue callback: Error: thrown"], []]);
  queue.shutdown();
  queue.destroy();
});

test("queue shutdown: [Q23] a CALLBACK queue that runs empty is not over: onShutdown waits for the shutdown", async () => {
  const said: string[] = [];
  const queue = new CompletionQueue<(success: boolean) => void>({
    completionType: "CALLBACK",
    onShutdown: () => void said.push("shutdown"),
  });
  for (let i = 1; i <= 3; i++) {
    inject(queue, () => void said.push(`event ${i}`));
    await until(() => said.includes(`event ${i}`));
  }
  assertEquals(said, ["event 1", "event 2", "event 3"]);
  queue.shutdown();
  await until(() => said.length > 3);
  assertEquals(said.slice(3), ["shutdown"]);
  const errors: unknown[] = [];
  const silent = new CompletionQueue({
    completionType: "CALLBACK",
    onError: (error) => void errors.push(error),
  });
  silent.shutdown();
  await until(() => silent.describePending().includes("shut down")); // nobody wants to know
  let isLater = false;
  new Alarm().set(deadlineIn(0), () => isLater = true);
  await until(() => isLater);
  assertEquals(errors, []);
});

test("queue shutdown: [Q23] what a callback rejects with, one that is async, goes to onError and ends no process", async () => {
  const errors: unknown[] = [];
  const queue = new CompletionQueue<() => Promise<void>>({
    completionType: "CALLBACK",
    onError: (error, { where }) => void errors.push(`${where}: ${error}`),
    onShutdown: () => Promise.reject(new Error("last")),
  });
  inject(queue, () => Promise.reject(new Error("first")));
  queue.shutdown();
  await until(() => errors.length === 2);
  assertEquals(errors, ["queue callback: Error: first", "queue callback: Error: last"]);
});

test("queue shutdown: [Q24] a queue that is not drained cannot be destroyed, and the error names its tags", async () => {
  const queue = new CompletionQueue();
  const alarm = new Alarm();
  alarm.set(queue, deadlineIn(60_000), { call: 1 });
  inject(queue, "untaken");
  const wrong = assertThrows(
    () => queue.destroy(),
    TypeError,
    "Cannot destroy a completion queue that is not drained",
  );
  assert(
    wrong.message.endsWith(
      'of 2 tags the events were not taken: {"call":1}, "untaken"; take them until QUEUE_SHUTDOWN',
    ),
  );
  alarm.cancel();
  for await (const _event of queue);
  queue.destroy();
});

test("queue shutdown: [Q24] await using waits for what is pending, and gives the engine back", async () => {
  {
    await using queue = new CompletionQueue();
    await using plucks = new CompletionQueue({ completionType: "PLUCK" });
    new Alarm().set(queue, deadlineIn(1), 1);
    new Alarm().set(plucks, deadlineIn(1), 1);
    assertEquals(engineCount(), 1);
  }
  assertEquals(engineCount(), 0);
});

test("queue shutdown: [Q25] a server is to be shut down before its queue", () => {
  const queue = new CompletionQueue();
  const server = { isShutDown: false, describe: () => "server at 127.0.0.1:1" };
  queueCoreOf(queue).addOwner(server);
  assertThrows(
    () => queue.shutdown(),
    TypeError,
    "queue of the server at 127.0.0.1:1, which is not shut down: shut the server down first, then the queue, then drain it",
  );
  inject(queue, 1);
  assertEquals(say(queue.tryNext()), [1, true]); // it works on
  server.isShutDown = true;
  queue.shutdown();
  assertEquals(say(queue.tryNext()), ["QUEUE_SHUTDOWN"]);
});

test("queue shutdown: [Q26] describePending says what is pending, what was not taken and who waits", async () => {
  const queue = new CompletionQueue();
  assertEquals(queue.describePending(), "completion queue (NEXT, DEFAULT_POLLING): nothing is pending");
  const alarm = new Alarm();
  const waiting = queue.next();
  alarm.set(queue, deadlineIn(60_000), "slow");
  queue.shutdown();
  const [head, pending, consumers] = queue.describePending().split("\n  ");
  assertEquals(head, "completion queue (NEXT, DEFAULT_POLLING, shutting down):");
  assert(/^tag "slow": alarm, due in (?:60000|59\d\d\d) ms$/.test(pending!), pending);
  assertEquals(consumers, "waiting consumers: 1");
  inject(queue, 1);
  await waiting;
  inject(queue, 2);
  const others = [...Array(11).keys()];
  for (const tag of others) inject(queue, tag);
  assert(queue.describePending().includes("taken: 12 (2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)"));
  inject(queue, 11);
  assert(queue.describePending().includes("taken: 13 (2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 1 more)"));
  for (const event of [2, ...others]) assertEquals(say(queue.tryNext()), [event, true]);
  alarm.cancel();
  assertEquals(queue.describePending().split("\n  ").slice(1), ['completed and not taken: 2 (11, "slow")']);
  await assertRejects(() => queue.pluck(1), TypeError);
  for await (const _event of queue);
  assertEquals(
    queue.describePending(),
    "completion queue (NEXT, DEFAULT_POLLING, shut down): nothing is pending",
  );
});
