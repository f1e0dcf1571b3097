import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { threadId } from "node:worker_threads";
import { Executor, ExecutorError, type ExecutorErrorReason, type ExecutorOptions } from "../../../mod.ts";
import { hardwareThreads } from "../../../pollers/native/thread.ts";
import { runtime, test } from "../../harness.ts";
import { Program } from "../program.ts";
import { until } from "../promised.ts";

const JOBS = new URL("./jobs.ts", import.meta.url);

/** Shared memory for jobs that wait or count. */
function shared(length = 16): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * length));
}

async function withExecutor(
  options: ExecutorOptions,
  body: (executor: Executor) => Promise<void>,
): Promise<void> {
  const executor = new Executor(options);
  try {
    await body(executor);
  } finally {
    await executor.shutdown();
  }
}

function release(state: Int32Array, at = 0): void {
  Atomics.store(state, at + 1, 1);
  Atomics.notify(state, at + 1);
}

async function assertRefused(
  job: Promise<unknown>,
  reason: ExecutorErrorReason,
  words: string,
): Promise<void> {
  const error = await assertRejects(() => job, ExecutorError);
  assertEquals((error as ExecutorError).reason, reason, (error as Error).message);
  assertStringIncludes((error as Error).message, words);
}

test("[Q124] a long job runs on another thread, a short one on this", async () => {
  await withExecutor({ maxThreads: 1 }, async (executor) => {
    assertEquals(executor.threads, 0);
    assertEquals(await executor.run(JOBS, "thread", [], { length: "short" }), threadId);
    assertEquals(executor.threads, 0);
    assertNotEquals(await executor.run(JOBS, "thread"), threadId);
    assertEquals(executor.threads, 1);
    assertEquals(await executor.run(JOBS.href, undefined, [1, 2]), 3);
  });
});

test("[Q124] there are twice as many threads as cores at most, or as many as was said", async () => {
  const limits: readonly (readonly [ExecutorOptions, number])[] = [[{}, 2 * hardwareThreads()], [
    { maxThreads: 1 },
    1,
  ]];
  for (const [options, most] of limits) {
    const state = shared();
    await withExecutor(options, async (executor) => {
      const jobs = Array.from({ length: most + 2 }, () => executor.run<number>(JOBS, "waitFor", [state]));
      await until(() => Atomics.load(state, 0) === most, "every thread at work");
      assertEquals([executor.threads, executor.queuedJobs], [most, 2]);
      release(state);
      assertEquals(new Set(await Promise.all(jobs)).size, most);
    });
  }
}, { timeoutMs: 60_000 });

test("[Q124] threads start on demand: one that is free is used again", async () => {
  await withExecutor({ maxThreads: 4 }, async (executor) => {
    for (let i = 1; i <= 5; i++) assertEquals(await executor.run(JOBS, "count"), i);
    assertEquals(executor.threads, 1);
  });
});

test("[Q124] nothing is ever queued behind a long job", async () => {
  await withExecutor({ maxThreads: 2 }, async (executor) => {
    const state = shared();
    const long = executor.run<number>(JOBS, "waitFor", [state]);
    await until(() => Atomics.load(state, 0) === 1, "the long job");
    const others = Array.from({ length: 20 }, () => executor.run<number>(JOBS, "thread"));
    const here = await executor.run(JOBS, "thread", [], { length: "short" });
    const threads = new Set(await Promise.all(others)); // while the long job runs
    release(state);
    assert(!threads.has(await long), "a job ran on the long job's thread");
    assertEquals([threads.size, here], [1, threadId]);
  });
});

