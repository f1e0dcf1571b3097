// Base of engines whose system says when an operation is over: what is closed still has events to come.

import { PollingEngine } from "../threads/polling_engine.ts";

/** How long a shutdown waits for events that were promised. They come within a millisecond; a broken driver's never. */
const LAST_EVENTS_MS = 5_000;

/** An engine of operations; each gives the table that they are in. */
export abstract class CompletionEngine extends PollingEngine {
  /** Operations whose events are awaited. */
  abstract readonly operations: { readonly pending: number };
  private watching = false;
  private onIdle: () => void = () => {};

  protected override openChanged(open: boolean): void {
    this.watching = open;
    // Events of closed sockets are still to come, and their memory is released with them.
    if (open || this.operations.pending === 0) super.openChanged(open);
  }

  /** Waits for the events still to come: the memory of closed sockets is released with them. */
  protected override lastEvents(): Promise<void> {
    if (this.operations.pending === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const limit = this.loop.arm(LAST_EVENTS_MS, resolve);
      this.onIdle = () => {
        this.loop.disarm(limit);
        resolve();
      };
    });
  }

  /** The last event that was awaited has come; the table calls it. */
  protected idle(): void {
    if (!this.watching) super.openChanged(false);
    this.onIdle();
  }
}
