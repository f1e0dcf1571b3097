// The epoll engine: descriptors in an epoll set.

import type { EngineOptions } from "../contract/engine.ts";
import type { LinuxLibc } from "../ffi/libc.ts";
import { ReadinessEngine } from "../readiness/engine.ts";
import { threadModule } from "../native/thread_module.ts";
import { createPollset, MAX_EVENTS } from "./pollset.ts";

/** What the poller thread runs. */
export const pollerModule: () => URL = /* @__PURE__ */ threadModule(
  () => new URL("./poller_worker.ts", import.meta.url),
);

/** epoll on Linux, through FFI. */
export class EpollEngine extends ReadinessEngine {
  /** Throws an Error where the system has no descriptors left for a set. */
  constructor(libc: LinuxLibc, options: EngineOptions) {
    super("epoll", libc, options, {
      createPollset: () => createPollset(libc),
      module: pollerModule(),
      maxEvents: MAX_EVENTS,
    });
  }
}
