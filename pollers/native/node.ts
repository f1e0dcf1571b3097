// The native engine of Node, on node:net; it also runs on Deno and Bun, for comparison. See node_listener.ts for what
// listens.

import type { NetConnectOpts, Socket } from "node:net";
import type { SocketAddress } from "../contract/address.ts";
import type { Endpoint, EndpointOptions, IoResult } from "../contract/engine.ts";
import { endOfStream, type IoError, ioErrorFromCode } from "../contract/io_error.ts";
import type { SliceBuffer } from "../contract/slice_buffer.ts";
import type { BaseEngine } from "../core/base_engine.ts";
import { UNNAMED } from "../core/unix_path.ts";
import { inet, NativeEndpoint, wholeSeconds } from "./endpoint.ts";
import { NativeEngine } from "./engine.ts";
import { toIoError, toOpenError } from "./errors.ts";
import { net } from "./net.ts";

/** What node:net says of a socket that is gone already, in the system's words for it. */
export const CODES: Readonly<Record<string, string>> = {
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

/** A connection of node:net's. */
export class NodeEndpoint extends NativeEndpoint {
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

/** Sockets of node:net. */
export class NodeEngine extends NativeEngine {
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
