// Native memory for what the kernel reads and writes: it stays where it is, whatever the garbage collector does.

import { addressOf } from "./library.ts";

/** Alignment of every piece: that of the widest member of a struct. */
const ALIGNMENT = 16;

/** A piece of memory that does not move. */
export interface NativeMemory {
  /** The memory itself. */
  readonly bytes: Uint8Array;
  /** The same memory, for numbers in the machine's own order (little-endian on every architecture known here). */
  readonly view: DataView;
  /** Where it begins. */
  readonly address: number;
}

/** Runtimes keep small arrays inside their heaps and may move them; blocks of this size are never moved. */
const MIN_BLOCK_BYTES = 4_096;

/**
 * Pieces cut from one block, all given up together with it. The block is an ArrayBuffer that is touched before its
 * address is taken, so that it lies outside the runtime's heap from then on.
 */
export class Arena {
  private readonly block: ArrayBuffer;
  private readonly base: number;
  private used = 0;

  /** A block of `byteLength` zeros. */
  constructor(byteLength: number) {
    this.block = new ArrayBuffer(Math.max(MIN_BLOCK_BYTES, byteLength));
    this.base = addressOf(new Uint8Array(this.block));
  }

  /**
   * The next `byteLength` bytes, aligned for any struct.
   *
   * @throws {RangeError} where the block has no more
   */
  allocate(byteLength: number): NativeMemory {
    const at = Math.ceil(this.used / ALIGNMENT) * ALIGNMENT;
    const left = Math.max(0, this.block.byteLength - at);
    if (byteLength > left) throw new RangeError(`Cannot allocate ${byteLength} bytes: ${left} are left`);
    this.used = at + byteLength;
    return {
      bytes: new Uint8Array(this.block, at, byteLength),
      view: new DataView(this.block, at, byteLength),
      address: this.base + at,
    };
  }
}
