// What handlers of the `await` scenarios wait for.
import { setImmediate } from "node:timers";

/** After what the loop has now. */
export function afterImmediate() {
  return new Promise((resolve) => setImmediate(resolve));
}

/** After a millisecond. */
export function afterTimer() {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
