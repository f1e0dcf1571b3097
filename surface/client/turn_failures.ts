// The ends of a channel's calls that fail on this side: how many an application gets in one turn of the loop.

import type { EventEngine } from "../../pollers/mod.ts";

/**
 * Calls that fail on this side in one turn of the loop before the application gets the ends of others in the next one. They fail
 * on the spot: there is no connection, their time is over, their signal was aborted, their request cannot be encoded or is too
 * large. An application that calls again as soon as a call has failed would else keep timers from coming, those of the
 * backoff among them.
 */
const FAILURES_A_TURN = 1_000;

/** See the head of this file. */
export class TurnFailures {
  private count = 0;

  /** Turns are those of `engine`. */
  constructor(private readonly engine: EventEngine) {}

  /** Calls `tell`, which gives the application the end of a call that failed: now, or in the next turn. */
  add(tell: () => void): void {
    if (this.count >= FAILURES_A_TURN) return this.engine.run(tell);
    tell();
    if (this.count++ === 0) this.engine.run(() => this.count = 0);
  }
}
