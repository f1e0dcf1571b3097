// Reproducible randomness: the same seed gives the same numbers on every runtime.

/** A small generator (mulberry32): good enough to choose faults, and nothing else. */
export class SeededRandom {
  private state: number;

  /** `seed`: any 32-bit integer. */
  constructor(readonly seed: number) {
    this.state = seed | 0;
  }

  /** A number from 0 to below 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** An integer from `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True as often as `share`, from 0 to 1, says. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  /** One of `choices`. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}
