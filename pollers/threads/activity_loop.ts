// The runtime's loop, with a record of the engine's activity: queued closures, the next timer, the last event.

import type { Loop } from "../core/base_engine.ts";
import type { Anchor } from "../core/process_hold.ts";

/** Knows whether closures wait, when something happened last, and when the next timer is due. */
export class ActivityLoop implements Loop {
  /** When something happened last: an event, a closure, a timer. */
  activeAt = 0;
  /** When the armed timer is due; Infinity without one. */
  deadline: number = Infinity;
  /** Something was read or written without waiting. That is no event, but the thread was busy. */
  atWork = false;
  private closures: Array<() => void> = [];
  /** The iteration's end was asked for, and runs closures. */
  private due = false;
  private readonly atIterationEnd = (): void => {
    this.due = false;
    this.runClosures();
  };

  /** On top of `runtime`. */
  constructor(readonly runtime: Loop) {}

  /** Closures wait for the iteration's end. */
  get busy(): boolean {
    return this.closures.length > 0;
  }

  now(): number {
    return this.runtime.now();
  }

  soon(closure: () => void): void {
    this.closures.push(closure);
    this.activeAt = this.now();
    if (this.due) return;
    this.due = true;
    this.runtime.soon(this.atIterationEnd);
  }

  /** Runs the closures that wait now, none of which throws; those that they add wait for the next time. */
  runClosures(): void {
    const batch = this.closures;
    if (batch.length === 0) return;
    this.closures = [];
    for (const closure of batch) closure();
  }

  arm(delayMs: number, fire: () => void): unknown {
    this.deadline = this.now() + delayMs;
    return this.runtime.arm(delayMs, () => {
      this.deadline = Infinity;
      this.activeAt = this.now();
      fire();
    });
  }

  disarm(armed: unknown): void {
    this.deadline = Infinity;
    this.runtime.disarm(armed);
  }

  anchor(): Anchor {
    return this.runtime.anchor();
  }
}
