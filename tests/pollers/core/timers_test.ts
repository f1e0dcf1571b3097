// Many deadlines on one armed timer, with a clock that the test moves.
import { assert, assertEquals, assertFalse, assertLess, assertThrows } from "@std/assert";
import { ExecCtx } from "../../../pollers/contract/exec_ctx.ts";
import { type Clock, Timers } from "../../../pollers/core/timers.ts";
import { test } from "../../harness.ts";

/** A clock with one timer, which counts what is asked of it. */
class TestClock implements Clock {
  time = 1000;
  arms = 0;
  delayMs = Infinity;
  private fire: (() => void) | undefined = undefined;

  now(): number {
    return this.time;
  }

  arm(delayMs: number, fire: () => void): unknown {
    assertEquals(this.fire, undefined, "two timers are armed");
    this.arms++;
    this.delayMs = delayMs;
    this.fire = fire;
    return fire;
  }

  disarm(armed: unknown): void {
    if (armed === this.fire) this.fire = undefined;
  }

  get armed(): boolean {
    return this.fire !== undefined;
  }

  /** The runtime's timer comes, when the clock shows `time`. */
  fireAt(time: number): void {
    this.time = time;
    const fire = this.fire!;
    this.fire = undefined;
    fire();
  }
}

function setUp(
  onThrow: (error: unknown) => void = () => {},
): { clock: TestClock; timers: Timers; ran: string[]; note: (name: string) => () => void } {
  const clock = new TestClock();
  const ran: string[] = [];
  const timers = new Timers(clock, new ExecCtx(() => {}, onThrow));
  return { clock, timers, ran, note: (name) => () => void ran.push(name) };
}

test("one timer is armed for the earliest task, and again for the next", () => {
  const { clock, timers, ran, note } = setUp();
  timers.add(1050, note("late"));
  timers.add(1010.5, note("early"));
  timers.add(1100, note("last"));
  assertEquals([clock.arms, clock.delayMs], [2, 11]);
  clock.fireAt(1011);
  assertEquals(ran, ["early"]);
  assertEquals([clock.arms, clock.delayMs], [3, 39]);
  clock.fireAt(1200);
  assertEquals(ran, ["early", "late", "last"]);
  assertEquals([clock.arms, clock.armed, timers.size], [3, false, 0]);
});

test("a runtime's timer that comes early runs nothing", () => {
  const { clock, timers, ran, note } = setUp();
  timers.add(1010, note("task"));
  clock.fireAt(1009.4);
  assertEquals([ran.length, clock.delayMs], [0, 1]);
  clock.fireAt(1010);
  assertEquals(ran, ["task"]);
});

test("deadlines that are cancelled before they come arm one timer in all", () => {
  const { clock, timers } = setUp();
  for (let i = 0; i < 1000; i++) {
    clock.time += 0.1;
    const task = timers.add(clock.time + 500, () => {});
    assert(timers.cancel(task));
    assertFalse(timers.cancel(task));
  }
  assertEquals(clock.arms, 1);
  const last = timers.add(1700, () => {});
  clock.fireAt(1500);
  assertEquals([clock.arms, clock.delayMs], [2, 200]);
  timers.cancel(last);
  clock.fireAt(1700);
  assertEquals([clock.arms, clock.armed], [2, false]);
});

test("what a task adds is armed once, after all that is due", () => {
  const { clock, timers, ran, note } = setUp();
  timers.add(1001, () => {
    for (let delay = 50; delay > 10; delay--) timers.add(1001 + delay, note(`after ${delay}`));
    timers.add(900, note("overdue"));
  });
  clock.fireAt(1001);
  assertEquals([ran, clock.arms, clock.delayMs], [["overdue"], 2, 11]);
});

test("a task that throws takes no other with it", () => {
  const thrown: unknown[] = [];
  const { clock, timers, ran, note } = setUp((error) => void thrown.push(error));
  const error = new Error("from the task");
  timers.add(1001, () => {
    throw error;
  });
  timers.add(1001, note("same instant"));
  timers.add(1005, note("later"));
  clock.fireAt(1001);
  assertEquals([ran, thrown, clock.armed], [["same instant"], [error], true]);
  clock.fireAt(1005);
  assertEquals([ran, thrown.length], [["same instant", "later"], 1]);
});

test("after the end nothing runs and nothing is armed, what is added then neither", () => {
  const { clock, timers, ran, note } = setUp();
  timers.add(1001, note("waits"));
  timers.end();
  assertEquals([clock.armed, timers.size], [false, 0]);
  const late = timers.add(1002, note("late"));
  assertEquals(clock.armed, false);
  assert(timers.cancel(late));
  assertEquals(ran, []);
});

test("the end may come from within a task", () => {
  const { clock, timers, ran, note } = setUp();
  timers.add(1001, () => {
    timers.end();
    timers.add(1010, note("after the end"));
  });
  timers.add(1001, note("at the same time"));
  clock.fireAt(1001);
  assertEquals([ran.length, clock.armed], [0, false]);
});

test("instants beyond a timer's reach are approached, Infinity is never armed, NaN is misuse", () => {
  const { clock, timers, ran, note } = setUp();
  const never = timers.add(Infinity, note("never"));
  assertEquals(clock.armed, false);
  assert(timers.cancel(never));
  timers.add(1000 + 2 ** 32, note("far"));
  assertEquals(clock.delayMs, 2 ** 31 - 2 ** 23);
  clock.fireAt(1000 + 2 ** 31 - 2 ** 23);
  assertEquals([ran.length, clock.delayMs], [0, 2 ** 31 - 2 ** 23]);
  assertThrows(() => timers.add(NaN, note("nan")), RangeError);
});

test("a task far away that makes way for nearer ones is armed with few delays, and in time", () => {
  const { clock, timers, ran, note } = setUp();
  const delays = new Set<number>();
  timers.add(1000 + 7_200_000, note("far"));
  while (ran.length === 0) {
    timers.add(clock.time + 255, () => {});
    delays.add(clock.delayMs);
    clock.fireAt(clock.time + clock.delayMs);
    delays.add(clock.delayMs);
  }
  assertEquals(clock.time, 1000 + 7_200_000);
  assertLess(delays.size, 3_200);
});

test("what is added while the timer is about to come early is not armed for", () => {
  const { clock, timers, ran, note } = setUp();
  timers.add(1000 + 513, note("first"));
  assertEquals([clock.arms, clock.delayMs], [1, 512]);
  timers.add(1000 + 512.5, note("before it"));
  assertEquals(clock.arms, 1);
  clock.fireAt(1512);
  assertEquals([ran.length, clock.arms, clock.delayMs], [0, 2, 1]);
});

test("tasks run inside one turn", () => {
  const clock = new TestClock();
  const execCtx = new ExecCtx(() => {});
  const timers = new Timers(clock, execCtx);
  const order: string[] = [];
  const flushable = { flushScheduled: false, flushedIn: -1, flush: () => void order.push("flush") };
  for (const name of ["one", "two"]) {
    timers.add(1001, () => {
      order.push(name);
      execCtx.touch(flushable);
    });
  }
  clock.fireAt(1001);
  assertEquals(order, ["one", "two", "flush"]);
});
