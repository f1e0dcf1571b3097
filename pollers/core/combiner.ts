// Serialises control work, as gRPC's combiner: of closures that share state, one runs at a time, and each to its end.
//
// On one thread nothing runs at the same time, but what a closure calls may call back: the application, from a codec or a
// logger, closes the channel whose calls are being given their streams. Such work waits until the closure that runs has
// returned. Whoever comes first drains the queue, on its own stack, so that it costs nothing where nobody calls back.
// Application callbacks are not run here, but by `ExecCtx.schedule`.

import type { EventEngine } from "../contract/engine.ts";

/** Closures that run in a row; what is left is handed on to the engine, so that the first to come is not kept for ever. */
const MOST_IN_A_ROW = 64;

/** One set of closures that never overlap. */
export class Combiner {
  private closures: Array<() => void> = [];
  private last: Array<() => void> = [];
  private draining = false;
  private readonly drainOn = (): void => this.drain();

  /** `engine` reports what closures throw that had to wait, and runs what is handed on. */
  constructor(private readonly engine: Pick<EventEngine, "execCtx" | "run">) {}

  /** A closure runs, or some wait. */
  get isBusy(): boolean {
    return this.draining;
  }

  /** Runs `closure` now, or in its turn where one runs. What it throws now comes out of here, when the others have run. */
  run(closure: () => void): void {
    if (this.draining) {
      this.closures.push(closure);
      return;
    }
    this.draining = true;
    try {
      closure();
    } finally {
      this.drain();
    }
  }

  /** Runs `closure` when no other waits any more: what several of them want done once. */
  runFinally(closure: () => void): void {
    if (!this.draining) return this.run(closure);
    this.last.push(closure);
  }

  private drain(): void {
    const { execCtx } = this.engine;
    for (let ran = 0;; ran++) {
      if (this.closures.length === 0) {
        if (this.last.length === 0) break;
        this.closures = this.last;
        this.last = [];
      }
      if (ran === MOST_IN_A_ROW) return this.engine.run(this.drainOn);
      execCtx.isolate(this.closures.shift()!);
    }
    this.draining = false;
  }
}
