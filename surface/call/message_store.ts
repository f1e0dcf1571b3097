// Encoded messages that wait for a reader, in little more memory than they had on the wire.
//
// A message of no octets is five on the wire, and an object of a hundred or more once it is decoded; and a view of receive
// memory holds all of the read that it came with. So messages are kept as they came and decoded when they are taken: small
// ones are copied one behind the other into blocks, each with its length and with what it counts on the wire; a message
// that has a buffer of its own stays there.

import { copyBytes } from "../../transport/mod.ts";

/** Octets before each message in a block: its length, and what it counts on the wire. */
const HEAD_BYTES = 8;

/** A block is as large as what waits on the wire, within these bounds. */
const LEAST_BLOCK_BYTES = 256;
const LARGEST_BLOCK_BYTES = 65_536;

/** Messages above this stay in a buffer that is theirs alone. */
const OWN_BUFFER_BYTES = 1_024;

/** Messages of one block, or one message alone. */
interface Segment {
  readonly bytes: Uint8Array;
  /** The same as `bytes`, for the heads; undefined where it is one message alone. */
  readonly heads: DataView | undefined;
  /** How far a block is filled; what one message alone counts on the wire. */
  end: number;
}

/** A queue of messages. */
export class MessageStore {
  /** Messages that wait. */
  size = 0;
  /** What they count on the wire, all together. */
  wireBytes = 0;
  /** What the message that was taken last counted on the wire: to be released to the peer. */
  takenBytes = 0;
  private segments: Segment[] = [];
  /** Where the next message of the first segment begins. */
  private at = 0;

  /** Adds a message, a view of receive memory or of a buffer of its own, that counts `wireBytes` on the wire. */
  push(bytes: Uint8Array, wireBytes: number): void {
    this.size++;
    this.wireBytes += wireBytes;
    const { length } = bytes;
    const isOwn = length > OWN_BUFFER_BYTES && bytes.buffer.byteLength === length;
    if (isOwn || this.segments.length === 0) { // a reader that is one behind needs no block
      this.segments.push({ bytes: isOwn ? bytes : copyOf(bytes), heads: undefined, end: wireBytes });
      return;
    }
    const block = this.blockFor(HEAD_BYTES + length);
    block.heads!.setUint32(block.end, length);
    block.heads!.setUint32(block.end + 4, wireBytes);
    copyBytes(bytes, 0, length, block.bytes, block.end + HEAD_BYTES);
    block.end += HEAD_BYTES + length;
  }

  /** Takes the first message, which must be there; its bytes are never overwritten. `takenBytes` is what to release. */
  shift(): Uint8Array {
    const segment = this.segments[0]!;
    const { bytes, heads } = segment;
    this.size--;
    if (heads === undefined) {
      this.wireBytes -= this.takenBytes = segment.end;
      this.segments.shift();
      return bytes;
    }
    const start = this.at + HEAD_BYTES;
    const end = start + heads.getUint32(this.at);
    this.wireBytes -= this.takenBytes = heads.getUint32(this.at + 4);
    this.at = end;
    if (end === segment.end) {
      this.segments.shift();
      this.at = 0;
    }
    return bytes.subarray(start, end);
  }

  /** Drops everything. */
  clear(): void {
    this.size = 0;
    this.wireBytes = 0;
    this.segments = [];
    this.at = 0;
  }

  private blockFor(needed: number): Segment {
    const last = this.segments[this.segments.length - 1];
    if (last?.heads !== undefined && last.bytes.length - last.end >= needed) return last;
    const size = Math.min(LARGEST_BLOCK_BYTES, Math.max(LEAST_BLOCK_BYTES, this.wireBytes));
    const bytes = new Uint8Array(Math.max(needed, size));
    const block = { bytes, heads: new DataView(bytes.buffer), end: 0 };
    this.segments.push(block);
    return block;
  }
}

function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length);
  copyBytes(bytes, 0, bytes.length, copy, 0);
  return copy;
}
