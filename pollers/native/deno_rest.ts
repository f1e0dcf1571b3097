// Rests of Deno's loop. While anything is ready to run, Deno looks at its sockets and timers only every 61st time (Tokio's
// `event_interval`): one connection that is always readable leaves the others waiting for 30 ms and more.
//
// So from time to time a timer is set, which tells by when it fires whether the loop looks at what is ready. Where it
// fires late, nothing is read and no task of the engine runs until it has: then nothing is ready, and the loop looks.

import type { Instant } from "../contract/engine.ts";
import type { Loop } from "../core/base_engine.ts";

/** From one timer to the next, while it is not late. */
const EVERY_MS = 5;

/** A timer that is later than this is late. */
const LATE_MS = 2;

/** A read, or a task, that may have to wait. */
export interface Beginner {
  /** Begins. */
  begin(): void;
}

/** The rests of one engine. */
export class DenoRest {
  private armed: unknown = undefined;
  private armedAt: Instant = 0;
  private restedAt: Instant = 0;
  private waiting: Beginner[] = [];

  /** `loop` is the runtime's. */
  constructor(private readonly loop: Loop) {}

  /** Whether a read, or a task, may begin now; if not, {@linkcode beginLater} is for it. */
  mayBegin(): boolean {
    const now = this.loop.now();
    if (this.armed === undefined) {
      if (now - this.restedAt < EVERY_MS) return true;
      this.armedAt = now;
      this.armed = this.loop.arm(0, () => this.rested());
      return true;
    }
    return now - this.armedAt < LATE_MS && this.waiting.length === 0;
  }

  /** Has `one` begin when it may. */
  beginLater(one: Beginner): void {
    this.waiting.push(one);
  }

  /** Something waits, so whatever comes after it waits as well. */
  get isWaiting(): boolean {
    return this.waiting.length > 0;
  }

  /** Nothing is open any more: what waits begins now, for tasks tell of ends. */
  stop(): void {
    if (this.armed !== undefined) this.loop.disarm(this.armed);
    this.armed = undefined;
    this.beginWaiting();
  }

  private rested(): void {
    this.armed = undefined;
    this.restedAt = this.loop.now();
    this.beginWaiting();
  }

  private beginWaiting(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const one of waiting) one.begin();
  }
}
