// Deadlines as grpc-js has them: points of time, of the clock on the wall.

import { timeOfDay } from "../../../pollers/native/time_of_day.ts";

/** A point of time: a Date, its milliseconds since 1970, or Infinity for none. */
export type Deadline = Date | number;

/**
 * Milliseconds from now until `deadline`, 0 where it has passed; undefined where there is none. A Date that is none has
 * passed, as to grpc-js: a call that is to end does not wait forever.
 */
export function msUntil(deadline: Deadline | null | undefined): number | undefined {
  if (deadline === null || deadline === undefined) return undefined;
  const at = typeof deadline === "number" ? deadline : deadline.getTime();
  if (at === Infinity) return undefined;
  const now = timeOfDay();
  return at > now ? at - now : 0;
}

/** The deadline in `ms` milliseconds. */
export function deadlineIn(ms: number): Date {
  return new Date(timeOfDay() + ms);
}

/** The earlier one. */
export function earlier(one: Deadline, other: Deadline): Deadline {
  return Number(one) <= Number(other) ? one : other;
}
