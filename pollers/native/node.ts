// The native engine of Node, on node:net; it also runs on Deno and Bun, for comparison. See node_listener.ts for what
// listens.

import type { NetConnectOpts, Socket } from "node:net";
import type { SocketAddress } from "../contract/address.ts";
import type { Endpoint, EndpointOptions, IoResult } from "../contract/engine.ts";
import { endOfStream, type IoError, ioErrorFromCode } from "../contract/io_error.ts";
import type { BaseEngine } from "../core/base_engine.ts";
import { UNNAMED } from "../core/unix_path.ts";
import { inet, runtimePath, wholeSeconds } from "./endpoint.ts";
import { NativeEngine } from "./engine.ts";
import { toIoError, toOpenError } from "./errors.ts";
import { net } from "./net.ts";
import { PushedEndpoint } from "./pushed_endpoint.ts";

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
  return "port" in address ? { host: address.host, port: address.port } : { path: runtimePath(address) };
}

/** A connection of node:net's. */
export class NodeEndpoint extends PushedEndpoint {
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
    // Not as a Buffer, whose `slice` is a view.
    const plain = ({ buffer, byteOffset, length }: Uint8Array) => new Uint8Array(buffer, byteOffset, length);
    socket.on("data", (bytes: Uint8Array) => this.onData(plain(bytes)));
    socket.on("end", () => this.onEnd(endOfStream(peer)));
    socket.on("error", (error) => this.onEnd(toIoError(error, "read", peer, CODES)));
    // After "end" this changes nothing; without it the stream was cut.
    socket.on("close", () => this.onEnd(ioErrorFromCode("ECONNRESET", "read", peer)));
    socket.pause();
    this.paused = true;
  }

  protected override writePiece(bytes: Uint8Array): boolean {
    this.socket.write(bytes, this.onWritten);
    return false;
  }

  protected override releaseSocket(): void {
    this.socket.destroy();
  }

  protected override pauseSocket(): void {
    this.socket.pause();
  }

  protected override resumeSocket(): void {
    this.socket.resume();
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

/**
 * Begins a connect by node:net, whose end `done` gets; `endpointOver` makes the endpoint. Returns what cancels it.
 */
export function connectByNode(
  engine: BaseEngine,
  to: SocketAddress,
  done: (result: IoResult<Endpoint>) => void,
  endpointOver: (socket: Socket) => Endpoint,
): () => void {
  const socket = new (net().Socket)({ allowHalfOpen: true });
  const onError = (error: Error): void => done({ ok: false, error: toOpenError(error, "connect", to) });
  socket.on("error", onError);
  try {
    socket.connect(toNode(to) as NetConnectOpts, () => {
      socket.removeListener("error", onError);
      done({ ok: true, value: endpointOver(socket) });
    });
  } catch (error) { // Deno, without permission
    engine.run(() => onError(error as Error));
  }
  return () => void socket.destroy();
}

/** Sockets of node:net. */
export class NodeEngine extends NativeEngine {
  protected override beginConnect(
    to: SocketAddress,
    options: EndpointOptions,
    done: (result: IoResult<Endpoint>) => void,
  ): () => void {
    return connectByNode(this, to, done, (socket) => connectedEndpoint(this, socket, options, to));
  }
}
