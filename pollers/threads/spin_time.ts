// How long a thread spins: what its engine was made with, what the environment says, or what the machine suggests.

import type { EngineOptions } from "../contract/engine.ts";
import { processorQuota } from "../native/cpu_quota.ts";
import { environmentVariable } from "../native/env.ts";

/** Read where the engine's options do not say it. */
const VARIABLE = "POLLWIRE_SPIN_US";

/** Longer would be no pause before sleep but a busy loop. */
const MOST_US = 1_000_000;

/**
 * Milliseconds to spin; `usual` is what it costs to sleep and be woken. Where a container has less than one processor, time
 * that is spent looking is time that the next call waits for: the thread is stopped for the rest of the period.
 *
 * @throws {RangeError} for a number that is no span of time, wherever it comes from
 */
export function spinMsOf({ spinUs }: EngineOptions, usual: number): number {
  if (spinUs !== undefined) return checked("spinUs", spinUs, spinUs) / 1_000;
  const said = environmentVariable(VARIABLE);
  if (said !== undefined) return checked(VARIABLE, said.trim() === "" ? NaN : Number(said), said) / 1_000;
  return processorQuota() < 1 ? 0 : usual;
}

function checked(name: string, value: number, said: unknown): number {
  if (typeof value === "number" && value >= 0 && value <= MOST_US) return value;
  throw new RangeError(
    `Cannot spin as ${name} says: expected 0 to ${MOST_US} microseconds, found ${
      typeof said === "string" ? JSON.stringify(said) : String(said)
    }`,
  );
}
