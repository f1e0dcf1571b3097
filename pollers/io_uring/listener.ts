// A listener: one operation on each bound socket, which completes once for every connection.

import type { SocketAddress } from "../contract/address.ts";
import type { Endpoint, ListenOptions } from "../contract/engine.ts";
import type { IoError } from "../contract/io_error.ts";
import type { OperationOwner } from "../completion/operations.ts";
import { U } from "../ffi/io_uring_layouts.ts";
import { C } from "../ffi/linux_layouts.ts";
import {
  type AcceptingSocket,
  BoundFile,
  OF_ONE_CONNECTION,
  SocketListener,
} from "../readiness/socket_listener.ts";
import { errnoError } from "../readiness/sockets.ts";
import type { IoUringContext } from "./context.ts";
import type { Operation } from "./operations.ts";

/** Listens on one or more addresses. */
export class IoUringListener extends SocketListener {
  /** See `EventEngine.listen`. */
  constructor(
    protected override readonly engine: IoUringContext,
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
  ) {
    super(engine, options, onAccept, onShutdown);
  }

  protected override acceptOn(fd: number, at: SocketAddress): AcceptingSocket {
    return new ListeningSocket(this, this.engine, fd, at);
  }
}

/** One bound socket. */
class ListeningSocket implements OperationOwner<Operation>, AcceptingSocket {
  readonly listens = true;
  private readonly file: BoundFile;
  private accepting: Operation | undefined = undefined;
  private closed = false;
  private readonly acceptAgain = (): void => this.start();

  constructor(
    private readonly listener: IoUringListener,
    private readonly engine: IoUringContext,
    private readonly fd: number,
    private readonly at: SocketAddress,
  ) {
    this.file = new BoundFile(engine, at);
    engine.descriptors.add(fd);
  }

  start(): void {
    if (this.closed || this.accepting !== undefined) return;
    const { operations, ring } = this.engine;
    this.accepting = operations.begin(this, U.OP_ACCEPT, this.fd, 0, U.ACCEPT_MULTISHOT);
    ring.setOperationFlags(C.SOCK_NONBLOCK | C.SOCK_CLOEXEC);
  }

  /** A connection came, or none comes any more. */
  onComplete(operation: Operation, result: number): void {
    const { sockets } = this.engine;
    if (!operation.pending && this.accepting === operation) this.accepting = undefined;
    if (this.closed) {
      if (result > 0) sockets.libc.close(result);
      return;
    }
    if (result >= 0) return this.take(result);
    if (OF_ONE_CONNECTION.has(-result)) this.start();
    else this.failed(result);
  }

  close(): void {
    this.closed = true;
    const { descriptors, operations, sockets } = this.engine;
    this.file.remove();
    // What was accepted meanwhile still comes, and is closed.
    if (this.accepting !== undefined) operations.stop(this.accepting);
    if (descriptors.remove(this.fd)) sockets.libc.close(this.fd);
  }

  private take(fd: number): void {
    const { engine: { sockets }, at } = this;
    this.start(); // where that was the last completion; first, since `onAccept` may close this listener
    const peer = "port" in at ? sockets.peerAddress(fd) : at;
    if (peer === undefined) return void sockets.libc.close(fd); // gone already
    const result = this.listener.take(fd, peer, at);
    if (result < 0 && !this.closed) this.failed(result);
  }

  private failed(result: number): void {
    this.listener.failed(errnoError(result, "accept", this.at), this.acceptAgain);
  }
}
