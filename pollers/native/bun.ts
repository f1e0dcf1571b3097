// The native engine of Bun: Bun.connect and Bun.listen, whose sockets call one set of handlers.

import type { SocketAddress } from "../core/address.ts";
import { endOfStream, type IoError, ioErrorFromCode, type IoSyscall } from "../core/io_error.ts";
import type { SliceBuffer } from "../core/slice_buffer.ts";
import type { Endpoint, EndpointOptions, IoResult, Listener, ListenOptions } from "../engine.ts";
import { NativeEndpoint } from "./endpoint.ts";
import { type ConnectAttempt, NativeEngine } from "./engine.ts";
import { NativeListener } from "./listener.ts";

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
  setNoDelay(on: boolean): void;
  setKeepAlive(on: boolean, delayMs: number): void;
  close(): void;
  terminate(): void;
}
interface BunListener {
  readonly port: number;
  stop(closeConnections: boolean): void;
}
interface BunNet {
  connect(options: object): Promise<BunSocket>;
  listen(options: object): BunListener;
}

/** What a socket carries: who takes the endpoint once it is open, and then the endpoint. */
interface SocketState {
  endpoint?: BunEndpoint;
  listener?: BunNativeListener;
}

const bun = (globalThis as unknown as { Bun: BunNet }).Bun;

function toIoError(error: unknown, syscall: IoSyscall, address: SocketAddress): IoError {
  const { code, message } = error as Error & { code?: string };
  return ioErrorFromCode(code, syscall, address, message);
}

function toBun(address: SocketAddress): object {
  switch (address.family) {
    case "unix":
      return { unix: address.path };
    case "unix-abstract":
      return { unix: `\0${address.name}` };
    default:
      return { hostname: address.host, port: address.port };
  }
}

function inet(host: string, port: number): SocketAddress {
  return { family: host.includes(":") ? "ipv6" : "ipv4", host, port };
}

class BunEndpoint extends NativeEndpoint {
  /** What came while no read was outstanding: at most what was on its way when the socket was paused. */
  private readonly waiting: Uint8Array[] = [];
  private paused = false;
  private ended: IoError | undefined = undefined;
  private unwritten: Uint8Array = NOTHING;

  constructor(
    engine: NativeEngine,
    private readonly socket: BunSocket,
    options: EndpointOptions,
    local: SocketAddress,
    peer: SocketAddress,
  ) {
    super(engine, local, peer);
    if (peer.family !== "ipv4" && peer.family !== "ipv6") return;
    if (options.noDelay ?? true) socket.setNoDelay(true);
    if (options.keepAliveMs !== undefined) socket.setKeepAlive(true, options.keepAliveMs);
  }

  /** Bun gives every read a buffer of its own, so views of it are never overwritten. */
  onData(bytes: Uint8Array): void {
    if (this.readInto !== undefined) {
      this.readInto.append(bytes);
      this.finishRead(undefined);
      // Whoever wants more has asked again by now; if not, the kernel's window is to close.
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
    this.finishWrite(undefined);
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
    this.finishWrite(error.kind === "end-of-stream" ? ioErrorFromCode("EPIPE", "write", this.peer) : error);
  }

  protected override readNow(into: SliceBuffer): boolean {
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

  protected override startWrite(bytes: Uint8Array): boolean {
    const written = this.socket.write(bytes);
    if (written === bytes.length) return true;
    if (written < 0) {
      this.engine.run(() => this.finishWrite(ioErrorFromCode("EPIPE", "write", this.peer)));
      return false;
    }
    this.unwritten = bytes.subarray(written);
    return false;
  }

  protected override release(writing: boolean): void {
    this.waiting.length = 0;
    this.unwritten = NOTHING;
    if (writing) this.socket.terminate();
    else this.socket.close();
  }

  private pause(): void {
    if (this.paused || this.closedBy !== undefined) return;
    this.paused = true;
    this.socket.pause();
  }
}

const NOTHING = new Uint8Array(0);

/** One set of handlers for every socket: what belongs to one is in its `data`. */
const handlers = {
  binaryType: "buffer",
  open(socket: BunSocket): void {
    socket.data?.listener?.onOpen(socket);
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
    if (endpoint === undefined) return;
    endpoint.onClose(error ? toIoError(error, "read", endpoint.peer) : endOfStream(endpoint.peer));
  },
  error(socket: BunSocket, error: Error): void {
    const { endpoint } = socket.data;
    endpoint?.onClose(toIoError(error, "read", endpoint.peer));
  },
  // Its error also rejects `Bun.connect`; without a handler Bun reports it as uncaught.
  connectError(): void {},
};

class BunNativeListener extends NativeListener {
  private readonly sockets: BunListener[] = [];
  /** Connections that came before `start`: Bun accepts from `listen` on. */
  private readonly early: Endpoint[] = [];
  private accepting = false;
  private unixAddress: SocketAddress | undefined = undefined;

  onOpen(socket: BunSocket): void {
    const local = this.unixAddress ?? inet(socket.localAddress!, socket.localPort!);
    const peer = this.unixAddress === undefined
      ? inet(socket.remoteAddress!, socket.remotePort!)
      : { family: "unix", path: "" } as const;
    const endpoint = new BunEndpoint(this.engine, socket, this.options, local, peer);
    socket.data = { endpoint };
    if (this.accepting || this.stopped) this.accepted(endpoint);
    else this.early.push(endpoint);
  }

  protected override bindNow(at: SocketAddress): IoResult<SocketAddress> {
    try {
      const { reusePort = false } = this.options;
      const data: SocketState = { listener: this };
      const socket = bun.listen({ ...toBun(at), reusePort, allowHalfOpen: true, socket: handlers, data });
      this.sockets.push(socket);
      if ("port" in at) return { ok: true, value: { ...at, port: socket.port } };
      this.unixAddress = at;
      return { ok: true, value: at };
    } catch (error) {
      return { ok: false, error: toIoError(error, "bind", at) };
    }
  }

  protected override startAccepting(): void {
    this.accepting = true;
    const early = this.early.splice(0);
    if (early.length > 0) this.engine.run(() => early.forEach((endpoint) => this.accepted(endpoint)));
  }

  protected override release(): void {
    for (const endpoint of this.early.splice(0)) endpoint.close();
    for (const socket of this.sockets) socket.stop(false);
  }
}

/** The runtime's own sockets on Bun. */
export class BunEngine extends NativeEngine {
  /** See the contract. */
  override listen(
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
  ): Listener {
    return new BunNativeListener(this, options, onAccept, onShutdown);
  }

  protected override startConnect(
    to: SocketAddress,
    options: EndpointOptions,
    attempt: ConnectAttempt,
  ): void {
    const data: SocketState = {};
    bun.connect({ ...toBun(to), allowHalfOpen: true, socket: handlers, data }).then(
      (socket) => {
        const local = "port" in to ? inet(socket.localAddress!, socket.localPort!) : to;
        const endpoint = new BunEndpoint(this, socket, options, local, to);
        data.endpoint = endpoint;
        socket.data = data;
        attempt.succeed(endpoint);
      },
      (error) => attempt.fail(toIoError(error, "connect", to)),
    );
  }
}
