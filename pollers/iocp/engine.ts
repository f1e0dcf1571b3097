// The iocp engine: a completion port, the operations whose packets it gets, and a thread that waits.

import { CompletionEngine } from "../completion/engine.ts";
import type { SocketAddress } from "../contract/address.ts";
import type {
  Endpoint,
  EndpointOptions,
  EngineOptions,
  Listener,
  ListenOptions,
} from "../contract/engine.ts";
import type { IoError } from "../contract/io_error.ts";
import type { ConnectAttempt } from "../core/base_engine.ts";
import { pairOverLoopback } from "../core/loopback_pair.ts";
import type { NativePointer } from "../ffi/library.ts";
import { Scatterer } from "../ffi/scatter.ts";
import { WSABUF } from "../ffi/windows_layouts.ts";
import type { Winsock } from "../ffi/winsock.ts";
import { threadModule } from "../native/thread_module.ts";
import { type CompletionPort, createPollset, MAX_EVENTS } from "./pollset.ts";
import { IocpConnector } from "./connector.ts";
import type { IocpContext } from "./context.ts";
import { IocpEndpoint } from "./endpoint.ts";
import { HandleRegistry } from "./handle_registry.ts";
import { IocpListener } from "./listener.ts";
import { OperationTable, SLOT_BYTES } from "./operations.ts";
import { type IocpResources, reclaimResources } from "./orphaned_resources.ts";
import { PipeConnector } from "./pipe_connector.ts";
import { Pipes } from "./pipes.ts";
import { Receiver } from "./receiver.ts";
import { Sender } from "./sender.ts";
import { type Socket, Sockets, windowsError } from "./sockets.ts";

/** What the poller thread runs. */
export const pollerModule: () => URL = /* @__PURE__ */ threadModule(
  () => new URL("./poller_worker.ts", import.meta.url),
);

/** Completion ports on Windows, through FFI. */
export class IocpEngine extends CompletionEngine implements IocpContext {
  /** Socket calls. */
  readonly sockets: Sockets;
  /** Operations whose packets are awaited. */
  override readonly operations: OperationTable;
  /** Receives of all endpoints. */
  readonly receiver: Receiver;
  /** What receives of all endpoints go into. */
  readonly scatterer: Scatterer<NativePointer>;
  /** Sends of all endpoints. */
  readonly sender: Sender;
  /** Calls of named pipes. */
  readonly pipes: Pipes;
  override readonly hasPipes: boolean = true;
  private readonly registry = new HandleRegistry();
  private readonly port: CompletionPort;

  /** Throws an Error where the system has no port or no addresses left. */
  constructor(winsock: Winsock, options: EngineOptions) {
    super("iocp", options);
    this.operations = new OperationTable(winsock, this.registry, () => this.idle());
    this.port = createPollset(winsock, this.operations.address, SLOT_BYTES);
    this.registry.openPort();
    this.sockets = new Sockets(winsock, this.port, this.registry);
    this.pipes = new Pipes(winsock, this.port, this.registry);
    this.receiver = new Receiver(winsock, this.sockets);
    this.scatterer = new Scatterer(this.receiver.read, WSABUF, this.readBufferBytes);
    this.sender = new Sender(winsock, this.sockets);
    const { port } = this;
    this.poll({
      source: port,
      target: this.operations,
      poller: { module: pollerModule(), source: port.handles, dueNumbers: MAX_EVENTS },
      openWholeTurn: winsock.openWholeTurn,
    });
  }

  override listen(
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
  ): Listener {
    return new IocpListener(this, options, onAccept, onShutdown);
  }

  /** Over loopback TCP: Windows has no socket pair. The second one was accepted, so it can be detached. */
  override pair(): Promise<[Endpoint, Endpoint]> {
    return pairOverLoopback(this);
  }

  /** See `FdAdoption`. One socket, whose options stay as they are. */
  override adopt(handle: number, writeHandle: number = handle): Endpoint {
    if (handle !== writeHandle) {
      throw new Error(
        `Cannot adopt handles ${handle} and ${writeHandle}: an endpoint of Windows is over one socket`,
      );
    }
    if (this.registry.has(handle)) {
      throw new Error(`Cannot adopt socket ${handle}: this engine has it already`);
    }
    if (this.isOver) throw new Error(`Cannot adopt socket ${handle}: the engine was shut down`);
    const adopted = this.sockets.adopt(handle);
    if (typeof adopted === "number") {
      const { message } = windowsError(adopted, "read");
      throw new Error(`Cannot adopt socket ${handle}: ${message}`);
    }
    const { socket, local, peer } = adopted;
    this.sockets.setNonBlocking(socket);
    return new IocpEndpoint(this, local, peer, socket);
  }

  /** See `FdAdoption`. An endpoint that was accepted and not used since. */
  override detach(endpoint: Endpoint): number {
    if (endpoint instanceof IocpEndpoint && this.opened.has(endpoint)) return endpoint.detach();
    throw new TypeError("Cannot detach: the endpoint is not an open socket of this engine");
  }

  override exportResources(): IocpResources {
    const threadId = this.sockets.winsock.GetCurrentThreadId();
    return { words: this.registry.words, port: this.port.handles, threadId };
  }

  override reclaimResources(exported: unknown, kept: readonly number[] = []): Promise<void> {
    const wait = (ms: number, later: () => void): void => void this.runAt(this.now() + ms, later);
    return reclaimResources(this.sockets.winsock, exported as IocpResources, kept, wait);
  }

  endpointOver(
    socket: Socket,
    local: SocketAddress,
    peer: SocketAddress,
    options: EndpointOptions,
  ): IocpEndpoint {
    this.sockets.setNonBlocking(socket);
    this.sockets.setOptions(socket, local, options);
    return new IocpEndpoint(this, local, peer, socket);
  }

  protected override closeSource(): void {
    this.operations.close();
    this.pipes.freeSpare();
    // Taken first: reclaiming must not close a handle that gets this number next. Gone: this thread was taken for gone.
    if (this.registry.takePort()) this.port.close();
  }

  protected override startConnect(
    to: SocketAddress,
    options: EndpointOptions,
    attempt: ConnectAttempt,
  ): void {
    if (to.family === "npipe") new PipeConnector(this, to, attempt).start();
    else new IocpConnector(this, to, options, attempt).start();
  }
}
