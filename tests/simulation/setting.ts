// What calls use of the world that they are made and served in.
import type { Channel, CompletionType, ServerCall } from "pollwire";
import type { SeededRandom, SimulatedEngine, Simulation } from "../../pollers/simulated/mod.ts";
import type { Duties } from "./duties.ts";
import type { Process } from "./process.ts";
import type { Tags } from "./tags.ts";

/** See the head of this file. */
export interface Setting {
  readonly simulation: Simulation;
  /** Clients block the thread, so that no promise is continued while they wait for a server. */
  readonly blocks: boolean;
  /** Decides what styles do; apart from the network. */
  readonly choices: SeededRandom;
  readonly clientHost: SimulatedEngine;
  readonly serverHost: SimulatedEngine;
  readonly channel: Channel;
  /** Reactions that were not called. */
  readonly duties: Duties;
  /** Perhaps makes a call for the one that a handler serves; call what it gives when the handler is through. */
  readonly nested: { perhaps(parent: ServerCall, id: number): Promise<() => void> };
  /** Handlers that run now. */
  handling: number;
  /** How deep the stack is in calls of the application to reactors. */
  calling: number;
  /** Something was not as it must be. */
  readonly problem: (error: unknown) => void;
  /** A completion queue on `engine`. */
  tags(engine: SimulatedEngine, completionType: CompletionType, name: string): Tags;
  /** Waits for so many milliseconds, outside of what the library calls. */
  sleep(ms: number): Process<void>;
  /** The handler of unary call `id` runs. */
  executed(id: number): void;
}
