// What one stream has to send and may not yet: pieces of DATA, then END_STREAM or trailers.

import type { HeaderList } from "../hpack/header_list.ts";
import { QUEUE_JOIN_BLOCK_BYTES, QUEUE_JOIN_BYTES } from "./limits.ts";

/** In the place of a piece that was framed. */
const NO_BYTES = new Uint8Array(0);
/** So many pieces that were framed keep their places, and more while they are less than half of all. */
const MOST_DROPPED = 64;

/** What waits on all streams of a connection. */
export interface Backlog {
  /** Octets of DATA. */
  bytes: number;
  /** A stream that stands in the round has nothing to send any more. */
  left(): void;
}

/** The queue of one stream; `send_queue.ts` has the turns of all. */
export class StreamQueue {
  /** Octets of DATA that wait. */
  bytes = 0;
  /** END_STREAM follows the DATA. */
  endStream = false;
  /** Trailers that follow the DATA, with END_STREAM. */
  trailers: HeaderList | undefined = undefined;
  /** Fields of the same trailer section that differ from call to call. */
  trailersExtra: HeaderList | undefined = undefined;
  /** The stream stands in the connection's round. */
  inRound = false;
  /** The producer was told to wait and has not been told to go on. */
  producerWaits = false;
  /** Is called whenever all DATA was framed or dropped. */
  onEmpty: (() => void) | undefined = undefined;
  private readonly pieces: Uint8Array[] = [];
  /** Where in `pieces` the front is; those before it were framed. */
  private first = 0;
  /** Octets already framed of the front. */
  private offset = 0;
  /** The last piece is a block of ours that small messages are joined into, filled up to here; 0 where it is none. */
  private joinLength = 0;

  /** What waits here counts in `backlog`. */
  constructor(private readonly backlog: Backlog) {}

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.pieces.length === 0 && !this.endStream;
  }

  /** Adds a piece: a small one is copied, together with others, a large one kept as a view. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (bytes.length < QUEUE_JOIN_BYTES) this.join(bytes);
    else {
      this.sealJoined();
      this.pieces.push(bytes);
    }
    this.bytes += bytes.length;
    this.backlog.bytes += bytes.length;
  }

  /** The piece at the front. */
  get front(): Uint8Array {
    return this.pieces[this.first]!;
  }

  /** Where the rest of the front begins. */
  get frontStart(): number {
    return this.offset;
  }

  /** Where the front ends. */
  get frontEnd(): number {
    const isLast = this.first === this.pieces.length - 1;
    return isLast && this.joinLength > 0 ? this.joinLength : this.front.length;
  }

  /** The front was framed up to `end`. Returns a whole piece of the caller's, which is the caller's again. */
  advance(end: number): Uint8Array | undefined {
    this.bytes -= end - this.offset;
    this.backlog.bytes -= end - this.offset;
    const { front } = this;
    if (end < this.frontEnd) {
      this.offset = end;
      return undefined;
    }
    this.dropFront();
    return front.length > QUEUE_JOIN_BLOCK_BYTES ? front : undefined; // longer than any block of ours
  }

  /** Drops everything. */
  clear(): void {
    if (this.inRound && !this.isEmpty) this.backlog.left();
    this.dropPieces();
    this.backlog.bytes -= this.bytes;
    this.bytes = 0;
    this.endStream = false;
    this.trailers = undefined;
    this.trailersExtra = undefined;
  }

  /** The cost of a drop is the same however many pieces wait. */
  private dropFront(): void {
    this.offset = 0;
    this.pieces[this.first++] = NO_BYTES;
    if (this.first === this.pieces.length) return this.dropPieces();
    if (this.first < MOST_DROPPED || 2 * this.first < this.pieces.length) return;
    this.pieces.splice(0, this.first);
    this.first = 0;
  }

  private dropPieces(): void {
    this.pieces.length = 0;
    this.first = 0;
    this.offset = 0;
    this.joinLength = 0;
    this.onEmpty?.();
  }

  private join(bytes: Uint8Array): void {
    if (this.pieces.length === 0) { // mostly the only one: a unary response
      this.pieces.push(new Uint8Array(bytes));
      return;
    }
    let block = this.pieces.at(-1);
    if (block === undefined || this.joinLength === 0 || this.joinLength + bytes.length > block.length) {
      this.sealJoined();
      block = new Uint8Array(
        this.bytes < QUEUE_JOIN_BYTES * 2 ? QUEUE_JOIN_BYTES * 2 : QUEUE_JOIN_BLOCK_BYTES,
      );
      this.pieces.push(block);
    }
    block.set(bytes, this.joinLength);
    this.joinLength += bytes.length;
  }

  /** Ends the block that small messages are joined into where its bytes end: what follows is no part of it. */
  private sealJoined(): void {
    if (this.joinLength === 0) return;
    const last = this.pieces.length - 1;
    this.pieces[last] = this.pieces[last]!.subarray(0, this.joinLength);
    this.joinLength = 0;
  }
}
