// Rule 8, time: tasks run when they are due, in order, never early, and never when cancelled.
import { assert, assertEquals, assertFalse } from "@std/assert";
import { sleep, until, withEngine } from "../promised.ts";
import type { Suite } from "./suite.ts";

/** Tests of `now`, `run`, `runAt` and `cancel`. */
export function timeRules({ factory, rule }: Suite): void {
  rule("now counts milliseconds and never goes back", () =>
    withEngine(factory, async (engine) => {
      const start = engine.now();
      let last = start;
      for (let i = 0; i < 1000; i++) {
        const now = engine.now();
        assert(now >= last);
        last = now;
      }
      await sleep(30);
      const passed = engine.now() - start;
      assert(passed >= 28 && passed < 5000, `${passed} ms`);
    }));

  rule(
    "[Q122] now is not fixed in a turn: whoever computes there finds that time has passed",
    () =>
      withEngine(factory, async (engine) => {
        const read = await new Promise<number[]>((resolve) =>
          engine.run(() => {
            const start = engine.now();
            for (const until = performance.now() + 3; performance.now() < until;);
            resolve([start, engine.now()]);
          })
        );
        assert(read[1]! - read[0]! >= 2, `${read[1]! - read[0]!} ms of 3`);
      }),
  );

  rule(
    "run keeps the order of the calls, and what runs may call it",
    () =>
      withEngine(factory, async (engine) => {
        const order: number[] = [];
        for (let i = 0; i < 100; i++) engine.run(() => order.push(i));
        engine.run(() => engine.run(() => order.push(101)));
        engine.run(() => order.push(100));
        assertEquals(order, []);
        await until(() => order.length === 102, "every closure");
        assertEquals(order, Array.from({ length: 102 }, (_, i) => i));
      }),
  );

  rule(
    "8 tasks run in the order of their instants, and of their adding where these are equal",
    () =>
      withEngine(factory, async (engine) => {
        const order: number[] = [];
        const start = engine.now();
        const delays = [30, 10, 20, 10, 0, 30, -5, 10];
        delays.forEach((delay, i) => engine.runAt(start + delay, () => order.push(i)));
        assertEquals(order, []);
        await until(() => order.length === delays.length, "every task");
        assertEquals(order, [6, 4, 1, 3, 7, 2, 0, 5]);
      }),
  );

  rule("8 a task never runs early", () =>
    withEngine(factory, async (engine) => {
      const early: number[] = [];
      let ran = 0;
      for (let i = 0; i < 200; i++) {
        const at = engine.now() + 0.37 * i;
        engine.runAt(at, () => {
          if (engine.now() < at) early.push(at - engine.now());
          ran++;
        });
      }
      await until(() => ran === 200, "every task");
      assertEquals(early, []);
    }));

  rule(
    "8 a cancelled task never runs; cancel says whether it was in time",
    () =>
      withEngine(factory, async (engine) => {
        const ran: string[] = [];
        const at = engine.now() + 20;
        const first = engine.runAt(at, () => {
          ran.push("first");
          assertFalse(engine.cancel(first), "a running task was cancelled");
          assert(engine.cancel(second));
        });
        const second = engine.runAt(at, () => ran.push("second"));
        const third = engine.runAt(at + 5, () => ran.push("third"));
        assert(engine.cancel(third));
        assertFalse(engine.cancel(third));
        await until(() => ran.length > 0, "the first task");
        await sleep(60);
        assertEquals(ran, ["first"]);
        assertFalse(engine.cancel(first));
      }),
  );

  rule(
    "8 a task may be added from a task, also one that is due already",
    () =>
      withEngine(factory, async (engine) => {
        const order: string[] = [];
        const at = engine.now() + 10;
        engine.runAt(at, () => {
          order.push("outer");
          engine.runAt(at + 10, () => order.push("later"));
          engine.runAt(at - 100, () => order.push("overdue"));
        });
        await until(() => order.length === 3, "every task");
        assertEquals(order, ["outer", "overdue", "later"]);
      }),
  );

  rule("8 an earlier task overtakes the one that is armed", () =>
    withEngine(factory, async (engine) => {
      const start = engine.now();
      const late = engine.runAt(start + 60_000, () => {});
      await new Promise<void>((resolve) => engine.runAt(start + 10, resolve));
      assert(engine.now() - start < 5000);
      assert(engine.cancel(late));
      await new Promise<void>((resolve) => engine.runAt(engine.now() + 10, resolve));
    }));

  rule(
    "8 an instant further away than a runtime's timers reach does not come at once",
    () =>
      withEngine(factory, async (engine) => {
        let ran = 0;
        const far = [2 ** 31, 2 ** 33, 1e15, Infinity].map((delay) =>
          engine.runAt(engine.now() + delay, () => ran++)
        );
        await sleep(30);
        assertEquals(ran, 0);
        for (const task of far) assert(engine.cancel(task));
      }),
  );

  rule("8 100,000 tasks, half of them cancelled", () =>
    withEngine(factory, async (engine) => {
      const start = engine.now();
      let ran = 0;
      let wrong = 0;
      let last = 0;
      const tasks: object[] = [];
      for (let i = 0; i < 100_000; i++) {
        const at = start + 300 + (i * 7919) % 200;
        tasks.push(engine.runAt(at, () => {
          if (i % 2 === 1 || engine.now() < at || at < last) wrong++;
          last = at;
          ran++;
        }));
      }
      for (let i = 1; i < tasks.length; i += 2) assert(engine.cancel(tasks[i]!));
      await until(() => ran >= 50_000, "every task", 15_000);
      assertEquals([ran, wrong], [50_000, 0]);
    }));
}
