// How long a server lets a connection stand (gRFC A9): until it was idle, or is old. Both ends are graceful.

import type { Instant } from "../../pollers/contract/engine.ts";
import { connectionError, ErrorCode, type Http2Error } from "./error.ts";
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

  /** The connection is established: the client's SETTINGS came (gRFC A9). */
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

  /** A timer of these has fired. Gives why the connection is to be drained, or its error. */
  timeIsUp(timer: Timer, now: Instant, hasStreams: boolean): string | Http2Error | undefined {
    switch (timer) {
      case Timer.IDLE:
        return this.idleTooLong(now, hasStreams) ? "max_idle" : undefined;
      case Timer.AGE: // its streams have their grace
        this.set(Timer.AGE_GRACE, now + this.limits.graceMs);
        return "max_age";
      default:
        return connectionError(ErrorCode.NO_ERROR, "max_age, and the grace after it is over");
    }
  }

  /** The connection was idle for as long as it may be. */
  private idleTooLong(now: Instant, hasStreams: boolean): boolean {
    if (hasStreams || this.wantsTime) return false; // it is set again when the last stream has ended
    const due = this.idleSince + this.limits.idleMs;
    if (now >= due) return true;
    this.set(Timer.IDLE, due);
    return false;
  }

  private set(timer: Timer, at: Instant): void {
    if (at !== Infinity) this.timers.set(timer, at);
  }
}
