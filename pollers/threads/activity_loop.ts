// The runtime's loop as an engine uses it, which remembers what the engine has asked of it.

import type { Loop } from "../core/base_engine.ts";
import type { Anchor } from "../core/process_hold.ts";

/** Knows whether there is something to do at once, since when there is not, and when the next timer is due. */
export class ActivityLoop implements Loop {
  /** When something happened last: an event, a closure, a timer. */
  activeAt = 0;
  /** When the armed timer is due; Infinity without one. */
  deadline = Infinity;
  /** Something was read or written without waiting: that is no event, and the thread is at work all the same. */
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
