// The reactor shape: the thread is the engine's own, and blocks in the system's wait itself.
//
// The runtime's loop still gets its turn between two waits, for the application's timers, promises and messages. A wait
// that finds nothing is cut short so that they are not kept waiting: it lasts an eighth of the time since the engine's
// last event, and 64 ms at most. So what a call waits for elsewhere for 20 ms is at most 2.5 ms late, and each step of
// what an application does in a thread without calls at most 64 ms. An idle thread wakes sixteen times a second; see
// docs/pollers.md for what that costs.
// Where an iteration does not look at the application's own sockets and files, one every few milliseconds does.

import type { ProcessHold } from "../core/process_hold.ts";
import type { WholeTurn } from "../ffi/whole_turn.ts";
import type { ActivityLoop } from "./activity_loop.ts";
import { SpinPolicy } from "./spin_policy.ts";
import type { Dispatcher, EventSource, Waiting } from "./waiting.ts";

/** What it costs to sleep in the system's wait and be woken (measured): so long a thread spins. */
export const SLEEP_MS = 0.05;

/** Shorter waits would be turns of the loop for nothing. */
const MIN_WAIT_MS = 0.05;

/** The longest that something which is not ours may wait. */
const MAX_WAIT_MS = 64;

/** How often the runtime's loop has a whole turn, where its iterations are not: each costs 40 us. */
const WHOLE_TURN_MS = 4;

/** Of the time since something happened last. */
const WAITED_SHARE = 1 / 8;

/** Waits on this thread. */
export class BlockingWaiting implements Waiting {
  private readonly due: Int32Array;
  private watching = false;
  private ticking = false;
  private stopping = false;
  private onStopped: () => void = () => {};
  private wholeTurnAt = -Infinity;
  private readonly spinPolicy: SpinPolicy;
  private sleeping = false;
  private readonly tick = (): void => this.waitOnce();

  /**
   * `loop` gives the turns, and `wholeTurn` one that is whole, where the others are not. `processHold` says whether
   * the process is held. A wait gives `dueNumbers` numbers at most. `spinMs`: how long the thread spins. `onCrash` gets the reason when waiting is no longer possible.
   */
  constructor(
    private readonly source: EventSource,
    dueNumbers: number,
    private readonly dispatcher: Dispatcher,
    private readonly loop: ActivityLoop,
    private readonly processHold: ProcessHold,
    private readonly wholeTurn: WholeTurn | undefined,
    private readonly onCrash: (reason: string) => void,
    spinMs: number,
  ) {
    this.due = new Int32Array(dueNumbers);
    this.spinPolicy = new SpinPolicy(loop, spinMs);
  }

  /** The loop runs while something is open. */
  watch(on: boolean): void {
    this.watching = on;
    if (!on || this.ticking) return;
    this.ticking = true;
    this.loop.activeAt = this.loop.now();
    this.loop.runtime.soon(this.tick);
  }

  /** No other thread ever waits. */
  take(_found: (due: Int32Array, count: number) => void): void {}

  /** And none was given up. */
  findLost(): void {}

  /** The loop ends with its present iteration. */
  stop(): Promise<void> {
    this.stopping = true;
    if (!this.ticking) return Promise.resolve();
    return new Promise((resolve) => this.onStopped = resolve);
  }

  private waitOnce(): void {
    if (!this.watching || this.stopping) {
      this.ticking = false;
      this.onStopped();
      return;
    }
    try {
      const count = this.source.wait(this.mayBlockMs(), this.due);
      if (count > 0) this.found();
      this.dispatcher.dispatch(this.due, count);
    } catch (error) { // what opens after this fails too, in the next iteration
      this.onCrash(`${this.source.loss}: ${(error as Error).message}`);
    } finally {
      this.again();
    }
  }

  /** How long the thread may block now, in milliseconds. */
  private mayBlockMs(): number {
    const { loop, spinPolicy } = this;
    const now = loop.now();
    if (loop.atWork) {
      loop.atWork = false;
      loop.activeAt = now;
    }
    if (spinPolicy.goesOn(now)) {
      this.sleeping = false;
      return 0;
    }
    this.sleeping = true;
    const share = (now - loop.activeAt) * WAITED_SHARE;
    const wait = Math.min(MAX_WAIT_MS, Math.max(MIN_WAIT_MS, share));
    return Math.max(0, Math.min(wait, loop.deadline - now));
  }

  private found(): void {
    const now = this.loop.now();
    if (this.sleeping) this.spinPolicy.woken(now);
    else this.spinPolicy.found(now);
    this.sleeping = false;
  }

  /**
   * The next iteration, after one of the runtime's loop. Where nothing holds the process a timer begins it, which lets
   * the process end; it comes a millisecond later than the end of the loop's iteration.
   */
  private again(): void {
    const { wholeTurn, loop } = this;
    if (!this.processHold.active && this.sleeping) return void loop.runtime.arm(0, this.tick);
    if (wholeTurn !== undefined) {
      const now = loop.now();
      if (now - this.wholeTurnAt >= WHOLE_TURN_MS) {
        this.wholeTurnAt = now;
        return wholeTurn.after(this.tick);
      }
    }
    loop.runtime.soon(this.tick);
  }
}
