// The turn: what callbacks touched during one entry from the poller is flushed once, at its end.
//
// As gRPC's ExecCtx: a poller calls `enter`; deferred closures run when what was entered has returned, then callbacks of
// the application, one after another, and last each touched connection writes what it has, once. So a callback is never
// called on the stack of what caused it, be that the library, another callback, or a function that the application
// called. Closures that a callback defers run before the next callback.
//
// Code that runs outside a turn (a promise continuation of user code) is served by a microtask that flushes everything
// touched by the continuations around it, and runs the callbacks that they caused as a turn. A second microtask flush in
// the same iteration of the runtime's loop means that continuations settle one by one, so it waits for the iteration's
// end instead: one write again, not many.
//
// Where several connections are touched again in the iteration in which they were flushed, the data of several sockets
// settle one after the other and cause writes to all of them, as calls do that go to several servers in turn: three
// sockets would have nine writes. From then on, for a while, all that continuations touch waits for the iteration's end.
//
// Nothing that runs in a turn ends it: what one closure throws is reported, and the others run.

import { defaultReporter } from "../log/application.ts";

/** Something that collects output during a turn and writes it in `flush`, as a connection's driver does. */
export interface Flushable {
  /** True while it waits in a turn's list; owned by {@linkcode ExecCtx}, start it as false. */
  flushScheduled: boolean;
  /** The iteration of its last flush, where that matters; owned by {@linkcode ExecCtx}, start it as -1. */
  flushedIn: number;
  /** Writes what was collected; called once per turn it was touched in. */
  flush(): void;
}

/** Calls of the application that are due, such as the reactions of one call. */
export interface ApplicationCallback {
  /** True while it waits in a turn's list; owned by {@linkcode ExecCtx}, start it as false. */
  callbackScheduled: boolean;
  /** Calls the application; what it throws is reported as a fault of the library. */
  runCallback(): void;
}

/** Iterations for which what continuations touch waits for the end, once it was seen that it should. */
const APART_ITERATIONS = 64;

/** Runs a closure at the end of the current iteration of the runtime's loop (`setImmediate` and its like). */
export type AtIterationEnd = (closure: () => void) => void;

/** One thread's turns. Every engine owns one; see the head of this file for the order within a turn. */
export class ExecCtx {
  readonly #atIterationEnd: AtIterationEnd;
  readonly #onThrow: (error: unknown) => void;
  readonly #flushOutside = (): void => this.#finishOutside();
  readonly #flushAtIterationEnd = (): void => {
    this.#flushedThisIteration = false;
    this.#iteration++;
    this.#again = undefined;
    if (this.#apart > 0) this.#apart--;
    this.#continuationsEnd();
    this.#finishOutside();
  };
  #depth = 0;
  #closures: Array<() => void> = [];
  #callbacks: ApplicationCallback[] = [];
  #spareCallbacks: ApplicationCallback[] = [];
  #touched: Flushable[] = [];
  #spare: Flushable[] = [];
  /** A microtask or an iteration end is due that will flush what was touched outside a turn. */
  #outsideFlushDue = false;
  #flushedThisIteration = false;
  /** Continuations settle one by one in this iteration; what they touched. */
  #continuing = false;
  /** How many more iterations continuations are taken for such. */
  #apart = 0;
  /** The first that was touched again in this iteration. */
  #again: Flushable | undefined = undefined;
  /** Counts those whose end is asked for. */
  #iteration = 0;
  #touchedBetween: Flushable[] = [];

  /**
   * `atIterationEnd` is the engine's way to run a closure once the loop has dispatched what is ready now. `onThrow` gets
   * what closures throw, and must not throw; by default it is logged.
   */
  constructor(atIterationEnd: AtIterationEnd, onThrow: (error: unknown) => void = report) {
    this.#atIterationEnd = atIterationEnd;
    this.#onThrow = onThrow;
  }

  /** A turn is running: whoever asks was called by it. */
  get inTurn(): boolean {
    return this.#depth > 0;
  }

