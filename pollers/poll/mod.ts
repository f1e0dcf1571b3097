// The poll poller, for Linux on Deno and Bun.

import type { EngineFactory, EngineOptions, EventEngine, ProbeResult } from "../contract/engine.ts";
import { openLibc } from "../ffi/libc.ts";
import { whyNoThread } from "../native/thread.ts";
import { PollEngine, pollerModule } from "./engine.ts";

/** "poll": poll(2) through FFI, whose every wait costs time for each connection. Usable where epoll is. */
export const pollFactory: EngineFactory = {
  name: "poll",
  probe(): ProbeResult {
    const opened = openLibc();
    const because = opened.ok ? whyNoThread(pollerModule) : opened.because;
    return because === undefined ? { usable: true } : { usable: false, because };
  },
  create(options: EngineOptions): EventEngine {
    const opened = openLibc();
    if (!opened.ok) throw new Error(`Cannot make a poll engine: ${opened.because}`);
    return new PollEngine(opened.libc, options);
  },
};
