// How many consumers poll a queue, by the numbers of the rules.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { CompletionQueue, ThreadManager, type ThreadManagerOptions, ThreadQuota } from "pollwire";
import { queueCoreOf } from "../../../surface/queue/completion_queue.ts";
import { test } from "../../harness.ts";
import "../../shared_engines.ts";
import { gate, until } from "../serving.ts";
import { inject } from "./queues.ts";

/** Works until it is told to end, one tag after the other. */
class Works {
  readonly queue = new CompletionQueue<string>();
  readonly running = new Map<string, () => void>();
  readonly withoutResources: string[] = [];
  readonly errors: unknown[] = [];
  readonly manager: ThreadManager<string>;

  constructor(options: ThreadManagerOptions) {
    this.manager = new ThreadManager(this.queue, async (tag, success, resources) => {
      assert(success);
      if (!resources) return void this.withoutResources.push(tag);
      if (tag === "throws") throw new Error("thrown");
      const { opened, open } = gate();
      this.running.set(tag, open);
      await opened;
      this.running.delete(tag);
    }, {
      onError: (error, { where }) => void this.errors.push(`${where}: ${(error as Error).message}`),
      ...options,
    });
    this.manager.start();
  }

  /** Injects `tags`; resolves when `until` of them have begun. */
  async begin(...tags: string[]): Promise<void> {
    for (const tag of tags) {
      inject(this.queue, tag);
      await until(() => this.running.has(tag));
    }
  }

  /** Ends the work of `tag`; resolves when it has. */
  async end(tag: string): Promise<void> {
    this.running.get(tag)!();
    await until(() => !this.running.has(tag));
    await new Promise((resolve) => setTimeout(resolve));
  }

  get counts(): [pollers: number, threads: number] {
    return [this.manager.pollers, this.manager.threads];
  }

  async close(): Promise<void> {
    this.queue.shutdown();
    await this.manager.wait();
    assertEquals(this.counts, [0, 0]);
    this.queue.destroy();
  }
}

test("thread manager: [Q75] a consumer that found work starts another where fewer than minPollers are left polling", async () => {
  const works = new Works({ minPollers: 2, maxPollers: 3 });
  assertEquals(works.counts, [2, 2]);
  await works.begin("a");
  assertEquals(works.counts, [2, 3]);
  await works.begin("b", "c");
  assertEquals(works.counts, [2, 5]);
  await works.end("a"); // fewer than three poll
  assertEquals(works.counts, [3, 5]);
  await works.end("b"); // three poll already: it ends
  assertEquals(works.counts, [3, 4]);
  await works.begin("d"); // two are left polling: nobody is started
  assertEquals(works.counts, [2, 4]);
  for (const tag of ["c", "d"]) await works.end(tag);
  assertEquals([works.counts, works.manager.mostThreads], [[3, 3], 5]);
  await works.close();
});

test("thread manager: [Q74] by default one poller, at most two poll, and a wait ends after 10 s", async () => {
  const works = new Works({});
  assertEquals(works.counts, [1, 1]);
  const [poller] = queueCoreOf(works.queue).pollset.workers;
  const leftMs = poller!.deadline - works.queue.deadlineIn(0);
  assert(leftMs > 9_000 && leftMs <= 10_000, String(leftMs));
  await works.begin("a", "b", "c");
  assertEquals(works.counts, [1, 4]);
  for (const tag of ["a", "b", "c"]) await works.end(tag);
  assertEquals(works.counts, [2, 2]);
  await works.close();
});

test("thread manager: [Q75] where the quota allows no other consumer and nobody polls, the work fails", async () => {
  const quota = new ThreadQuota(2);
  const works = new Works({ quota });
  await works.begin("a");
  assertEquals(works.counts, [1, 2]);
  inject(works.queue, "b"); // the last poller takes it, and may not leave the queue alone
  await until(() => works.withoutResources.length === 1);
  assertEquals([works.withoutResources, works.counts], [["b"], [1, 2]]);
  await works.end("a");
  assertEquals(works.counts, [2, 2]);
  await works.begin("c"); // one is left polling
  assertEquals(works.counts, [1, 2]);
  await works.end("c");
  await works.close();
  assert(quota.reserve(2) && !quota.reserve(1)); // all came back
});

