// The end of an attempt, as a balancing policy that follows it gets it.

import type { ErrorPlace } from "../../pollers/mod.ts";
import type { HeaderList } from "../../transport/mod.ts";
import type { StatusCode } from "../call/status.ts";
import type { CallTracker } from "../channel/call_tracker.ts";

/** Where errors go. */
export interface Reporting {
  /** Gives the application's error to whom the channel reports to. */
  report(error: unknown, where: ErrorPlace): void;
}

/** The tracker of `attempt`, which must have one, gets its end, once. `hadStream`: it did not merely wait for one. */
export function trackerLeaves(
  attempt: { tracker: CallTracker | undefined },
  hadStream: boolean,
  code: StatusCode,
  trailers: HeaderList,
  reporting: Reporting,
): void {
  const tracker = attempt.tracker!;
  attempt.tracker = undefined;
  try {
    if (hadStream) tracker.callEnded(code, trailers);
    else tracker.callLeft();
  } catch (thrown) { // by a policy of the application's
    reporting.report(thrown, "balancing");
  }
}
