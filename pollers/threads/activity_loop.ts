// The runtime's loop, with a record of the engine's activity: queued closures, the next timer, the last event.

import type { Loop } from "../core/base_engine.ts";
import type { Anchor } from "../core/process_hold.ts";

/** Knows whether closures wait, when something happened last, and when the next timer is due. */
export class ActivityLoop implements Loop {
  /** When something happened last: an event, a closure, a timer. */
  activeAt = 0;
  /** When the armed timer is due; Infinity without one. */
  deadline = Infinity;
  /** Something was read or written without waiting. That is no event, but the thread was busy. */
  atWork = false;
  private waitingClosures = 0;

  /** On top of `runtime`. */
  constructor(readonly runtime: Loop) {}

  /** Closures wait for the iteration's end. */
  get busy(): boolean {
    return this.waitingClosures > 0;
  }

  now(): number {
    return this.runtime.now();
  }

  soon(closure: () => void): void {
    this.waitingClosures++;
    this.activeAt = this.now();
    this.runtime.soon(() => {
      this.waitingClosures--;
      closure();
    });
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
