// The native engine of Bun: its own sockets, which call one set of handlers.

import type { Socket } from "node:net";
import type { SocketAddress, UnixAddress } from "../contract/address.ts";
import type { Endpoint, EndpointOptions, IoResult, Listener, ListenOptions } from "../contract/engine.ts";
import { endOfStream, type IoError, ioErrorFromCode } from "../contract/io_error.ts";
import type { SliceBuffer } from "../contract/slice_buffer.ts";
import type { BaseEngine } from "../core/base_engine.ts";
import { BaseListener } from "../core/base_listener.ts";
import { UNNAMED } from "../core/unix_path.ts";
import { inet, NativeEndpoint, wholeSeconds } from "./endpoint.ts";
import { NativeEngine } from "./engine.ts";
import { toIoError, toOpenError } from "./errors.ts";
import { connectedEndpoint, toNode } from "./node.ts";
import { net } from "./net.ts";
import { fileIdentity, putAside, putAsideUnless, removeFile } from "./socket_file.ts";
import { type ListeningSocket, Starvation } from "./starvation.ts";

// The little of Bun that is used here, so that the file also compiles where Bun's types are not.
interface BunSocket {
  data: SocketState;
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  write(bytes: Uint8Array): number;
  pause(): void;
  resume(): void;
  reload(options: object): void;
  setNoDelay(on: boolean): void;
  setKeepAlive(on: boolean, delayMs: number): void;
  close(): void;
  unref(): void;
}
interface BunListener {
  readonly fd?: number;
  readonly port: number;
  stop(closeConnections: boolean): void;
}
interface BunNet {
  listen(options: object): BunListener;
}

/** What a socket carries: who makes its endpoint once it is open, and then the endpoint. */
interface SocketState {
  endpoint?: BunEndpoint;
  open?(socket: BunSocket): void;
}

const bun = (globalThis as unknown as { Bun: BunNet }).Bun;

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

class BunEndpoint extends NativeEndpoint {
  readonly lends = true;
  /** What came while no read was outstanding: at most what was on its way when the socket was paused. */
  private readonly waiting: Uint8Array[] = [];
  private paused = false;
  private ended: IoError | undefined = undefined;
  private unwritten: Uint8Array = NOTHING;
  /** What the last read has lent. */
  private lent: Uint8Array = NOTHING;

  constructor(
    engine: BaseEngine,
    private readonly socket: BunSocket,
    options: EndpointOptions,
    local: SocketAddress,
    peer: SocketAddress,
  ) {
    super(engine, local, peer);
    socket.unref();
    if (peer.family !== "ipv4" && peer.family !== "ipv6") return;
    socket.setNoDelay(options.noDelay ?? true); // Bun itself switches it on
    if (options.keepAliveMs !== undefined) socket.setKeepAlive(true, wholeSeconds(options.keepAliveMs));
  }

  /** Bun gives every read a buffer of its own, so views of it are never overwritten. */
  onData(bytes: Uint8Array): void {
    if (this.readInto !== undefined) {
      this.readInto.append(bytes);
      if (this.lending && bytes.length >= FREED_BYTES) this.lent = bytes;
      this.finishRead(undefined);
      // A reader that wants more has asked again by now; otherwise the kernel's window must close.
      if (this.reading) return;
    } else this.waiting.push(bytes);
    this.pause();
  }

  onDrain(): void {
    if (this.unwritten.length === 0) return;
    const written = this.socket.write(this.unwritten);
    if (written < 0) return; // closed: its event follows
    this.unwritten = this.unwritten.subarray(written);
    if (this.unwritten.length > 0) return;
    this.unwritten = NOTHING;
    this.pieceWritten(undefined);
  }

  /** The peer's FIN, or the socket is gone: nothing more will be read. */
  onEnd(error: IoError): void {
    this.ended ??= error;
    if (this.reading && this.waiting.length === 0) this.finishRead(this.ended);
  }

  /** The socket is gone. */
  onClose(error: IoError): void {
    this.onEnd(error);
    if (this.unwritten.length === 0) return;
    this.unwritten = NOTHING;
    this.pieceWritten(ioErrorFromCode(error.code ?? "EPIPE", "write", this.peer, error.message));
  }

  protected override readNow(into: SliceBuffer): boolean {
    if (this.lent !== NOTHING) this.freeLent();
    if (this.waiting.length === 0) return false;
    for (const bytes of this.waiting) into.append(bytes);
    this.waiting.length = 0;
    return true;
  }

