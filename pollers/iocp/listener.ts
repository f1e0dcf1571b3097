// A listener: every bound socket has several accepts posted, each with the socket that it will connect.

import { type OperationOwner, tooManyOperations } from "../completion/operations.ts";
import type { NamedPipeAddress, SocketAddress } from "../contract/address.ts";
import type { Endpoint, IoResult, ListenOptions } from "../contract/engine.ts";
import { IoError } from "../contract/io_error.ts";
import { BaseListener, withPort } from "../core/base_listener.ts";
import { UNNAMED } from "../core/unix_path.ts";
import { WSAEACCES } from "../ffi/windows_error_table.ts";
import type { IocpContext } from "./context.ts";
import { hasFailed, type Operation } from "./operations.ts";
import { type AcceptOwner, ListeningPipe } from "./pipe_listener.ts";
import { DONE, PENDING, type Socket, windowsError } from "./sockets.ts";

/**
 * Accepts posted on each bound socket: connections that come while this thread is busy are connected at once, and
 * more wait in the backlog. Each holds a socket.
 */
const ACCEPTS = 16;

/**
 * The error of a bind. Windows has no ports for administrators alone: WSAEACCES says that another socket has the address
 * for itself (SO_EXCLUSIVEADDRUSE), or that Windows reserves the port.
 */
function bindError(error: number, at: SocketAddress): IoError {
  if (error !== WSAEACCES || !("port" in at)) return windowsError(error, "bind", at);
  const detail = "address already in use by another socket alone, or a port that Windows reserves";
  return new IoError("address-in-use", "bind", at, "EACCES", detail);
}

/** Listens on one or more addresses. */
export class IocpListener extends BaseListener implements AcceptOwner {
  private readonly sockets: Array<ListeningSocket | ListeningPipe> = [];

  /** See `EventEngine.listen`. */
  constructor(
    protected override readonly engine: IocpContext,
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
  ) {
    super(engine, options, onAccept, onShutdown);
  }

  protected override bindNow(at: SocketAddress): IoResult<SocketAddress> {
    if (this.options.reusePort === true) {
      const detail = "Windows cannot share a port between sockets that all accept";
      return { ok: false, error: new IoError("unsupported", "bind", at, undefined, detail) };
    }
    if (at.family === "npipe") return this.bindPipe(at);
    const { sockets } = this.engine;
    const socket = sockets.socket(at);
    if (typeof socket === "number") return { ok: false, error: windowsError(socket, "bind", at) };
    const error = sockets.join(socket) || sockets.bindAndListen(socket, at);
    if (error !== 0) {
      sockets.close(socket);
      return { ok: false, error: bindError(error, at) };
    }
    const local = "port" in at ? withPort(at, sockets.localAddress(socket)) : at;
    this.sockets.push(new ListeningSocket(this, this.engine, socket, local));
    return { ok: true, value: local };
  }

  protected override startAccepting(): void {
    for (const socket of this.sockets) socket.start();
  }

  protected override release(): undefined {
    for (const socket of this.sockets.splice(0)) socket.close();
  }

  hand(endpoint: Endpoint): void {
    this.accepted(endpoint);
  }

  /** Makes the endpoint of an accepted socket and hands it up. */
  take(socket: Socket, at: SocketAddress): void {
    const { engine, options } = this;
    const { sockets } = engine;
    const isInet = "port" in at;
    // Bound to every address of the machine, a socket learns only now on which one it was reached.
    const local = isInet ? sockets.localAddress(socket) : at;
    const peer = isInet ? sockets.peerAddress(socket) : UNNAMED;
    if (local === undefined || peer === undefined) return sockets.close(socket); // gone already
    this.accepted(engine.endpointOver(socket, local, peer, options));
  }

  failed(error: IoError, again: () => void): void {
    this.acceptFailed(error, again);
  }

  private bindPipe(at: NamedPipeAddress): IoResult<SocketAddress> {
    const pipe = this.engine.pipes.create(at, true);
    if (typeof pipe !== "number") {
      this.sockets.push(new ListeningPipe(this, this.engine, pipe, at));
      return { ok: true, value: at };
    }
    const error = windowsError(pipe, "bind", at);
    // These are the system's errors for a name in use.
    const isTaken = error.code === "EACCES" || error.code === "EAGAIN";
    return { ok: false, error: isTaken ? new IoError("address-in-use", "bind", at, "EADDRINUSE") : error };
  }
}

/** One bound socket. */
class ListeningSocket implements OperationOwner<Operation> {
  readonly listens = true;
  private readonly accepts = new Map<Operation, Socket>();
  private closed = false;
  /** Accepting pauses, and resumes by itself. */
  private resting = false;

  constructor(
    private readonly listener: IocpListener,
    private readonly engine: IocpContext,
    private readonly socket: Socket,
    private readonly at: SocketAddress,
  ) {}

  /** Posts all accepts. */
  start(): void {
    this.resting = false;
    while (!this.closed && this.accepts.size < ACCEPTS) {
      const error = this.accept();
      if (error === undefined) continue;
      if (this.accepts.size > 0) return; // the next connection tries again
      return this.rest(error);
    }
  }

  /** A connection came, or will not. */
  onComplete(operation: Operation, status: number): void {
    const { sockets } = this.engine;
    const accepted = this.accepts.get(operation)!;
    this.accepts.delete(operation);
    if (this.closed) return sockets.close(accepted);
    if (!hasFailed(status) && sockets.finishAccept(this.socket, accepted) === 0) {
      this.start(); // first, since `onAccept` may close this listener
      return this.listener.take(accepted, this.at);
    }
    sockets.close(accepted);
    const error = windowsError(status, "accept", this.at);
    // Without a status the connection was gone when it was looked at.
    if (!hasFailed(status) || error.kind === "reset") this.start();
    else this.rest(error);
  }

  close(): void {
    this.closed = true;
    this.engine.sockets.close(this.socket);
    if (this.at.family === "unix") this.engine.sockets.removeFile(this.at.path);
  }

  /** Posts one accept; the error where that fails. */
  private accept(): IoError | undefined {
    const { sockets, operations } = this.engine;
    const accepted = sockets.socket(this.at);
    if (typeof accepted === "number") return windowsError(accepted, "accept", this.at);
    const operation = operations.take(this);
    if (operation === undefined) {
      sockets.close(accepted);
      return tooManyOperations("accept", this.at);
    }
    const result = sockets.accept(this.socket, accepted, operation);
    if (result === PENDING || result === DONE) { // a packet comes either way: this socket skips none
      this.accepts.set(operation, accepted);
      return undefined;
    }
    operations.giveBack(operation);
    sockets.close(accepted);
    return windowsError(result, "accept", this.at);
  }

  private rest(error: IoError): void {
    if (this.resting) return;
    this.resting = true;
    this.listener.failed(error, () => this.start());
  }
}
