// gRPC's connection backoff (https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md).

const INITIAL_MS = 1_000;
const MULTIPLIER = 1.6;
const MAX_MS = 120_000;
const JITTER = 0.2;

/** How long to wait between attempts: 1 s, then 1.6 times longer each time up to 120 s, give or take a fifth. */
export class Backoff {
  private currentMs: number;

  /** `random` gives numbers from 0 to 1; `initialMs` is the first wait. */
  constructor(private readonly random: () => number, private readonly initialMs: number = INITIAL_MS) {
    this.currentMs = initialMs;
  }

  /** Milliseconds from now until the next attempt. */
  next(): number {
    const waitMs = this.currentMs;
    this.currentMs = Math.min(MAX_MS, this.currentMs * MULTIPLIER);
    return waitMs * (1 + JITTER * (2 * this.random() - 1));
  }

  /** An attempt succeeded. */
  reset(): void {
    this.currentMs = this.initialMs;
  }
}
