// Consumers that block their thread: nextSync and pluckSync, in every engine in which a thread can wait.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Alarm, type CompletionEvent, CompletionQueue, describePollers } from "pollwire";
import {
  createEngine,
  type Endpoint,
  type EngineOptions,
  type EventEngine,
  Reporter,
  selectPoller,
  SYNC_WAIT,
} from "../../../pollers/mod.ts";
import { blockForEvent } from "../../../surface/queue/blocked_consumer.ts";
import { QueueCore } from "../../../surface/queue/queue_core.ts";
import type { QueueOperation } from "../../../surface/queue/queue_operation.ts";
import { test } from "../../harness.ts";
import { inject, keeping, say, settled } from "./queues.ts";

/** The pollers of this machine in which a thread can wait, in both shapes. */
const ENGINES: ReadonlyArray<readonly [string, EngineOptions]> = describePollers()
  .filter(({ name, usable }) => usable && name !== "native" && name !== "node" && name !== "simulated")
  .flatMap(({ name }): Array<[string, EngineOptions]> => [[name, {}], [name, { ownThread: true }]]);

/** Declares a test for each of them. */
function blocking(name: string, body: (engine: EventEngine) => Promise<void> | void): void {
  if (ENGINES.length === 0) test(name, () => {}, { skip: "no poller of this machine can be waited in" });
  for (const [poller, options] of ENGINES) {
    test(`${poller}${options.ownThread ? ", own thread" : ""}: ${name}`, async () => {
      const engine = selectPoller(poller).create(options);
      await body(engine);
      await engine.shutdown();
    });
  }
}

blocking(
  "[Q126] nextSync gives events in order, QUEUE_TIMEOUT at its deadline, and QUEUE_SHUTDOWN at the end",
  (engine) => {
    const queue = new CompletionQueue<string>({ poller: engine });
    inject(queue, "now");
    assertEquals(say(queue.nextSync()), ["now", true]);
    const deadline = queue.deadlineIn(0.5);
    assertEquals(say(queue.nextSync(deadline)), ["QUEUE_TIMEOUT"]);
    assert(engine.now() >= deadline);
    const soon = queue.deadlineIn(2);
    new Alarm().set(queue, soon + 6, "late");
    new Alarm().set(queue, soon, "early");
    assertEquals(say(queue.nextSync()), ["early", true]);
    assertEquals(say(queue.nextSync(queue.deadlineIn(5_000))), ["late", true]);
    queue.shutdown();
    assertEquals(say(queue.nextSync()), ["QUEUE_SHUTDOWN"]);
  },
);

blocking("[Q126] pluckSync takes the events of its tag, and leaves the others in order", (engine) => {
  const queue = new CompletionQueue<string>({ poller: engine, completionType: "PLUCK" });
  new Alarm().set(queue, queue.deadlineIn(3), "b");
  inject(queue, "a");
  inject(queue, "c");
  inject(queue, "a");
  assertEquals(say(queue.pluckSync("b", queue.deadlineIn(5_000))), ["b", true]);
  assertEquals(say(queue.pluckSync("c")), ["c", true]);
  assertEquals(say(queue.pluckSync("c", queue.deadlineIn(1))), ["QUEUE_TIMEOUT"]);
  for (let i = 0; i < 2; i++) assertEquals(say(queue.pluckSync("a")), ["a", true]);
  queue.shutdown();
  assertEquals(say(queue.pluckSync("a")), ["QUEUE_SHUTDOWN"]);
});

blocking("[Q7] a deadline that has passed polls once: what is due then is given", (engine) => {
  const queue = new CompletionQueue<string>({ poller: engine });
  assertEquals(say(queue.nextSync(-1)), ["QUEUE_TIMEOUT"]);
  engine.run(() => inject(queue, "of the poll"));
  assertEquals(say(queue.nextSync(-1)), ["of the poll", true]);
  inject(queue, "there");
  assertEquals(say(queue.nextSync(-1)), ["there", true]);
  queue.shutdown();
});

blocking(
  "[Q9] who waited first has the first event, whether it blocks or not",
  async (engine) => {
    const queue = new CompletionQueue<number>({ poller: engine });
    const first = queue.next();
    const soon = queue.deadlineIn(20); // this thread blocks by then
    let second: Promise<unknown[]> | undefined;
    engine.runAt(soon, () => second = queue.next().then(say)); // comes after the one that blocks
    for (const tag of [1, 2, 3]) new Alarm().set(queue, soon + tag, tag);
    const blocked = say(queue.nextSync(queue.deadlineIn(5_000)));
    assertEquals(say(await first), [1, true]);
    // Where both are due at once, whoever takes its event first has the first one.
    assertEquals([blocked, await second].sort(), [[2, true], [3, true]]);
    const third = queue.next();
    engine.runAt(engine.now() + 1, () => [4, 5].map((tag) => inject(queue, tag)));
    assertEquals(say(queue.nextSync(queue.deadlineIn(5_000))), [5, true]);
    assertEquals(say(await third), [4, true]);
    queue.shutdown();
  },
);

blocking("[Q10] a seventh pluck that blocks returns at once", (engine) => {
  const { logger, lines } = keeping();
  const queue = new CompletionQueue<number>({ poller: engine, completionType: "PLUCK", logger });
  const waiting = Array.from({ length: 6 }, (_, tag) => queue.pluck(tag));
  const begin = engine.now();
  assertEquals(say(queue.pluckSync(6, queue.deadlineIn(20_000))), ["QUEUE_TIMEOUT"]);
  assert(engine.now() - begin < 10_000);
  assertEquals(lines.length, 1);
  queue.shutdown();
  return Promise.all(waiting).then(() => {});
});

