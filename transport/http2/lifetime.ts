// How long a server lets a connection stand (gRFC A9): until it was idle, or is old. Both ends are graceful.

import type { Instant } from "../../pollers/contract/engine.ts";
import { Timer, type Timers } from "./timers.ts";

/** The limits; Infinity where there is none. */
export interface LifetimeLimits {
  /** Milliseconds without a stream. */
  readonly idleMs: number;
  /** Milliseconds from the beginning. */
  readonly ageMs: number;
  /** Milliseconds that streams have from there on. */
  readonly graceMs: number;
}

/** The limits of one connection, and since when it is idle. */
export class Lifetime {
  /** The last stream ended, and {@linkcode idle} should be told when: what ends a stream does not know the time. */
  wantsTime = false;
  private idleSince: Instant = 0;

  /** Nothing happens before {@linkcode start}. */
  constructor(private readonly limits: LifetimeLimits, private readonly timers: Timers) {}

  /** The connection begins. */
  start(now: Instant): void {
    this.idle(now);
    this.set(Timer.AGE, now + this.limits.ageMs);
  }

  /** The last stream ended. */
  lastStreamEnded(): void {
    this.wantsTime = this.limits.idleMs !== Infinity;
  }

  /** No stream is open since `now`. */
  idle(now: Instant): void {
    this.wantsTime = false;
    this.idleSince = now;
    if (!this.timers.isSet(Timer.IDLE)) this.set(Timer.IDLE, now + this.limits.idleMs);
  }

  /** The timer IDLE has fired. True: the connection was idle for as long as it may be. */
  idleTooLong(now: Instant, hasStreams: boolean): boolean {
    if (hasStreams || this.wantsTime) return false; // it is set again when the last stream has ended
    const due = this.idleSince + this.limits.idleMs;
    if (now >= due) return true;
    this.set(Timer.IDLE, due);
    return false;
  }

  /** The connection is old: its streams have their grace. */
  old(now: Instant): void {
    this.set(Timer.AGE_GRACE, now + this.limits.graceMs);
  }

  private set(timer: Timer, at: Instant): void {
    if (at !== Infinity) this.timers.set(timer, at);
  }
}
