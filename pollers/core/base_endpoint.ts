// Base of endpoints on real sockets: one read and one write at a time, and closing.

import { formatAddress, type SocketAddress, unmapped } from "../contract/address.ts";
import type { Endpoint, IoDone } from "../contract/engine.ts";
import { IoError } from "../contract/io_error.ts";
import type { SliceBuffer } from "../contract/slice_buffer.ts";
import type { BaseEngine } from "./base_engine.ts";
import type { Closable } from "./open_set.ts";

/** An endpoint's pending operations; each engine adds its socket. */
export abstract class BaseEndpoint implements Endpoint, Closable {
  readonly syscall = "read";
  /** Set from `close` on: what every later operation fails with. */
  protected closedBy: IoError | undefined = undefined;
  /** How the stream has ended: what a read that finds nothing more fails with. */
  protected ended: IoError | undefined = undefined;
  /** Where the pending read puts its bytes. */
  protected readInto: SliceBuffer | undefined = undefined;
  /** The read that is pending, or was the last one, lends its bytes. */
  protected lending = false;
  private readDone: IoDone | undefined = undefined;
  private writeDone: IoDone | undefined = undefined;

  readonly local: SocketAddress;
  readonly peer: SocketAddress;

  /** Counts as open in `engine` until `close`. */
  constructor(protected readonly engine: BaseEngine, local: SocketAddress, peer: SocketAddress) {
    this.local = unmapped(local);
    this.peer = unmapped(peer);
    engine.opened.add(this);
  }

  read(into: SliceBuffer, done: IoDone, lend = false): boolean {
    if (this.readDone !== undefined) {
      throw new TypeError("Cannot read: a read is outstanding on this endpoint");
    }
    this.lending = lend;
    if (this.closedBy !== undefined) return this.failLater(done, this.closedBy);
    if (this.readNow(into)) return true;
    this.readInto = into;
    this.readDone = done;
    this.startRead(into);
    if (this.ended !== undefined) this.finishReadLater(this.ended);
    return false;
  }

  write(data: SliceBuffer, done: IoDone): boolean {
    if (this.writeDone !== undefined) {
      throw new TypeError("Cannot write: a write is outstanding on this endpoint");
    }
    if (this.closedBy !== undefined) return this.failLater(done, this.closedBy);
    if (data.byteLength === 0) return true;
    this.writeDone = done;
    if (!this.startWrite(data)) return false;
    this.writeDone = undefined;
    return true;
  }

  close(reason?: IoError): void {
    if (this.closedBy !== undefined) return;
    this.closedBy = reason ?? new IoError("closed", "read", this.peer);
    this.engine.opened.delete(this);
    const { readDone, writeDone, closedBy } = this;
    this.readDone = this.writeDone = this.readInto = undefined;
    // Before the callbacks: from then on the bytes of a write that was cut short belong to their owner again.
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

  /** A method of its own, as the next one is: a function with a closure in it makes a scope at each call. */
  private finishReadLater(error: IoError): void {
    this.engine.run(() => this.finishRead(error));
  }

  /** The write has failed at once; calls back, not on its caller's stack. */
  protected finishWriteLater(error: IoError): void {
    this.engine.run(() => this.finishWrite(error));
  }

  /** The read is over; calls back in a turn. */
  protected finishRead(error: IoError | undefined): void {
    const done = this.readDone;
    if (done === undefined) return; // closed meanwhile
    this.readDone = this.readInto = undefined;
    this.engine.execCtx.enter(done, error);
  }

  /** The write is over; calls back in a turn. */
  protected finishWrite(error: IoError | undefined): void {
    const done = this.writeDone;
    if (done === undefined) return;
    this.writeDone = undefined;
    this.engine.execCtx.enter(done, error);
  }

  /** Fails an operation, not on its caller's stack. */
  private failLater(done: IoDone, error: IoError): false {
    this.engine.run(() => done(error));
    return false;
  }

  /** Appends bytes that are available without waiting; false when there are none. */
  protected abstract readNow(into: SliceBuffer): boolean;
  /** Begins a read, unless `readNow` has; `finishRead` ends it, and the stream's end does. */
  protected startRead(_into: SliceBuffer): void {}
  /** Begins to write all of `data`; true when all went at once and `data` is empty, else `finishWrite` ends it. */
  protected abstract startWrite(data: SliceBuffer): boolean;
  /** Closes the socket at once. The kernel still sends what it has accepted; the rest is dropped. */
  protected abstract release(): void;
}
