// How many calls a channel made, or a server had: an observer of theirs, so that nobody pays who does not ask.

import { timeOfDay } from "../../pollers/native/time_of_day.ts";
import type { CallObserver, EndedCall } from "../call/call_observer.ts";
import { Status } from "../call/status.ts";

/** Counts since it was added. */
export class CallCounts implements CallObserver {
  /** Calls that have begun. */
  started = 0;
  /** Of them, those that ended with OK. */
  succeeded = 0;
  /** And with another status. */
  failed = 0;
  /** When the last one began, in milliseconds since 1970; 0 before the first. */
  lastStarted = 0;

  onCallBegin(): void {
    this.started++;
    this.lastStarted = timeOfDay();
  }

  onCallEnd({ code }: EndedCall): void {
    if (code === Status.OK) this.succeeded++;
    else this.failed++;
  }
}
