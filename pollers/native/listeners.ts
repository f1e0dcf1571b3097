// What listeners of an event throw: runtimes make it an uncaught exception, which ends the process.

import { hostProcess } from "./builtin.ts";
import { runtime } from "./detect.ts";

/** Gets what listeners throw while events are dispatched; undefined at any other time. */
let onThrow: ((error: unknown) => void) | undefined = undefined;

// There from the beginning, for listeners are called in the order of their adding.
if (runtime === "deno") {
  addEventListener("error", (event) => {
    if (onThrow === undefined) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    onThrow((event as Event & { readonly error: unknown }).error);
  });
}

/**
 * Runs `dispatch`, which dispatches events. What their listeners throw meanwhile goes to `failed`, which must not throw,
 * and the process continues; on Node it is thrown later, where it cannot be caught.
 */
export function isolateListeners(dispatch: () => void, failed: (error: unknown) => void): void {
  if (runtime === "bun" && !hostProcess().hasUncaughtExceptionCaptureCallback()) {
    const process = hostProcess();
    process.setUncaughtExceptionCaptureCallback(failed);
    try {
      return dispatch();
    } finally {
      process.setUncaughtExceptionCaptureCallback(null);
    }
  }
  const before = onThrow;
  onThrow = failed;
  try {
    dispatch();
  } finally {
    onThrow = before;
  }
}
