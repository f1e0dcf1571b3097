// A network in virtual time, for tests: the whole engine contract, seeded, with every fault a network has.

export * from "./conditions.ts";
export * from "./seeded_random.ts";
export * from "./simulation.ts";
export type { EngineWorld, SimulatedEngine } from "./engine.ts";
export type { ConnectionEnd, Host, HostClosable, Network, NetworkListener, World } from "./network.ts";
export type { Closable, OpenSet } from "../core/open_set.ts";
export type { TimerTask } from "../core/timer_heap.ts";
export type { SyncWait } from "../contract/extension.ts";
export * from "../contract/types.ts";
