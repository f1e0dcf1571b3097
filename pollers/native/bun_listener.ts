// What listens on Bun: Bun.listen, whose sockets have the handlers of all of Bun's.

import type { SocketAddress, UnixAddress } from "../contract/address.ts";
import type { Endpoint, IoResult, ListenOptions } from "../contract/engine.ts";
import type { IoError } from "../contract/io_error.ts";
import { BaseListener } from "../core/base_listener.ts";
import { UNNAMED } from "../core/unix_path.ts";
import { BunEndpoint, type BunSocket, handlers, type SocketState } from "./bun.ts";
import { inet } from "./endpoint.ts";
import type { NativeEngine } from "./engine.ts";
import { toOpenError } from "./errors.ts";
import { fileIdentity, putAside, putAsideUnless, removeFile } from "./socket_file.ts";
import type { Spares } from "./spares.ts";
import { type ListeningSocket, Starvation } from "./starvation.ts";

interface BunListener {
  readonly fd?: number;
  readonly port: number;
  stop(closeConnections: boolean): void;
}
interface BunNet {
  listen(options: object): BunListener;
}

const bun = (globalThis as unknown as { Bun: BunNet }).Bun;
const NOT_ASIDE = (): void => {};

function toBun(address: SocketAddress): object {
  switch (address.family) {
    case "unix":
      return { unix: address.path };
    case "unix-abstract":
      return { unix: `\0${address.name}` };
    case "npipe":
    case "inprocess": // the base class has refused both
      throw new TypeError(`Cannot use an address of ${address.family}: this engine has no sockets for it`);
    default:
      return { hostname: address.host, port: address.port };
  }
}

/** A bound socket. */
class Bound implements ListeningSocket {
  /** That of a unix socket. */
  private readonly file: string | undefined;
  private rests = false;
  /** Bun has bound the path, and removes the file at it, whosever it is by then, with the socket. */
  private removesFile: boolean;

  constructor(
    private socket: BunListener,
    private readonly at: SocketAddress,
    private readonly options: object,
  ) {
    this.file = at.family === "unix" ? fileIdentity(at.path) : undefined;
    this.removesFile = at.family === "unix";
  }

  get descriptor(): number {
    return this.rests ? -1 : this.socket.fd ?? -1;
  }

  rest(): void {
    const putBack = this.removesFile ? putAside((this.at as UnixAddress).path) : NOT_ASIDE;
    this.socket.stop(false);
    putBack();
    this.rests = true;
    this.removesFile = false;
  }

  goOn(fd: number): void {
    this.socket = bun.listen({ ...this.options, fd });
    this.rests = false;
  }

  close(): void {
    const { at, file } = this;
    const putBack = at.family === "unix" && this.removesFile ? putAsideUnless(file, at.path) : NOT_ASIDE;
    if (at.family === "unix" && !this.removesFile) removeFile(at.path, file);
    if (!this.rests) this.socket.stop(false);
    putBack();
  }
}

/** A listener on Bun. */
export class BunNativeListener extends BaseListener {
  private readonly sockets: Bound[] = [];
  /** Connections that came before `start`: Bun accepts from `listen` on. */
  private readonly early: Endpoint[] = [];
  private accepting = false;
  private readonly starvation: Starvation;

  /** See `EventEngine.listen`. */
  constructor(
    engine: NativeEngine,
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
    spares: Spares,
  ) {
    super(engine, options, onAccept, onShutdown);
    this.starvation = new Starvation(engine, spares, this.sockets, (code) => this.starved(code));
  }

  private onOpen(socket: BunSocket, at: SocketAddress): void {
    const isInet = "port" in at;
    const local = isInet ? this.sameLocal(inet(socket.localAddress, socket.localPort)) : at;
    const peer = isInet ? inet(socket.remoteAddress, socket.remotePort) : UNNAMED;
    const endpoint = new BunEndpoint(this.engine, socket, this.options, local, peer);
    socket.data = { endpoint };
    if (this.accepting || this.stopped) this.accepted(endpoint);
    else this.early.push(endpoint);
  }

  protected override bindNow(at: SocketAddress): IoResult<SocketAddress> {
    try {
      const { reusePort = false } = this.options;
      const data: SocketState = { open: (socket) => this.onOpen(socket, at) };
      const options = { allowHalfOpen: true, socket: handlers, data };
      const socket = bun.listen({ ...options, ...toBun(at), reusePort });
      this.sockets.push(new Bound(socket, at, options));
      this.starvation.begin();
      return { ok: true, value: "port" in at ? { ...at, port: socket.port } : at };
    } catch (error) {
      return { ok: false, error: toOpenError(error, "bind", at) };
    }
  }

  protected override startAccepting(): void {
    this.accepting = true;
    const early = this.early.splice(0);
    if (early.length > 0) this.engine.run(() => early.forEach((endpoint) => this.accepted(endpoint)));
  }

  protected override release(): undefined {
    for (const endpoint of this.early.splice(0)) endpoint.close();
    for (const socket of this.sockets.splice(0)) socket.close();
    this.starvation.end();
  }
}
