// Ranges of numbers in order, to find one or an overlap among many in few steps.

import type { RangeNode } from "./nodes.ts";

/** Ranges of field numbers or enum values. */
export class NumberRanges {
  readonly #sorted: readonly RangeNode[];

  constructor(private readonly declared: readonly RangeNode[]) {
    this.#sorted = declared.length < 2 ? declared : [...declared].sort((a, b) => a.start - b.start);
  }

  /** A range that holds `number`; for ranges that do not overlap. */
  find(number: number): RangeNode | undefined {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]!.start <= number) low = middle + 1;
      else high = middle;
    }
    const range = this.#sorted[low - 1];
    return range !== undefined && number <= range.end ? range : undefined;
  }

  /** Two ranges that overlap, in the order they are declared. */
  overlap(): [RangeNode, RangeNode] | undefined {
    for (let i = 1; i < this.#sorted.length; i++) {
      const [a, b] = [this.#sorted[i - 1]!, this.#sorted[i]!];
      if (b.start > a.end) continue;
      return this.declared.indexOf(a) < this.declared.indexOf(b) ? [a, b] : [b, a];
    }
    return undefined;
  }

  /** A range of these that overlaps one of `others`, with that one. */
  overlapWith(others: NumberRanges): [RangeNode, RangeNode] | undefined {
    for (let i = 0, j = 0; i < this.#sorted.length && j < others.#sorted.length;) {
      const [a, b] = [this.#sorted[i]!, others.#sorted[j]!];
      if (a.end < b.start) i++;
      else if (b.end < a.start) j++;
      else return [a, b];
    }
    return undefined;
  }
}
