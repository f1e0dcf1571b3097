// What the factories of engines with a poller thread share: whether the system's calls and that thread can be had.

import type { EngineFactory, EngineOptions, EventEngine } from "../contract/engine.ts";
import { whyNoThread } from "../native/thread.ts";

/** The system's calls under the names that `create` knows, or a sentence that says why there are none. */
export type OpenedSystem = { readonly ok: true } | { readonly ok: false; readonly because: string };

/**
 * The factory of the poller `name`: `open` gives the system's calls, of which `create` makes engines, and `pollerModule` is
 * what their poller thread runs. `caution` is what to know before it is used, if anything.
 */
export function pollingFactory<O extends OpenedSystem>(
  name: string,
  open: () => O,
  pollerModule: () => URL,
  create: (system: Extract<O, { readonly ok: true }>, options: EngineOptions) => EventEngine,
  caution?: string,
): EngineFactory {
  return {
    name,
    probe: () => {
      const opened = open();
      const because = opened.ok ? whyNoThread(pollerModule) : opened.because;
      if (because !== undefined) return { usable: false, because };
      return caution === undefined ? { usable: true } : { usable: true, caution };
    },
    create: (options) => {
      const opened = open();
      if (!opened.ok) throw new Error(`Cannot make an engine of ${name}: ${opened.because}`);
      return create(opened as Extract<O, { readonly ok: true }>, options);
    },
  };
}
