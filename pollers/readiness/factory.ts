// What the factories of engines over the C library share: whether it and the poller thread can be had.

import type { EngineFactory, EngineOptions, EventEngine } from "../contract/engine.ts";
import { type Libc, openLibc } from "../ffi/libc.ts";
import { whyNoThread } from "../native/thread.ts";

/** The factory of the poller `name`, whose engines `create` makes and whose poller thread runs `pollerModule`. */
export function readinessFactory(
  name: string,
  pollerModule: () => URL,
  create: (libc: Libc, options: EngineOptions) => EventEngine,
): EngineFactory {
  return {
    name,
    probe: () => {
      const opened = openLibc();
      const because = opened.ok ? whyNoThread(pollerModule) : opened.because;
      return because === undefined ? { usable: true } : { usable: false, because };
    },
    create: (options) => {
      const opened = openLibc();
      if (!opened.ok) throw new Error(`Cannot make an engine of ${name}: ${opened.because}`);
      return create(opened.libc, options);
    },
  };
}
