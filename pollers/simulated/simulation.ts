// Virtual time: events in order, a seed that decides everything random, and a reproducible trace.

import type { Instant } from "../contract/engine.ts";
import { checkNames } from "../core/option_names.ts";
import { TimerHeap, type TimerTask } from "../core/timer_heap.ts";
import { textOf } from "../log/describe.ts";
import { microtasksRan } from "../native/immediate.ts";
import { CALM, type Conditions } from "./conditions.ts";
import { type EngineWorld, SimulatedEngine } from "./engine.ts";
import { Network } from "./network.ts";
import { SeededRandom } from "./seeded_random.ts";

/** What a simulation is made with. */
export interface SimulationOptions {
  /** Decides everything random. Default 1. */
  readonly seed?: number;
  /** How the network behaves at first. Default {@linkcode CALM}. */
  readonly conditions?: Partial<Conditions>;
  /** Lines of trace that are kept, the last ones. Default 200; 0 keeps none and costs nothing. */
  readonly traceLines?: number;
}

/**
 * Milliseconds without an event after which nothing is left to happen: servers and clients ask each other after hours of
 * silence whether they are there, for as long as they are connected, and channels without calls disconnect after half an
 * hour.
 */
const QUIET_MS = 1_200_000;

/** How far {@linkcode Simulation.run} goes. */
export interface RunOptions {
  /** Events after which the run is a livelock. Default 1,000,000. */
  readonly steps?: number;
  /** Virtual time at which it stops, events or not. Default: when nothing is left to happen within 20 minutes. */
  readonly until?: Instant;
}

const OPTION_NAMES: Readonly<Record<keyof SimulationOptions, true>> = {
  seed: true,
  conditions: true,
  traceLines: true,
};
const RUN_NAMES: Readonly<Record<keyof RunOptions, true>> = { steps: true, until: true };

/** A simulation went on and on; the message has the end of its trace. */
export class LivelockError extends Error {
  /** "LivelockError". */
  override readonly name = "LivelockError";
}

/** Throws RangeError unless all of `given` are numbers, `least` or more. */
function checkNumbers(purpose: string, given: object, least: number): void {
  for (const [name, value] of Object.entries(given) as Array<[string, unknown]>) {
    if (typeof value === "number" && value >= least) continue;
    const found = typeof value === "string" ? JSON.stringify(value) : textOf(value);
    const wanted = least === 0 ? "a number of 0 or more" : "a number";
    throw new RangeError(`Cannot ${purpose}: ${name} is ${found}; give ${wanted}`);
  }
}

/** One world: its clock, its network, and an engine for each host. */
export class Simulation implements EngineWorld {
  /** What every choice is made by. */
  readonly random: SeededRandom;
  /** Who is connected to whom. */
  readonly network: Network;
  private readonly events = new TimerHeap();
  private readonly traceLines: number;
  private readonly lines: string[] = [];
  private time: Instant = 0;
  private hosts = 0;
  /** A thread blocks in it: its only one. */
  private blocked = false;
  /** What was thrown inside turns, the first of it. */
  private thrown: { readonly error: unknown } | undefined = undefined;

  /**
   * Nothing happens before {@linkcode run}.
   *
   * @throws {TypeError} for unknown options and conditions
   * @throws {RangeError} for conditions that are no numbers of 0 or more
   */
  constructor(options: SimulationOptions = {}) {
    checkNames("make a simulation", options, OPTION_NAMES);
    checkNames("make a simulation, conditions", options.conditions ?? {}, CALM);
    checkNumbers("make a simulation, conditions", options.conditions ?? {}, 0);
    this.random = new SeededRandom(options.seed ?? 1);
    this.traceLines = options.traceLines ?? 200;
    this.network = new Network(this, { ...CALM, ...options.conditions });
  }

  /** The virtual time in milliseconds; 0 at the start. */
  get now(): Instant {
    return this.time;
  }

