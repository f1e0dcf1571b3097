// Calls in turn, but some servers have more turns than others: the static stride scheduler of weighted_round_robin.
//
// The turn goes round. Each time that it comes to a server, the server's weight is added to what it has; with
// MOST_WEIGHT of it the server takes the call and pays for it, else the turn goes on to the next. The greatest weight is
// MOST_WEIGHT, so that one is passed over never.

/** What a turn costs. */
const MOST_WEIGHT = 65_535;

/** A weight counts for no more than so many times the mean: one wrong report must not draw all calls. */
const MOST_RATIO = 10;

/** And for no less than this part of it: who gets no calls reports nothing better. */
const LEAST_RATIO = 0.01;

/**
 * What `count` servers have before their first turns, the first of them the share `random` of a turn. It differs, or those
 * of equal weight would all take their calls in a row; and no server begins with more in all channels, or those of few calls
 * would send them by that, and not by weights.
 */
export function firstCredits(count: number, random: number): Int32Array {
  const first = Math.floor(random * MOST_WEIGHT);
  return Int32Array.from(
    { length: count },
    (_, i) => (first + Math.floor(MOST_WEIGHT / 2) * i) % MOST_WEIGHT,
  );
}

/** Whose turn it is, by index. */
export class StaticStride {
  /** Index of the server with the next turn: from 0 to one below the number of weights. `has`: what each has, and has left. */
  constructor(
    private readonly weights: Int32Array,
    public next: number,
    private readonly has: Int32Array,
  ) {}

  /** The next turn. */
  take(): number {
    const { weights, has } = this;
    for (;;) {
      const i = this.next;
      this.next = i + 1 === weights.length ? 0 : i + 1;
      const sum = has[i]! + weights[i]!;
      if (sum < MOST_WEIGHT) {
        has[i] = sum;
        continue;
      }
      has[i] = sum - MOST_WEIGHT;
      return i;
    }
  }
}

/**
 * Of `weights`, where 0 is one that is not known and counts as the mean; undefined where fewer than two are known. It goes on
 * with what servers have in `credits`, where it leaves what they have then: new weights may come more often than calls.
 */
export function staticStride(
  weights: readonly number[],
  next: number,
  credits: Int32Array,
): StaticStride | undefined {
  const known = weights.filter((weight) => weight > 0);
  if (known.length < 2) return undefined;
  // Shares of the greatest one: servers report what they like, and a sum of weights may be Infinity.
  const greatest = known.reduce((most, weight) => Math.max(most, weight));
  const mean = known.reduce((sum, weight) => sum + weight / greatest, 0) / known.length;
  const most = Math.min(1, mean * MOST_RATIO);
  const scaled = weights.map((weight) => {
    const share = weight > 0 ? weight / greatest : mean;
    const counted = Math.max(Math.min(share, most), mean * LEAST_RATIO);
    return Math.max(1, Math.round(counted / most * MOST_WEIGHT));
  });
  return new StaticStride(Int32Array.from(scaled), next, credits);
}
