// Faults of threads that block: who polls, what is flushed and dispatched, and what is refused.

const WAIT = "tests/pollers/threads/sync_wait_test.ts";
const EPOLL_WAIT = "tests/pollers/epoll/sync_wait_test.ts";
const HANDOVER = "tests/pollers/epoll/handover_test.ts";
const QUEUE = "tests/surface/queue/blocking_test.ts";
const CONSUMER = "surface/queue/blocked_consumer.ts";
const WAITER = "pollers/threads/sync_waiter.ts";

/** As `readMutations` describes them. */
export default [
  {
    file: "pollers/threads/handover.ts",
    before: "if (count === 0 && Atomics.load(control, RECLAIM) === 0) continue;",
    after: "if (count === 0) continue;",
    test: HANDOVER,
    name: "the token comes back",
  },
  {
    file: "pollers/threads/handover.ts",
    before: `    Atomics.notify(control, SIGNAL);
    Atomics.notify(control, TOKEN);`,
    after: "    Atomics.notify(control, SIGNAL);",
    test: HANDOVER,
    name: "the token comes back",
  },
  {
    file: "pollers/threads/thread_waiting.ts",
    before: "if (Atomics.load(control, TOKEN) !== ENGINE) return this.awaitSignal();",
    after: "",
    test: WAIT,
    name: "the poller thread's token",
  },
  {
    file: "pollers/threads/thread_waiting.ts",
    before: `    this.loop.runtime.soon(this.poll);
    this.dispatcher.dispatch(due, Atomics.load(control, COUNT));
  }

  /** The poller thread is kicked`,
    after: `    this.dispatcher.dispatch(due, Atomics.load(control, COUNT));
  }

  /** The poller thread is kicked`,
    test: WAIT,
    name: "the poller thread's token",
  },
  {
    file: WAITER,
    before: "loop.runClosures(); // one of them",
    after: "// one of them",
    test: WAIT,
    name: "[Q126] a blocked thread dispatches",
  },
  {
    file: WAITER,
    before: "timers.runDue(loop.now());",
    after: "",
    test: WAIT,
    name: "[Q126] a blocked thread",
  },
  {
    file: WAITER,
    before: "if (this.engine.execCtx.inTurn) throw",
    after: "if (false as boolean) throw",
    test: WAIT,
    name: "[Q127] a wait inside a callback",
  },
  {
    file: WAITER,
    before: "spins ? 0 : Math.max(0, end - now)",
    after: "spins ? 0 : Math.ceil(Math.max(0, end - now)) + 1",
    test: WAIT,
    name: "[Q128] a wait is as long",
  },
  {
    file: WAITER,
    before: "if (!expired) continue;",
    after: "if (!expired && count > 0) continue;",
    test: EPOLL_WAIT,
    name: "[Q128] a thousand signals",
  },
  {
    file: WAITER,
    before: "const expired = now >= deadline;",
    after: "const expired = now >= deadline;\n      if (expired) return false;",
    test: WAIT,
    name: "events before the deadline",
  },
  {
    file: WAITER,
    before: "now - activeAt < spinMs;",
    after: "false;",
    test: WAIT,
    name: "it polls for spinMs",
  },
  { file: WAITER, before: "this.onCrash(reason);", after: "", test: WAIT, name: "a source that is lost" },
  {
    file: CONSUMER,
    before: "poller.kick(pollset, consumer); // it leaves",
    after: "// it leaves",
    test: QUEUE,
    name: "[Q127] a queue refuses",
  },
  {
    file: CONSUMER,
    before: "poller.work(pollset, consumer);",
    after: "pollset.polls++;",
    test: QUEUE,
    name: "[Q21] a shutdown",
  },
  {
    file: CONSUMER,
    before: "if (reason !== undefined) throw",
    after: "if (reason !== undefined && !engine.execCtx.inTurn) throw",
    test: QUEUE,
    name: "[Q127] a queue refuses",
  },
  {
    file: CONSUMER,
    before: "if (pluck && core.hasMostPluckers(tag as Tag)) return event;",
    after: "",
    test: QUEUE,
    name: "[Q10] a seventh",
  },
  {
    file: "pollers/contract/extension.ts",
    before: "if (engine.extension(SYNC_WAIT) === undefined) {",
    after: "if (false as boolean) {",
    test: QUEUE,
    name: "[Q127] a queue of the runtime",
  },
];
