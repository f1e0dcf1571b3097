// The native engine of Bun: its own sockets, which call one set of handlers. See bun_listener.ts for what listens.

import type { Socket } from "node:net";
import type { SocketAddress } from "../contract/address.ts";
import type { Endpoint, EndpointOptions, IoResult } from "../contract/engine.ts";
import { endOfStream, type IoError, ioErrorFromCode } from "../contract/io_error.ts";
import type { SliceBuffer } from "../contract/slice_buffer.ts";
import type { BaseEngine } from "../core/base_engine.ts";
import { UNNAMED } from "../core/unix_path.ts";
import { inet, wholeSeconds } from "./endpoint.ts";
import { NativeEngine } from "./engine.ts";
import { toIoError } from "./errors.ts";
import { connectByNode, connectedEndpoint } from "./node.ts";
import { PushedEndpoint } from "./pushed_endpoint.ts";

// The little of Bun that is used here, so that the file also compiles where Bun's types are not.
/** A socket as Bun has it. */
export interface BunSocket {
  data: SocketState;
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  /** Octets that were written; negative where it is closed. */
  write(bytes: Uint8Array): number;
  /** Nothing more is read. */
  pause(): void;
  /** Reads again. */
  resume(): void;
  /** Has other handlers from here on. */
  reload(options: object): void;
  /** Whether small segments are sent at once. */
  setNoDelay(on: boolean): void;
  /** Whether TCP keepalive is on. */
  setKeepAlive(on: boolean, delayMs: number): void;
  /** Closes it. */
  close(): void;
  /** It does not hold the process. */
  unref(): void;
}
/** What a socket carries: who makes its endpoint once it is open, and then the endpoint. */
export interface SocketState {
  endpoint?: BunEndpoint;
  /** It is open. */
  open?(socket: BunSocket): void;
}

/** A connection of Bun's. */
export class BunEndpoint extends PushedEndpoint {
  readonly lends = true;
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
  override onData(bytes: Uint8Array): void {
    if (this.lending && bytes.length >= FREED_BYTES && this.reading) this.lent = bytes;
    super.onData(bytes);
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

  /** The socket is gone. */
  onClose(error: IoError): void {
    this.onEnd(error);
    if (this.unwritten.length === 0) return;
    this.unwritten = NOTHING;
    this.pieceWritten(ioErrorFromCode(error.code ?? "EPIPE", "write", this.peer, error.message));
  }

  protected override readNow(into: SliceBuffer): boolean {
    if (this.lent !== NOTHING) this.freeLent();
    return super.readNow(into);
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
    this.unwritten = this.lent = NOTHING;
    this.socket.close();
  }

  protected override pauseSocket(): void {
    this.socket.pause();
  }

  protected override resumeSocket(): void {
    this.socket.resume();
  }

  /** Bun's buffer of a read is freed, so that the next one has the same memory: collecting it would come 16 MB later. */
  private freeLent(): void {
    const { buffer, length } = this.lent;
    this.lent = NOTHING;
    if (buffer.byteLength === length) (buffer as ArrayBuffer).transfer(0);
  }
}

/** What is smaller is left to the garbage collector, which costs less. */
const FREED_BYTES = 65_536;

const NOTHING = new Uint8Array(0);
/** What it is where Bun says nothing. */
const CUT = { name: "Error", message: "connection reset by peer", code: "ECONNRESET" };

/** One set of handlers for every socket: what belongs to one is in its `data`. */
export const handlers = {
  binaryType: "uint8array", // not "buffer", whose `slice` is a view
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

/** The runtime's own sockets on Bun. */
export class BunEngine extends NativeEngine {
  protected override beginConnect(
    to: SocketAddress,
    options: EndpointOptions,
    done: (result: IoResult<Endpoint>) => void,
  ): () => void {
    return connectByNode(this, to, done, (socket) => this.adopt(socket, options, to));
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
