// The loop that the runtime itself runs on this thread.

import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import type { Loop } from "../core/base_engine.ts";

/** Timers and immediates of the runtime. */
export const runtimeLoop: Loop = {
  now: () => performance.now(),
  soon: (closure) => void setImmediate(closure),
  arm: (delayMs, fire) => setTimeout(fire, delayMs),
  disarm: (armed) => clearTimeout(armed as ReturnType<typeof setTimeout>),
  keepAlive(armed, on) {
    const timer = armed as ReturnType<typeof setTimeout>;
    if (on) timer.ref();
    else timer.unref();
  },
};
