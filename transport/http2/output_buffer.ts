// Encoded frames on their way to the wire: chunks are taken from a pool when needed and return to it once written.

import type { SliceBuffer } from "../../pollers/contract/slice_buffer.ts";
import { OUTPUT_CHUNK_BYTES, POOLED_CHUNKS } from "./limits.ts";

/** Free chunks of this thread, shared by its connections: an idle connection holds none. */
const pool: Uint8Array[] = [];

function takeChunk(): Uint8Array {
  return pool.pop() ?? new Uint8Array(OUTPUT_CHUNK_BYTES);
}

/** The connection's sink, as far as output concerns it. */
export interface OutputOwner {
  /** A frame is about to be written, the first one since everything was taken. */
  onOutput(): void;
}

const NOBODY: OutputOwner = { onOutput() {} };

/** An append-only buffer of whole frames. A frame never straddles two chunks. */
export class OutputBuffer {
  /** The chunk being filled; write at `length` after {@linkcode reserve}, then advance `length`. */
  chunk: Uint8Array = EMPTY;
  /** Bytes used of `chunk`. */
  length = 0;
  /** HEADERS or DATA were written since this was set to false. */
  carriedStreams = false;
  /** Chunks before the current one, and how much of each is used. */
  private readonly full: Uint8Array[] = [];
  private readonly fullLengths: number[] = [];
  private fullBytes = 0;
  /** Chunks whose bytes a write still holds. */
  private inFlight: Uint8Array[] = [];

  /** `owner` is called before the first frame of each transmit, so that no writer of frames need do it. */
  constructor(private readonly owner: OutputOwner = NOBODY) {}

  /** Bytes waiting to be taken. */
  get byteLength(): number {
    return this.fullBytes + this.length;
  }

  /** Makes room for `bytes` contiguous bytes, at most a chunk, at `chunk[length]`; gives `length`. */
  reserve(bytes: number): number {
    if (this.length + bytes > this.chunk.length) this.nextChunk();
    return this.length;
  }

  /** Appends views of everything collected to `out`. The chunks are kept until {@linkcode recycle}. */
  moveTo(out: SliceBuffer): void {
    for (let i = 0; i < this.full.length; i++) {
      out.append(this.full[i]!.subarray(0, this.fullLengths[i]!));
      this.inFlight.push(this.full[i]!);
    }
    this.full.length = 0;
    this.fullLengths.length = 0;
    this.fullBytes = 0;
    if (this.length === 0) return;
    out.append(this.chunk.subarray(0, this.length));
    this.inFlight.push(this.chunk);
    this.chunk = EMPTY;
    this.length = 0;
  }

  /** What the last {@linkcode moveTo}s gave out was written: its chunks may be used again. */
  recycle(): void {
    for (const chunk of this.inFlight) {
      if (pool.length < POOLED_CHUNKS) pool.push(chunk);
    }
    this.inFlight.length = 0;
  }

  /** Calls the owner for output that is written during the next transmit, and not before. */
  announce(): void {
    this.owner.onOutput();
  }

  private nextChunk(): void {
    if (this.byteLength === 0) this.owner.onOutput();
    if (this.length > 0) {
      this.full.push(this.chunk);
      this.fullLengths.push(this.length);
      this.fullBytes += this.length;
    }
    this.chunk = takeChunk();
    this.length = 0;
  }
}

const EMPTY = new Uint8Array(0);
