// The native pollers of programs that only connect. They do not ask whether the runtime is new enough: who bundles knows it.

import type { EngineFactory, EngineOptions, EventEngine, ProbeResult } from "../contract/engine.ts";
import { BunEngine } from "./bun.ts";
import { DenoEngine } from "./deno.ts";
import { type Runtime, runtime } from "./detect.ts";
import type { NativeEngine } from "./engine.ts";
import { NodeEngine } from "./node.ts";

/** A class of engines. Declarations that name none of them need no types of Node's. */
type EngineClass = new (...given: ConstructorParameters<typeof NativeEngine>) => EventEngine;

/** The engine on the sockets of each runtime. */
export const ENGINES: Readonly<Record<Runtime, EngineClass>> = {
  deno: DenoEngine,
  bun: BunEngine,
  node: NodeEngine,
};

/** "native-client": as "native", and no server can listen by it. Of a program it takes less code. */
export const nativeClientFactory: EngineFactory = {
  name: "native-client",
  probe: (): ProbeResult => ({ usable: true }),
  create: (options: EngineOptions): EventEngine => new ENGINES[runtime]("native-client", options),
};

/** "deno-client": as "native-client", on Deno alone: a bundle has the sockets of one runtime. */
export const denoClientFactory: EngineFactory = {
  name: "deno-client",
  probe: (): ProbeResult => onlyOn("deno"),
  create: (options: EngineOptions): EventEngine => new DenoEngine("deno-client", options),
};

/** "bun-client": the same on Bun. */
export const bunClientFactory: EngineFactory = {
  name: "bun-client",
  probe: (): ProbeResult => onlyOn("bun"),
  create: (options: EngineOptions): EventEngine => new BunEngine("bun-client", options),
};

/** "node-client": the same by node:net, which every runtime has. */
export const nodeClientFactory: EngineFactory = {
  name: "node-client",
  probe: (): ProbeResult => ({ usable: true }),
  create: (options: EngineOptions): EventEngine => new NodeEngine("node-client", options),
};

function onlyOn(one: Runtime): ProbeResult {
  return runtime === one ? { usable: true } : { usable: false, because: `this is ${runtime}, not ${one}` };
}
