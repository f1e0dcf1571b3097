// What listens on Bun: Bun.listen, whose sockets have the handlers of all of Bun's.

import type { SocketAddress } from "../contract/address.ts";
import type { IoResult } from "../contract/engine.ts";
import { UNNAMED } from "../core/unix_path.ts";
import { BoundSocket, EagerListener } from "./eager_listener.ts";
import { BunEndpoint, type BunSocket, handlers, type SocketState } from "./bun.ts";
import { inet, runtimePath } from "./endpoint.ts";
import { toOpenError } from "./errors.ts";

interface BunListener {
  readonly fd?: number;
  readonly port: number;
  stop(closeConnections: boolean): void;
}
interface BunNet {
  listen(options: object): BunListener;
}

const bun = (globalThis as unknown as { Bun: BunNet }).Bun;

function toBun(address: SocketAddress): object {
  return "port" in address ? { hostname: address.host, port: address.port } : { unix: runtimePath(address) };
}

class BunBoundSocket extends BoundSocket {
  constructor(private socket: BunListener, at: SocketAddress, private readonly options: object) {
    super(at);
  }

  protected override socketDescriptor(): number | undefined {
    return this.socket.fd;
  }

  protected override stop(): void {
    this.socket.stop(false);
  }

  protected override listenOn(fd: number): void {
    this.socket = bun.listen({ ...this.options, fd });
  }
}

/** A listener on Bun. */
export class BunNativeListener extends EagerListener<BunBoundSocket> {
  private onOpen(socket: BunSocket, at: SocketAddress): void {
    const isInet = "port" in at;
    const local = isInet ? this.sameLocal(inet(socket.localAddress, socket.localPort)) : at;
    const peer = isInet ? inet(socket.remoteAddress, socket.remotePort) : UNNAMED;
    const endpoint = new BunEndpoint(this.engine, socket, this.options, local, peer);
    socket.data = { endpoint };
    this.came(endpoint);
  }

  protected override bindNow(at: SocketAddress): IoResult<SocketAddress> {
    try {
      const { reusePort = false } = this.options;
      const data: SocketState = { open: (socket) => this.onOpen(socket, at) };
      const options = { allowHalfOpen: true, socket: handlers, data };
      const socket = bun.listen({ ...options, ...toBun(at), reusePort });
      this.bound(new BunBoundSocket(socket, at, options));
      return { ok: true, value: "port" in at ? { ...at, port: socket.port } : at };
    } catch (error) {
      return { ok: false, error: toOpenError(error, "bind", at) };
    }
  }
}