  /** A new host with an address of its own, as an engine for channels and servers. */
  host(): SimulatedEngine {
    return new SimulatedEngine(this, `10.0.0.${++this.hosts}`);
  }

  /**
   * Runs `closure` at `at`, in the order of the calls where instants are equal.
   *
   * @throws {RangeError} for NaN, which would be the time of everything after it
   */
  schedule(at: Instant, closure: () => void): TimerTask {
    if (Number.isNaN(at)) throw new RangeError("Cannot schedule a task: its instant is NaN");
    return this.events.add(Math.max(at, this.time), closure);
  }

  /** True: the task will never run. */
  cancel(task: TimerTask): boolean {
    return this.events.remove(task);
  }

  /** Resolves after `ms` of virtual time. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.schedule(this.time + ms, resolve));
  }

  /** Events that wait. */
  get pending(): number {
    return this.events.size;
  }

  /**
   * Lets events happen, one after another, until there is none left within 20 minutes (or `until`). Promise
   * continuations of each run before the next.
   *
   * @throws {LivelockError} (by the promise) after too many events
   * @throws {TypeError} (by the promise) for unknown options
   * @throws {RangeError} (by the promise) for numbers that are none: NaN would be the time of everything after it
   */
  async run(options: RunOptions = {}): Promise<void> {
    checkNames("run a simulation", options, RUN_NAMES);
    const { steps = 1_000_000, until } = options;
    checkNumbers("run a simulation", { steps, ...(until === undefined ? {} : { until }) }, -Infinity);
    for (let step = 0;; step++) {
      await microtasksRan();
      this.rethrow();
      const next = this.events.first;
      if (next === undefined || next.at > (until ?? this.time + QUIET_MS)) break;
      if (step >= steps) throw this.livelock(steps);
      this.events.remove(next);
      this.time = next.at;
      next.closure();
    }
    if (until !== undefined && until !== Infinity) this.time = Math.max(this.time, until);
  }

  /**
   * The same for a thread that blocks: until `done` is true, or the clock is at `deadline`. Promise continuations do not
   * run. False: `done` is not true, and nothing is left to happen before the deadline.
   *
   * @throws {LivelockError} after too many events
   * @throws {TypeError} inside another one
   */
  runSync(done: () => boolean, deadline: Instant, steps = 1_000_000): boolean {
    if (this.blocked) throw new TypeError("Cannot block: this thread waits in the simulation already");
    this.blocked = true;
    try {
      for (let step = 0; !done(); step++) {
        const next = this.events.first;
        if (next === undefined || next.at > deadline) {
          if (deadline !== Infinity) this.time = Math.max(this.time, deadline);
          return false;
        }
        if (step >= steps) throw this.livelock(steps);
        this.events.remove(next);
        this.time = next.at;
        next.closure();
      }
      return true;
    } finally {
      this.blocked = false;
    }
  }

  /** For engines: something threw inside a turn. {@linkcode run} rejects with it once the present event is over. */
  threw(error: unknown): void {
    this.thrown ??= { error };
  }

  /** Adds a line to the trace. */
  note(line: string): void {
    if (this.traceLines === 0) return;
    if (this.lines.length >= 2 * this.traceLines) this.lines.splice(0, this.traceLines);
    this.lines.push(`${this.time.toFixed(3)} ${line}`);
  }

  /** The last lines of the trace: the time in milliseconds, and what happened. */
  get trace(): readonly string[] {
    return this.lines.slice(-this.traceLines);
  }

  /** Throws what a turn threw. */
  private rethrow(): void {
    const { thrown } = this;
    this.thrown = undefined;
    if (thrown !== undefined) throw thrown.error;
  }

  /** The error of a run that does not end. */
  private livelock(steps: number): LivelockError {
    const end = this.trace.slice(-20).join("\n");
    return new LivelockError(
      `Simulation with seed ${this.random.seed} still runs after ${steps} events, at ${this.time} ms:\n${end}`,
    );
  }
}
