// The deadlines of one connection: a table of named timers, and the earliest of them.
//
// A connection has no clock: its driver asks for the earliest deadline and calls back when that has come.

import type { Instant } from "../../pollers/contract/engine.ts";

/** What a connection may wait for. */
export const Timer = {
  /** The peer acknowledges our SETTINGS (RFC 9113, section 6.5.3). */
  SETTINGS_ACK: 0,
  /** The answer to the PING between the two GOAWAYs of a graceful shutdown (section 6.8), and the turn after it. */
  DRAIN_PING: 1,
  /** The end of a header block that began without it (section 6.10), which no other frame may interrupt. */
  HEADER_BLOCK: 2,
  /** Silence that is long enough for a PING, or the answer to that PING (gRFC A8). */
  KEEPALIVE: 3,
  /** A server's connection without streams (gRFC A9). */
  IDLE: 4,
  /** The age of a server's connection (gRFC A9). */
  AGE: 5,
  /** What is left on a connection that is old (gRFC A9). */
  AGE_GRACE: 6,
} as const;

/** One row of the table. */
export type Timer = typeof Timer[keyof typeof Timer];

/** The table; a timer that is not set stands at Infinity. */
export class Timers {
  /** The latest time that came in. */
  now: Instant = 0;
  /** The earliest deadline; Infinity where no timer is set. */
  earliest: Instant = Infinity;
  private readonly deadlines: Instant[] = Object.values(Timer).map(() => Infinity);

  /** Sets `timer`, or moves it, to `at`. */
  set(timer: Timer, at: Instant): void {
    this.deadlines[timer] = at;
    this.earliest = Math.min(...this.deadlines);
  }

  /** Stops `timer`, whether it is set or not. */
  stop(timer: Timer): void {
    if (this.deadlines[timer] !== Infinity) this.set(timer, Infinity);
  }

  /** Whether `timer` is set. */
  isSet(timer: Timer): boolean {
    return this.deadlines[timer] !== Infinity;
  }

  /** Stops and returns a timer whose deadline has come at `now`, in the order of the table; undefined when none has. */
  expire(now: Instant): Timer | undefined {
    if (now < this.earliest) return undefined;
    for (const timer of Object.values(Timer)) {
      if (now < this.deadlines[timer]!) continue;
      this.stop(timer);
      return timer;
    }
    return undefined;
  }
}
