// A growable run of bytes: where header blocks are encoded before they are cut into frames.

import { copyBytes } from "./copy_bytes.ts";

/** Bytes `[0, length)` of `bytes` are written; set `length` to 0 to use it again. */
export class ByteSink {
  /** The storage; replaced when it grows. */
  bytes: Uint8Array;
  /** Bytes written. */
  length = 0;

  /** `capacity`: bytes it holds before it first grows. */
  constructor(capacity = 512) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `count` more bytes. */
  ensure(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** Appends one byte. */
  push(byte: number): void {
    this.ensure(1);
    this.bytes[this.length++] = byte;
  }

  /** Appends `bytes`. */
  append(bytes: Uint8Array): void {
    const { length } = bytes;
    this.ensure(length);
    copyBytes(bytes, 0, length, this.bytes, this.length);
    this.length += length;
  }
}
