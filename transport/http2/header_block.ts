// Puts the fragments of a header block together: HEADERS and the CONTINUATIONs after it (RFC 9113, section 4.3).

/** The block that is being received, bounded by `limit`. */
export class HeaderBlock {
  /** The stream whose block is incomplete, or 0: only its CONTINUATION may come next (section 6.10). */
  streamId = 0;
  /** END_STREAM of the HEADERS frame that began the block. */
  endStream = false;
  /** The fragments so far; `bytes[0, length)`. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Bytes of the fragments so far. */
  length = 0;

  /** `limit`: bytes a block may have as sent. */
  constructor(private readonly limit: number) {}

  /** A HEADERS frame without END_HEADERS; false when the block is already above the limit. */
  begin(streamId: number, endStream: boolean, bytes: Uint8Array, start: number, end: number): boolean {
    this.streamId = streamId;
    this.endStream = endStream;
    this.length = 0;
    return this.add(bytes, start, end);
  }

  /** One more fragment; false when the block is above the limit. */
  add(bytes: Uint8Array, start: number, end: number): boolean {
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

  /** The block was handled. */
  end(): void {
    this.streamId = 0;
    this.length = 0;
    this.bytes = new Uint8Array(0);
  }
}
