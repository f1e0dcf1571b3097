// Whether a thread polls again at once (spins) instead of going to sleep: a wake-up costs as much as the spin.
//
// It spins for a moment after each event. Where events keep coming later than that, each spin is wasted, so after a few
// of them spinning stops, until an event comes soon after the thread went to sleep.

import type { ActivityLoop } from "./activity_loop.ts";

/** How long to spin after the last event. Going to sleep and being woken takes about as long (measured). */
const SPIN_MS = 0.05;

/** Wasted spins in a row after which spinning stops. */
const MOST_MISSES = 4;

/** The decision, for one thread. */
export class SpinPolicy {
  private misses = 0;
  private sleptAt = 0;

  /** `loop` knows what else there is to do. */
  constructor(private readonly loop: ActivityLoop) {}

  /** True: look again after an iteration of the loop. False: nothing came in time, sleep. */
  goesOn(now: number): boolean {
    if (this.loop.busy) return true;
    if (now - this.loop.activeAt < SPIN_MS && this.misses < MOST_MISSES) return true;
    return false;
  }

  /** The thread goes to sleep. */
  sleeps(now: number): void {
    this.misses++;
    this.sleptAt = now;
  }

  /** Looking found something. */
  found(now: number): void {
    this.misses = 0;
    this.loop.activeAt = now;
  }

  /** The thread was woken by an event. */
  woken(now: number): void {
    if (now - this.sleptAt < 2 * SPIN_MS) this.misses = 0; // looking on would have found it
    this.loop.activeAt = now;
  }
}
