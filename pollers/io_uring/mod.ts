// The io_uring poller, for Linux on Deno and Bun.

import type { EngineFactory } from "../contract/engine.ts";
import { pollingFactory } from "../threads/factory.ts";
import { IoUringEngine, pollerModule } from "./engine.ts";
import { openUring } from "./probe.ts";

/** "io_uring": Linux's io_uring through FFI. Usable where epoll is, on Linux 6.1 or newer that lets processes use it. */
export const ioUringFactory: EngineFactory = /* @__PURE__ */ pollingFactory(
  "io_uring",
  openUring,
  pollerModule,
  ({ libc }, options) => new IoUringEngine(libc, options),
);
