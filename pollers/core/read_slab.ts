// Receive memory of one endpoint: views are cut from a slab that grows with what the endpoint receives, or all of it is lent.

/** What an endpoint starts with, and what an idle one pins: enough for a small call. */
const MIN_SLAB_BYTES = 2_048;

/** Below this much room a new slab is begun, since a read of a few bytes costs a whole system call. */
const MIN_ROOM_BYTES = 1_024;

/** A slab that is lent may be so many times as large: nothing is pinned by views of it, and few large reads cost least. */
const LENT_FACTOR = 4;

/** Reads that leave most of a slab unused, in a row, before a smaller one is taken. */
const SMALL_READS_TO_SHRINK = 8;

/** What the endpoints of one engine share. */
export interface SlabShares {
  /** What one slab may grow to now, so that all of them together stay within a bound. */
  readonly slabShare: number;
}

/**
 * Bytes handed out are never written again: each read goes behind the one before, and a full slab is replaced.
 * The size grows fourfold when a read fills its room, and halves when reads stay small, so that a busy endpoint
 * reads 64 KiB at a time and 10,000 idle ones pin a few KiB each. Where a read is pending while nothing comes, as on
 * Deno, its room is pinned too: `shares` bounds what it has grown to.
 *
 * Where reads lend what they bring, each goes to the beginning of the same slab.
 */
export class ReadSlab {
  private slab: Uint8Array = EMPTY;
  private used = 0;
  /** The slab is overwritten by the next read. */
  private lent = false;
  private slabBytes: number;
  private readonly minBytes: number;
  private smallReads = 0;

  /** `maxBytes`: the largest slab; at least 1, RangeError otherwise. */
  constructor(private readonly maxBytes: number, private readonly shares?: SlabShares) {
    if (!Number.isInteger(maxBytes) || maxBytes < 1) {
      throw new RangeError(`Cannot receive into slabs of ${maxBytes} bytes: give a whole number, 1 or more`);
    }
    this.slabBytes = this.minBytes = Math.min(MIN_SLAB_BYTES, maxBytes);
  }

  /** Room for the next read. `lend`: the room of the read after it may be the same. */
  room(lend = false): Uint8Array {
    if (lend !== this.lent) this.change(lend);
    else if (lend) this.used = 0;
    const least = lend ? this.slabBytes : Math.min(MIN_ROOM_BYTES, this.slabBytes);
    if (this.slab.length - this.used < least) {
      this.slab = new Uint8Array(this.slabBytes);
      this.used = 0;
    }
    return this.used === 0 ? this.slab : this.slab.subarray(this.used);
  }

  /** An application gave the memory away with a view of it ("transfer") after the last {@linkcode room}, and what came with it. */
  get isGone(): boolean {
    return this.slab.length === 0;
  }

  /** A view of the `count` bytes that the last read put into {@linkcode room}. */
  take(count: number): Uint8Array {
    const view = this.slab.subarray(this.used, this.used + count);
    this.used += count;
    if (this.used === this.slab.length) this.grow();
    else if (count < this.slabBytes >> 3) this.countSmall();
    else this.smallReads = 0;
    return view;
  }

  private grow(): void {
    const most = Math.max(this.slabBytes, this.shares?.slabShare ?? Infinity);
    this.slabBytes = Math.min(this.largest, this.slabBytes * 4, most);
    this.smallReads = 0;
  }

  private get largest(): number {
    return this.lent ? this.maxBytes * LENT_FACTOR : this.maxBytes;
  }

  /** Views of the slab may have been handed out, or none may be from now on. */
  private change(lend: boolean): void {
    this.lent = lend;
    this.slab = EMPTY;
    this.used = 0;
    this.slabBytes = Math.min(this.slabBytes, this.largest);
  }

  private countSmall(): void {
    if (this.slabBytes === this.minBytes || ++this.smallReads < SMALL_READS_TO_SHRINK) return;
    this.smallReads = 0;
    this.slabBytes = Math.max(this.minBytes, this.slabBytes >> 1);
    // The rest of a large slab is released, or an endpoint that becomes idle would pin it.
    this.slab = EMPTY;
    this.used = 0;
  }
}

const EMPTY = new Uint8Array(0);
