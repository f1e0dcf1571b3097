// Latencies by how long they were: 64 buckets for each doubling, so that what is read is within 1.6% of what was.

/** Buckets of a doubling. */
const STEPS = 64;
const STEP_BITS = 6;
/** The longest latency, in microseconds, that is told from longer ones: an hour and more. */
const MOST_US = 2 ** 32 - 1;

/** Counts of latencies. */
export class Histogram {
  private readonly counts = new Float64Array(STEPS * (33 - STEP_BITS));
  private total = 0;
  private sum = 0;
  private shortest = Infinity;
  private longest = 0;

  /** How many were recorded. */
  get count(): number {
    return this.total;
  }

  /** In milliseconds; 0 where there is none. */
  get min(): number {
    return this.total === 0 ? 0 : this.shortest;
  }

  /** In milliseconds. */
  get max(): number {
    return this.longest;
  }

  /** In milliseconds; 0 where there is none. */
  get mean(): number {
    return this.total === 0 ? 0 : this.sum / this.total;
  }

  /** Counts one. */
  record(ms: number): void {
    this.total++;
    this.sum += ms;
    if (ms < this.shortest) this.shortest = ms;
    if (ms > this.longest) this.longest = ms;
    this.counts[bucketOf(Math.min(MOST_US, Math.round(ms * 1000)))]!++;
  }

  /** The latency, in milliseconds, that `share` (0 to 1) of all are not above. */
  percentile(share: number): number {
    let left = Math.ceil(this.total * share);
    if (left <= 0) return this.min;
    for (let i = 0; i < this.counts.length; i++) {
      left -= this.counts[i]!;
      if (left <= 0) return Math.min(this.longest, Math.max(this.shortest, startOf(i + 1) / 1000));
    }
    return this.longest;
  }

  /** `rows` counts on a logarithmic scale, up to the latency that `upTo` (0 to 1) of all are not above; then that of the rest. */
  rows(rows: number, upTo: number): HistogramRow[] {
    if (this.total === 0) return [];
    const from = Math.max(0.001, this.percentile(0.001));
    const to = Math.max(this.percentile(upTo), from * 1.01);
    const factor = (to / from) ** (1 / rows);
    const result: HistogramRow[] = [];
    let start = from;
    for (let i = 0; i < rows; i++) {
      const end = i === rows - 1 ? to : from * factor ** (i + 1);
      result.push({ fromMs: start, toMs: end, count: 0 });
      start = end;
    }
    result.push({ fromMs: to, toMs: Math.max(to, this.longest), count: 0 });
    for (let i = 0; i < this.counts.length; i++) {
      const count = this.counts[i]!;
      if (count === 0) continue;
      const middle = (startOf(i) + startOf(i + 1)) / 2000;
      const at = Math.floor(Math.log(Math.max(middle, from) / from) / Math.log(factor));
      result[middle > to ? rows : Math.min(rows - 1, Math.max(0, at))]!.count += count;
    }
    return result.at(-1)!.count === 0 ? result.slice(0, -1) : result;
  }
}

/** Latencies between two bounds. */
export interface HistogramRow {
  readonly fromMs: number;
  readonly toMs: number;
  count: number;
}

/** Up to 63 us each has a bucket; then each doubling has 64. */
function bucketOf(us: number): number {
  if (us < STEPS) return us;
  const shift = 31 - Math.clz32(us) - STEP_BITS;
  return (shift + 1) * STEPS + ((us >>> shift) - STEPS);
}

/** The least microseconds of bucket `i`. */
function startOf(i: number): number {
  if (i < STEPS) return i;
  const shift = Math.floor(i / STEPS) - 1;
  return (STEPS + (i % STEPS)) * 2 ** shift;
}
