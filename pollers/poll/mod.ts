// The poll poller, for Unix on Deno and Bun.

import type { EngineFactory } from "../contract/engine.ts";
import { openUnixLibc, unixCaution } from "../ffi/unix_libc.ts";
import { pollingFactory } from "../threads/factory.ts";
import { PollEngine, pollerModule } from "./engine.ts";

/**
 * "poll": poll(2) through FFI, whose every wait costs time for each connection. Usable where epoll is, and on macOS, for which
 * it was written and where it has never run.
 */
export const pollFactory: EngineFactory = /* @__PURE__ */ pollingFactory(
  "poll",
  openUnixLibc,
  pollerModule,
  ({ libc }, options) => new PollEngine(libc, options),
  /* @__PURE__ */ unixCaution(),
);
