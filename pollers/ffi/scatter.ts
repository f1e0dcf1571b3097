// Reads into slabs that all endpoints of a thread share, or into ones that are lent: an endpoint that is idle holds no memory.

import type { SliceBuffer } from "../contract/slice_buffer.ts";
import { addressOf } from "./library.ts";
import { Arena, type NativeMemory } from "./memory.ts";

/** Runtimes keep smaller arrays where they may move them. */
const MIN_SLAB_BYTES = 4_096;

/** A lent slab is so many times as large: nothing is pinned by views of it, and few large reads cost least. */
const LENT_FACTOR = 4;

/** Lent slabs that wait for their next read, and endpoints that may have one at a time: others get views as usual. */
const SPARE_SLABS = 2;
const MOST_LENT = 8;

/** A slab with its address, which costs more to find out than to remember. */
export interface Slab {
  readonly bytes: Uint8Array;
  readonly address: number;
  /** What the last read that lent it brought: reads of the same size have the same view, for making one costs 20 to 80 ns. */
  view: Uint8Array;
}

/** How the system wants its vectors: offsets in a struct of 16 bytes. */
export interface VectorLayout {
  readonly size: 16;
  readonly base: number;
  readonly length: number;
}

/** Reads once from what `H` names, into `count` vectors: the bytes, 0 at the stream's end, or a negative error number. */
export type ReadVectors<H> = (from: H, vectors: Uint8Array, count: number) => number;

/** Reads once into `bytes`, as {@linkcode ReadVectors} do: for what has a call that costs less than one for vectors. */
export type Receive<H> = (from: H, bytes: Uint8Array) => number;

/** A slab is read into by itself where it has room for so many reads like the last one; else the next one is added. */
const READS_OF_ROOM = 4;

/**
 * Reads of one thread. A read goes behind the one before and never over it, so what was handed up stays as it is; it
 * ends in a new slab where the old one has too little room, with one system call for both.
 */
export class Scatterer<H> {
  private readonly vectorMemory: NativeMemory;
  private readonly vectors: Uint32Array;
  private slab: Slab;
  private next: Slab | undefined = undefined;
  private used = 0;
  private readonly spares: Slab[] = [];
  private lentSlabs = 0;

  /** What the last read could have taken; it took less where nothing more was there. */
  asked = 0;
  /** What the last read brought. */
  private lastBytes = 0;

  /** `slabBytes`: at most so much comes in one read. `receive`, where there is one, reads from sockets. */
  constructor(
    private readonly readVectors: ReadVectors<H>,
    private readonly layout: VectorLayout,
    private readonly slabBytes: number,
    private readonly receive?: Receive<H>,
  ) {
    this.slabBytes = Math.max(MIN_SLAB_BYTES, slabBytes);
    this.vectorMemory = new Arena(2 * layout.size).allocate(2 * layout.size);
    const { bytes } = this.vectorMemory;
    this.vectors = new Uint32Array(bytes.buffer, bytes.byteOffset, 2 * layout.size / 4);
    this.slab = this.newSlab();
  }

  /**
   * Reads once and appends what came to `into`: the bytes, 0 at the stream's end, or a negative error number. `isSocket`:
   * `receive` can read from it.
   */
  read(from: H, into: SliceBuffer, isSocket = false): number {
    if (this.slab.bytes.length === 0) this.renew();
    const room = this.slabBytes - this.used;
    const { receive } = this;
    // A full slab is none to be read into: that would say, with 0 bytes, that the stream has ended.
    const count = isSocket && receive !== undefined && room > 0 && room >= this.lastBytes * READS_OF_ROOM
      ? receive(from, this.roomOf(room))
      : this.readBoth(from, room);
    if (count >= 0) this.hand(count, room, into);
    return count;
  }

  /** Appends `bytes`, which came in memory that is used again, to `into`, as a copy in a slab. */
  keep(bytes: Uint8Array, into: SliceBuffer): void {
    if (this.slab.bytes.length === 0) this.renew();
    if (bytes.length > this.slab.bytes.length - this.used) {
      this.slab = this.next ?? this.newSlab();
      this.next = undefined;
      this.used = 0;
    }
    const { used } = this;
    this.slab.bytes.set(bytes, used);
    this.used = used + bytes.length;
    into.append(this.slab.bytes.subarray(used, this.used));
  }

  /** Memory for one read that lends it; undefined where too much of it is in use. Give it back. */
  lend(): Slab | undefined {
    if (this.lentSlabs === MOST_LENT) return undefined;
    this.lentSlabs++;
    return this.spares.pop() ?? this.newSlab(this.slabBytes * LENT_FACTOR);
  }

  /** Nobody has views of `slab` any more. */
  giveBack(slab: Slab): void {
    this.lentSlabs--;
    // Of no bytes: an application gave its buffer away with a view of it ("transfer").
    if (this.spares.length < SPARE_SLABS && slab.bytes.length > 0) this.spares.push(slab);
  }

  /** As `read`, into `slab`. */
  readInto(slab: Slab, from: H, into: SliceBuffer, isSocket = false): number {
    const { bytes, address } = slab;
    const { receive } = this;
    this.asked = bytes.length;
    let count: number;
    if (isSocket && receive !== undefined) count = receive(from, bytes);
    else {
      this.put(0, address, bytes.length);
      count = this.readVectors(from, this.vectorMemory.bytes, 1);
    }
    if (count > 0) {
      if (slab.view.length !== count) slab.view = bytes.subarray(0, count);
      into.append(slab.view);
    }
    return count;
  }

  /** What is left of the slab. */
  private roomOf(room: number): Uint8Array {
    this.asked = room;
    const { used, slab: { bytes } } = this;
    return used === 0 ? bytes : bytes.subarray(used);
  }

  /** Into what is left of the slab and into the next one, so that the read can take a whole slab. */
  private readBoth(from: H, room: number): number {
    const beyond = this.used;
    this.put(0, this.slab.address + this.used, room);
    if (beyond > 0) {
      this.next ??= this.newSlab();
      this.put(1, this.next.address, beyond);
    }
    this.asked = this.slabBytes;
    return this.readVectors(from, this.vectorMemory.bytes, beyond > 0 ? 2 : 1);
  }

  private hand(count: number, room: number, into: SliceBuffer): void {
    const { used } = this;
    this.lastBytes = count;
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

  private newSlab(length = this.slabBytes): Slab {
    const bytes = new Uint8Array(new ArrayBuffer(length));
    return { bytes, address: addressOf(bytes), view: bytes };
  }

  private put(index: number, address: number, length: number): void {
    const { size, base, length: lengthAt } = this.layout;
    const at = index * size / 4;
    this.vectors[at + base / 4] = address; // its low half: an Uint32Array keeps the number modulo 2^32
    this.vectors[at + base / 4 + 1] = address / 0x1_0000_0000;
    this.vectors[at + lengthAt / 4] = length;
  }
}
