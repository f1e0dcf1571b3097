// A rope of byte views: bytes travel from socket to frame reader and back without being joined.

/** So many views are taken out one by one: V8 sets an array's length in 45 ns, and gives up memory for the next ones. */
const MOST_POPPED = 8;

/**
 * An ordered list of byte views with their total length, as gRPC's slice buffer. Appending keeps a reference to
 * the view and copies nothing; each function that takes a buffer says who may change the bytes afterwards.
 */
export class SliceBuffer {
  /** The views, in order; none is empty. Read only: change the buffer through its methods. */
  readonly slices: Uint8Array[] = [];
  #byteLength = 0;

  /** Bytes in all views together. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Adds `bytes` at the end, as a view; an empty view is left out. */
  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.slices.push(bytes);
    this.#byteLength += bytes.length;
  }

  /** Forgets every view. */
  clear(): void {
    const { slices } = this;
    if (slices.length > MOST_POPPED) slices.length = 0;
    else while (slices.length > 0) slices.pop();
    this.#byteLength = 0;
  }

  /**
   * Drops the first `count` bytes.
   *
   * @throws {RangeError} when there are fewer
   */
  drop(count: number): void {
    if (count < 0 || count > this.#byteLength) {
      throw new RangeError(`Cannot drop ${count} bytes: the slice buffer holds ${this.#byteLength}`);
    }
    let left = count;
    let whole = 0;
    while (left > 0) {
      const slice = this.slices[whole]!;
      if (slice.length > left) {
        this.slices[whole] = slice.subarray(left);
        break;
      }
      left -= slice.length;
      whole++;
    }
    if (whole > 0) this.slices.splice(0, whole);
    this.#byteLength -= count;
  }

  /** All bytes in one array: the only view itself where there is just one, else a copy. */
  join(): Uint8Array {
    if (this.slices.length === 1) return this.slices[0]!;
    const joined = new Uint8Array(this.#byteLength);
    let at = 0;
    for (const slice of this.slices) {
      joined.set(slice, at);
      at += slice.length;
    }
    return joined;
  }
}
