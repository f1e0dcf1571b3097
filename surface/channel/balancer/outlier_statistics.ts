// How the calls of one server ended, and which servers stand out by that (gRFC A50).

import type { Instant } from "../../../pollers/mod.ts";
import { Status, type StatusCode } from "../../call/status.ts";
import type { CallTracker } from "../call_tracker.ts";
import type { FailurePercentageEjection, SuccessRateEjection } from "./outlier_config.ts";

/** One server: the calls of the present interval, and those of the one before, by which it is judged. */
export class FollowedEndpoint implements CallTracker {
  private successes = 0;
  private failures = 0;
  private lastSuccesses = 0;
  private lastFailures = 0;
  /** When it was ejected; undefined where it is not. */
  ejectedAt: Instant | undefined = undefined;
  /** How often it was ejected, less the intervals since in which it was not. */
  multiplier = 0;

  callStarted(): void {}
  callLeft(): void {}
  callEnded(code: StatusCode): void {
    if (code === Status.OK) this.successes++;
    else this.failures++;
  }

  /** Another interval begins. */
  swap(): void {
    this.lastSuccesses = this.successes;
    this.lastFailures = this.failures;
    this.successes = this.failures = 0;
  }

  /** The calls of the interval before. */
  get volume(): number {
    return this.lastSuccesses + this.lastFailures;
  }

  /** The share of them that succeeded: 0 to 1. */
  get successRate(): number {
    return this.lastSuccesses / this.volume;
  }

  /** How many of a hundred of them failed. */
  get failurePercentage(): number {
    return 100 * this.lastFailures / this.volume;
  }
}

/** Those whose success rate is too far below the others'. */
export function lowSuccessRates(
  endpoints: Iterable<FollowedEndpoint>,
  { requestVolume, minimumHosts, stdevFactor }: SuccessRateEjection,
): FollowedEndpoint[] {
  const judged = busyOnes(endpoints, requestVolume, minimumHosts);
  const rates = judged.map(({ successRate }) => successRate);
  const mean = sum(rates) / rates.length;
  const variance = sum(rates.map((rate) => (rate - mean) ** 2)) / rates.length;
  const least = mean - Math.sqrt(variance) * stdevFactor / 1_000;
  return judged.filter(({ successRate }) => successRate < least);
}

/** Those of whose calls too many failed. */
export function highFailurePercentages(
  endpoints: Iterable<FollowedEndpoint>,
  { requestVolume, minimumHosts, threshold }: FailurePercentageEjection,
): FollowedEndpoint[] {
  const judged = busyOnes(endpoints, requestVolume, minimumHosts);
  return judged.filter(({ failurePercentage }) => failurePercentage > threshold);
}

/** Those that had enough calls; none where there are too few of them. */
function busyOnes(
  endpoints: Iterable<FollowedEndpoint>,
  requestVolume: number,
  minimumHosts: number,
): FollowedEndpoint[] {
  const busy = [...endpoints].filter(({ volume }) => volume > 0 && volume >= requestVolume);
  return busy.length < minimumHosts ? [] : busy;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
