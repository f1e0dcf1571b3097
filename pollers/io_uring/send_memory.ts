// Memory of sends that are operations: what is written is copied into it, and is sent when the ring is entered next.

import type { SliceBuffer } from "../contract/slice_buffer.ts";
import { Arena, type NativeMemory } from "../ffi/memory.ts";

/** Bytes of a send that is an operation: what is longer is not worth copying. */
const SEND_BYTES = 4_096;

/** Memory that waits for another send, at most. */
const MOST_SPARE = 256;

/** Memory of one thread's sends. */
export class SendMemory {
  private readonly spare: NativeMemory[] = [];

  /** Memory with all of `data`; undefined where that is more than it has room for, or some of it was given away. */
  copyOf(data: SliceBuffer): NativeMemory | undefined {
    if (data.byteLength > SEND_BYTES) return undefined;
    const memory = this.spare.pop() ?? new Arena(SEND_BYTES).allocate(SEND_BYTES);
    let at = 0;
    for (const slice of data.slices) {
      if (slice.length === 0) { // it was not, so its memory was given away meanwhile
        this.giveBack(memory);
        return undefined;
      }
      memory.bytes.set(slice, at);
      at += slice.length;
    }
    return memory;
  }

  /** The send is over. */
  giveBack(memory: NativeMemory): void {
    if (this.spare.length < MOST_SPARE) this.spare.push(memory);
  }
}
