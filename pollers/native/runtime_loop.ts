// The loop that the runtime itself runs on this thread.

import { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } from "node:timers";
import type { Loop } from "../core/base_engine.ts";

/** The longest interval that runtimes take, 2^31-1 ms: an anchor has nothing to do. */
const ANCHOR_MS = 0x7fff_ffff;

/** Timers and immediates of the runtime. */
export const runtimeLoop: Loop = {
  now: () => performance.now(),
  soon: (closure) => void setImmediate(closure),
  arm: (delayMs, fire) => setTimeout(fire, delayMs).unref(),
  disarm: (armed) => clearTimeout(armed as ReturnType<typeof setTimeout>),
  anchor() {
    const timer = setInterval(() => {}, ANCHOR_MS).unref();
    return {
      ref: () => void timer.ref(),
      unref: () => void timer.unref(),
      remove: () => clearInterval(timer),
    };
  },
};
