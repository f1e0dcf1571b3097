// The timer heap beside 10,000 timers that wait: one added and cancelled, one added and another due.
import type { Bench } from "tinybench";
import { TimerHeap } from "../../pollers/core/timer_heap.ts";
import { addBatch, expect } from "./batch.ts";

const WAITING = 10_000;
const BATCH = 1_000;
const NOTHING = () => {};

/** Adds the measurements. */
export function add(bench: Bench): void {
  check();
  const cancelling = filled(1e6);
  addBatch(bench, "timers: add and cancel beside 10,000", BATCH, () => {
    let cancelled = 0;
    for (let i = 0; i < BATCH; i++) {
      const task = cancelling.add(1e6 + delay(i), NOTHING);
      if (cancelling.remove(task)) cancelled++;
    }
    return cancelled + cancelling.size;
  });
  const expiring = filled(0);
  let added = WAITING;
  addBatch(bench, "timers: add and expire beside 10,000", BATCH, () => {
    let due = 0;
    for (let i = 0; i < BATCH; i++) {
      const now = expiring.first!.at;
      if (expiring.takeDue(now) !== undefined) due++;
      expiring.add(now + delay(added++), NOTHING);
    }
    return due + expiring.size;
  });
}

/** A heap gives its tasks in order, and not those that were cancelled. */
function check(): void {
  const heap = filled(0);
  const cancelled = Array.from({ length: BATCH }, (_, i) => heap.add(delay(i), NOTHING));
  for (const task of cancelled) expect("timers, cancelled", heap.remove(task), true);
  expect("timers, cancelled twice", heap.remove(cancelled[0]!), false);
  let due = 0;
  let last = 0;
  for (let task = heap.takeDue(Infinity); task !== undefined; task = heap.takeDue(Infinity)) {
    expect("timers, order", task.at >= last, true);
    last = task.at;
    due++;
  }
  expect("timers, due", due, WAITING);
}

function filled(from: number): TimerHeap {
  const heap = new TimerHeap();
  for (let i = 0; i < WAITING; i++) heap.add(from + delay(i), NOTHING);
  return heap;
}

/** 1 to 10,000 ms, scattered: 7,919 is prime, so that none comes again within 10,000. */
function delay(i: number): number {
  return 1 + (i * 7_919) % 10_000;
}
