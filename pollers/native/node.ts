// The native engine of Node, on node:net; it also runs on Deno and Bun, for comparison.

import type { NetConnectOpts, Server, Socket } from "node:net";
import { hostProcess } from "./builtin.ts";
import type { SocketAddress, UnixAddress } from "../contract/address.ts";
import type { Endpoint, EndpointOptions, IoResult, Listener, ListenOptions } from "../contract/engine.ts";
import { endOfStream, IoError, ioErrorFromCode } from "../contract/io_error.ts";
import type { SliceBuffer } from "../contract/slice_buffer.ts";
import type { BaseEngine } from "../core/base_engine.ts";
import { BaseListener } from "../core/base_listener.ts";
import { UNNAMED } from "../core/unix_path.ts";
import { runtime } from "./detect.ts";
import { inet, NativeEndpoint, wholeSeconds } from "./endpoint.ts";
import { NativeEngine } from "./engine.ts";
import { toIoError, toOpenError } from "./errors.ts";
import { net } from "./net.ts";
import { fileIdentity, putAside, putAsideUnless, removeFile } from "./socket_file.ts";
import { type ListeningSocket, Starvation } from "./starvation.ts";

/** What node:net says of a socket that is gone already, in the system's words for it. */
const CODES: Readonly<Record<string, string>> = {
  ERR_STREAM_DESTROYED: "EPIPE",
  ERR_SOCKET_CLOSED: "EPIPE",
  EBADF: "EPIPE",
};

/** What a pending write fails with: node:net cancels it (ECANCELED) when the peer is gone. */
function toWriteError(error: Error & { code?: string }, peer: SocketAddress): IoError {
  if (error.code === "ECANCELED") return ioErrorFromCode("EPIPE", "write", peer);
  return toIoError(error, "write", peer, CODES);
}

/** `address` as node:net has it. */
export function toNode(address: SocketAddress): { host: string; port: number } | { path: string } {
  switch (address.family) {
    case "unix":
      return { path: address.path };
    case "unix-abstract":
      return { path: `\0${address.name}` };
    case "npipe":
    case "inprocess": // the base class has refused both
      throw new TypeError(`Cannot use an address of ${address.family}: this engine has no sockets for it`);
    default:
      return { host: address.host, port: address.port };
  }
}

interface DenoPermissions {
  readonly permissions: { requestSync(what: object): { readonly state: string } };
}

/** Asks Deno beforehand: when node:net may not listen on a TCP port, it throws where that cannot be caught. */
function denoRefusal(at: SocketAddress): IoError | undefined {
  const { Deno: deno } = globalThis as unknown as { Deno?: DenoPermissions };
  if (deno === undefined || !("port" in at)) return undefined;
  const host = `${at.family === "ipv6" ? `[${at.host}]` : at.host}:${at.port}`;
  if (deno.permissions.requestSync({ name: "net", host }).state === "granted") return undefined;
  const detail = `Deno has no net access to "${host}", run it with --allow-net`;
  return new IoError("permission", "bind", at, undefined, detail);
}

class NodeEndpoint extends NativeEndpoint {
  /** What came while no read was outstanding; the socket is paused then, so it is little. */
  private readonly waiting: Uint8Array[] = [];
  private ended: IoError | undefined = undefined;
  private readonly onWritten = (error?: Error | null): void =>
    this.pieceWritten(error ? toWriteError(error, this.peer) : undefined);

  constructor(
    engine: BaseEngine,
    private readonly socket: Socket,
    options: EndpointOptions,
    local: SocketAddress,
    peer: SocketAddress,
  ) {
    super(engine, local, peer);
    socket.unref();
    socket.setNoDelay(true); // Bun has switched it on, and would do nothing for a `false` that is the first word
    if (options.noDelay === false) socket.setNoDelay(false);
    if (options.keepAliveMs !== undefined) socket.setKeepAlive(true, wholeSeconds(options.keepAliveMs));
    socket.on("data", (bytes: Uint8Array) => this.onData(bytes));
    socket.on("end", () => this.onEnd(endOfStream(peer)));
    socket.on("error", (error) => this.onEnd(toIoError(error, "read", peer, CODES)));
    // After "end" this changes nothing; without it the stream was cut.
    socket.on("close", () => this.onEnd(ioErrorFromCode("ECONNRESET", "read", peer)));
    socket.pause();
  }

