// How an engine learns of events on the thread it serves: the two thread shapes of docs/ARCHITECTURE.md.

import type { ExecCtx } from "../contract/exec_ctx.ts";

/** What events come from: an epoll set, a completion port. One thread waits in it at a time. */
export interface EventSource {
  /** What it means when waiting is no longer possible, as the beginning of a sentence. */
  readonly loss: string;
  /**
   * Waits at most `timeoutMs` (Infinity: for ever) and puts who is to be told into `due`, as numbers that the engine's
   * {@linkcode EventTarget} understands. Gives how many numbers; throws an Error where waiting is no longer possible.
   */
  wait(timeoutMs: number, due: Int32Array): number;
  /** Ends the wait of whoever waits, or the next one; from any thread. */
  kick(): void;
}

/** Who is told of events: an engine's table. */
export interface EventTarget {
  /** Numbers of one event in `due`. */
  readonly stride: number;
  /** Tells the owner of the event that lies at `at`. */
  dispatch(due: Int32Array, at: number): void;
  /** Has events found again that somebody had found and told nobody of; a target without this cannot. */
  recover?(): void;
}

/** Waits for events on behalf of an engine. */
export interface Waiting {
  /** Something is open, so events are waited for; or nothing is any more. Waiting does not keep the process alive. */
  watch(on: boolean): void;
  /** Ends the waiting; settles once nothing of it is left. */
  stop(): Promise<void>;
}

/**
 * Tells the owners of a batch of events, each in a turn of its own: what one connection has to say is written before
 * the next one is read, so that little is held at a time and stays in the processor's caches.
 */
export class Dispatcher {
  private due: Int32Array = new Int32Array(0);
  private readonly tell = (at: number): void => this.target.dispatch(this.due, at);

  /** Turns of `execCtx`. */
  constructor(private readonly target: EventTarget, private readonly execCtx: ExecCtx) {}

  /** True: events that somebody had found and told nobody of will be found again. */
  recover(): boolean {
    this.target.recover?.();
    return this.target.recover !== undefined;
  }

  /** `due` and `count` as {@linkcode EventSource.wait} leaves them. */
  dispatch(due: Int32Array, count: number): void {
    this.due = due;
    for (let at = 0; at < count; at += this.target.stride) {
      this.execCtx.enter(this.tell, at);
    }
  }
}
