// A listener: every bound socket accepts until the kernel has no more, within a budget.

import type { SocketAddress } from "../contract/address.ts";
import type { Endpoint, ListenOptions } from "../contract/engine.ts";
import type { IoError } from "../contract/io_error.ts";
import { EAGAIN } from "../ffi/linux_errno_table.ts";
import type { ReadinessContext } from "./context.ts";
import type { FdHandle, FdOwner } from "./fd_table.ts";
import { type AcceptingSocket, BoundFile, OF_ONE_CONNECTION, SocketListener } from "./socket_listener.ts";
import { errnoError } from "./sockets.ts";

/** Connections accepted one after another before others get their turn. */
const ACCEPTS_A_TURN = 64;

/** Listens on one or more addresses. */
export class FdListener extends SocketListener {
  /** See `EventEngine.listen`. */
  constructor(
    protected override readonly engine: ReadinessContext,
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
class ListeningSocket implements FdOwner, AcceptingSocket {
  readonly listens = true;
  private readonly file: BoundFile;
  private handle: FdHandle | undefined = undefined;
  private closed = false;
  private readonly acceptMore = (): void => this.onReadable();

  constructor(
    private readonly listener: FdListener,
    private readonly engine: ReadinessContext,
    private readonly fd: number,
    private readonly at: SocketAddress,
  ) {
    this.file = new BoundFile(engine, at);
    this.poll(); // before it accepts: what is in the table is closed where this thread dies
  }

  start(): void {
    if (this.closed) return; // while accepting rested
    const result = this.handle === undefined ? this.poll() : 0;
    if (result < 0) {
      this.listener.failed(errnoError(result, "accept", this.at), () => this.start());
      return;
    }
    this.engine.run(this.acceptMore);
  }

  onReadable(): void {
    const { sockets } = this.engine;
    for (let accepted = 0; accepted < ACCEPTS_A_TURN; accepted++) {
      if (this.closed) return;
      const fd = sockets.accept(this.fd);
      const result = fd < 0 ? fd : this.listener.take(fd, sockets.acceptedPeer(), this.at);
      if (result === -EAGAIN) {
        if (this.handle!.waitReadable()) return;
      } else if (result < 0 && !OF_ONE_CONNECTION.has(-result)) {
        this.listener.failed(errnoError(result, "accept", this.at), this.acceptMore);
        return;
      }
    }
    this.engine.run(this.acceptMore);
  }

  onWritable(): void {}

  /** Has the table poll the socket; the negative error number where it does not. */
  private poll(): number {
    const handle = this.engine.table.add(this.fd, this);
    if (typeof handle === "number") return handle;
    this.handle = handle;
    return 0;
  }

  close(): void {
    this.closed = true;
    this.file.remove();
    if (this.handle !== undefined) this.handle.close();
    else this.engine.sockets.libc.close(this.fd);
  }
}
