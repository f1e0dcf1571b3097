// The poll engine: descriptors that are given to poll(2) at every wait.

import type { EngineOptions } from "../contract/engine.ts";
import type { Libc } from "../ffi/libc.ts";
import { ReadinessEngine } from "../readiness/engine.ts";
import { threadModule } from "../native/thread_module.ts";
import { createPollset, MAX_EVENTS } from "./pollset.ts";

/** What the poller thread runs. */
export const pollerModule: () => URL = /* @__PURE__ */ threadModule(
  () => new URL("./poller_worker.ts", import.meta.url),
);

/** poll(2), through FFI. */
export class PollEngine extends ReadinessEngine {
  /** Throws an Error where the system has no descriptors left for a pipe. */
  constructor(libc: Libc, options: EngineOptions) {
    super("poll", libc, options, { createPollset, module: pollerModule(), maxEvents: MAX_EVENTS });
  }
}