  protected override readNow(into: SliceBuffer): boolean {
    if (this.waiting.length === 0) return false;
    for (const bytes of this.waiting) into.append(bytes);
    this.waiting.length = 0;
    return true;
  }

  protected override startRead(): void {
    if (this.ended === undefined) {
      if (this.socket.isPaused()) this.socket.resume();
      return;
    }
    const error = this.ended;
    this.engine.run(() => this.finishRead(error));
  }

  protected override writePiece(bytes: Uint8Array): boolean {
    this.socket.write(bytes, this.onWritten);
    return false;
  }

  protected override releaseSocket(): void {
    this.waiting.length = 0;
    this.socket.destroy();
  }

  private onData(bytes: Uint8Array): void {
    if (this.readInto !== undefined) {
      this.readInto.append(bytes);
      this.finishRead(undefined);
      if (this.reading) return;
    } else this.waiting.push(bytes);
    if (this.closedBy === undefined) this.socket.pause();
  }

  private onEnd(error: IoError): void {
    this.ended ??= error;
    if (this.reading && this.waiting.length === 0) this.finishRead(this.ended);
  }
}

/** The endpoint over `socket`, which is connected to `peer`. */
export function connectedEndpoint(
  engine: BaseEngine,
  socket: Socket,
  options: EndpointOptions,
  peer: SocketAddress,
): Endpoint {
  const local = socket.localAddress === undefined ? UNNAMED : inet(socket.localAddress, socket.localPort!);
  return new NodeEndpoint(engine, socket, options, local, peer);
}

const NOT_ASIDE = (): void => {};

/** A bound server. */
class Bound implements ListeningSocket {
  /** That of a unix socket. */
  private file: string | undefined;
  private rests = false;
  /** The server has bound the path, and removes the file at it, whosever it is by then, when it closes. */
  private removesFile: boolean;

  /** `make` makes another server like `server`. */
  constructor(
    private server: Server,
    private readonly at: SocketAddress,
    private readonly make: () => Server,
  ) {
    this.file = this.identity();
    this.removesFile = at.family === "unix";
  }

  get descriptor(): number {
    const { _handle } = this.server as Server & { readonly _handle?: { readonly fd?: number } };
    return this.rests ? -1 : _handle?.fd ?? -1;
  }

  rest(): void {
    const putBack = this.removesFile ? putAside((this.at as UnixAddress).path) : NOT_ASIDE;
    this.server.close();
    putBack();
    this.rests = true;
    this.removesFile = false;
  }

  goOn(fd: number): void {
    this.server = this.make().listen({ fd });
    this.rests = false;
  }

  /** Binds the address anew. */
  renew(): void {
    this.server.close();
    this.server = this.make().listen(toNode(this.at), () => this.file = this.identity());
  }

  close(): void {
    const { at, file } = this;
    const putBack = at.family === "unix" && this.removesFile ? putAsideUnless(file, at.path) : NOT_ASIDE;
    if (at.family === "unix" && !this.removesFile) removeFile(at.path, file);
    if (!this.rests) this.server.close();
    putBack();
  }

  private identity(): string | undefined {
    return this.at.family === "unix" ? fileIdentity(this.at.path) : undefined;
  }
}

class NodeNativeListener extends BaseListener {
  private readonly sockets: Bound[] = [];
  private readonly early: Endpoint[] = [];
  private accepting = false;
  private readonly starvation: Starvation;

