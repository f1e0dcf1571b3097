// A network in virtual time, for tests: the whole engine contract, seeded, with every fault a network has.

export * from "./conditions.ts";
export * from "./seeded_random.ts";
export * from "./simulation.ts";
export type { SimulatedEngine } from "./engine.ts";
export type { Network } from "./network.ts";
