// A listener: every bound socket accepts until the kernel has no more, within a budget.

import type { SocketAddress } from "../contract/address.ts";
import type { Endpoint, IoResult, ListenOptions } from "../contract/engine.ts";
import type { IoError } from "../contract/io_error.ts";
import { BaseListener } from "../core/base_listener.ts";
import { UNNAMED } from "../core/unix_path.ts";
import {
  EAGAIN,
  ECONNABORTED,
  EHOSTDOWN,
  EHOSTUNREACH,
  EINTR,
  ENETDOWN,
  ENETUNREACH,
  ENONET,
  ENOPROTOOPT,
  EPERM,
  EPROTO,
} from "../ffi/linux_errno_table.ts";
import { fileIdentity } from "../native/socket_file.ts";
import type { ReadinessContext } from "./context.ts";
import type { FdHandle, FdOwner } from "./fd_table.ts";
import { errnoError } from "./sockets.ts";

/** Connections accepted one after another before others get their turn. */
const ACCEPTS_A_TURN = 64;

/**
 * Errors of one connection, which was gone before it was accepted or is not let in (accept(2)); the next one may do.
 */
const OF_ONE_CONNECTION: ReadonlySet<number> = new Set([
  EINTR,
  EPERM,
  ENONET,
  EPROTO,
  ENOPROTOOPT,
  ENETDOWN,
  ENETUNREACH,
  ECONNABORTED,
  EHOSTDOWN,
  EHOSTUNREACH,
]);

/** Listens on one or more addresses. */
export class FdListener extends BaseListener {
  private readonly sockets: ListeningSocket[] = [];

  /** See `EventEngine.listen`. */
  constructor(
    protected override readonly engine: ReadinessContext,
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
  ) {
    super(engine, options, onAccept, onShutdown);
  }

  protected override bindNow(at: SocketAddress): IoResult<SocketAddress> {
    const { sockets } = this.engine;
    const fd = sockets.socket(at);
    if (fd < 0) return { ok: false, error: errnoError(fd, "bind", at) };
    const result = sockets.bindAndListen(fd, at, this.options.reusePort ?? false);
    if (result < 0) {
      sockets.libc.close(fd);
      return { ok: false, error: errnoError(result, "bind", at) };
    }
    const local = "port" in at ? { ...at, ...portOf(sockets.localAddress(fd)) } : at;
    this.sockets.push(new ListeningSocket(this, this.engine, fd, local));
    return { ok: true, value: local };
  }

  protected override startAccepting(): void {
    for (const socket of this.sockets) socket.start();
  }

  protected override release(): undefined {
    for (const socket of this.sockets.splice(0)) socket.close();
  }

  /** Makes the endpoint of an accepted descriptor and hands it up; the negative error number where that cannot be. */
  take(fd: number, peer: SocketAddress, at: SocketAddress): number {
    const { engine, options } = this;
    const isInet = "port" in at;
    // Bound to every address of the machine, a socket learns only now on which one it was reached.
    const local = isInet ? this.sameLocal(engine.sockets.localAddress(fd) ?? at) : at;
    if (isInet) engine.sockets.configure(fd, options);
    const endpoint = engine.adoptSocket(fd, local, isInet ? peer : UNNAMED);
    if (typeof endpoint === "number") return endpoint;
    this.accepted(endpoint);
    return 0;
  }

  /** Accepting failed; see the base class. */
  failed(error: IoError, again: () => void): void {
    this.acceptFailed(error, again);
  }
}

function portOf(address: SocketAddress | undefined): { port?: number } {
  return address !== undefined && "port" in address ? { port: address.port } : {};
}

/** One bound socket. */
class ListeningSocket implements FdOwner {
  readonly listens = true;
  /** Of a unix socket; whatever else is at its path later is not removed. */
  private readonly file: string | undefined;
  private handle: FdHandle | undefined = undefined;
  private closed = false;
  private readonly acceptMore = (): void => this.onReadable();

  constructor(
    private readonly listener: FdListener,
    private readonly engine: ReadinessContext,
    private readonly fd: number,
    private readonly at: SocketAddress,
  ) {
    this.file = at.family === "unix" ? fileIdentity(at.path) : undefined;
  }

  start(): void {
    if (this.closed) return; // while accepting rested
    const handle = this.engine.table.add(this.fd, this);
    if (typeof handle === "number") {
      this.listener.failed(errnoError(handle, "accept", this.at), () => this.start());
      return;
    }
    this.handle = handle;
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

  close(): void {
    this.closed = true;
    const { at, engine: { sockets } } = this;
    // First, or it would be in the way of the next process that binds the path.
    if (at.family === "unix" && fileIdentity(at.path) === this.file) sockets.removeFile(at.path);
    if (this.handle !== undefined) this.handle.close();
    else sockets.libc.close(this.fd);
  }
}
