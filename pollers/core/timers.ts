// Many deadlines on one armed timer of the runtime.

import type { Instant } from "../contract/engine.ts";
import type { ExecCtx } from "../contract/exec_ctx.ts";
import { TimerHeap, type TimerTask } from "./timer_heap.ts";

/** The runtime's own clock and timer, as an engine has them. */
export interface Clock {
  /** The current time. */
  now(): Instant;
  /** Calls `fire` once, `delayMs` from now or later. It does not keep the process alive. */
  arm(delayMs: number, fire: () => void): unknown;
  /** Cancels what `arm` returned; does nothing when it has fired. */
  disarm(armed: unknown): void;
}

/** The longest delay that runtimes take: 2^31-1 ms. */
const MAX_DELAY_MS = 0x7fff_ffff;

/**
 * Significant bits of a delay that is armed: below 256 ms to the millisecond, above at most a 128th less than asked for,
 * where the timer comes early and is armed for the rest. Deno keeps 170 bytes of each delay that no timer had before until it
 * is over: a timer for hours that makes way for a nearer one, and is armed again with another delay each time, took 1 MB in
 * 6,000 times. So there are 3,200 delays, and not 2^31.
 */
const DELAY_BITS = 8;

/**
 * Runs tasks when they are due, each batch inside one turn. The runtime's timer is armed for the earliest task
 * and stays armed when that one is cancelled, since a timer that fires without a task costs less than arming one for
 * every call that ends before its deadline (Deno: 1.3 us). It never keeps the process alive.
 */
export class Timers {
  private readonly heap = new TimerHeap();
  private armed: unknown = undefined;
  private armedFor: Instant = Infinity;
  private ended = false;
  private readonly fire = (): void => {
    this.armed = undefined;
    this.armedFor = -Infinity; // what tasks add now waits for one arming at the end
    this.execCtx.enter(this.runTasks, undefined);
    if (this.armed === undefined) this.armedFor = Infinity;
    this.rearm();
  };
  private readonly runTasks = (): void => {
    const now = this.clock.now();
    for (let task = this.heap.takeDue(now); task !== undefined; task = this.heap.takeDue(now)) {
      this.execCtx.isolate(task.closure);
    }
  };

  /** Tasks run inside turns of `execCtx`. */
  constructor(private readonly clock: Clock, private readonly execCtx: ExecCtx) {}

  /** Tasks waiting. */
  get size(): number {
    return this.heap.size;
  }

  /** When the earliest task is due; Infinity without one. */
  get firstAt(): Instant {
    return this.heap.first?.at ?? Infinity;
  }

  /** Runs what is due at `now`, for a thread that blocks: the runtime's timer does not fire meanwhile. */
  runDue(now: Instant): void {
    if (this.firstAt <= now) this.execCtx.enter(this.runTasks, undefined);
  }

  /** Runs `closure` at `at`, never earlier; never at all where `at` is Infinity. */
  add(at: Instant, closure: () => void): TimerTask {
    if (Number.isNaN(at)) throw new RangeError("Cannot schedule a task: its instant is NaN");
    const task = this.heap.add(at, closure);
    if (at < this.armedFor) this.rearm();
    return task;
  }

  /** True: it will never run. */
  cancel(task: TimerTask): boolean {
    return this.heap.remove(task);
  }

  /** Forgets every task, and whatever is added from here on: the engine is shut down. */
  end(): void {
    this.ended = true;
    this.heap.clear();
    this.disarm();
  }

  /** Has the runtime wake this where the first task is due before it would. */
  private rearm(): void {
    const first = this.heap.first;
    if (first === undefined || first.at >= this.armedFor || this.ended) return;
    this.disarm();
    const now = this.clock.now();
    // Runtimes count in whole milliseconds; rounding up keeps timers from firing early.
    const delayMs = armable(Math.min(MAX_DELAY_MS, Math.max(0, Math.ceil(first.at - now))));
    this.armedFor = Math.min(first.at, now + delayMs);
    this.armed = this.clock.arm(delayMs, this.fire);
  }

  /** Takes the runtime's timer back. */
  private disarm(): void {
    if (this.armed !== undefined) this.clock.disarm(this.armed);
    this.armed = undefined;
  }
}

/** `delayMs`, a whole number, or less: see {@linkcode DELAY_BITS}. */
function armable(delayMs: number): number {
  const bits = Math.max(0, 32 - DELAY_BITS - Math.clz32(delayMs));
  return (delayMs >>> bits) << bits;
}
