// An endpoint over one descriptor (a socket) or two (a pipe in each direction).

import type { SocketAddress } from "../contract/address.ts";
import { endOfStream, type IoError } from "../contract/io_error.ts";
import type { SliceBuffer } from "../contract/slice_buffer.ts";
import { BaseEndpoint } from "../core/base_endpoint.ts";
import { EAGAIN } from "../ffi/linux_errno_table.ts";
import type { ReadinessContext } from "./context.ts";
import type { Slab } from "../ffi/scatter.ts";
import type { FdHandle, FdOwner } from "./fd_table.ts";
import { errnoError } from "./sockets.ts";

/** A write whose remaining bytes wait for room. */
const WAITS = Symbol("waits");

/** Reads and writes as soon as it is asked, and waits for readiness only where the kernel has nothing or no room. */
export class FdEndpoint extends BaseEndpoint implements FdOwner {
  readonly lends = true;
  private reader!: FdHandle;
  private writer!: FdHandle;
  /** Nothing is there until the next edge: a read found nothing, or on a socket less than it asked for. */
  private drained = false;
  private writing: SliceBuffer | undefined = undefined;
  private keepsDescriptor = false;
  /** Memory that the last read has lent. */
  private lent: Slab | undefined = undefined;

  /** Nothing may be called before {@linkcode attach}. */
  constructor(
    protected override readonly engine: ReadinessContext,
    local: SocketAddress,
    peer: SocketAddress,
    private readonly isSocket: boolean,
  ) {
    super(engine, local, peer);
  }

  /** The descriptors' handles, the same one twice for a socket; they are the endpoint's from here on. */
  attach(reader: FdHandle, writer: FdHandle): void {
    this.reader = reader;
    this.writer = writer;
  }

  detach(): number {
    if (this.reader !== this.writer) {
      throw new TypeError("Cannot detach: this endpoint is over two pipes, and one descriptor is asked for");
    }
    if (this.reading || this.writing !== undefined) {
      throw new TypeError("Cannot detach: a read or write is outstanding on this endpoint");
    }
    this.keepsDescriptor = true;
    this.close();
    return this.reader.fd;
  }

  /** Something came, the peer ended, or it is gone. */
  onReadable(): void {
    if (this.readInto === undefined) return;
    this.drained = false;
    if (this.readNow(this.readInto)) this.finishRead(undefined);
    else if (this.ended !== undefined) this.finishRead(this.ended);
  }

  /** There is room again, or the peer is gone. */
  onWritable(): void {
    if (this.writing === undefined) return;
    const result = this.push(this.writing);
    if (result === WAITS) return;
    this.writing = undefined;
    this.finishWrite(result);
  }

  protected override readNow(into: SliceBuffer): boolean {
    if (this.lent !== undefined) this.takeBack();
    if (this.ended !== undefined) return false;
    const { scatterer } = this.engine;
    while (!this.drained || !this.reader.waitReadable()) {
      const count = this.lending
        ? this.lendingRead(into)
        : scatterer.read(this.reader.fd, into, this.isSocket);
      if (count > 0) {
        // A pipe in packet mode or a terminal gives one message or line a read, with one event for all of them.
        this.drained = this.isSocket && count < scatterer.asked && !this.reader.hungUp;
        return true;
      }
      if (count !== -EAGAIN) {
        this.ended = count === 0 ? endOfStream(this.peer) : errnoError(count, "read", this.peer);
        return false;
      }
      this.drained = true;
    }
    return false;
  }

  private lendingRead(into: SliceBuffer): number {
    const { engine: { scatterer }, reader: { fd }, isSocket } = this;
    const slab = scatterer.lend();
    if (slab === undefined) return scatterer.read(fd, into, isSocket);
    const count = scatterer.readInto(slab, fd, into, isSocket);
    if (count > 0) this.lent = slab;
    else scatterer.giveBack(slab);
    return count;
  }

  private takeBack(): void {
    this.engine.scatterer.giveBack(this.lent!);
    this.lent = undefined;
  }

  protected override startWrite(data: SliceBuffer): boolean {
    const result = this.push(data);
    if (result === undefined) return true;
    if (result === WAITS) this.writing = data;
    else this.finishWriteLater(result);
    return false;
  }

  protected override release(): void {
    this.writing?.clear();
    this.writing = undefined;
    if (this.lent !== undefined) this.takeBack();
    this.reader.close(this.keepsDescriptor);
    if (this.writer !== this.reader) this.writer.close();
  }

  /** Writes what the kernel takes: undefined where all went. */
  private push(data: SliceBuffer): IoError | typeof WAITS | undefined {
    for (;;) {
      const result = this.engine.gatherer.write(this.writer.fd, data, this.isSocket);
      if (result === 0) return undefined;
      if (result !== -EAGAIN) return errnoError(result, "write", this.peer);
      if (this.writer.waitWritable()) return WAITS;
    }
  }
}
