// Calls with operations that are outstanding, of styles whose calls end only when the application has done its part.

import type { Reporter } from "../../pollers/mod.ts";

/** What lives as long as the channel that calls belong to. */
export interface PendingOwner {
  /** Undefined before the first one. */
  pending: PendingCalls | undefined;
}

/** A call that is not done. It is a member of one list, which owns its two links: start them as undefined. */
export interface PendingCallDescription {
  /** The member after it. */
  nextPending: PendingCallDescription | undefined;
  /** The member before it; itself where it is the first one. */
  previousPending: PendingCallDescription | undefined;
  /** What is outstanding: "call /routeguide.RouteGuide/RouteChat: 2 holds, a read". */
  describePending(): string;
  /** What the application has not done, where the call waits for that alone: "its hold is not removed". */
  readonly forgotten: string | undefined;
}

/** "call /a.B/C: 2 holds, a read": of `parts`, those that there are. */
export function describeCall(path: string, parts: ReadonlyArray<string | undefined>): string {
  return `call ${path}: ${parts.filter((part) => part !== undefined).join(", ")}`;
}

/** The calls of a channel: its list is made with the first one, since most channels have no such calls. */
export function pendingOf({ end }: { readonly end: PendingOwner }): PendingCalls {
  return end.pending ??= new PendingCalls();
}

/** The calls of one channel or server: linked, for a set that calls come to and leave costs a third of a call. */
export class PendingCalls {
  private last: PendingCallDescription | undefined = undefined;

  /** `call` has begun. */
  add(call: PendingCallDescription): void {
    const { last } = this;
    if (last !== undefined) last.nextPending = call;
    call.previousPending = last ?? call;
    this.last = call;
  }

  /** `call` is done; nothing happens where it was not added. */
  delete(call: PendingCallDescription): void {
    const { nextPending: next, previousPending } = call;
    if (previousPending === undefined) return;
    const previous = previousPending === call ? undefined : previousPending;
    if (previous !== undefined) previous.nextPending = next;
    if (next !== undefined) next.previousPending = previous ?? next;
    else this.last = previous;
    call.nextPending = call.previousPending = undefined;
  }

  /** What is outstanding, a line a call. */
  describe(): string[] {
    return this.all().map((call) => call.describePending());
  }

  /** Warns of calls whose `onDone` will never come; `what` was closed. */
  reportForgotten(what: string, reporter: Reporter): void {
    for (const call of this.all()) {
      const { forgotten } = call;
      if (forgotten === undefined) continue;
      const line = `${what} was closed, and onDone never comes: ${forgotten} (${call.describePending()})`;
      reporter.log("warn", line);
    }
  }

  /** In the order in which they began. */
  private all(): PendingCallDescription[] {
    const calls: PendingCallDescription[] = [];
    for (let call = this.last; call !== undefined;) {
      calls.push(call);
      call = call.previousPending === call ? undefined : call.previousPending;
    }
    return calls.reverse();
  }
}
