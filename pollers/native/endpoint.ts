// The part of an endpoint that is the same for every runtime: one read and one write at a time, and how it closes.

import { formatAddress, type SocketAddress } from "../core/address.ts";
import { IoError } from "../core/io_error.ts";
import type { SliceBuffer } from "../core/slice_buffer.ts";
import type { Endpoint, IoDone } from "../engine.ts";
import type { Closable, NativeEngine } from "./engine.ts";

/**
 * Slices of this size and more, on average, are written one by one: copying them into one array would cost more
 * than a system call each.
 */
const LARGE_SLICE_BYTES = 16_384;

/** An endpoint's pending operations; each runtime adds its socket. */
export abstract class NativeEndpoint implements Endpoint, Closable {
  /** Set from `close` on: what every later operation fails with. */
  protected closedBy: IoError | undefined = undefined;
  /** Where the pending read puts its bytes. */
  protected readInto: SliceBuffer | undefined = undefined;
  /** What is written slice by slice, and the slice that comes next; undefined while one array goes out. */
  private writeFrom: SliceBuffer | undefined = undefined;
  private nextSlice = 0;
  private readDone: IoDone | undefined = undefined;
  private writeDone: IoDone | undefined = undefined;

  /** Counts as open in `engine` until `close`. */
  constructor(
    protected readonly engine: NativeEngine,
    readonly local: SocketAddress,
    readonly peer: SocketAddress,
  ) {
    engine.opened.add(this);
  }

  /** See the contract. */
  read(into: SliceBuffer, done: IoDone): boolean {
    if (this.readDone !== undefined) {
      throw new TypeError("Cannot read: a read is outstanding on this endpoint");
    }
    if (this.closedBy !== undefined) return this.failLater(done, this.closedBy);
    if (this.readNow(into)) return true;
    this.readInto = into;
    this.readDone = done;
    this.startRead(into);
    return false;
  }

  /** See the contract. */
  write(data: SliceBuffer, done: IoDone): boolean {
    if (this.writeDone !== undefined) {
      throw new TypeError("Cannot write: a write is outstanding on this endpoint");
    }
    if (this.closedBy !== undefined) return this.failLater(done, this.closedBy);
    if (data.byteLength === 0) return true;
    this.writeDone = done;
    if (data.slices.length === 1 || data.byteLength < data.slices.length * LARGE_SLICE_BYTES) {
      const bytes = data.join();
      data.clear();
      if (!this.startWrite(bytes)) return false;
    } else {
      this.writeFrom = data;
      this.nextSlice = 0;
      if (!this.writeSlices(data)) return false;
    }
    this.writeDone = undefined;
    return true;
  }

  /** See the contract. */
  close(reason?: IoError): void {
    if (this.closedBy !== undefined) return;
    this.closedBy = reason ?? new IoError("closed", "read", this.peer);
    this.engine.opened.delete(this);
    const { readDone, writeDone, closedBy } = this;
    this.writeFrom?.clear();
    this.readDone =
      this.writeDone =
      this.readInto =
      this.writeFrom =
        undefined;
    // Before anyone is told: the bytes of a write that is cut short are their owner's again from then on.
    this.release();
    if (readDone !== undefined) this.failLater(readDone, closedBy);
    if (writeDone !== undefined) this.failLater(writeDone, closedBy);
  }

  /** "endpoint 127.0.0.1:80 to 127.0.0.1:4000". */
  describe(): string {
    return `endpoint ${formatAddress(this.local)} to ${formatAddress(this.peer)}`;
  }

  /** Whether a read is outstanding. */
  protected get reading(): boolean {
    return this.readDone !== undefined;
  }

  /** The read is over; calls back in a turn. */
  protected finishRead(error: IoError | undefined): void {
    const done = this.readDone;
    if (done === undefined) return; // closed meanwhile
    this.readDone = this.readInto = undefined;
    this.engine.execCtx.enter(done, error);
  }

  /** What `startWrite` began is over; goes on with the next slice, or calls back in a turn. */
  protected finishWrite(error: IoError | undefined): void {
    const done = this.writeDone;
    if (done === undefined) return;
    const from = this.writeFrom;
    if (from !== undefined) {
      if (error === undefined && !this.writeSlices(from)) return;
      from.clear();
      this.writeFrom = undefined;
    }
    this.writeDone = undefined;
    this.engine.execCtx.enter(done, error);
  }

  /** True: every slice was handed over. */
  private writeSlices(from: SliceBuffer): boolean {
    while (this.nextSlice < from.slices.length) {
      if (!this.startWrite(from.slices[this.nextSlice++]!)) return false;
    }
    from.clear();
    this.writeFrom = undefined;
    return true;
  }

  private failLater(done: IoDone, error: IoError): false {
    this.engine.run(() => done(error));
    return false;
  }

  /** Gives bytes that are there already; false when there are none. */
  protected abstract readNow(into: SliceBuffer): boolean;
  /** Begins a read; `finishRead` ends it. */
  protected abstract startRead(into: SliceBuffer): void;
  /** Begins a write; true when all went at once, else `finishWrite` ends it. */
  protected abstract startWrite(bytes: Uint8Array): boolean;
  /** Gives the socket back at once; the kernel sends what it has, and what it has not is not sent. */
  protected abstract release(): void;
}
