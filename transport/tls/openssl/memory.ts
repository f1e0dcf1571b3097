// Memory that sessions of a thread share: slabs for what is small or kept, and buffers that are used again.
//
// New memory for each 64 KiB costs more than to encrypt them: it is cleared, its pages are touched for the first time, and
// it is collected.

import type { SliceBuffer } from "../../../pollers/contract/slice_buffer.ts";

/** The largest record, with what encryption adds (RFC 8446, section 5.2). */
export const MOST_RECORD_BYTES = 16_384 + 256 + 5;

/**
 * What is encrypted, or decrypted, at a time: the library's buffers grow to as much, and stay; and what was touched lies in
 * the processor's cache when it is copied.
 */
export const STEP_BYTES = 65_536;

/** What encryption adds to some steps at most, and what else may wait to be sent. */
const STEP_ROOM_BYTES = 8_192;

/** Ciphertext up to this size is cut from a slab: a peer that does not read keeps what is there of it and no more. */
const SMALL_BYTES = 8_192;

/** Slabs are so large. */
const SLAB_BYTES = 262_144;

/** Memory that views are cut from; what was given out is never written again. */
export class Slab {
  private bytes: Uint8Array = new Uint8Array(0);
  private used = 0;

  /** Room for one record, from where `take` takes. */
  room(): Uint8Array {
    if (this.bytes.length - this.used < MOST_RECORD_BYTES) {
      this.bytes = new Uint8Array(SLAB_BYTES);
      this.used = 0;
    }
    return this.used === 0 ? this.bytes : this.bytes.subarray(this.used);
  }

  /** The first `count` bytes of the room. */
  take(count: number): Uint8Array {
    return this.bytes.subarray(this.used, this.used += count);
  }
}

/** Buffers of one size that are given back. */
export class BufferPool {
  private readonly spares: Uint8Array[] = [];

  /** Keeps `most` buffers that nobody uses. */
  constructor(readonly bytes: number, private readonly most: number) {}

  /** A buffer, with whatever is in it. */
  take(): Uint8Array {
    return this.spares.pop() ?? new Uint8Array(this.bytes);
  }

  /** Nobody has views of `buffer` any more. One of no bytes was given away by the application ("transfer"). */
  giveBack(buffer: Uint8Array): void {
    if (buffer.length === this.bytes && this.spares.length < this.most) this.spares.push(buffer);
  }
}

const slab = /* @__PURE__ */ new Slab();
/** For one step, or for the output of a whole turn. */
const stepBuffers = /* @__PURE__ */ poolOf(1, 8);
const turnBuffers = /* @__PURE__ */ poolOf(4, 4);

/** Of buffers for as many steps; `most` are kept. */
function poolOf(steps: number, most: number): BufferPool {
  return new BufferPool(steps * STEP_BYTES + STEP_ROOM_BYTES, most);
}

/** Ciphertext of one session on its way out: one view a buffer, which is used again once it was sent. */
export class OutgoingMemory {
  private readonly views: Uint8Array[] = [];
  /** What `add` fills; undefined while that is the slab. */
  private buffer: Uint8Array | undefined = undefined;
  private used = 0;
  /** Those of views that wait, and of views that are being sent. */
  private waiting: Uint8Array[] = [];
  private sending: Uint8Array[] = [];

  /** What is being filled is no slab's. */
  get isLarge(): boolean {
    return this.buffer !== undefined;
  }

  /** Room for `pending` bytes, behind which `left` more come. */
  room(pending: number, left: number): Uint8Array {
    if (this.buffer === undefined && left === 0 && pending <= SMALL_BYTES) return slab.room();
    if (this.buffer !== undefined && this.buffer.length - this.used < pending) this.finish();
    this.buffer ??= (left > STEP_BYTES || pending > STEP_BYTES + STEP_ROOM_BYTES ? turnBuffers : stepBuffers)
      .take();
    return this.used === 0 ? this.buffer : this.buffer.subarray(this.used);
  }

  /** So many bytes came into the room. */
  add(count: number): void {
    if (this.buffer === undefined) this.views.push(slab.take(count));
    else this.used += count;
  }

  /** Appends all of it to `into`. */
  moveTo(into: SliceBuffer): void {
    this.finish();
    for (const view of this.views) into.append(view);
    this.views.length = 0;
    const { waiting } = this;
    this.waiting = this.sending;
    this.sending = waiting;
  }

  /** What was moved has been sent. */
  recycle(): void {
    for (const buffer of this.sending) {
      (buffer.length === turnBuffers.bytes ? turnBuffers : stepBuffers).giveBack(buffer);
    }
    this.sending.length = 0;
  }

  private finish(): void {
    if (this.buffer === undefined) return;
    this.views.push(this.buffer.subarray(0, this.used));
    this.waiting.push(this.buffer);
    this.buffer = undefined;
    this.used = 0;
  }
}