  /** Runs `closure(argument)` as a turn, or as part of the turn that is running. Does not throw. */
  enter<A>(closure: (argument: A) => void, argument: A): void {
    this.#depth++;
    try {
      closure(argument);
    } catch (error) {
      this.#onThrow(error);
    }
    if (this.#depth === 1) this.#finishTurn();
    this.#depth--;
  }

  /** Runs one of several closures of a turn, so that what it throws is no matter to the next one. */
  isolate(closure: () => void): void {
    try {
      closure();
    } catch (error) {
      this.#onThrow(error);
    }
  }

  /** Runs `closure` once what entered the turn has returned, before anything is flushed; in a turn of its own outside one. */
  defer(closure: () => void): void {
    if (this.#depth === 0) return this.enter(closure, undefined);
    this.#closures.push(closure);
  }

  /**
   * Runs `callback` outermost: when what entered the turn has returned, and closures have run. Outside a turn it runs in
   * one of its own, soon, and not on the caller's stack.
   */
  schedule(callback: ApplicationCallback): void {
    if (callback.callbackScheduled) return;
    callback.callbackScheduled = true;
    this.#callbacks.push(callback);
    if (this.#depth === 0 && !this.#outsideFlushDue) this.#flushSoon();
  }

  /** Schedules one flush of `flushable`: at this turn's end, or soon when no turn is running. */
  touch(flushable: Flushable): void {
    if (flushable.flushScheduled) return;
    flushable.flushScheduled = true;
    if (this.#depth > 0) this.#touched.push(flushable);
    else this.#touchOutside(flushable);
  }

  #touchOutside(flushable: Flushable): void {
    if (flushable.flushedIn === this.#iteration) this.#touchedAgain(flushable);
    if (this.#continuing || this.#apart > 0) {
      this.#touchedBetween.push(flushable);
      if (!this.#flushedThisIteration) this.#awaitIterationEnd();
      return;
    }
    this.#touched.push(flushable);
    if (!this.#outsideFlushDue) this.#flushSoon();
  }

  /** One alone may have many data in an iteration: that it is written to between them costs little. */
  #touchedAgain(flushable: Flushable): void {
    if (this.#again === undefined) this.#again = flushable;
    else if (this.#again !== flushable) this.#apart = APART_ITERATIONS;
  }

  #awaitIterationEnd(): void {
    this.#flushedThisIteration = true;
    this.#atIterationEnd(this.#flushAtIterationEnd);
  }

  /**
   * Continuations are about to settle one by one, as those of a loop that takes what there is. What they touch in this
   * iteration is flushed once, at its end: turns that come between two of them, such as the end of a write on Deno, leave
   * it. (Without this each such turn writes what the continuation before it did, and its end is the next turn.)
   */
  expectContinuations(): void {
    this.#continuing = true;
    if (!this.#flushedThisIteration) this.#awaitIterationEnd();
  }

  #continuationsEnd(): void {
    this.#continuing = false;
    const between = this.#touchedBetween;
    if (between.length === 0) return;
    this.#touchedBetween = [];
    for (const flushable of between) this.#touched.push(flushable); // a call takes no 100,000 arguments
  }

  #flushSoon(): void {
    this.#outsideFlushDue = true;
    if (this.#flushedThisIteration) return; // the iteration's end, already asked for, will flush
    this.#awaitIterationEnd();
    queueMicrotask(this.#flushOutside);
  }

  #finishTurn(): void {
    do {
      this.#runClosures();
      if (this.#callbacks.length > 0) this.#runCallbacks();
      this.#flushTouched();
    } while (this.#callbacks.length > 0 || this.#closures.length > 0);
  }

  #runClosures(): void {
    while (this.#closures.length > 0) {
      const batch = this.#closures;
      this.#closures = [];
      for (let i = 0; i < batch.length; i++) this.isolate(batch[i]!);
    }
  }

  #runCallbacks(): void {
    while (this.#callbacks.length > 0) {
      const batch = this.#callbacks;
      this.#callbacks = this.#spareCallbacks;
      for (let i = 0; i < batch.length; i++) {
        const callback = batch[i]!;
        callback.callbackScheduled = false;
        try {
          callback.runCallback();
        } catch (error) {
          this.#onThrow(error);
        }
        this.#runClosures();
      }
      batch.length = 0;
      this.#spareCallbacks = batch;
    }
  }

  /** Of what was touched and scheduled outside a turn. */
  #finishOutside(): void {
    if (this.#callbacks.length > 0) this.enter(nothing, undefined);
    else this.#flushTouched();
  }

  #flushTouched(): void {
    this.#outsideFlushDue = false;
    // A flush may touch others, or itself again, so the list is swapped before it is walked.
    while (this.#touched.length > 0) {
      const batch = this.#touched;
      this.#touched = this.#spare;
      this.#spare = [];
      for (let i = 0; i < batch.length; i++) {
        const flushable = batch[i]!;
        flushable.flushScheduled = false;
        flushable.flushedIn = this.#flushedThisIteration ? this.#iteration : -1;
        try {
          flushable.flush();
        } catch (error) {
          this.#onThrow(error);
        }
      }
      batch.length = 0;
      this.#spare = batch;
    }
  }
}

function nothing(): void {}

function report(error: unknown): void {
  defaultReporter.report(error, { where: "poller", level: "error" });
}