  /** See `EventEngine.listen`. */
  constructor(
    engine: NativeEngine,
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
  ) {
    super(engine, options, onAccept, onShutdown);
    this.starvation = new Starvation(
      engine,
      this.sockets,
      (code) => this.starved(code),
      () => this.fed(),
    );
  }

  protected override bindNow(at: SocketAddress): Promise<IoResult<SocketAddress>> {
    const denied = denoRefusal(at);
    if (denied !== undefined) return Promise.resolve({ ok: false, error: denied });
    if (this.options.reusePort && !sharesPortsHere) {
      const error = new IoError("unsupported", "bind", at, undefined, REUSE_PORT_REFUSED);
      return Promise.resolve({ ok: false, error });
    }
    return new Promise((resolve) => {
      const server = this.serverOf(at);
      const onError = (error: Error): void => resolve({ ok: false, error: toOpenError(error, "bind", at) });
      server.on("error", onError);
      const onBound = (): void => {
        server.removeListener("error", onError);
        const address = server.address();
        const local = address !== null && typeof address === "object"
          ? inet(address.address, address.port)
          : at;
        this.sockets.push(
          new Bound(this.hearing(server, at), local, () => this.hearing(this.serverOf(at), at)),
        );
        this.starvation.begin();
        resolve({ ok: true, value: local });
      };
      try {
        server.listen({ ...toNode(at), ...(this.options.reusePort ? { reusePort: true } : {}) }, onBound);
      } catch (error) { // Deno, without permission
        onError(error as Error);
      }
    });
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

  private serverOf(at: SocketAddress): Server {
    return net().createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      const inetPeer = socket.remoteAddress !== undefined;
      const local = inetPeer ? inet(socket.localAddress!, socket.localPort!) : at;
      const peer = inetPeer ? inet(socket.remoteAddress!, socket.remotePort!) : UNNAMED;
      const endpoint = new NodeEndpoint(this.engine, socket, this.options, local, peer);
      if (this.accepting || this.stopped) this.accepted(endpoint);
      else this.early.push(endpoint);
    });
  }

  private hearing(server: Server, at: SocketAddress): Server {
    // node:net accepts on by itself after an error that passes.
    return server.on("error", (error) => this.acceptFailed(toIoError(error, "accept", at, CODES), () => {}));
  }

  /** There are descriptors again: on Deno node:net never accepts again where it once had none. */
  private fed(): void {
    if (runtime === "deno") { for (const socket of this.sockets) socket.renew(); }
  }
}

/** Node ignores `reusePort` before 22.12, and then the second socket on the port is refused as in use. */
const sharesPortsHere = runtime !== "node" || !isBefore(hostProcess().versions.node, 22, 12);
const REUSE_PORT_REFUSED = "Node shares ports (reusePort, reactor workers) from 22.12 on";

function isBefore(version: string, major: number, minor: number): boolean {
  const [haveMajor = 0, haveMinor = 0] = version.split(".").map(Number);
  return haveMajor < major || (haveMajor === major && haveMinor < minor);
}

/** Sockets of node:net. */
export class NodeEngine extends NativeEngine {
  override listen(
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
  ): Listener {
    return new NodeNativeListener(this, options, onAccept, onShutdown);
  }

  protected override beginConnect(
    to: SocketAddress,
    options: EndpointOptions,
    done: (result: IoResult<Endpoint>) => void,
  ): () => void {
    const socket = new (net().Socket)({ allowHalfOpen: true });
    const onError = (error: Error): void => done({ ok: false, error: toOpenError(error, "connect", to) });
    socket.on("error", onError);
    try {
      socket.connect(toNode(to) as NetConnectOpts, () => {
        socket.removeListener("error", onError);
        done({ ok: true, value: connectedEndpoint(this, socket, options, to) });
      });
    } catch (error) { // Deno, without permission
      this.run(() => onError(error as Error));
    }
    return () => void socket.destroy();
  }
}
