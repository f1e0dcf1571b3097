// Engines by name, of all pollers that there are.

import type { EngineFactory } from "../../pollers/mod.ts";
import { defaultPollers, FACTORIES } from "../../pollers/select.ts";
import { type EngineUse, type PollerList, useEngineOf } from "../engines.ts";

/** All of them, and what is chosen where none is named. */
export const EVERY_POLLER: { readonly factories: readonly EngineFactory[]; readonly defaults: () => string } =
  {
    factories: FACTORIES,
    defaults: defaultPollers,
  };

/** The engine of the first usable poller of `list`; throws PollerError where there is none. */
export function useEngine(list?: PollerList): EngineUse {
  return useEngineOf(list, EVERY_POLLER);
}
