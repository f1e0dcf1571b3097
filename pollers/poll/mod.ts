// The poll poller, for Linux on Deno and Bun.

import type { EngineFactory } from "../contract/engine.ts";
import { openLibc } from "../ffi/libc.ts";
import { pollingFactory } from "../threads/factory.ts";
import { PollEngine, pollerModule } from "./engine.ts";

/** "poll": poll(2) through FFI, whose every wait costs time for each connection. Usable where epoll is. */
export const pollFactory: EngineFactory = /* @__PURE__ */ pollingFactory(
  "poll",
  openLibc,
  pollerModule,
  ({ libc }, options) => new PollEngine(libc, options),
);
