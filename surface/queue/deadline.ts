// Deadlines of queues, alarms, watches and their calls: instants, not durations.

import type { EventEngine, Instant } from "../../pollers/mod.ts";
import { runtimeLoop } from "../../pollers/native/runtime_loop.ts";
import { describe } from "../options.ts";

/** Beyond it an instant is a time of day: no process has run for 31 years, and `Date.now()` passed it in 2001. */
const LATEST_INSTANT = 1e12;

/**
 * The instant that is `ms` milliseconds from now; fractions count, a negative `ms` gives an instant that has passed, and
 * Infinity one that never comes. Instants are milliseconds on the monotonic clock of the thread's engine, which is
 * `performance.now()` for every poller of real sockets: they count from the start of the thread, mean nothing to other
 * threads and processes, and do not jump with the time of day. For an engine with a clock of its own, such as a
 * simulated one, give it as `clock`, or use `queue.deadlineIn`.
 *
 * @throws {TypeError} where `ms` is no number
 */
export function deadlineIn(ms: number, clock: Pick<EventEngine, "now"> = runtimeLoop): Instant {
  if (typeof ms === "number" && !Number.isNaN(ms)) return clock.now() + ms;
  throw new TypeError(`Cannot compute a deadline in ${describe(ms)}: give milliseconds from now`);
}

/** Throws TypeError where `deadline` is no instant of an engine's clock; `purpose`: "wait in a completion queue". */
export function checkDeadline(purpose: string, deadline: unknown): void {
  if (typeof deadline === "number" && (deadline < LATEST_INSTANT || deadline === Infinity)) return;
  const isDate = deadline instanceof Date || (typeof deadline === "number" && !Number.isNaN(deadline));
  const what = isDate ? "is a time of day" : `is ${describe(deadline)}`;
  throw new TypeError(
    `Cannot ${purpose}: the deadline ${what}, not an instant of the engine's clock; give deadlineIn(milliseconds)`,
  );
}