test("thread manager: [Q75] a consumer that times out polls on, and ends where the manager is shut down", async () => {
  const works = new Works({ queueTimeoutMs: 20 });
  const { polls } = works.queue;
  await until(() => works.queue.polls >= polls + 3);
  assertEquals(works.counts, [1, 1]);
  works.manager.shutdown();
  await until(() => works.manager.threads === 0);
  inject(works.queue, "left");
  const over = works.manager.wait(); // works on what is left
  await until(() => works.running.has("left"));
  await works.end("left");
  works.queue.shutdown();
  await over;
  works.queue.destroy();
});

test("thread manager: what the work throws goes to onError, and its consumer polls on", async () => {
  const works = new Works({});
  inject(works.queue, "throws");
  await until(() => works.errors.length === 1);
  assertEquals([works.errors, works.manager.pollers >= 1], [["queue callback: thrown"], true]);
  await works.begin("a");
  await works.end("a");
  await works.close();
});

test("thread manager: wrong numbers and a quota that is used up are said at once", () => {
  const queue = new CompletionQueue();
  const make = (options: ThreadManagerOptions) => () => new ThreadManager(queue, () => {}, options);
  assertThrows(make({ minPollers: 0 }), RangeError, "minPollers is the number 0");
  assertThrows(make({ maxPollers: "2" as never }), RangeError, "maxPollers is the string");
  assertThrows(make({ queueTimeoutMs: NaN }), RangeError, "queueTimeoutMs");
  assertThrows(make({ minPollers: 1.5 }), RangeError, "minPollers is the number 1.5; give a whole number");
  assertThrows(make({ maxPollers: 2.5 }), RangeError, "maxPollers is the number 2.5; give a whole number");
  assertThrows(
    make({ minPollers: Infinity, maxPollers: Infinity }),
    RangeError,
    "minPollers is the number Inf",
  );
  make({ maxPollers: Infinity, quota: new ThreadQuota(Infinity) })();
  assertThrows(() => new ThreadQuota(2.5), RangeError, "Cannot make a thread quota of the number 2.5");
  assertThrows(make({ minPollers: 3 }), RangeError, "minPollers, 3, is above maxPollers, 2");
  assertThrows(make({ pollers: 1 } as never), TypeError, 'there is no option "pollers"');
  assertThrows(make({ onError: 5 } as never), TypeError, "onError is the number 5; give a function");
  assertThrows(() => new ThreadQuota(0), RangeError, "Cannot make a thread quota of the number 0");
  assertThrows(make({ queueTimeoutMs: 1e12 }), RangeError, "100000000000 at most, or Infinity");
  assertThrows(make({ quota: {} as never }), TypeError, "quota is an object; give a ThreadQuota");
  const quota = new ThreadQuota(1);
  for (const count of [NaN, "1", -1, 0.5, Infinity, undefined] as number[]) {
    assertThrows(() => quota.reserve(count), RangeError, "Cannot reserve ");
    assertThrows(() => quota.release(count), RangeError, "of a thread quota: give a whole number");
  }
  assertEquals([quota.reserve(1), quota.reserve(1)], [true, false]);
  assertThrows(
    make({ quota: new ThreadQuota(1), minPollers: 2 })().start.bind(
      make({
        quota: new ThreadQuota(1),
        minPollers: 2,
      })(),
    ),
    Error,
    "Cannot start 2 pollers of a completion queue: the thread quota is used up",
  );
  queue.destroy();
});

test("thread manager: what is no queue of type NEXT, and no function, is said when it is made", () => {
  const work = () => {};
  assertThrows(() => new ThreadManager({} as never, work), TypeError, "Cannot use an object as a completion");
  for (const completionType of ["PLUCK", "CALLBACK"] as const) {
    const queue = new CompletionQueue({ completionType });
    const says = `its completion queue is of type ${completionType}; give one of type NEXT`;
    assertThrows(() => new ThreadManager(queue, work), TypeError, says);
    queue.destroy();
  }
  const queue = new CompletionQueue();
  for (const wrong of [5, undefined, {}]) {
    assertThrows(() => new ThreadManager(queue, wrong as never), TypeError, "doWork is ");
  }
  queue.destroy();
});
