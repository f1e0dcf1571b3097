// What a generator counts.

/** One latency in so many is kept, where nothing else is said. */
const SAMPLE = 16;
const SHARES = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1];

/** Calls done, calls answered wrongly, and latencies. */
export class Tally {
  /** Calls that were answered. */
  count = 0;
  /** Of these, calls whose answer or status was not the right one. */
  wrong = 0;
  private latencies: number[] = [];
  private startedAt: number;

  /** Counts from now on; keeps one latency in `every`. */
  constructor(private readonly now: () => number, private readonly every = SAMPLE) {
    this.startedAt = now();
  }

  /** The present time. */
  time(): number {
    return this.now();
  }

  /** Forgets everything: the warm-up is over. */
  restart(): void {
    this.count = this.wrong = 0;
    this.latencies = [];
    this.startedAt = this.now();
  }

  /** Whether the call that ends next is one whose latency is kept; only then is the clock worth reading. */
  get samples(): boolean {
    return this.count % this.every === 0;
  }

  /** Keeps the latency of a call sent at `sentAt`. */
  sample(sentAt: number): void {
    this.latencies.push(this.now() - sentAt);
  }

  /** Figures as `contenders/drive.mjs` prints them. */
  figures(): Record<string, unknown> {
    const latencies = this.latencies.sort((a, b) => a - b);
    const at = (share: number) => (latencies[Math.floor((latencies.length - 1) * share)] ?? 0) * 1_000;
    return {
      count: this.count,
      wrong: this.wrong,
      elapsedMs: this.now() - this.startedAt,
      latencyMicroseconds: SHARES.map((share) => [share, at(share)]),
    };
  }
}
