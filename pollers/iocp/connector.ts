// One connect in progress: it completes when its packet comes.

import { type OperationOwner, tooManyOperations } from "../completion/operations.ts";
import type { SocketAddress } from "../contract/address.ts";
import type { EndpointOptions } from "../contract/engine.ts";
import type { ConnectAttempt } from "../core/base_engine.ts";
import { UNNAMED } from "../core/unix_path.ts";
import type { IocpContext } from "./context.ts";
import { hasFailed, type Operation } from "./operations.ts";
import { DONE, PENDING, type Socket, windowsError } from "./sockets.ts";

/** Connects without blocking, and reports to an attempt, never on its caller's stack. */
export class IocpConnector implements OperationOwner<Operation> {
  private socket: Socket | undefined = undefined;

  /** See `EventEngine.connect`. */
  constructor(
    private readonly engine: IocpContext,
    private readonly to: SocketAddress,
    private readonly options: EndpointOptions,
    private readonly attempt: ConnectAttempt,
  ) {
    attempt.abort = () => this.abort();
  }

  /** Makes the socket and begins. */
  start(): void {
    const { engine: { sockets, operations }, to } = this;
    const socket = sockets.socket(to);
    if (typeof socket === "number") return this.failLater(socket);
    this.socket = socket;
    const operation = operations.take(this);
    if (operation === undefined) {
      this.abort();
      return this.engine.run(() => this.attempt.fail(tooManyOperations("connect", to)));
    }
    const result = sockets.join(socket) || sockets.connect(socket, reachable(to), operation);
    const packetComes = "port" in to; // else it was an ordinary call, for there is no ConnectEx of unix sockets
    if (result === PENDING || (result === DONE && packetComes)) return;
    operations.giveBack(operation);
    if (result === DONE) return this.engine.run(() => this.connected());
    this.abort();
    this.failLater(result);
  }

  /** Connected, or failed. */
  onComplete(_operation: Operation, status: number): void {
    if (!hasFailed(status)) return this.connected();
    if (this.socket === undefined) return; // aborted
    this.abort();
    this.attempt.fail(windowsError(status, "connect", this.to));
  }

  private connected(): void {
    const { engine, socket, to } = this;
    if (socket === undefined) return; // aborted
    const { sockets } = engine;
    this.socket = undefined;
    const isInet = "port" in to;
    const error = isInet ? sockets.finishConnect(socket) : 0;
    const local = isInet ? sockets.localAddress(socket) ?? to : UNNAMED;
    if (error === 0) return this.attempt.succeed(engine.endpointOver(socket, local, to, this.options));
    sockets.close(socket);
    this.attempt.fail(windowsError(error, "connect", to));
  }

  private failLater(error: number): void {
    this.engine.run(() => this.attempt.fail(windowsError(error, "connect", this.to)));
  }

  private abort(): void {
    if (this.socket !== undefined) this.engine.sockets.close(this.socket);
    this.socket = undefined;
  }
}

/** Elsewhere a connect to the unspecified address reaches this machine; Windows needs one of its addresses. */
function reachable(to: SocketAddress): SocketAddress {
  if (to.family === "ipv4" && to.host === "0.0.0.0") return { ...to, host: "127.0.0.1" };
  if (to.family === "ipv6" && to.host === "::") return { ...to, host: "::1" };
  return to;
}
