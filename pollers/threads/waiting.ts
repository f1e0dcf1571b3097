// How events reach the thread an engine serves: the two thread shapes of docs/ARCHITECTURE.md.

import type { ExecCtx } from "../contract/exec_ctx.ts";

/** What events come from: an epoll set, a completion port. One thread waits in it at a time. */
export interface EventSource {
  /** Why waiting is no longer possible, as the beginning of a sentence. */
  readonly loss: string;
  /**
   * Waits at most `timeoutMs` (Infinity: without limit) and writes the events to dispatch into `due`, as numbers that the
   * engine's {@linkcode EventTarget} understands. Returns how many numbers; throws an Error where waiting is no longer possible.
   */
  wait(timeoutMs: number, due: Int32Array): number;
  /** Ends the wait that is running, or the next one; from any thread. */
  kick(): void;
}

/** Where events are dispatched: an engine's table. */
export interface EventTarget {
  /** Numbers of one event in `due`. */
  readonly stride: number;
  /** Calls the owner of the event at `at`. */
  dispatch(due: Int32Array, at: number): void;
  /** Whether the event at `at` is a connection that can be accepted. */
  listens(due: Int32Array, at: number): boolean;
  /** What was found is dispatched. */
  dispatched?(): void;
  /**
   * Makes events be found again that a thread found and never passed on; a target without this cannot. True: and those that
   * this thread has, and has not dispatched.
   */
  recover?(): boolean;
}

/** Waits for events on behalf of an engine. */
export interface Waiting {
  /** Begins to wait, since something is open, or stops. Waiting does not keep the process alive. */
  watch(on: boolean): void;
  /**
   * No other thread waits for events from here on, until this thread has had a turn of its loop. `found` gets what had been
   * found and not dispatched.
   */
  take(found: (due: Int32Array, count: number) => void): void;
  /**
   * For a thread that blocks after `take`, and hears of no thread's end: what one that was given up has taken since is found
   * again, or dispatched.
   */
  findLost(): void;
  /** Ends the waiting; settles once its thread has ended. */
  stop(): Promise<void>;
}

/**
 * Calls the owners of a batch of events, each in a turn of its own: one connection's output is written before the next
 * connection is read, so that little memory is held at a time and it stays in the processor's caches.
 */
export class Dispatcher {
  private due: Int32Array = new Int32Array(0);
  /** Connections that can be accepted and were not yet, as they were in `due`. */
  private kept: number[] = [];
  private readonly tell = (at: number): void => this.target.dispatch(this.due, at);

  /** Turns of `execCtx`. */
  constructor(private readonly target: EventTarget, private readonly execCtx: ExecCtx) {}

  /** Whether events that a thread found and never passed on can be found again. */
  get recovers(): boolean {
    return this.target.recover !== undefined;
  }

  /** They will be. */
  recover(): void {
    if (this.target.recover?.() === true) this.kept = []; // or they would come twice
  }

  /** The same as `dispatch` without connections that can be accepted, which are kept. */
  dispatchOthers(due: Int32Array, count: number): void {
    const { target, execCtx, kept } = this;
    this.due = due;
    for (let at = 0; at < count; at += target.stride) {
      if (target.listens(due, at)) kept.push(...due.subarray(at, at + target.stride));
      else execCtx.enter(this.tell, at);
    }
    target.dispatched?.();
  }

  /** Connections wait that {@linkcode dispatchOthers} kept. */
  get hasKept(): boolean {
    return this.kept.length > 0;
  }

  /** Dispatches them. */
  dispatchKept(): void {
    const due = Int32Array.from(this.kept);
    this.kept = [];
    this.dispatch(due, due.length);
  }

  /** `due` and `count` as {@linkcode EventSource.wait} leaves them. */
  dispatch(due: Int32Array, count: number): void {
    this.due = due;
    for (let at = 0; at < count; at += this.target.stride) {
      this.execCtx.enter(this.tell, at);
    }
    this.target.dispatched?.();
  }
}
