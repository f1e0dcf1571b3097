// An endpoint over one connected socket.
//
// A read takes what is there with a call that never waits, into memory that all endpoints share. Where nothing is (a
// read that got less than it asked for knows), it posts a receive of zero bytes: its packet says that something came,
// and holds no memory of ours (and locks no page) until then. That is backpressure as well: without a read nothing at
// all is taken from the system. A posted buffer would save the second call, and cost 10,000 idle connections 10,000
// buffers.

import { type OperationOwner, tooManyOperations } from "../completion/operations.ts";
import type { SocketAddress } from "../contract/address.ts";
import { endOfStream, type IoError } from "../contract/io_error.ts";
import type { SliceBuffer } from "../contract/slice_buffer.ts";
import { BaseEndpoint } from "../core/base_endpoint.ts";
import { WSAECONNRESET, WSAEWOULDBLOCK } from "../ffi/windows_error_table.ts";
import type { IocpContext } from "./context.ts";
import { hasFailed, type Operation } from "./operations.ts";
import { DONE, PENDING, type Socket, windowsError } from "./sockets.ts";

/** Reads and writes on one socket. */
export class IocpEndpoint extends BaseEndpoint implements OperationOwner<Operation> {
  /** The last read found less than it asked for: more comes with a packet. */
  private drained = true;
  /** A posted receive whose packet has not come. */
  private receiving: Operation | undefined = undefined;
  /** A send whose packet has not come, and what is left to be sent, its own bytes included. */
  private sending: Operation | undefined = undefined;
  private unsent: SliceBuffer | undefined = undefined;
  /** Operations have begun, so the socket belongs to the port. */
  private joined = false;

  /** `socket` is prepared, and the endpoint's from here on. */
  constructor(
    protected override readonly engine: IocpContext,
    local: SocketAddress,
    peer: SocketAddress,
    private readonly socket: Socket,
  ) {
    super(engine, local, peer);
  }

  detach(): number {
    if (this.joined) {
      throw new TypeError(
        "Cannot detach: this endpoint was read from or written to, and its socket belongs to this engine for ever",
      );
    }
    const handle = this.engine.sockets.detach(this.socket);
    this.close();
    return handle;
  }

  /** A packet of this endpoint came. */
  onComplete(operation: Operation, status: number, byteCount: number): void {
    if (operation === this.sending) this.onSent(operation, status, byteCount);
    else this.onReceivable(status);
  }

  protected override readNow(into: SliceBuffer): boolean {
    if (this.ended !== undefined) return false;
    const { scatterer } = this.engine;
    for (;;) {
      if (!this.drained) {
        const count = scatterer.read(this.socket.pointer, into);
        if (count > 0) {
          this.drained = count < scatterer.asked;
          this.engine.activity.atWork = true;
          return true;
        }
        if (count !== -WSAEWOULDBLOCK) {
          this.ended = this.endBy(-count);
          return false;
        }
      }
      if (this.post()) return false;
      this.drained = false;
    }
  }

  protected override startWrite(data: SliceBuffer): boolean {
    const error = this.push(data);
    if (error === undefined) return this.sending === undefined;
    this.finishWriteLater(error);
    return false;
  }

  protected override release(): void {
    const { engine: { sockets }, socket } = this;
    // Closing alone would reset the connection while a receive is posted, and go on sending where a send is.
    if (this.sending !== undefined) sockets.resetAtClose(socket);
    else if (this.receiving !== undefined) sockets.endWriting(socket);
    if (this.receiving !== undefined) this.receiving.owner = undefined;
    if (this.sending !== undefined) this.sending.owner = undefined; // it keeps what it sends until its packet
    this.receiving = this.sending = undefined;
    this.unsent?.clear();
    this.unsent = undefined;
    sockets.close(socket);
  }

  /**
   * How the stream ended, by the result of a read. Wine returns 0 too where the connection was reset, if its own poll saw
   * the reset before; the socket then has no peer any more, which a stream that was closed in order has.
   */
  private endBy(error: number): IoError {
    if (error !== 0) return windowsError(error, "read", this.peer);
    const isThere = !("port" in this.peer) || this.engine.sockets.peerAddress(this.socket) !== undefined;
    return isThere ? endOfStream(this.peer) : windowsError(WSAECONNRESET, "read", this.peer);
  }

  /** Posts a receive of zero bytes. True: its packet will come, or the stream is at its end. False: read now. */
  private post(): boolean {
    const { operations, receiver } = this.engine;
    const operation = operations.take(this);
    if (operation === undefined) {
      this.ended = tooManyOperations("read", this.peer);
      return true;
    }
    const result = this.join() || receiver.post(this.socket, operation);
    if (result === PENDING || (result === DONE && !this.socket.skips)) {
      this.receiving = operation;
      return true;
    }
    operations.giveBack(operation);
    if (result === DONE) return false;
    this.ended = windowsError(result, "read", this.peer);
    return true;
  }

  /** Before the first operation and not sooner, for until then the endpoint can be handed on; 0, or the error number. */
  private join(): number {
    if (this.joined) return 0;
    const error = this.engine.sockets.joinEndpoint(this.socket);
    this.joined = error === 0;
    return error;
  }

  private onReceivable(status: number): void {
    this.receiving = undefined;
    if (this.readInto === undefined) return;
    if (hasFailed(status)) this.ended = windowsError(status, "read", this.peer);
    this.drained = false;
    if (this.readNow(this.readInto)) this.finishRead(undefined);
    else if (this.ended !== undefined) this.finishRead(this.ended);
  }

  /** Sends until a send is under way (`sending` is set) or everything is sent; the error where that fails. */
  private push(data: SliceBuffer): IoError | undefined {
    const { operations, sender } = this.engine;
    while (data.byteLength > 0) {
      const operation = operations.take(this);
      if (operation === undefined) return tooManyOperations("write", this.peer);
      const result = this.join() || sender.send(this.socket, data, operation);
      if (result === PENDING || (result === DONE && !this.socket.skips)) {
        this.sending = operation;
        this.unsent = data;
        return undefined;
      }
      const { byteCount } = operation;
      sender.finish(operation);
      operations.giveBack(operation);
      if (result !== DONE) return windowsError(result, "write", this.peer);
      dropSent(data, byteCount);
      this.engine.activity.atWork = true;
    }
    return undefined;
  }

  private onSent(operation: Operation, status: number, byteCount: number): void {
    const data = this.unsent!;
    this.sending = this.unsent = undefined;
    this.engine.sender.finish(operation);
    if (hasFailed(status)) return this.finishWrite(windowsError(status, "write", this.peer));
    dropSent(data, byteCount);
    const error = this.push(data);
    if (error !== undefined || this.sending === undefined) this.finishWrite(error);
  }
}

function dropSent(data: SliceBuffer, byteCount: number): void {
  if (byteCount === data.byteLength) data.clear();
  else data.drop(byteCount);
}
