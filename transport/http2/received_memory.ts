// Whose memory received octets lie in, and what is kept of it.
//
// Content that is put together from pieces is copied, so the memory of a read can be used for the next one: reads then lend
// their bytes, and the engine reads much at a time into memory that is warm. Messages that lie in one piece are handed up
// as views, which cost nothing, but for the slab that they keep from being used again. What a read brought decides which of
// the two the next one is.

/** A read that keeps one view or less of this many octets costs more by its slab than by copying what is kept. */
const LENDING_BYTES = 16_384;

/** The receive memory of one connection. */
export class ReceivedMemory {
  /** What is being received is lent: it will be overwritten, and what is kept of it is copied. */
  lent = false;
  /** Messages that came whole; who puts them together counts those that it does not keep here. */
  messages = 0;
  private bytes = 0;
  private kept = 0;

  /** `bytes[start, end)` for whoever keeps it: a view, or a copy where the memory is lent. */
  keep(bytes: Uint8Array, start: number, end: number): Uint8Array {
    this.kept++;
    this.messages++;
    const view = bytes.subarray(start, end);
    return this.lent ? new Uint8Array(view) : view;
  }

  /** A read brought `bytes`. */
  arrived(bytes: number): void {
    this.bytes = bytes;
    this.kept = 0;
  }

  /** Everything that arrived was handled: whether the next read should lend. */
  next(): boolean {
    if (this.kept * LENDING_BYTES > this.bytes) this.lent = false;
    else if (this.bytes >= LENDING_BYTES) this.lent = true;
    return this.lent;
  }
}
