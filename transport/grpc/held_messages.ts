// Messages that wait to be inflated: as they came, in little more memory than they had on the wire.

import { copyBytes } from "../hpack/copy_bytes.ts";

/** Octets before each message: whether it is compressed, and its length. */
const HEAD_BYTES = 5;

/** What the memory begins with. */
const LEAST_BYTES = 1_024;

/** A queue of messages, copied one behind the other. */
export class HeldMessages {
  /** Messages that wait. */
  size = 0;
  /** Whether the message that was taken last is compressed. */
  compressed = false;
  private memory = new DataView(new ArrayBuffer(0));
  private start = 0;
  private end = 0;

  /** Adds a message. */
  push(bytes: Uint8Array, compressed: boolean): void {
    this.reserve(HEAD_BYTES + bytes.length);
    this.memory.setUint8(this.end, compressed ? 1 : 0);
    this.memory.setUint32(this.end + 1, bytes.length);
    this.end += HEAD_BYTES;
    copyBytes(bytes, 0, bytes.length, new Uint8Array(this.memory.buffer), this.end);
    this.end += bytes.length;
    this.size++;
  }

  /** Takes the first message, which must be there: a view that is valid until the next `push`. */
  shift(): Uint8Array {
    this.compressed = this.memory.getUint8(this.start) === 1;
    const length = this.memory.getUint32(this.start + 1);
    const bytes = new Uint8Array(this.memory.buffer, this.start + HEAD_BYTES, length);
    this.start += HEAD_BYTES + length;
    if (--this.size === 0) this.clear();
    return bytes;
  }

  /** Drops everything. */
  clear(): void {
    this.size = this.start = this.end = 0;
    this.memory = new DataView(new ArrayBuffer(0));
  }

  private reserve(bytes: number): void {
    if (this.end + bytes <= this.memory.byteLength) return;
    const used = this.end - this.start;
    const larger = new Uint8Array(Math.max(LEAST_BYTES, 2 * (used + bytes)));
    copyBytes(new Uint8Array(this.memory.buffer), this.start, this.end, larger, 0);
    this.memory = new DataView(larger.buffer);
    this.start = 0;
    this.end = used;
  }
}
