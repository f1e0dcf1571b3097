// Puts the fragments of a header block together: HEADERS and the CONTINUATIONs after it (RFC 9113, section 4.3).

/** A block that is being received. */
export class HeaderBlock {
  /** The fragments so far; `bytes[0, length)`. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Bytes of the fragments so far. */
  length = 0;
  /** Fragments so far. */
  fragments = 0;

  /** `endStream`: END_STREAM of the HEADERS frame that began it. `limit`: bytes a block may have as sent. */
  constructor(readonly endStream: boolean, private readonly limit: number) {}

  /** One more fragment; false when the block is above the limit. */
  add(bytes: Uint8Array, start: number, end: number): boolean {
    this.fragments++;
    const length = this.length + end - start;
    if (length > this.limit) return false;
    if (length > this.bytes.length) {
      const larger = new Uint8Array(Math.min(Math.max(1024, 2 * length), this.limit));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(bytes.subarray(start, end), this.length);
    this.length = length;
    return true;
  }
}
