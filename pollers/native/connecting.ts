// The native poller of programs that only connect.

import type { EngineFactory, EngineOptions, EventEngine, ProbeResult } from "../contract/engine.ts";
import { BunEngine } from "./bun.ts";
import { DenoEngine } from "./deno.ts";
import { runtime } from "./detect.ts";
import { NodeEngine } from "./node.ts";

/** The engine on the sockets of each runtime. */
export const ENGINES = { deno: DenoEngine, bun: BunEngine, node: NodeEngine } as const;

/** "native-client": as "native", and no server can listen by it. Of a program it takes less code. */
export const nativeClientFactory: EngineFactory = {
  name: "native-client",
  probe: (): ProbeResult => ({ usable: true }),
  create: (options: EngineOptions): EventEngine => new ENGINES[runtime]("native-client", options),
};
