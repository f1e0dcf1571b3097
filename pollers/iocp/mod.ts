// The completion port poller, for Windows on Deno and Bun.

import type { EngineFactory, EngineOptions, EventEngine, ProbeResult } from "../contract/engine.ts";
import { openWinsock } from "../ffi/winsock.ts";
import { whyNoThread } from "../native/thread.ts";
import { IocpEngine, pollerModule } from "./engine.ts";

/** "iocp": Windows' completion ports through FFI. Usable on x86-64, on Deno with --allow-ffi and --allow-read and on Bun. */
export const iocpFactory: EngineFactory = {
  name: "iocp",
  probe(): ProbeResult {
    const opened = openWinsock();
    const because = opened.ok ? whyNoThread(pollerModule) : opened.because;
    return because === undefined ? { usable: true } : { usable: false, because };
  },
  create(options: EngineOptions): EventEngine {
    const opened = openWinsock();
    if (!opened.ok) throw new Error(`Cannot make an iocp engine: ${opened.because}`);
    return new IocpEngine(opened.winsock, options);
  },
};