  protected override startRead(): void {
    if (this.paused) {
      this.paused = false;
      this.socket.resume();
    }
    if (this.ended === undefined) return;
    const error = this.ended;
    this.engine.run(() => this.finishRead(error));
  }

  protected override writePiece(bytes: Uint8Array): boolean {
    const written = this.socket.write(bytes);
    if (written === bytes.length) return true;
    if (written < 0) {
      this.engine.run(() => this.pieceWritten(ioErrorFromCode("EPIPE", "write", this.peer)));
      return false;
    }
    this.unwritten = bytes.subarray(written);
    return false;
  }

  protected override releaseSocket(): void {
    this.waiting.length = 0;
    this.unwritten = this.lent = NOTHING;
    this.socket.close();
  }

  /** Bun's buffer of a read is freed, so that the next one has the same memory: collecting it would come 16 MB later. */
  private freeLent(): void {
    const { buffer, length } = this.lent;
    this.lent = NOTHING;
    if (buffer.byteLength === length) (buffer as ArrayBuffer).transfer(0);
  }

  private pause(): void {
    if (this.paused || this.closedBy !== undefined) return;
    this.paused = true;
    this.socket.pause();
  }
}

/** What is smaller is left to the garbage collector, which costs less. */
const FREED_BYTES = 65_536;

const NOT_ASIDE = (): void => {};
const NOTHING = new Uint8Array(0);
const CUT = Object.assign(new Error("connection reset by peer"), { code: "ECONNRESET" });

/** One set of handlers for every socket: what belongs to one is in its `data`. */
const handlers = {
  binaryType: "buffer",
  open(socket: BunSocket): void {
    socket.data.open?.(socket);
  },
  data(socket: BunSocket, bytes: Uint8Array): void {
    socket.data.endpoint?.onData(bytes);
  },
  drain(socket: BunSocket): void {
    socket.data.endpoint?.onDrain();
  },
  end(socket: BunSocket): void {
    const { endpoint } = socket.data;
    endpoint?.onEnd(endOfStream(endpoint.peer));
  },
  close(socket: BunSocket, error?: Error): void {
    const { endpoint } = socket.data;
    // After "end" an error changes nothing; without either the stream was cut.
    endpoint?.onClose(toIoError(error ?? CUT, "read", endpoint.peer));
  },
  error(socket: BunSocket, error: Error): void {
    const { endpoint } = socket.data;
    endpoint?.onClose(toIoError(error, "read", endpoint.peer));
  },
};

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

class BunNativeListener extends BaseListener {
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
  ) {
    super(engine, options, onAccept, onShutdown);
    this.starvation = new Starvation(engine, this.sockets, (code) => this.starved(code));
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

/** The runtime's own sockets on Bun. */
export class BunEngine extends NativeEngine {
  override listen(
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
  ): Listener {
    return new BunNativeListener(this, options, onAccept, onShutdown);
  }

  protected override beginConnect(
    to: SocketAddress,
    options: EndpointOptions,
    done: (result: IoResult<Endpoint>) => void,
  ): () => void {
    const socket = new (net().Socket)({ allowHalfOpen: true });
    const onError = (error: Error): void => done({ ok: false, error: toOpenError(error, "connect", to) });
    socket.on("error", onError);
    socket.connect(toNode(to), () => {
      socket.removeListener("error", onError);
      done({ ok: true, value: this.adopt(socket, options, to) });
    });
    return () => void socket.destroy();
  }

  /**
   * The endpoint over the Bun socket that is in `socket`. Bun.connect has nothing to cancel it by (Bun 1.4.5): a socket
   * that was cancelled would stay, and hold the process, until TCP gives up after two minutes.
   */
  private adopt(socket: Socket, options: EndpointOptions, to: SocketAddress): Endpoint {
    const { _handle: handle } = socket as unknown as { readonly _handle?: BunSocket };
    if (typeof handle?.reload !== "function") return connectedEndpoint(this, socket, options, to);
    const local = "port" in to ? inet(handle.localAddress, handle.localPort) : UNNAMED;
    const endpoint = new BunEndpoint(this, handle, options, local, to);
    handle.reload({ socket: handlers });
    handle.data = { endpoint };
    return endpoint;
  }
}
