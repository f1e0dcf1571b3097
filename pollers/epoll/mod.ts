// The epoll poller, for Linux on Deno and Bun.

import type { EngineFactory, EngineOptions, EventEngine, ProbeResult } from "../contract/engine.ts";
import { openLibc } from "../ffi/libc.ts";
import { whyNoThread } from "../native/thread.ts";
import { EpollEngine, pollerModule } from "./engine.ts";

/** "epoll": Linux's epoll through FFI. Usable on x86-64 and arm64, on Deno with --allow-ffi and --allow-read and on Bun. */
export const epollFactory: EngineFactory = {
  name: "epoll",
  probe(): ProbeResult {
    const opened = openLibc();
    const because = opened.ok ? whyNoThread(pollerModule) : opened.because;
    return because === undefined ? { usable: true } : { usable: false, because };
  },
  create(options: EngineOptions): EventEngine {
    const opened = openLibc();
    if (!opened.ok) throw new Error(`Cannot make an epoll engine: ${opened.because}`);
    return new EpollEngine(opened.libc, options);
  },
};
