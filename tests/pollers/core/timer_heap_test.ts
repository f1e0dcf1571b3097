// The heap of deadlines, held against a sorted list.
import { assert, assertEquals, assertFalse } from "@std/assert";
import { TimerHeap, type TimerTask } from "../../../pollers/core/timer_heap.ts";
import { test } from "../../harness.ts";

const nothing = () => {};

test("tasks come out by instant, equal ones in the order of their adding", () => {
  const heap = new TimerHeap();
  const instants = [5, 1, 3, 1, 5, 0, 3, 1];
  const tasks = instants.map((at) => heap.add(at, nothing));
  assertEquals(heap.first, tasks[5]);
  const out: number[] = [];
  for (let task = heap.takeDue(9); task !== undefined; task = heap.takeDue(9)) out.push(tasks.indexOf(task));
  assertEquals(out, [5, 1, 3, 7, 2, 6, 0, 4]);
  assertEquals([heap.size, heap.first], [0, undefined]);
});

test("only what is due is taken", () => {
  const heap = new TimerHeap();
  const task = heap.add(10, nothing);
  assertEquals(heap.takeDue(9.999), undefined);
  assertEquals(heap.takeDue(10), task);
  assertFalse(heap.remove(task));
});

test("adding, cancelling and taking at random agree with a sorted list", () => {
  let seed = 20_240_607;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(seed / 2 ** 32 * below);
  };
  const heap = new TimerHeap();
  const model: TimerTask[] = [];
  const takeOut = (task: TimerTask) => model.splice(model.indexOf(task), 1);
  const order = (a: TimerTask, b: TimerTask) => a.at - b.at || a.order - b.order;
  for (let step = 0; step < 20_000; step++) {
    const choice = random(10);
    if (choice < 5) model.push(heap.add(random(100), nothing));
    else if (choice < 8 && model.length > 0) {
      const task = model[random(model.length)]!;
      assert(heap.remove(task));
      assertFalse(heap.remove(task));
      takeOut(task);
    } else {
      const now = random(100);
      const expected = [...model].sort(order).find((task) => task.at <= now);
      assertEquals(heap.takeDue(now), expected);
      if (expected !== undefined) takeOut(expected);
    }
    assertEquals(heap.size, model.length);
  }
  const rest = [...model].sort(order);
  assertEquals(rest.map(() => heap.takeDue(Infinity)), rest);
});

test("a cleared heap has let go of its tasks", () => {
  const heap = new TimerHeap();
  const task = heap.add(1, nothing);
  heap.clear();
  assertEquals(heap.size, 0);
  assertFalse(heap.remove(task));
});
