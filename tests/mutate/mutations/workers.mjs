// Faults of reactor workers and their boss, and of listeners that end by themselves.

const BOSS = "tests/surface/workers/boss_test.ts";
const DEATHS = "tests/surface/workers/deaths_test.ts";
const WORKERS = "tests/surface/workers/reactor_workers_test.ts";
const LISTENER = "tests/surface/server/listener_end_test.ts";
const SERVE = "tests/surface/server/serve_endpoint_test.ts";

const mutation = (file, before, after, test, name, runtime = "deno", poller = "epoll") => ({
  file,
  before,
  after,
  test,
  name,
  runtime,
  poller,
});

/** As `readMutations` describes them. */
export default [
  mutation(
    "surface/workers/reactor_workers.ts",
    " && URL.canParse(module)",
    "",
    WORKERS,
    "wrong options are refused",
  ),
  mutation(
    "surface/workers/reactor_workers.ts",
    'options.sharing === "reuse-port" && !("port" in at)',
    "false",
    WORKERS,
    "wrong options are refused",
  ),
  mutation(
    "surface/workers/reactor_workers.ts",
    "      for (const { worker } of this.slots) void worker.drain(options);\n",
    "",
    WORKERS,
    "may be given a grace later",
  ),
  mutation("surface/workers/intake.ts", "    this.taken = taken;\n", "", BOSS, "however often it took"),
  mutation(
    "surface/workers/boss.ts",
    "    Atomics.store(state, GONE, 1);\n",
    "",
    BOSS,
    "goes to the others, in order",
  ),
  mutation(
    "surface/workers/boss.ts",
    "if (connections >= least) continue;",
    "if (least < Infinity) continue;",
    BOSS,
    "who has fewest",
  ),
  mutation(
    "surface/workers/boss.ts",
    "const senders = taking.length > 0 ? taking : open;",
    "const senders = open;",
    BOSS,
    "not there yet",
  ),
  mutation(
    "surface/workers/boss.ts",
    "const first = this.next++;",
    "const first = 0;",
    BOSS,
    "who has fewest",
  ),
  mutation(
    "surface/workers/reactor_worker.ts",
    "() => void Atomics.sub(state, OPEN, 1)",
    "() => {}",
    DEATHS,
    "that are closed do not count",
  ),
  mutation(
    "surface/workers/reactor_worker.ts",
    "    await this.lastTaken; // the boss has ended it: what was accepted is served\n",
    "",
    DEATHS,
    "before it is told to end",
  ),
  mutation(
    "surface/workers/reactor_worker.ts",
    'if (context.where === "listener") void this.listenAgain();',
    "",
    DEATHS,
    "whose listener ends listens again",
  ),
  mutation(
    "surface/workers/reactor_workers.ts",
    "before?.backoff ?? new Backoff",
    "new Backoff",
    DEATHS,
    "wait longer",
  ),
  mutation(
    "surface/workers/reactor_workers.ts",
    "if (this.engine.now() - startedAt > SETTLED_MS) backoff.reset();",
    "backoff.reset();",
    DEATHS,
    "wait longer",
  ),
  mutation(
    "surface/workers/reactor_workers.ts",
    "error !== undefined && this.listenerEnded(boss, error)",
    "void error",
    DEATHS,
    "a boss whose listener ends",
  ),
  mutation(
    "surface/workers/worker_thread.ts",
    "    this.engine.cancel(task);\n",
    "",
    DEATHS,
    "leaves no timer",
  ),
  mutation(
    "pollers/native/thread.ts",
    "setTimeout(() => hostProcess().exit(0), 0);",
    "hostProcess().exit(0);",
    WORKERS,
    "boss: descriptors come back",
  ),
  mutation(
    "pollers/native/engine.ts",
    "? this.listening?.spares as unknown as E",
    "? undefined",
    WORKERS,
    "one that ends on the spot",
    "bun",
    "native",
  ),
  mutation(
    "surface/server/server.ts",
    "if (error !== undefined) this.#listenerEnded(binding, error);",
    "",
    LISTENER,
    "is reported",
  ),
  mutation(
    "surface/server/server.ts",
    "    onGone?.();\n    this",
    "    this",
    SERVE,
    "calls",
  ),
  mutation(
    "surface/server/server.ts",
    "      endpoint.close();\n      return onClosed();",
    "      return onClosed();",
    SERVE,
    "after a shutdown",
  ),
  mutation(
    "surface/workers/reactor_workers.ts",
    "if (this.engine.now() - startedAt > SETTLED_MS) backoff.reset();",
    "",
    WORKERS,
    "dies again",
  ),
  mutation(
    "surface/workers/reactor_workers.ts",
    "if (this.engine.now() - startedAt > SETTLED_MS) backoff.reset();",
    "backoff.reset();",
    WORKERS,
    "dies again",
  ),
  mutation(
    "surface/workers/reactor_workers.ts",
    "      options,\n",
    "      options: {},\n",
    WORKERS,
    "passed on",
  ),
  mutation(
    "surface/workers/worker_thread.ts",
    "this.engine.runAt(limit, () => this.thread.terminate());",
    "this.engine.runAt(limit, () => {});",
    WORKERS,
    "graceMs ends one",
  ),
  mutation(
    "surface/workers/reactor_workers.ts",
    "    if (this.stopped !== undefined) {\n      this.boss?.remove(index);",
    "    if (false) {\n      this.boss?.remove(index);",
    DEATHS,
    "about to be started",
  ),
];
