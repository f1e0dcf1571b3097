// One engine a thread for each list of pollers, shared by its channels and servers.

import { createEngine, type EventEngine, selectPoller } from "../pollers/mod.ts";

/** An ordered list of pollers: "epoll,native", or an array. */
export type PollerList = string | readonly string[];

interface Shared {
  readonly engine: EventEngine;
  users: number;
}

const shared = new Map<string, Shared>();

/** A share of an engine. */
export interface EngineLease {
  readonly engine: EventEngine;
  /** Gives the share back; the engine goes with the last one. */
  release(): void;
}

/** The engine of the first usable poller of `list`; throws PollerError where there is none. */
export function leaseEngine(list?: PollerList): EngineLease {
  const { name } = selectPoller(list);
  const entry = shared.get(name) ?? { engine: createEngine(name), users: 0 };
  shared.set(name, entry);
  entry.users++;
  let released = false;
  return {
    engine: entry.engine,
    release() {
      if (released) return;
      released = true;
      if (--entry.users > 0) return;
      shared.delete(name);
      // Connections that are still writing their last bytes close by themselves.
      entry.engine.run(() => {});
    },
  };
}
