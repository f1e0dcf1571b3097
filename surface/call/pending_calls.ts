// Calls with operations that are outstanding, of styles whose calls end only when the application has done its part.

import type { Reporter } from "../../pollers/mod.ts";

/** A call that is not done. */
export interface PendingCallDescription {
  /** What is outstanding: "call /routeguide.RouteGuide/RouteChat: 2 holds, a read". */
  describePending(): string;
  /** What the application has not done, where the call waits for that alone: "its hold is not removed". */
  readonly forgotten: string | undefined;
}

/** The calls of one channel or server. */
export class PendingCalls {
  private readonly calls = new Set<PendingCallDescription>();

  /** `call` has begun. */
  add(call: PendingCallDescription): void {
    this.calls.add(call);
  }

  /** `call` is done. */
  delete(call: PendingCallDescription): void {
    this.calls.delete(call);
  }

  /** What is outstanding, a line a call. */
  describe(): string[] {
    return [...this.calls].map((call) => call.describePending());
  }

  /** Warns of calls whose `onDone` will never come; `what` was closed. */
  reportForgotten(what: string, reporter: Reporter): void {
    for (const call of this.calls) {
      const { forgotten } = call;
      if (forgotten !== undefined) {
        reporter.log(
          "warn",
          `${what} was closed, and onDone never comes: ${forgotten} (${call.describePending()})`,
        );
      }
    }
  }
}
