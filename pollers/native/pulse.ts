// Whether another thread is alive, for a thread that blocks: events do not tell it. The other one changes a word of shared
// memory while it has work.

/** How often a thread that has work shows that it is alive. */
export const BEAT_MS = 500;

/** A thread that has not shown it for so long is gone, or hangs. */
export const SILENT_MS = 15_000;

/** The word is looked at so often at least; what takes longer was no silence: the process was stopped, both threads with it. */
export const LONGEST_LOOK_MS = 1_000;

/** As the thread sees it that blocks. */
export class Pulse {
  private beat = 0;
  private lookedAt = performance.now();
  private silentMs = 0;

  /** The other thread adds to word `at` of `words`. */
  constructor(private readonly words: Int32Array, private readonly at: number) {}

  /** From now on it is looked at. */
  restart(): void {
    this.lookedAt = performance.now();
    this.silentMs = 0;
  }

  /** Looks, and returns for how many milliseconds the other thread has shown no life. */
  look(): number {
    const now = performance.now();
    const beat = Atomics.load(this.words, this.at);
    const passed = Math.min(now - this.lookedAt, LONGEST_LOOK_MS);
    this.silentMs = beat === this.beat ? this.silentMs + passed : 0;
    this.beat = beat;
    this.lookedAt = now;
    return this.silentMs;
  }
}
