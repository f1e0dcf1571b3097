// The epoll engine: descriptors in an epoll set.

import type { EngineOptions } from "../contract/engine.ts";
import type { Libc } from "../ffi/libc.ts";
import { ReadinessEngine } from "../readiness/engine.ts";
import { createPollset, MAX_EVENTS } from "./pollset.ts";

/** What the poller thread runs. Throws TypeError in a bundle without `import.meta.url`, as one in CommonJS is. */
export function pollerModule(): URL {
  return new URL("./poller_worker.ts", import.meta.url);
}

/** epoll on Linux, through FFI. */
export class EpollEngine extends ReadinessEngine {
  /** Throws an Error where the system has no descriptors left for a set. */
  constructor(libc: Libc, options: EngineOptions) {
    super("epoll", libc, options, { createPollset, module: pollerModule(), maxEvents: MAX_EVENTS });
  }
}
