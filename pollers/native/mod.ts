// The native poller: the runtime's own sockets, whichever runtime it is.

import type { EngineFactory, EngineOptions, EventEngine } from "../contract/engine.ts";
import { ENGINES } from "./connecting.ts";
import { runtime } from "./detect.ts";
import { listeningByNode, listeningByRuntime } from "./listening.ts";
import { NodeEngine } from "./node.ts";
import { probeRuntime } from "./oldest_runtimes.ts";

/** "native": the sockets of Deno, of Bun, or node:net. Usable on each that is new enough. */
export const nativeFactory: EngineFactory = {
  name: "native",
  probe: probeRuntime,
  create: (options: EngineOptions): EventEngine =>
    new ENGINES[runtime]("native", options, listeningByRuntime),
};

/** "node": node:net, which Deno and Bun have as well, for comparison. */
export const nodeFactory: EngineFactory = {
  name: "node",
  probe: probeRuntime,
  create: (options: EngineOptions): EventEngine => new NodeEngine("node", options, listeningByNode),
};
