// One engine a thread for each poller, shared by its channels and servers.

import { createEngine, type EventEngine, selectPoller } from "../pollers/mod.ts";

/** An ordered list of pollers: "epoll,native", or an array; or an engine that is there already (a simulated one). */
export type PollerList = string | readonly string[] | EventEngine;

const engines = new Map<string, EventEngine>();
/** The poller of those who name none; undefined: the environment's, or the default. */
let preferred: string | undefined = undefined;

/**
 * The engine of the first usable poller of `list`; throws PollerError where there is none. It is made at its first
 * use and stays: an engine with nothing open keeps no process running, and the next channel finds it warm.
 */
export function sharedEngine(list?: PollerList): EventEngine {
  if (typeof list === "object" && "execCtx" in list) return list;
  const { name } = selectPoller(list ?? preferred);
  let engine = engines.get(name);
  if (engine === undefined) engines.set(name, engine = createEngine(name));
  return engine;
}

/** Makes `engine` this thread's for its poller: channels and servers that name it, or name none, share it. */
export function shareEngine(engine: EventEngine): void {
  engines.set(engine.name, engine);
  preferred = engine.name;
}