blocking("[Q13] while one queue is waited on, what another one waits for completes there", async (engine) => {
  const queue = new CompletionQueue<string>({ poller: engine });
  const other = new CompletionQueue<string>({ poller: engine });
  const theirs = other.next();
  new Alarm().set(other, queue.deadlineIn(1), "theirs");
  new Alarm().set(queue, queue.deadlineIn(5), "ours");
  assertEquals(say(queue.nextSync()), ["ours", true]);
  assert(await settled(theirs));
  assertEquals(say(await theirs), ["theirs", true]);
  queue.shutdown();
  other.shutdown();
});

blocking(
  "[Q15] a NON_LISTENING queue that is waited on accepts no connections, and a DEFAULT_POLLING one does",
  async (engine) => {
    const accepted: Endpoint[] = [];
    const listener = engine.listen({}, (endpoint) => accepted.push(endpoint), () => {});
    const port = await listener.bind({ family: "ipv4", host: "127.0.0.1", port: 0 });
    assert(port.ok);
    listener.start();
    await new Promise((resolve) => setTimeout(resolve, 60));
    const still = new CompletionQueue<string>({ poller: engine, pollingType: "NON_LISTENING" });
    const usual = new CompletionQueue<string>({ poller: engine });
    const connected: Endpoint[] = [];
    engine.connect({ family: "ipv4", host: "127.0.0.1", port: port.value }, {}, (result) => {
      if (!result.ok) return;
      connected.push(result.value);
      inject(still, "connected");
    });
    assertEquals(say(still.nextSync(still.deadlineIn(5_000))), ["connected", true]);
    assertEquals(say(still.nextSync(still.deadlineIn(15))), ["QUEUE_TIMEOUT"]);
    assertEquals(accepted.length, 0);
    for (let i = 0; i < 50 && accepted.length === 0; i++) usual.nextSync(usual.deadlineIn(20));
    assertEquals(accepted.length, 1);
    listener.shutdown();
    for (const end of [...accepted, ...connected]) end.close();
    still.shutdown();
    usual.shutdown();
    await new Promise<void>((resolve) => engine.onceIdle(resolve));
  },
);

blocking("[Q21] a shutdown during the wait ends it", (engine) => {
  const queue = new CompletionQueue<string>({ poller: engine });
  engine.runAt(engine.now() + 2, () => queue.shutdown());
  assertEquals(say(queue.nextSync()), ["QUEUE_SHUTDOWN"]);
});

blocking(
  "[Q127] a queue refuses to block in a callback, without polling, and where nothing can end it",
  async (engine) => {
    const queue = new CompletionQueue<string>({ poller: engine });
    const { promise, resolve } = Promise.withResolvers<unknown>();
    new Alarm({ poller: engine }).set(engine.now() + 1, () => {
      try {
        queue.nextSync(-1);
      } catch (error) {
        resolve(error);
      }
    });
    const thrown = await promise;
    assert(thrown instanceof TypeError);
    assertEquals(
      thrown.message,
      "Cannot wait for the next event and block: this is a callback of the engine, which dispatches what the thread " +
        "would wait for once the callback returns",
    );
    assertThrows(() => queue.nextSync(), TypeError, "nothing can end it");
    assertThrows(() => queue.nextSync(Date.now()), TypeError, "a time of day");
    assertEquals(queue.describePending(), "completion queue (NEXT, DEFAULT_POLLING): nothing is pending");
    const still = new CompletionQueue<string>({ poller: engine, pollingType: "NON_POLLING" });
    assertThrows(() => still.nextSync(-1), TypeError, "NON_POLLING");
    const plucked = new CompletionQueue<string>({ poller: engine, completionType: "PLUCK" });
    assertThrows(() => plucked.nextSync(), TypeError, "use pluck");
    assertThrows(() => queue.pluckSync(""), TypeError, "use next");
    for (const one of [queue, still, plucked]) one.shutdown();
  },
);

test("[Q9] a consumer that blocks and whose poller is lost once it was woken leaves its event to the next one", async () => {
  for (const pluck of [false, true]) {
    const real = createEngine("native");
    const type = pluck ? "PLUCK" : "NEXT";
    const waitSync = () => {
      theirs = pluck ? core.pluck("tag", Infinity) : core.next(Infinity); // comes after the one that blocks
      const operation = { tag: "tag", purpose: "test", describe: () => "a test" } as QueueOperation<string>;
      core.begin(operation);
      core.end(operation, true);
      throw new Error("Cannot block: the poller is lost");
    };
    const engine: EventEngine = Object.create(real, { extension: { value: () => ({ waitSync }) } });
    const core = new QueueCore<string>(
      engine,
      type,
      "DEFAULT_POLLING",
      new Reporter({}),
      undefined,
      () => {},
    );
    let theirs: Promise<CompletionEvent> | undefined;
    assertThrows(() => blockForEvent(core, pluck, "tag", Infinity), Error, "the poller is lost");
    assert(await settled(theirs!));
    assertEquals(say(await theirs!), ["tag", true]);
    core.shutdown();
    await real.shutdown();
  }
});

test("[Q127] a queue of the runtime's own poller refuses to block, with the reason", async () => {
  const engine = createEngine("native");
  assertEquals(engine.extension(SYNC_WAIT), undefined);
  const queue = new CompletionQueue<string>({ poller: engine });
  inject(queue, "there");
  assertThrows(
    () => queue.nextSync(),
    TypeError,
    'Cannot wait for the next event and block: the poller "native" has its events from the runtime\'s loop',
  );
  assertEquals(say(await queue.next()), ["there", true]);
  queue.shutdown();
  await engine.shutdown();
});
