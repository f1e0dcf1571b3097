// What every engine is made of: timers, turns, slice buffers.
import type { Bench } from "tinybench";
import { ExecCtx } from "../../pollers/core/exec_ctx.ts";
import { SliceBuffer } from "../../pollers/core/slice_buffer.ts";
import { TimerHeap } from "../../pollers/core/timer_heap.ts";

/** Adds the measurements. */
export function addPollers(bench: Bench): void {
  const heap = new TimerHeap();
  for (let i = 0; i < 10_000; i++) heap.add(1e6 + (i * 7_919) % 10_000, () => {});
  let at = 0;
  bench.add("timer heap: add and cancel beside 10,000", () => {
    if (!heap.remove(heap.add(1e6 + (at++ * 31) % 10_000, () => {}))) throw new Error("a task was lost");
  });
  bench.add("timer heap: 1,000 tasks added and due", () => {
    for (let i = 0; i < 1_000; i++) heap.add((i * 7_919) % 1_000, () => {});
    let due = 0;
    while (heap.takeDue(1_000) !== undefined) due++;
    if (due !== 1_000) throw new Error(`${due} of 1,000 tasks were due`);
  });
  const context = new ExecCtx(() => {});
  let flushed = 0;
  const connections = Array.from(
    { length: 10 },
    () => ({ flushScheduled: false, flush: () => void flushed++ }),
  );
  bench.add("exec ctx: a turn that touches 10 connections twice", () => {
    flushed = 0;
    context.enter(() => {
      for (let i = 0; i < 2; i++) for (const one of connections) context.touch(one);
    }, undefined);
    if (flushed !== 10) throw new Error(`${flushed} flushes for 10 connections`);
  });
  const buffer = new SliceBuffer();
  const slice = new Uint8Array(100);
  bench.add("slice buffer: 100 slices appended, half dropped, cleared", () => {
    for (let i = 0; i < 100; i++) buffer.append(slice);
    buffer.drop(5_050);
    if (buffer.byteLength !== 4_950) throw new Error("bytes were lost");
    buffer.clear();
  });
}
