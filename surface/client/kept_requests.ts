// What the calls of one channel that may be made again keep of their requests: how much it is, and the small ones, which
// lie one behind the other in blocks. A view of each alone would cost more than the copy.

import { MESSAGE_PREFIX_BYTES } from "../../transport/mod.ts";

// Local: see docs/STYLE.md, "Hot paths".
const PREFIX_BYTES = MESSAGE_PREFIX_BYTES;

/** Requests up to this size are copied; larger ones stay where they were encoded. */
const COPIED_BYTES = 1_024;

/** Shorter ones are copied sooner by a loop. */
const LOOP_BYTES = 96;

/** A block serves dozens of usual requests, and is not too much for one call that waits long. */
const BLOCK_BYTES = 16_384;

/** Empty blocks that are kept: requests come and go in blocks. */
const SPARE_BLOCKS = 8;

/** Requests of many calls. */
export class RequestBlock {
  readonly bytes: Uint8Array = new Uint8Array(BLOCK_BYTES);
  /** Where the next one begins. */
  end = 0;
  /** Those that are needed still. */
  requests = 0;
}

/** See the head of this file. */
export class KeptRequests {
  /** Octets that are kept now. */
  bytes = 0;
  private block: RequestBlock | undefined = undefined;
  private readonly spares: RequestBlock[] = [];

  /** `mostBytes`: a call that would go beyond them is not made again. */
  constructor(private readonly mostBytes: number) {}

  /** Whether it is more than may be. */
  get isFull(): boolean {
    return this.bytes > this.mostBytes;
  }

  /** Copies `framed` to the end of a block, which is to be released; undefined where it is too large for that. */
  copy(framed: Uint8Array): RequestBlock | undefined {
    const { length } = framed;
    if (length > COPIED_BYTES) return undefined;
    let { block } = this;
    if (block === undefined || block.end + length > BLOCK_BYTES) {
      block = this.block = this.spares.pop() ?? new RequestBlock();
    }
    const { bytes, end } = block;
    if (length > LOOP_BYTES) bytes.set(framed, end);
    else {
      bytes[end] = framed[0]!; // whether it is to be compressed; the rest of the prefix is free
      for (let i = PREFIX_BYTES; i < length; i++) bytes[end + i] = framed[i]!;
    }
    block.end = end + length;
    block.requests++;
    return block;
  }

  /** A request in `block` is not needed any more. */
  release(block: RequestBlock): void {
    if (--block.requests > 0) return;
    block.end = 0;
    if (block !== this.block && this.spares.length < SPARE_BLOCKS) this.spares.push(block);
  }
}
