// Waits in an engine's source of events while the runtime's loop stands still.
//
// What the loop would have run for the engine runs here: events, closures of `run` and tasks of `runAt`. The runtime's
// own timers stay armed, and find nothing to do when they fire later.

import type { Instant } from "../contract/engine.ts";
import type { ExecCtx } from "../contract/exec_ctx.ts";
import type { Timers } from "../core/timers.ts";
import type { ActivityLoop } from "./activity_loop.ts";
import type { Dispatcher, EventSource, Waiting } from "./waiting.ts";

/** What an engine lends to its waiter. */
export interface Waitable {
  readonly execCtx: ExecCtx;
  readonly timers: Timers;
  readonly opened: { readonly size: number };
}

/** Names that are being looked up, which no event of the source reports. */
export interface Names {
  /** How many are waited for. */
  readonly asked: number;
  /** The thread blocks from here on. */
  block(): void;
  /** It does not any more. */
  unblock(): void;
  /** Reports what has been found. */
  poll(): void;
}

/** Waits are as short while a name is being looked up. */
const LOOKUP_POLL_MS = 0.5;

/**
 * The longest wait that the system is asked for: it counts milliseconds in 31 bits or seconds in 32, and a deadline that is
 * further away than that could be one that has come.
 */
const LONGEST_WAIT_MS = 0x7fff_ffff;

/** Blocks the engine's thread. */
export class SyncWaiter {
  private readonly due: Int32Array;
  private waiting = false;
  private listens = true;
  private readonly found = (due: Int32Array, count: number): void => {
    if (this.listens) this.dispatcher.dispatch(due, count);
    else this.dispatcher.dispatchOthers(due, count);
  };
  /** Connections that were not accepted in a wait that does not listen. */
  private readonly acceptKept = (): void => this.dispatcher.dispatchKept();

  /** A wait gives `dueNumbers` numbers at most. `onCrash` gets the reason when waiting is no longer possible. */
  constructor(
    private readonly engine: Waitable,
    private readonly source: EventSource,
    dueNumbers: number,
    private readonly dispatcher: Dispatcher,
    private readonly loop: ActivityLoop,
    private readonly shape: Waiting,
    private readonly names: Names,
    private readonly onCrash: (reason: string) => void,
  ) {
    this.due = new Int32Array(dueNumbers);
  }

  /** See `SyncWait.waitSync`. */
  wait(until: () => boolean, deadline: Instant, spinMs: number, listens = true): boolean {
    if (this.waiting) throw new TypeError("Cannot block: this thread waits in the engine already");
    if (this.engine.execCtx.inTurn) throw new TypeError("Cannot block in a callback of the engine");
    if (Number.isNaN(deadline)) throw new RangeError("Cannot block: the deadline is NaN");
    this.waiting = true;
    this.listens = listens;
    this.names.block();
    try {
      this.shape.take(this.found);
      this.shape.findLost(); // the kick that tells of it may have been taken before
      if (listens && this.dispatcher.hasKept) this.acceptKept();
      return this.waitUntil(until, deadline, spinMs);
    } finally {
      this.waiting = false;
      this.names.unblock();
      if (this.dispatcher.hasKept) this.loop.runtime.soon(this.acceptKept);
    }
  }

  private waitUntil(until: () => boolean, deadline: Instant, spinMs: number): boolean {
    const { engine: { timers }, loop, due } = this;
    if (until()) return true;
    let now = loop.now(); // asked for again only where time has passed: on Deno it costs 0.15 us
    let activeAt = now;
    for (;;) {
      if (loop.busy || timers.firstAt <= now) {
        loop.runClosures(); // one of them flushes what was touched outside a turn: no microtask runs to do it
        timers.runDue(loop.now());
        if (until()) return true;
        now = loop.now();
      }
      if (this.names.asked > 0) {
        this.names.poll();
        if (until()) return true;
      }
      const expired = now >= deadline;
      const spins = expired || loop.busy || now - activeAt < spinMs;
      const end = Math.min(deadline, timers.firstAt, this.names.asked > 0 ? now + LOOKUP_POLL_MS : Infinity);
      const count = this.poll(spins ? 0 : Math.max(0, end - now));
      now = loop.now();
      if (count > 0) {
        activeAt = loop.activeAt = now;
        this.found(due, count);
      } else this.shape.findLost();
      if (expired) loop.runClosures();
      if (until()) return true;
      if (expired) return false;
      if (count > 0) now = loop.now(); // what was dispatched may have taken long
    }
  }

  /** One wait; what it finds is in `due`. */
  private poll(timeoutMs: number): number {
    if (timeoutMs === Infinity && this.engine.opened.size === 0) {
      throw new TypeError(
        "Cannot block without a deadline: nothing is open and no task waits, so nothing can end it",
      );
    }
    try {
      const isEndless = timeoutMs === Infinity;
      return this.source.wait(isEndless ? timeoutMs : Math.min(timeoutMs, LONGEST_WAIT_MS), this.due);
    } catch (error) {
      const reason = `${this.source.loss}: ${(error as Error).message}`;
      this.onCrash(reason);
      this.loop.runClosures();
      throw new Error(`Cannot block: ${reason}`);
    }
  }
}
