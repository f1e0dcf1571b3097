// How an engine learns of events on the thread it serves: the two thread shapes of docs/ARCHITECTURE.md.

import type { FdTable } from "./fd_table.ts";
import type { ExecCtx } from "../core/exec_ctx.ts";
import { uncaught } from "../core/uncaught.ts";

/** Waits for events on behalf of an engine. */
export interface Waiting {
  /** Something is open, so events are waited for and the process is kept alive; or nothing is any more. */
  hold(on: boolean): void;
  /** Ends the waiting; settles once nothing of it is left. */
  stop(): Promise<void>;
}

/** Tells the owners of a batch of events, all in one turn. */
export class Dispatcher {
  private due: Int32Array = NOTHING;
  private count = 0;
  private readonly run = (): void => {
    const { table, due, count } = this;
    for (let i = 0; i < count; i += 2) {
      try {
        table.dispatch(due[i]!, due[i + 1]!);
      } catch (error) {
        uncaught(error); // the application's; the others are told all the same
      }
    }
  };

  /** Turns of `execCtx`. */
  constructor(private readonly table: FdTable, private readonly execCtx: ExecCtx) {}

  /** `due` and `count` as `ReadyMarker` leaves them. */
  dispatch(due: Int32Array, count: number): void {
    if (count === 0) return;
    this.due = due;
    this.count = count;
    try {
      this.execCtx.enter(this.run, undefined);
    } catch (error) {
      uncaught(error); // thrown at the turn's end; whoever waits for events must go on
    }
  }
}

const NOTHING = new Int32Array(0);
