// An endpoint over one descriptor (a socket) or two (a pipe in each direction).
//
// A read of a socket that has nothing is a receive into a buffer of the ring's (buffer_ring.ts), whose bytes are lent or
// copied. Where more has come than a buffer holds, the next read is a plain call into larger memory. Nothing is received
// while no read is outstanding: a receive that goes on by itself (multishot) was measured, and costs more (decision 63).

import type { SocketAddress } from "../contract/address.ts";
import { endOfStream, type IoError } from "../contract/io_error.ts";
import type { SliceBuffer } from "../contract/slice_buffer.ts";
import { BaseEndpoint } from "../core/base_endpoint.ts";
import type { OperationOwner } from "../completion/operations.ts";
import { U } from "../ffi/io_uring_layouts.ts";
import { EAGAIN, ENOBUFS } from "../ffi/linux_errno_table.ts";
import { C } from "../ffi/linux_layouts.ts";
import type { Slab } from "../ffi/scatter.ts";
import { errnoError } from "../readiness/sockets.ts";
import { BUFFER_GROUP } from "./buffer_ring.ts";
import type { IoUringContext } from "./context.ts";
import type { Operation } from "./operations.ts";

/** A write whose remaining bytes wait for room. */
const WAITS = Symbol("waits");

/** No buffer. */
const NONE = -1;

/** What wakes a read or write when it fails: errors and hang-ups are found out by trying. */
const READ_EVENTS = C.POLLIN | C.POLLRDHUP;
const WRITE_EVENTS = C.POLLOUT;

/** Reads and writes as soon as it is asked, and has the ring wait where the kernel has nothing or no room. */
export class IoUringEndpoint extends BaseEndpoint implements OperationOwner<Operation> {
  readonly lends = true;
  /** Nothing is known to be there: a read found nothing, or less than it asked for. */
  private drained = true;
  /** What is waited for is that something can be read, and not a receive. */
  private polls: boolean;
  private writing: SliceBuffer | undefined = undefined;
  private keepsDescriptor = false;
  /** Memory that the last read has lent, and the ring's buffer that it has. */
  private lent: Slab | undefined = undefined;
  private lentBuffer = NONE;
  /** The operation that a read waits for, and the one that a write does. */
  private receiving: Operation | undefined = undefined;
  private sending: Operation | undefined = undefined;

  /** The descriptors, the same one twice for a socket, are the endpoint's from here on. */
  constructor(
    protected override readonly engine: IoUringContext,
    local: SocketAddress,
    peer: SocketAddress,
    private readonly readFd: number,
    private readonly writeFd: number,
    private readonly isSocket: boolean,
  ) {
    super(engine, local, peer);
    this.polls = !isSocket;
  }

  detach(): number {
    if (this.readFd !== this.writeFd) {
      throw new TypeError("Cannot detach: this endpoint is over two pipes, and one descriptor is asked for");
    }
    if (this.reading || this.writing !== undefined) {
      throw new TypeError("Cannot detach: a read or write is outstanding on this endpoint");
    }
    this.keepsDescriptor = true;
    this.close();
    return this.readFd;
  }

  /** A receive is over, something can be read, or there is room. */
  onComplete(operation: Operation, result: number, flags: number): void {
    if (operation === this.sending) {
      this.sending = undefined;
      if (operation.memory === undefined) this.onWritable();
      else this.onSent(result);
    } else if (operation === this.receiving) {
      this.receiving = undefined;
      this.onReceived(result, flags);
    }
  }

  protected override readNow(into: SliceBuffer): boolean {
    if (this.lent !== undefined || this.lentBuffer >= 0) this.takeBack();
    if (this.ended !== undefined || this.drained) return false;
    const { scatterer } = this.engine;
    const count = this.lending ? this.lendingRead(into) : scatterer.read(this.readFd, into, this.isSocket);
    if (count > 0) {
      this.drained = count < scatterer.asked;
      this.polls = !this.isSocket;
      this.engine.activity.atWork = true;
      return true;
    }
    this.drained = true;
    if (count !== -EAGAIN) {
      this.ended = count === 0 ? endOfStream(this.peer) : errnoError(count, "read", this.peer);
    }
    return false;
  }

  protected override startRead(): void {
    if (this.ended === undefined) this.receive();
  }

  protected override startWrite(data: SliceBuffer): boolean {
    if (this.isSocket && this.sendWithOthers(data)) return false;
    const result = this.push(data);
    if (result === undefined) return true;
    if (result === WAITS) this.writing = data;
    else this.finishWriteLater(result);
    return false;
  }

