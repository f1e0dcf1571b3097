// A leaky bucket: how many events of a costly kind a peer may cause before it is told to calm down.

import type { Instant } from "../../pollers/contract/engine.ts";

/** Allows `burst` events at once and `perSecond` on average. */
export class Budget {
  private level = 0;
  private since: Instant = 0;

  /** `burst`: events at once; `perSecond`: events a second on average. */
  constructor(private readonly limit: { readonly burst: number; readonly perSecond: number }) {}

  /** Counts one event at `now`; false when the budget is used up. */
  take(now: Instant): boolean {
    if (now > this.since) {
      const leaked = (now - this.since) / 1000 * this.limit.perSecond;
      this.level = Math.max(0, this.level - leaked);
      this.since = now;
    }
    return ++this.level <= this.limit.burst;
  }
}
