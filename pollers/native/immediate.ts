// The end of the runtime's present iteration, for code that must let every promise continuation run first.

import { setImmediate } from "node:timers";

/** Resolves once every microtask that is due now, and those that they cause, have run. */
export function microtasksRan(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
