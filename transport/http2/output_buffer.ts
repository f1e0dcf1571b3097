// Encoded frames on their way to the wire: chunks are taken from a pool when needed and return to it once written.

import type { SliceBuffer } from "../../pollers/contract/slice_buffer.ts";
import { OUTPUT_CHUNK_BYTES, POOLED_BYTES, SMALL_CHUNK_BYTES } from "./limits.ts";

/**
 * Free chunks of this thread, shared by its connections: an idle connection holds none. A small chunk is enough for the
 * answers of a connection that has few calls: where a write is pending for a while, as on Deno, thousands of such
 * connections have one each. Sockets of the runtime take one array a write, which is a chunk.
 */
const smallChunks: Uint8Array[] = [];
const largeChunks: Uint8Array[] = [];

// Local: see docs/STYLE.md, "Hot paths".
const LARGE_BYTES = OUTPUT_CHUNK_BYTES;
const SMALL_BYTES = SMALL_CHUNK_BYTES;

function poolOf(bytes: number): Uint8Array[] {
  return bytes === SMALL_BYTES ? smallChunks : largeChunks;
}

function takeChunk(bytes: number): Uint8Array {
  return poolOf(bytes).pop() ?? new Uint8Array(bytes);
}

function giveBack(chunk: Uint8Array): void {
  const pool = poolOf(chunk.length);
  if (pool.length * chunk.length < POOLED_BYTES) pool.push(chunk);
}

/** The connection's sink, as far as output concerns it. */
export interface OutputOwner {
  /** A frame is about to be written, the first one since everything was taken. */
  onOutput(): void;
}

const EMPTY = new Uint8Array(0);

const NOBODY: OutputOwner = { onOutput() {} };

/** An append-only buffer of whole frames. A frame never straddles two chunks. */
export class OutputBuffer {
  /** The chunk being filled; write at `length` after {@linkcode reserve}, then advance `length`. */
  chunk: Uint8Array = EMPTY;
  /** Bytes used of `chunk`. */
  length = 0;
  /** HEADERS or DATA were written since this was set to false. */
  carriedStreams = false;
  /** Octets of the last transmit: as many are expected again. */
  private taken = 0;
  /** Chunks before the current one, and how much of each is used; undefined where there are none. */
  private full: Uint8Array[] | undefined = undefined;
  private fullLengths: number[] | undefined = undefined;
  private fullBytes = 0;
  /** A chunk whose bytes a write still holds, and further ones. */
  private inFlight: Uint8Array = EMPTY;
  private moreInFlight: Uint8Array[] | undefined = undefined;

  /** `owner` is called before the first frame of each transmit, so that no writer of frames need do it. */
  constructor(private readonly owner: OutputOwner = NOBODY) {}

  /** Bytes waiting to be taken. */
  get byteLength(): number {
    return this.fullBytes + this.length;
  }

  /** Whether what was taken last is being written. */
  get isInFlight(): boolean {
    return this.inFlight.length > 0;
  }

  /** Makes room for `bytes` contiguous bytes, at most a chunk, at `chunk[length]`; gives `length`. */
  reserve(bytes: number): number {
    if (this.length + bytes > this.chunk.length) this.nextChunk(bytes);
    return this.length;
  }

  /** Appends views of everything collected to `out`. The chunks are kept until {@linkcode recycle}. */
  moveTo(out: SliceBuffer): void {
    const { full, length } = this;
    this.taken = this.byteLength;
    if (full !== undefined) this.moveFull(full, out);
    if (length === 0) return;
    out.append(this.chunk.subarray(0, length));
    this.hold(this.chunk);
    this.chunk = EMPTY;
    this.length = 0;
  }

  /** What the last {@linkcode moveTo}s gave out was written: its chunks may be used again. */
  recycle(): void {
    if (this.inFlight.length === 0) return;
    giveBack(this.inFlight);
    this.inFlight = EMPTY;
    if (this.moreInFlight === undefined) return;
    for (const chunk of this.moreInFlight) giveBack(chunk);
    this.moreInFlight = undefined;
  }

  /** Calls the owner for output that is written during the next transmit, and not before. */
  announce(): void {
    this.owner.onOutput();
  }

  private nextChunk(bytes: number): void {
    const isFirst = this.byteLength === 0;
    if (isFirst) this.owner.onOutput();
    if (this.length > 0) {
      (this.full ??= []).push(this.chunk);
      (this.fullLengths ??= []).push(this.length);
      this.fullBytes += this.length;
    }
    // The first chunk has room for what the last transmit had, each further one is large.
    const expected = Math.max(bytes, isFirst ? this.taken : LARGE_BYTES);
    this.chunk = takeChunk(expected <= SMALL_BYTES ? SMALL_BYTES : LARGE_BYTES);
    this.length = 0;
  }

  private moveFull(full: Uint8Array[], out: SliceBuffer): void {
    for (let i = 0; i < full.length; i++) {
      out.append(full[i]!.subarray(0, this.fullLengths![i]!));
      this.hold(full[i]!);
    }
    this.full = this.fullLengths = undefined;
    this.fullBytes = 0;
  }

  private hold(chunk: Uint8Array): void {
    if (this.inFlight.length === 0) this.inFlight = chunk;
    else (this.moreInFlight ??= []).push(chunk);
  }
}
