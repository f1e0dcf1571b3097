// Reads into slabs that all endpoints of a thread share: an endpoint that is idle holds no memory.

import type { SliceBuffer } from "../core/slice_buffer.ts";
import { addressOf } from "../ffi/library.ts";
import { EINTR } from "../ffi/linux_errno_table.ts";
import { IOVEC } from "../ffi/linux_layouts.ts";
import type { Libc } from "../ffi/libc.ts";
import { Arena, type NativeMemory } from "../ffi/memory.ts";

/** Runtimes keep smaller arrays where they may move them. */
const MIN_SLAB_BYTES = 4_096;

/** A slab with its address, which costs more to find out than to remember. */
interface Slab {
  readonly bytes: Uint8Array;
  readonly address: number;
}

/**
 * Reads of one thread. A read goes behind the one before and never over it, so what was handed up stays as it is; it
 * ends in a new slab where the old one has too little room, with one system call for both.
 */
export class Scatterer {
  private readonly vectorMemory: NativeMemory;
  private readonly vectors: Uint32Array;
  private slab: Slab;
  private next: Slab | undefined = undefined;
  private used = 0;

  /** `slabBytes`: at most so much comes in one read. */
  constructor(private readonly libc: Libc, slabBytes: number) {
    this.slabBytes = Math.max(MIN_SLAB_BYTES, slabBytes);
    this.vectorMemory = new Arena(2 * IOVEC.size).allocate(2 * IOVEC.size);
    const { bytes } = this.vectorMemory;
    this.vectors = new Uint32Array(bytes.buffer, bytes.byteOffset, 2 * IOVEC.size / 4);
    this.slab = this.newSlab();
  }

  private readonly slabBytes: number;

  /** What the last read could have taken; it took less where nothing more was there. */
  asked = 0;

  /** Reads once and appends what came to `into`: the bytes, 0 at the stream's end, or a negative error number. */
  read(fd: number, into: SliceBuffer): number {
    if (this.slab.bytes.length === 0) this.renew();
    const room = this.slabBytes - this.used;
    const beyond = this.used; // so that every read can take a whole slab
    this.put(0, this.slab.address + this.used, room);
    if (beyond > 0) {
      this.next ??= this.newSlab();
      this.put(4, this.next.address, beyond);
    }
    this.asked = this.slabBytes;
    for (;;) {
      const count = this.libc.readv(fd, this.vectorMemory.bytes, beyond > 0 ? 2 : 1);
      if (count >= 0) {
        this.hand(count, room, into);
        return count;
      }
      const errno = this.libc.errno();
      if (errno !== EINTR) return -errno;
    }
  }

  private hand(count: number, room: number, into: SliceBuffer): void {
    const { used } = this;
    if (count < room) {
      if (count > 0) into.append(this.slab.bytes.subarray(used, used + count));
      this.used = used + count;
      return;
    }
    into.append(this.slab.bytes.subarray(used));
    const rest = count - room;
    this.slab = this.next ?? this.newSlab();
    this.next = undefined;
    this.used = rest;
    if (rest > 0) into.append(this.slab.bytes.subarray(0, rest));
  }

  /** An application gave the slab's buffer away with a view of it ("transfer"): its memory is no longer ours. */
  private renew(): void {
    this.slab = this.newSlab();
    this.used = 0;
  }

  private newSlab(): Slab {
    const bytes = new Uint8Array(new ArrayBuffer(this.slabBytes));
    return { bytes, address: addressOf(bytes) };
  }

  private put(at: number, address: number, length: number): void {
    this.vectors[at] = address; // its low half: an Uint32Array keeps the number modulo 2^32
    this.vectors[at + 1] = address / 0x1_0000_0000;
    this.vectors[at + 2] = length;
    this.vectors[at + 3] = 0;
  }
}
