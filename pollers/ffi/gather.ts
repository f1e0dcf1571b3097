// Gathers the beginning of a rope of byte views into the vectors of one call: few bytes are copied, many are pointed at.

import type { SliceBuffer } from "../contract/slice_buffer.ts";
import { addressOf } from "./library.ts";
import type { NativeMemory } from "./memory.ts";
import type { VectorLayout } from "./scatter.ts";

/**
 * Slices up to this size are copied side by side: finding out an array's address costs more (0.26 us on Deno), and arrays as
 * small may lie where the runtime moves them.
 */
const COPY_BYTES = 2_048;

/** What is gathered for one call at a time. */
export class Gathering {
  /** Vectors that are filled. */
  count = 0;
  /** Bytes that they hold; 0 where memory of the rope is no longer there. */
  bytes = 0;
  /** Where all bytes lie, if they lie side by side. */
  whole: Uint8Array | undefined = undefined;
  private readonly base: number;
  private readonly length: number;

  /** `mostVectors` and `mostBytes`: what one call takes. */
  constructor(
    layout: VectorLayout,
    private readonly mostVectors: number,
    private readonly mostBytes: number,
  ) {
    this.base = layout.base / 4;
    this.length = layout.length / 4;
  }

  /**
   * Fills `vectors`, which are zeros where they were never filled, with as much of `data` as fits; `scratch` gets what is
   * copied. What is pointed at is added to `keeps`, for calls that read it when they have returned.
   */
  fill(data: SliceBuffer, vectors: Uint32Array, scratch: NativeMemory, keeps?: unknown[]): void {
    const { mostBytes, mostVectors } = this;
    const room = scratch.bytes.length;
    let count = 0;
    let bytes = 0;
    let copied = 0;
    let joined = 0; // bytes of the last vector, where it is scratch and what is copied next goes on in it
    for (const slice of data.slices) {
      if (slice.length === 0) { // it was not, so its memory was given away meanwhile
        this.count = this.bytes = 0;
        return;
      }
      const length = Math.min(slice.length, mostBytes - bytes);
      const copies = length <= COPY_BYTES;
      if (copies && copied + length > room) break;
      if (copies && joined > 0) joined += length;
      else {
        if (count === mostVectors) break;
        this.put(vectors, count++, copies ? scratch.address + copied : addressOf(slice));
        joined = copies ? length : 0;
        if (!copies && keeps !== undefined) keeps.push(slice);
      }
      if (copies) {
        scratch.bytes.set(length === slice.length ? slice : slice.subarray(0, length), copied);
        copied += length;
      }
      vectors[(count - 1) * 4 + this.length] = joined > 0 ? joined : length;
      bytes += length;
      if (bytes === mostBytes) break;
    }
    this.count = count;
    this.bytes = bytes;
    this.whole = count > 1 ? undefined : joined > 0 ? scratch.bytes : data.slices[0];
  }

  private put(vectors: Uint32Array, index: number, address: number): void {
    const at = index * 4 + this.base;
    vectors[at] = address; // its low half: an Uint32Array keeps the number modulo 2^32
    vectors[at + 1] = address / 0x1_0000_0000;
  }
}