  protected override release(): void {
    const { engine: { operations, descriptors, ring, sockets }, readFd, writeFd } = this;
    this.writing?.clear();
    this.writing = undefined;
    this.takeBack();
    if (this.receiving !== undefined) operations.abandon(this.receiving);
    if (this.sending?.memory !== undefined) ring.submit(); // the system is to have it, as it has what others write
    if (this.sending !== undefined) operations.abandon(this.sending);
    this.receiving = this.sending = undefined;
    for (const fd of readFd === writeFd ? [readFd] : [readFd, writeFd]) {
      if (descriptors.remove(fd) && !this.keepsDescriptor) sockets.libc.close(fd);
    }
  }

  private receive(): void {
    const { operations, ring } = this.engine;
    if (this.polls) {
      this.receiving = operations.begin(this, U.OP_POLL_ADD, this.readFd);
      ring.setOperationFlags(READ_EVENTS);
    } else {
      this.receiving = operations.begin(this, U.OP_RECV, this.readFd, U.IOSQE_BUFFER_SELECT);
      ring.setBufferGroup(BUFFER_GROUP);
    }
  }

  private onReceived(result: number, flags: number): void {
    const into = this.readInto;
    if ((flags & U.CQE_F_BUFFER) !== 0) {
      const isMore = (flags & U.CQE_F_SOCK_NONEMPTY) !== 0 || result === this.engine.buffers.size;
      this.take(flags >>> U.CQE_BUFFER_SHIFT, result, into);
      if (result > 0) {
        this.drained = !isMore;
        return this.finishRead(undefined);
      }
    }
    if (into === undefined) return;
    if (this.polls || result === -ENOBUFS || result === -EAGAIN) {
      this.drained = false;
      if (this.readNow(into)) return this.finishRead(undefined);
      // Without a buffer a receive is over at once, whether something has come or not.
      this.polls = !this.isSocket || result === -ENOBUFS;
      if (this.ended === undefined) return this.receive();
    } else {
      this.ended = result === 0 ? endOfStream(this.peer) : errnoError(result, "read", this.peer);
    }
    this.finishRead(this.ended);
  }

  /** Hands up what a buffer of the ring has. */
  private take(id: number, count: number, into: SliceBuffer | undefined): void {
    const { buffers, scatterer } = this.engine;
    if (count > 0 && into !== undefined) {
      const bytes = buffers.view(id, count);
      if (this.lending && buffers.lend()) {
        this.lentBuffer = id;
        return into.append(bytes);
      }
      scatterer.keep(bytes, into);
    }
    buffers.giveBack(id);
  }

  /** A short write between other events is an operation, and one call sends those of all connections. */
  private sendWithOthers(data: SliceBuffer): boolean {
    const { operations, sends } = this.engine;
    const memory = operations.isDispatching ? sends.copyOf(data) : undefined;
    if (memory === undefined) return false;
    this.writing = data;
    this.sending = operations.send(this, this.writeFd, memory, data.byteLength);
    return true;
  }

  /** A send is over, which may have had room for a part. */
  private onSent(result: number): void {
    const { writing } = this;
    if (writing === undefined) return;
    if (result === writing.byteLength) writing.clear(); // as good as always
    else if (result >= 0) {
      writing.drop(result);
      return this.onWritable();
    }
    this.writing = undefined;
    this.finishWrite(result < 0 ? errnoError(result, "write", this.peer) : undefined);
  }

  /** There is room again, or the peer is gone. */
  private onWritable(): void {
    if (this.writing === undefined) return;
    const result = this.push(this.writing);
    if (result === WAITS) return;
    this.writing = undefined;
    this.finishWrite(result);
  }

  private lendingRead(into: SliceBuffer): number {
    const { engine: { scatterer }, readFd, isSocket } = this;
    const slab = scatterer.lend();
    if (slab === undefined) return scatterer.read(readFd, into, isSocket);
    const count = scatterer.readInto(slab, readFd, into, isSocket);
    if (count > 0) this.lent = slab;
    else scatterer.giveBack(slab);
    return count;
  }

  private takeBack(): void {
    if (this.lent !== undefined) this.engine.scatterer.giveBack(this.lent);
    if (this.lentBuffer >= 0) this.engine.buffers.takeBack(this.lentBuffer);
    this.lent = undefined;
    this.lentBuffer = NONE;
  }

  /** Writes what the kernel takes: undefined where all went. */
  private push(data: SliceBuffer): IoError | typeof WAITS | undefined {
    const { gatherer, operations, ring } = this.engine;
    const result = gatherer.write(this.writeFd, data, this.isSocket);
    if (result === 0) return undefined;
    if (result !== -EAGAIN) return errnoError(result, "write", this.peer);
    this.sending = operations.begin(this, U.OP_POLL_ADD, this.writeFd);
    ring.setOperationFlags(WRITE_EVENTS);
    return WAITS;
  }
}
