// Whether a channel, or one of its connections, can carry calls.

import { describe } from "../options.ts";

/**
 * States of a channel and of a connection
 * (https://github.com/grpc/grpc/blob/master/doc/connectivity-semantics-and-api.md).
 */
export type ConnectivityState = "IDLE" | "CONNECTING" | "READY" | "TRANSIENT_FAILURE" | "SHUTDOWN";

const STATES: readonly unknown[] = ["IDLE", "CONNECTING", "READY", "TRANSIENT_FAILURE", "SHUTDOWN"];

/** Throws TypeError where `given` is no state: none would be it, so whoever waits for another one would never wait. */
export function checkState(given: unknown): void {
  if (STATES.includes(given)) return;
  throw new TypeError(
    `Cannot wait for another state than ${describe(given)}: give one of ${STATES.join(", ")}`,
  );
}
