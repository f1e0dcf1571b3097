// The iocp engine: a completion port, the operations whose packets it gets, and somebody who waits.

import type { SocketAddress } from "../core/address.ts";
import { BaseEngine, ConnectAttempt } from "../core/base_engine.ts";
import { IoError } from "../core/io_error.ts";
import { pairOverLoopback } from "../core/loopback_pair.ts";
import type {
  Endpoint,
  EndpointOptions,
  EngineOptions,
  Listener,
  ListenOptions,
  Resolver,
} from "../engine.ts";
import type { NativePointer } from "../ffi/library.ts";
import { Scatterer } from "../ffi/scatter.ts";
import { WSABUF } from "../ffi/windows_layouts.ts";
import type { Winsock } from "../ffi/winsock.ts";
import { SystemResolver } from "../native/dns.ts";
import { runtimeLoop } from "../native/runtime_loop.ts";
import { BlockingWaiting } from "../threads/blocking_waiting.ts";
import { ThreadWaiting } from "../threads/thread_waiting.ts";
import { WatchedLoop } from "../threads/watched_loop.ts";
import { Dispatcher, type Waiting } from "../threads/waiting.ts";
import { type CompletionPort, createPort, MAX_PACKETS } from "./completion_port.ts";
import { Connector } from "./connector.ts";
import { IocpEndpoint } from "./endpoint.ts";
import { IocpListener } from "./listener.ts";
import { OperationTable, SLOT_BYTES } from "./operations.ts";
import { PipeConnector } from "./pipe_connector.ts";
import { Pipes } from "./pipes.ts";
import { Receiver } from "./receiver.ts";
import { Sender } from "./sender.ts";
import { type Socket, Sockets } from "./sockets.ts";

/** What the poller thread runs. */
export const POLLER_MODULE: URL = new URL("./poller_worker.ts", import.meta.url);

/** How long a shutdown waits for packets that were promised. They come within a millisecond; a broken driver's never. */
const LAST_PACKETS_MS = 5_000;

/** Completion ports on Windows, through FFI. */
export class IocpEngine extends BaseEngine {
  /** Socket calls. */
  readonly sockets: Sockets;
  /** Operations whose packets are awaited. */
  readonly operations: OperationTable;
  /** Receives of all endpoints. */
  readonly receiver: Receiver;
  /** What receives of all endpoints go into. */
  readonly scatterer: Scatterer<NativePointer>;
  /** Sends of all endpoints. */
  readonly sender: Sender;
  /** Calls of named pipes. */
  readonly pipes: Pipes;
  /** See the base class. */
  override readonly hasPipes: boolean = true;
  /** To be told of what is done without a packet. */
  readonly watched: WatchedLoop;
  private readonly port: CompletionPort;
  private readonly waiting: Waiting;
  private holding = false;
  private ended = false;
  private onIdle: () => void = () => {};

  /** Throws an Error where the system has no port or no addresses left. */
  constructor(winsock: Winsock, options: EngineOptions) {
    const loop = new WatchedLoop(runtimeLoop);
    super("iocp", options, loop);
    this.watched = loop;
    this.operations = new OperationTable(winsock, () => this.idle());
    this.port = createPort(winsock, this.operations.address, SLOT_BYTES);
    this.sockets = new Sockets(winsock, this.port);
    this.pipes = new Pipes(winsock, this.port);
    this.receiver = new Receiver(winsock, this.sockets);
    this.scatterer = new Scatterer(this.receiver.read, WSABUF, this.readBufferBytes);
    this.sender = new Sender(winsock, this.sockets);
    const { port } = this;
    const dispatcher = new Dispatcher(this.operations, this.execCtx);
    const onCrash = (reason: string): void => this.failAll(reason);
    const poller = { module: POLLER_MODULE, source: port.handles, dueNumbers: MAX_PACKETS };
    this.waiting = options.ownThread !== true
      ? new ThreadWaiting(port, poller, dispatcher, loop, onCrash)
      : new BlockingWaiting(
        port,
        MAX_PACKETS,
        dispatcher,
        loop,
        winsock.wholeTurn,
        onCrash,
      );
  }

  /** See the contract. */
  override listen(
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
  ): Listener {
    return new IocpListener(this, options, onAccept, onShutdown);
  }

  /** Over loopback TCP: Windows has no socket pair. */
  override pair(): Promise<[Endpoint, Endpoint]> {
    return pairOverLoopback(this);
  }

  /** The system's resolver. */
  override resolver(): Resolver {
    return new SystemResolver(this);
  }

  /** An endpoint over a connected socket, which is the endpoint's from here on. */
  endpointOver(
    socket: Socket,
    local: SocketAddress,
    peer: SocketAddress,
    options: EndpointOptions,
  ): IocpEndpoint {
    this.sockets.prepare(socket, local, options);
    return new IocpEndpoint(this, local, peer, socket);
  }

  /** See the contract. Settles once every packet has come that was promised. */
  override async shutdown(): Promise<void> {
    try {
      await super.shutdown();
    } finally {
      if (!this.ended) {
        this.ended = true;
        if (this.operations.pending > 0) await this.lastPackets();
        await this.waiting.stop();
        this.operations.close();
        this.port.close();
      }
    }
  }

  protected override hold(holding: boolean): void {
    this.holding = holding;
    // What is closed has packets to come yet, which give its memory back.
    if (holding || this.operations.pending === 0) this.waiting.hold(holding);
  }

  protected override startConnect(
    to: SocketAddress,
    options: EndpointOptions,
    attempt: ConnectAttempt,
  ): void {
    if (to.family === "npipe") new PipeConnector(this, to, attempt).start();
    else new Connector(this, to, options, attempt).start();
  }

  private idle(): void {
    if (!this.holding) this.waiting.hold(false);
    this.onIdle();
  }

  private lastPackets(): Promise<void> {
    return new Promise((resolve) => {
      const limit = this.loop.arm(LAST_PACKETS_MS, resolve);
      this.onIdle = () => {
        this.loop.disarm(limit);
        resolve();
      };
    });
  }

  /** Nobody waits for packets any more: whatever is open hears why. */
  private failAll(reason: string): void {
    for (const closable of this.opened.all()) {
      const syscall = closable instanceof ConnectAttempt
        ? "connect"
        : closable instanceof IocpListener
        ? "accept"
        : "read";
      closable.close(new IoError("other", syscall, undefined, undefined, reason));
    }
  }
}