test("[Q124] jobs that wait run in the order in which they came", async () => {
  await withExecutor({ maxThreads: 1 }, async (executor) => {
    const order = shared();
    await Promise.all(Array.from({ length: 8 }, (_, i) => executor.run(JOBS, "note", [order, i])));
    assertEquals([...order.slice(0, 9)], [8, 0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

test("[Q124] with 0 threads everything runs inline, and not on the stack of the caller", async () => {
  await withExecutor({ maxThreads: 0 }, async (executor) => {
    const order = shared();
    const job = executor.run(JOBS, "note", [order, 5]);
    assertEquals([order[0], executor.queuedJobs], [0, 1]);
    assertEquals(await job, threadId);
    assertEquals(order[1], 5);
    assertEquals(executor.threads, 0);
    await assertRejects(() => executor.run(JOBS, "fail", ["inline"]), Error, "inline");
  });
});

test("an option that is none is refused, and named", async () => {
  // deno-lint-ignore no-explicit-any
  const wrong = (value: unknown): any => value;
  assertThrows(
    () => new Executor(wrong({ maxThread: 1 })),
    TypeError,
    'there is no option "maxThread"; there are maxThreads, maxQueuedJobs',
  );
  for (const options of [null, 4]) {
    assertThrows(() => new Executor(wrong(options)), TypeError, `options are ${options}, not an object`);
  }
  await withExecutor({ maxThreads: 0 }, async (executor) => {
    const run = () => executor.run(JOBS, "thread", [], wrong({ singal: 5 }));
    assertThrows(
      () => void run(),
      TypeError,
      'there is no option "singal"; there are signal, transfer, length',
    );
    const half = { aborted: false, addEventListener() {} };
    for (
      const [exportName, args, options, says] of [
        [5, [], {}, "its function is 5; give the name of an export"],
        ["thread", "ab", {}, "args is ab; give an array"],
        ["thread", [], { signal: half }, "give an AbortSignal"],
        ["thread", [], { signal: 5 }, "signal is 5; give an AbortSignal"],
        ["thread", [], { transfer: 5 }, "transfer is 5; give an array"],
        ["thread", [], { length: "medium" }, 'length is medium; give "short" or "long"'],
        ["thread", [], null, "its options are null, not an object"],
      ] as const
    ) {
      const attempt = () => void executor.run(JOBS, wrong(exportName), wrong(args), wrong(options));
      assertThrows(attempt, TypeError, says);
    }
    assertEquals(await executor.run(JOBS, "thread", [], { length: "short" }), threadId);
  });
});

test("a signal that cannot be left takes no job and no thread away", async () => {
  await withExecutor({ maxThreads: 1 }, async (executor) => {
    const signal = {
      aborted: false,
      addEventListener() {},
      removeEventListener() {
        throw new Error("thrown");
      },
    } as unknown as AbortSignal;
    for (let i = 0; i < 3; i++) {
      assertEquals(await executor.run(JOBS, "push", [[i]], { signal }), [i, 0]);
    }
    assertEquals([executor.threads, executor.queuedJobs], [1, 0]);
  });
});

for (const maxThreads of [0, 1]) {
  const where = maxThreads === 0 ? "inline" : "on a thread";

  test(`arguments and results are clones, and transferred buffers are moved, ${where}`, async () => {
    await withExecutor({ maxThreads }, async (executor) => {
      const list = [1];
      const jobs = [executor.run(JOBS, "push", [list])];
      list.push(2); // the job waits, and has what it was given
      jobs.push(executor.run(JOBS, "push", [list]));
      assertEquals(await Promise.all(jobs), [[1, 0], [1, 2, 0]]);
      assertEquals(list, [1, 2]);
      for (let i = 0; i < 2; i++) { // to a thread that starts, and to one that is free
        const bytes = Uint8Array.of(1, 2, 3);
        const reversed = executor.run(JOBS, "reverse", [bytes], { transfer: [bytes.buffer] });
        assertEquals(bytes.byteLength, 0);
        assertEquals(await reversed, Uint8Array.of(3, 2, 1));
      }
    });
  });

  test(`what cannot be cloned is an error of that job alone, ${where}`, async () => {
    await withExecutor({ maxThreads }, async (executor) => {
      for (let i = 0; i < 2; i++) {
        await assertRejects(() => executor.run(JOBS, "push", [() => 0]));
        const error = await assertRejects(() => executor.run(JOBS, "uncloneable"), Error);
        assertStringIncludes(error.message, "Cannot return the result of uncloneable of file:");
      }
      assertEquals(await executor.run(JOBS, "default", [1, 1]), 2);
    });
  });

  test(`what a job throws is its rejection, with name, properties and stack, ${where}`, async () => {
    await withExecutor({ maxThreads }, async (executor) => {
      const error = await assertRejects(() => executor.run(JOBS, "fail", ["no"]), Error) as Error & {
        code: number;
      };
      assertEquals([error.name, error.message, error.code], ["RangeError", "no", 7]);
      assertStringIncludes(error.stack ?? "", "jobs.ts");
      assertEquals([(error.cause as Error).message, Object.keys(error)], ["because", ["code"]]);
      const both = await assertRejects(() => executor.run(JOBS, "failOften"), Error) as AggregateError;
      assertEquals([both.name, ...both.errors.map(({ message }) => message)], [
        "AggregateError",
        "one",
        "two",
      ]);
      for (const [name, words] of [["missing", "undefined"], ["constant", "number"]] as const) {
        await assertRejects(
          () => executor.run(JOBS, name),
          Error,
          `jobs.ts exports no function "${name}": ${words}`,
        );
      }
      await assertRejects(() => executor.run(new URL("./no_such_jobs.ts", JOBS)), Error, "no_such_jobs");
      assertEquals(executor.threads, maxThreads);
    });
  });

  test(`what cannot be read of what a job throws is left out, ${where}`, async () => {
    await withExecutor({ maxThreads }, async (executor) => {
      for (const [what, text] of [["name", "no name"], ["keys", "no keys"]] as const) {
        const error = await assertRejects(() => executor.run(JOBS, "throwUnreadable", [what]), Error, text);
        assertEquals(error.name, "Error");
      }
      const error = await assertRejects(() => executor.run(JOBS, "throwUnreadable", ["prototype"]), Error);
      assertEquals(error.name, "RpcError");
    });
  });

  test(`a job that waits can be cancelled, ${where}`, async () => {
    await withExecutor({ maxThreads }, async (executor) => {
      const state = shared();
      const abort = new AbortController();
      const first = maxThreads === 0 ? undefined : executor.run(JOBS, "waitFor", [state]);
      const cancelled = executor.run(JOBS, "note", [state, 1], { signal: abort.signal });
      const queued = executor.queuedJobs;
      abort.abort(new RangeError("not wanted"));
      await assertRejects(() => cancelled, RangeError, "not wanted");
      assertEquals(executor.queuedJobs, queued - 1);
      release(state);
      await first;
      const late = executor.run(JOBS, "note", [state, 1], { signal: abort.signal });
      await assertRejects(() => late, RangeError, "not wanted");
      await executor.shutdown();
      assertEquals(Atomics.load(state, 0), maxThreads); // no job noted anything
    });
  });
}

test("a job that never ends is cancelled: its thread is ended and replaced", async () => {
  await withExecutor({ maxThreads: 1 }, async (executor) => {
    for (const name of ["spin", "hang"]) {
      const state = shared();
      const abort = new AbortController();
      const endless = executor.run(JOBS, name, [state], { signal: abort.signal });
      if (name === "spin") await until(() => Atomics.load(state, 0) === 1, "the endless job");
      const next = executor.run(JOBS, "count");
      abort.abort(new Error(`enough of ${name}`));
      await assertRejects(() => endless, Error, `enough of ${name}`);
      // Nothing ends a turn on Deno that never ends by itself: it would be given up after 10 s.
      if (runtime === "deno") release(state);
      assertEquals(await next, 1); // in a fresh thread
      assertEquals(executor.threads, 1);
    }
  });
});

test("a job that a getter among its arguments cancels holds no thread", async () => {
  for (const isIdle of [false, true]) {
    await withExecutor({ maxThreads: 1 }, async (executor) => {
      if (isIdle) assertEquals(await executor.run(JOBS, "default", [1, 2]), 3);
      const abort = new AbortController();
      const argument = {
        get cancels(): boolean {
          abort.abort(new Error("enough"));
          return true;
        },
      };
      const job = executor.run(JOBS, "hang", [argument], { signal: abort.signal });
      await assertRejects(() => job, Error, "enough");
      assertEquals(await executor.run(JOBS, "default", [1, 2]), 3);
    });
  }
});

test("an inline job that is cancelled while it runs ends once", async () => {
  await withExecutor({ maxThreads: 0 }, async (executor) => {
    const state = shared();
    const abort = new AbortController();
    const job = executor.run(JOBS, "untilTold", [state], { signal: abort.signal });
    await until(() => state[0] === 1, "the job's start");
    abort.abort(new Error("enough"));
    await assertRejects(() => job, Error, "enough");
    release(state);
    await until(() => state[0] === 2, "the job's own end");
    assertEquals(await executor.run(JOBS, "default", [1, 2]), 3);
  });
});

test("messages that a job posts by itself are nobody's", async () => {
  await withExecutor({ maxThreads: 1 }, async (executor) => {
    assertEquals(await executor.run(JOBS, "post"), "posted");
    assertEquals(await Promise.all([executor.run(JOBS, "count"), executor.run(JOBS, "count")]), [1, 2]);
  });
});

for (const [name, words] of [["exit", "exit code 3"], ["crashLater", "thrown by nobody's call"]] as const) {
  test(`a job that ends its thread fails alone: ${name}`, async () => {
    await withExecutor({ maxThreads: 2 }, async (executor) => {
      const state = shared();
      const beside = executor.run<number>(JOBS, "waitFor", [state]);
      await until(() => Atomics.load(state, 0) === 1, "the job beside it");
      const crashed = executor.run(JOBS, name);
      const after = Array.from({ length: 3 }, () => executor.run(JOBS, "count"));
      await assertRefused(crashed, "crashed", `its thread ended while it ran: `);
      const message = await crashed.catch((error: Error) => error.message);
      assertStringIncludes(String(message), words);
      assertEquals(await Promise.all(after), [1, 2, 3]); // in one that replaced it
      release(state);
      await beside;
    });
  });
}

test("the queue is bounded: beyond it jobs are refused at once, and those before it run", async () => {
  await withExecutor({ maxThreads: 1, maxQueuedJobs: 2 }, async (executor) => {
    const state = shared();
    const jobs = [executor.run<number>(JOBS, "waitFor", [state])];
    for (let i = 0; i < 2; i++) jobs.push(executor.run<number>(JOBS, "thread"));
    const words = "2 jobs are queued, and maxQueuedJobs is 2";
    await assertRefused(executor.run(JOBS), "full", words); // while the thread starts
    await until(() => Atomics.load(state, 0) === 1, "the long job");
    await assertRefused(executor.run(JOBS), "full", words);
    release(state);
    assertEquals(new Set(await Promise.all(jobs)).size, 1);
    assertEquals(await executor.run(JOBS, "default", [1, 2]), 3);
  });
  await withExecutor({ maxThreads: 0, maxQueuedJobs: 1 }, async (executor) => {
    const first = executor.run(JOBS, "default", [1, 2]);
    await assertRefused(executor.run(JOBS), "full", "maxQueuedJobs is 1");
    assertEquals(await first, 3);
  });
});

for (const maxThreads of [0, 2]) {
  test(`[Q125] shutdown runs what is queued, then joins: ${maxThreads} threads`, async () => {
    const executor = new Executor({ maxThreads });
    const order = shared();
    const jobs = Array.from({ length: 9 }, (_, i) => executor.run(JOBS, "note", [order, i]));
    await Promise.all(jobs.slice(0, 3));
    const more = executor.run(JOBS, "note", [order, 9]);
    const down = executor.shutdown();
    assertEquals(executor.shutdown(), down);
    await assertRefused(executor.run(JOBS), "closed", "the executor was shut down");
    await down;
    assertEquals([order[0], executor.threads, executor.queuedJobs], [10, 0, 0]);
    await Promise.all([...jobs, more]);
  });
}

test("[Q125] shutdown of an executor that has run nothing, and amid a thread's start, settles", async () => {
  await new Executor().shutdown();
  const executor = new Executor({ maxThreads: 1 });
  const abort = new AbortController();
  const job = executor.run(JOBS, "count", [], { signal: abort.signal });
  abort.abort(new Error("never mind"));
  await assertRejects(() => job, Error, "never mind");
  await executor.shutdown();
  assertEquals(executor.threads, 0);
});

test("a thread that is idle does not hold the process, a job does", async () => {
  const program = new Program(new URL("./programs/executor_idle.ts", import.meta.url), []);
  const { code, output } = await program.ended;
  assertEquals([code, output.trim()], [0, "sum 3"]);
});

test("numbers that are none, and modules that are no URL, are misuse", () => {
  assertThrows(() => new Executor({ maxThreads: -1 }), RangeError, "maxThreads is -1");
  assertThrows(() => new Executor({ maxQueuedJobs: 0.5 }), RangeError, "maxQueuedJobs is 0.5");
  assertThrows(() => void new Executor().run("./jobs.ts"), TypeError, '"./jobs.ts" is no URL');
});
