// Memory that receives are given when something has come, and not before: an idle connection has none.
//
// The kernel takes a buffer from the ring for each receive that brings something, and it is put back as soon as its bytes
// are copied. All of it is mapped memory that is never handed up: an application could give it away.

import type { UringCalls } from "../ffi/io_uring_calls.ts";
import { U, URING_BUFFER, URING_BUFFER_RING } from "../ffi/io_uring_layouts.ts";
import { viewMemory } from "../ffi/library.ts";
import { C } from "../ffi/linux_layouts.ts";
import { Arena } from "../ffi/memory.ts";
import { type Ring, RingError } from "./ring.ts";

/** Buffers; a power of two. Connections that are ready in one turn take one each. */
const BUFFERS = 256;

/** Bytes of a buffer: enough for most messages, little enough to copy. */
export const BUFFER_BYTES = 4_096;

/** The group that receives name. */
export const BUFFER_GROUP = 0;

/** The buffers of one ring. */
export class BufferRing {
  readonly address: number;
  readonly byteLength: number = BUFFERS * (URING_BUFFER.size + BUFFER_BYTES);
  private readonly bytes: Uint8Array;
  private readonly words: Uint32Array;
  private readonly halves: Uint16Array;
  private readonly buffersAt = BUFFERS * URING_BUFFER.size;
  private tail = 0;
  private closed = false;

  /** Throws a {@linkcode RingError} where the system has no memory left, or takes none. */
  constructor(private readonly calls: UringCalls, ring: Ring) {
    const protection = C.PROT_READ | C.PROT_WRITE;
    this.address = calls.map(this.byteLength, protection, C.MAP_SHARED | C.MAP_ANONYMOUS, -1, 0);
    if (this.address < 0) throw new RingError("mmap", this.address);
    const memory = viewMemory(this.address, this.byteLength);
    this.bytes = new Uint8Array(memory);
    this.words = new Uint32Array(memory, 0, this.buffersAt / 4);
    this.halves = new Uint16Array(memory, 0, this.buffersAt / 2);
    const argument = new Arena(URING_BUFFER_RING.size).allocate(URING_BUFFER_RING.size);
    argument.view.setBigUint64(URING_BUFFER_RING.address, BigInt(this.address), true);
    argument.view.setUint32(URING_BUFFER_RING.entries, BUFFERS, true);
    argument.view.setUint16(URING_BUFFER_RING.group, BUFFER_GROUP, true);
    const result = calls.register(ring.fd, U.REGISTER_PBUF_RING, argument.address, 1);
    if (result < 0) {
      calls.unmap(this.address, this.byteLength);
      throw new RingError("io_uring_register", result);
    }
    for (let id = 0; id < BUFFERS; id++) this.giveBack(id);
  }

  /** The first `count` bytes of buffer `id`, until it is given back. */
  view(id: number, count: number): Uint8Array {
    const at = this.buffersAt + id * BUFFER_BYTES;
    return this.bytes.subarray(at, at + count);
  }

  /** Buffer `id` may be filled again. */
  giveBack(id: number): void {
    if (this.closed) return;
    const { words, halves } = this;
    const at = (this.tail & (BUFFERS - 1)) * URING_BUFFER.size;
    const address = this.address + this.buffersAt + id * BUFFER_BYTES;
    words[at / 4] = address; // its low half: an Uint32Array keeps the number modulo 2^32
    words[at / 4 + 1] = address / 0x1_0000_0000;
    words[at / 4 + URING_BUFFER.length / 4] = BUFFER_BYTES;
    halves[(at + URING_BUFFER.id) / 2] = id;
    this.tail = (this.tail + 1) & 0xffff;
    Atomics.store(halves, URING_BUFFER.tail / 2, this.tail);
  }

  /** Gives the memory back; the ring is closed. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.calls.unmap(this.address, this.byteLength);
  }
}
