// Waiting in an engine while the runtime's loop stands still: every engine that can, and the refusal of the others.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { epollFactory } from "../../../pollers/epoll/mod.ts";
import { pollFactory } from "../../../pollers/poll/mod.ts";
import { createEngine, describePollers, SYNC_WAIT, whyNoSyncWait } from "../../../pollers/mod.ts";
import { ExecCtx } from "../../../pollers/contract/exec_ctx.ts";
import { Timers } from "../../../pollers/core/timers.ts";
import { ActivityLoop } from "../../../pollers/threads/activity_loop.ts";
import { SyncWaiter } from "../../../pollers/threads/sync_waiter.ts";
import { Dispatcher } from "../../../pollers/threads/waiting.ts";
import { test } from "../../harness.ts";
import { syncWaitTests } from "./sync_wait.ts";

for (const factory of [epollFactory, pollFactory]) syncWaitTests(factory);

test("[Q127] an engine on the runtime's sockets refuses, with the reason", async () => {
  const engine = createEngine("native");
  assertEquals(engine.extension(SYNC_WAIT), undefined);
  assertMatch(whyNoSyncWait(engine)!, /"native" .* the runtime's loop/);
  await engine.shutdown();
  assert(describePollers().length > 1);
});

/** A waiter over a clock and a source that do as they are told; each wait is noted. */
class Stage {
  time = 0;
  readonly waits: number[] = [];
  /** What the waits to come find, and how long they last. */
  readonly script: Array<{ readonly found: number; readonly lastsMs: number }> = [];
  crash = "";
  readonly loop = new ActivityLoop({
    now: () => this.time,
    soon: () => {},
    arm: () => ({}),
    disarm: () => {},
    anchor: () => ({ ref() {}, unref() {}, remove() {} }),
  });
  readonly execCtx = new ExecCtx((closure) => this.loop.soon(closure));
  readonly timers = new Timers(this.loop, this.execCtx);
  dispatched = 0;
  taken = 0;
  private readonly source = {
    loss: "the source is lost",
    kick: () => {},
    wait: (ms: number): number => {
      this.waits.push(ms);
      const step = this.script.shift();
      if (step === undefined) throw new Error("the script is over");
      this.time += step.lastsMs;
      return step.found;
    },
  };
  readonly waiter = new SyncWaiter(
    { execCtx: this.execCtx, timers: this.timers, opened: { size: 1 } },
    this.source,
    4,
    new Dispatcher({ stride: 1, dispatch: () => void this.dispatched++, listens: () => false }, this.execCtx),
    this.loop,
    { watch: () => {}, take: () => void this.taken++, findLost: () => {}, stop: () => Promise.resolve() },
    { asked: 0, block: () => {}, unblock: () => {}, poll: () => {} },
    (reason) => this.crash = reason,
  );
}

test("[Q128] a wait is as long as until the earliest of deadline and task, and is repeated when a signal ends it", () => {
  const stage = new Stage();
  let ran = 0;
  stage.timers.add(4, () => ran++);
  stage.script.push({ found: 0, lastsMs: 1 }, { found: 0, lastsMs: 3 }, { found: 0, lastsMs: 6 });
  stage.script.push({ found: 0, lastsMs: 0 });
  assertEquals(stage.waiter.wait(() => false, 10, 0), false);
  assertEquals(stage.waits, [4, 3, 6, 0]);
  assertEquals([ran, stage.taken, stage.time], [1, 1, 10]);
});

test("connections that a wait kept come once, whether they are found again or not", () => {
  for (const isFoundAgain of [true, false]) {
    const execCtx = new ExecCtx(() => {});
    let dispatched = 0;
    const target = { stride: 1, listens: () => true, recover: () => isFoundAgain };
    const dispatcher = new Dispatcher({ ...target, dispatch: () => void dispatched++ }, execCtx);
    dispatcher.dispatchOthers(new Int32Array(2), 2);
    dispatcher.recover();
    dispatcher.dispatchKept();
    dispatcher.dispatchKept();
    assertEquals(dispatched, isFoundAgain ? 0 : 2);
  }
});

test("no system is asked for a wait that it has no number for", () => {
  for (const deadline of [2 ** 40, Number.MAX_VALUE]) {
    const stage = new Stage();
    stage.script.push({ found: 1, lastsMs: 1 });
    assert(stage.waiter.wait(() => stage.dispatched === 1, deadline, 0));
    assertEquals(stage.waits, [2 ** 31 - 1]);
  }
});

test("it polls for spinMs after each event, and blocks then", () => {
  const stage = new Stage();
  stage.script.push({ found: 0, lastsMs: 1 }, { found: 1, lastsMs: 0.5 }, { found: 0, lastsMs: 1.5 });
  stage.script.push({ found: 0, lastsMs: 1 }, { found: 2, lastsMs: 1 });
  assert(stage.waiter.wait(() => stage.dispatched === 3, 100, 2));
  assertEquals(stage.waits, [0, 0, 0, 0, 96]);
});

test("[Q7] it looks at the condition before it looks for events, and at events before the deadline", () => {
  const stage = new Stage();
  assert(stage.waiter.wait(() => true, -1, 0));
  assertEquals(stage.waits, []);
  stage.script.push({ found: 1, lastsMs: 0 });
  assert(stage.waiter.wait(() => stage.dispatched === 1, -1, 0));
  assertEquals(stage.waits, [0]);
});

test("a source that is lost fails what is open and ends the wait with the reason", () => {
  const stage = new Stage();
  let thrown = "";
  try {
    stage.waiter.wait(() => false, 10, 0);
  } catch (error) {
    thrown = (error as Error).message;
  }
  assertEquals(thrown, "Cannot block: the source is lost: the script is over");
  assertEquals(stage.crash, "the source is lost: the script is over");
});
