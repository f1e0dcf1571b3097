// How much of the peer's DATA can be on its way to us: the bandwidth-delay product, measured as gRPC does.
//
// A PING goes out while DATA comes in. What arrives until its answer is what the path holds in a round trip; when that
// is most of what the window lets through, and came faster than ever before, the window may be what limits it.

import type { Instant } from "../../pollers/contract/engine.ts";
import { BDP_MAX_PAUSE_MS, BDP_PAUSE_MS } from "./limits.ts";

/** The estimate of one connection. */
export class BdpEstimator {
  /** A PING is on its way. */
  private probing = false;
  private startedAt: Instant = 0;
  private nextAt: Instant = 0;
  private pauseMs = BDP_PAUSE_MS;
  /** Octets a millisecond: the best that was seen. */
  private bandwidth = 0;
  private stable = 0;

  /** `estimate` begins as the window: the peer can have no more on its way than that. */
  constructor(public estimate: number) {}

  /**
   * Whether a PING should go out at `now`. Without DATA that `arrived` since the last one it would measure nothing, and a server counts
   * PINGs that nothing of its own came between (gRFC A8).
   */
  wantsProbe(arrived: number, now: Instant): boolean {
    return !this.probing && arrived > 0 && now >= this.nextAt;
  }

  /** The PING is sent. */
  begin(now: Instant): void {
    this.probing = true;
    this.startedAt = now;
  }

  /** Its answer came, and `arrived` octets of DATA meanwhile. True: `estimate` has grown. */
  end(arrived: number, now: Instant): boolean {
    this.probing = false;
    const bandwidth = arrived / Math.max(now - this.startedAt, 0.001);
    const grows = arrived > this.estimate * 2 / 3 && bandwidth > this.bandwidth;
    if (grows) {
      this.bandwidth = bandwidth;
      this.estimate = Math.max(arrived, 2 * this.estimate);
      this.stable = 0;
      this.pauseMs = BDP_PAUSE_MS;
    } else if (++this.stable >= 2) this.pauseMs = Math.min(BDP_MAX_PAUSE_MS, this.pauseMs + BDP_PAUSE_MS);
    // A path that still grows is measured again at once: every round trip counts on a long one.
    this.nextAt = grows ? now : now + this.pauseMs;
    return grows;
  }
}
