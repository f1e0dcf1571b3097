// The epoll poller, for Linux on Deno and Bun.

import type { EngineFactory } from "../contract/engine.ts";
import { openLibc } from "../ffi/libc.ts";
import { pollingFactory } from "../threads/factory.ts";
import { EpollEngine, pollerModule } from "./engine.ts";

/** "epoll": Linux's epoll through FFI. Usable on x86-64 and arm64, on Deno with --allow-ffi and on Bun. */
export const epollFactory: EngineFactory = /* @__PURE__ */ pollingFactory(
  "epoll",
  openLibc,
  pollerModule,
  ({ libc }, options) => new EpollEngine(libc, options),
);
