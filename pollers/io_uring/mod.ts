// The io_uring poller, for Linux on Deno and Bun.

import type { EngineFactory } from "../contract/engine.ts";
import { readinessFactory } from "../readiness/factory.ts";
import { IoUringEngine, pollerModule } from "./engine.ts";
import { whyNoRing } from "./probe.ts";

const base = /* @__PURE__ */ readinessFactory(
  "io_uring",
  pollerModule,
  (libc, options) => new IoUringEngine(libc, options),
);

/** "io_uring": Linux's io_uring through FFI. Usable where epoll is, on Linux 6.1 or newer that lets processes use it. */
export const ioUringFactory: EngineFactory = {
  ...base,
  probe: () => {
    const probed = base.probe();
    const because = probed.usable ? whyNoRing() : probed.because;
    return because === undefined ? { usable: true } : { usable: false, because };
  },
};
