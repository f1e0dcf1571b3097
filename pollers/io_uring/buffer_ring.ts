// Memory that receives are given when something has come, and not before: an idle connection has none.
//
// The kernel takes a buffer from the ring for each receive that brings something, and it is put back when its bytes have
// been copied, or used by those that they were lent to. Buffers are the runtime's own memory, each by itself: an
// application that was handed a view can give the whole buffer away, and then another one takes its place. The kernel
// writes into them during our own calls alone (ring.ts), so nothing else keeps them where they are.

import type { UringCalls } from "../ffi/io_uring_calls.ts";
import { U, URING_BUFFER, URING_BUFFER_RING } from "../ffi/io_uring_layouts.ts";
import { addressOf, viewMemory } from "../ffi/library.ts";
import { C } from "../ffi/linux_layouts.ts";
import { Arena } from "../ffi/memory.ts";
import { type Mapping, type Ring, RingError } from "./ring.ts";

/** Buffers; a power of two. Of connections that are ready in one turn so many take one, and the others read by themselves. */
const BUFFERS = 64;

/** Buffers that may be lent at a time: the others are for those whose bytes are copied. */
const MOST_LENT = BUFFERS / 2;

/** Runtimes keep smaller arrays where they may move them. */
const MIN_BYTES = 4_096;

/** The group that receives name. */
export const BUFFER_GROUP = 0;

/** The buffers of one ring. */
export class BufferRing {
  /** Where the kernel is told of buffers. */
  readonly map: Mapping;
  /** Bytes of a buffer. */
  readonly size: number;
  private readonly words: Uint32Array;
  private readonly halves: Uint16Array;
  private readonly buffers: Uint8Array[] = [];
  /** The last view of each. */
  private readonly views: Uint8Array[] = [];
  private readonly addresses: number[] = [];
  private lent = 0;
  private tail = 0;
  private closed = false;

  /** Buffers of `byteLength` bytes. Throws a {@linkcode RingError} where the system has no memory left, or takes none. */
  constructor(private readonly calls: UringCalls, ring: Ring, byteLength: number) {
    this.size = Math.max(MIN_BYTES, byteLength);
    const length = BUFFERS * URING_BUFFER.size;
    const protection = C.PROT_READ | C.PROT_WRITE;
    const address = calls.map(length, protection, C.MAP_SHARED | C.MAP_ANONYMOUS, -1, 0);
    if (address < 0) throw new RingError("mmap", address);
    this.map = { address, byteLength: length };
    const memory = viewMemory(address, length);
    this.words = new Uint32Array(memory);
    this.halves = new Uint16Array(memory);
    const argument = new Arena(URING_BUFFER_RING.size).allocate(URING_BUFFER_RING.size);
    argument.view.setBigUint64(URING_BUFFER_RING.address, BigInt(address), true);
    argument.view.setUint32(URING_BUFFER_RING.entries, BUFFERS, true);
    argument.view.setUint16(URING_BUFFER_RING.group, BUFFER_GROUP, true);
    const result = calls.register(ring.fd, U.REGISTER_PBUF_RING, argument.address);
    if (result < 0) {
      calls.unmap(address, length);
      throw new RingError("io_uring_register", result);
    }
    for (let id = 0; id < BUFFERS; id++) {
      this.renew(id);
      this.giveBack(id);
    }
  }

  /** The first `count` bytes of buffer `id`, until it is given back; as many as the last time have the view of then. */
  view(id: number, count: number): Uint8Array {
    const last = this.views[id]!;
    return last.length === count ? last : this.views[id] = this.buffers[id]!.subarray(0, count);
  }

  /** Whether a buffer may be lent; it is given back with {@linkcode takeBack}. */
  lend(): boolean {
    if (this.lent === MOST_LENT) return false;
    this.lent++;
    return true;
  }

  /** Nobody has views of buffer `id` any more, which was lent. */
  takeBack(id: number): void {
    this.lent--;
    if (this.buffers[id]!.length === 0) this.renew(id); // an application gave it away with a view ("transfer")
    this.giveBack(id);
  }

  /** Buffer `id` may be filled again. */
  giveBack(id: number): void {
    if (this.closed) return;
    const { words, halves } = this;
    const at = (this.tail & (BUFFERS - 1)) * URING_BUFFER.size;
    const address = this.addresses[id]!;
    words[at / 4] = address; // its low half: an Uint32Array keeps the number modulo 2^32
    words[at / 4 + 1] = address / 0x1_0000_0000;
    words[at / 4 + URING_BUFFER.length / 4] = this.size;
    halves[(at + URING_BUFFER.id) / 2] = id;
    this.tail = (this.tail + 1) & 0xffff;
    Atomics.store(halves, URING_BUFFER.tail / 2, this.tail);
  }

  /** Gives the memory back; the ring is closed. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.calls.unmap(this.map.address, this.map.byteLength);
  }

  private renew(id: number): void {
    const bytes = new Uint8Array(new ArrayBuffer(this.size));
    this.buffers[id] = this.views[id] = bytes;
    this.addresses[id] = addressOf(bytes);
  }
}
