// A listener over the C library, whatever accepts for it: its sockets, their addresses, and a unix socket's file.

import type { SocketAddress } from "../contract/address.ts";
import type { IoResult } from "../contract/engine.ts";
import type { IoError } from "../contract/io_error.ts";
import { BaseListener, withPort } from "../core/base_listener.ts";
import { UNNAMED } from "../core/unix_path.ts";
import {
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
import type { SocketContext } from "./context.ts";
import { errnoError } from "./sockets.ts";

/**
 * Errors of one connection, which was gone before it was accepted or is not let in (accept(2)); the next one may do.
 */
export const OF_ONE_CONNECTION: ReadonlySet<number> = new Set([
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

/** One bound socket. */
export interface AcceptingSocket {
  /** Begins to accept. */
  start(): void;
  /** Closes it. */
  close(): void;
}

/** Listens on one or more addresses; each engine says how a socket accepts. */
export abstract class SocketListener extends BaseListener {
  private readonly sockets: AcceptingSocket[] = [];
  protected abstract override readonly engine: SocketContext;

  /** What accepts on the bound socket `fd`. */
  protected abstract acceptOn(fd: number, at: SocketAddress): AcceptingSocket;

  protected override bindNow(at: SocketAddress): IoResult<SocketAddress> {
    const { sockets } = this.engine;
    const fd = sockets.socket(at);
    if (fd < 0) return { ok: false, error: errnoError(fd, "bind", at) };
    const result = sockets.bindAndListen(fd, at, this.options.reusePort ?? false);
    if (result < 0) {
      sockets.libc.close(fd);
      return { ok: false, error: errnoError(result, "bind", at) };
    }
    const local = "port" in at ? withPort(at, sockets.localAddress(fd)) : at;
    this.sockets.push(this.acceptOn(fd, local));
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

/** The file of a bound unix socket; whatever else is at its path later is not removed. */
export class BoundFile {
  private readonly identity: string | undefined;

  /** `at`: any address, of which only a path has a file. */
  constructor(private readonly engine: SocketContext, private readonly at: SocketAddress) {
    this.identity = at.family === "unix" ? fileIdentity(at.path) : undefined;
  }

  /** Before its socket is closed, or it would be in the way of the next process that binds the path. */
  remove(): void {
    const { at, engine: { sockets } } = this;
    if (at.family === "unix" && fileIdentity(at.path) === this.identity) sockets.removeFile(at.path);
  }
}
