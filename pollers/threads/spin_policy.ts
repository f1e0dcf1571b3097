// Whether a thread that has nothing to do polls again at once (spins) instead of going to sleep: to sleep and be woken
// takes time, and as much of the processor as a spin of some length.
//
// So it spins for that long, counted from the moment when it has nothing to do, and only where most events come within
// it. An event that did, or would have, counts for the next spin; one that did not counts twice against it.

import type { ActivityLoop } from "./activity_loop.ts";

/** Two events in a row that come late end the spins, two that would have come in time begin them again. */
const MOST_TRUST = 4;
const ENOUGH_TRUST = 2;

/** The decision, for one thread. */
export class SpinPolicy {
  /** When looking found nothing for the first time; Infinity while there is something to do. */
  private idleSince = Infinity;
  private trust = MOST_TRUST;

  /** `loop` knows what else there is to do; `limitMs` is what a sleep costs, half of it until the thread runs again. */
  constructor(private readonly loop: ActivityLoop, private readonly limitMs: number) {}

  /** Looking found nothing. True: look again after an iteration of the loop. False: sleep. */
  goesOn(now: number): boolean {
    const { loop } = this;
    if (loop.busy) {
      this.idleSince = Infinity;
      return true;
    }
    if (this.idleSince === Infinity || loop.activeAt > this.idleSince) this.idleSince = now;
    return this.trust >= ENOUGH_TRUST && now - this.idleSince < this.limitMs;
  }

  /** Looking found something. */
  found(now: number): void {
    this.event(now, now - this.idleSince < this.limitMs);
  }

  /** The thread was woken by an event, which it slept through, or did not spin for. */
  woken(now: number): void {
    this.event(now, this.trust < ENOUGH_TRUST && now - this.idleSince < this.limitMs * 1.5);
  }

  private event(now: number, isInTime: boolean): void {
    this.trust = isInTime ? Math.min(MOST_TRUST, this.trust + 1) : Math.max(0, this.trust - 2);
    this.idleSince = Infinity;
    this.loop.activeAt = now;
  }
}
