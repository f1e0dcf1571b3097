// Base of engines on the runtime's sockets: the runtime's loop, its resolver, and connects. What listens is given to it.

import { PollerError } from "../choose.ts";
import type { SocketAddress } from "../contract/address.ts";
import type {
  DnsResolver,
  Endpoint,
  EndpointOptions,
  EngineOptions,
  EventEngine,
  ExtensionKey,
  IoResult,
  Listener,
  ListenOptions,
} from "../contract/engine.ts";
import { ORPHANED_RESOURCES, type OrphanedResources } from "../contract/extension.ts";
import type { IoError } from "../contract/io_error.ts";
import { BaseEngine, type ConnectAttempt } from "../core/base_engine.ts";
import { SystemResolver } from "./dns.ts";
import { type BeginConnect, PatientConnect } from "./patient_connect.ts";
import { runtimeLoop } from "./runtime_loop.ts";

/** The half of an engine that listens. */
export interface ListeningHalf extends Pick<EventEngine, "listen" | "pair"> {
  /** What closes with no thread. */
  readonly spares: OrphanedResources;
  /** Whether a process serves the unix socket at `path`; undefined where that is not known without connecting to it. */
  isServed(path: string): boolean | undefined;
}

/** An engine on the runtime's own sockets; each runtime adds how to connect. */
export abstract class NativeEngine extends BaseEngine {
  /** Undefined: the engine only connects. */
  private readonly listening: ListeningHalf | undefined;

  /** `name` as the factory has it. */
  constructor(
    name: string,
    options: EngineOptions,
    makeListening?: (engine: NativeEngine) => ListeningHalf,
  ) {
    super(name, options, runtimeLoop);
    this.listening = makeListening?.(this);
  }

  /** {@linkcode ORPHANED_RESOURCES}, for what closes with no thread. */
  override extension<E>(key: ExtensionKey<E>): E | undefined {
    return key === ORPHANED_RESOURCES as ExtensionKey<unknown>
      ? this.listening?.spares as unknown as E
      : undefined;
  }

  override listen(
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
  ): Listener {
    return this.listeningHalf().listen(options, onAccept, onShutdown);
  }

  override pair(): Promise<[Endpoint, Endpoint]> {
    return this.listeningHalf().pair();
  }

  /** The system's resolver. */
  override resolver(): DnsResolver {
    return new SystemResolver(this);
  }

  override isServed(path: string): Promise<boolean> {
    const served = this.listening?.isServed(path);
    return served === undefined ? super.isServed(path) : Promise.resolve(served);
  }

  protected override startConnect(
    to: SocketAddress,
    options: EndpointOptions,
    attempt: ConnectAttempt,
  ): void {
    const begin: BeginConnect = (done) => this.beginConnect(to, options, done);
    new PatientConnect(this.loop, this.processHold, attempt, begin);
  }

  private listeningHalf(): ListeningHalf {
    if (this.listening !== undefined) return this.listening;
    throw new PollerError(
      `Cannot listen: poller "${this.name}" only connects; give "native" of "pollwire/pollers/native"`,
    );
  }

  /** Begins a connect of the runtime, see {@linkcode BeginConnect}; `done` is not called on the caller's stack. */
  protected abstract beginConnect(
    to: SocketAddress,
    options: EndpointOptions,
    done: (result: IoResult<Endpoint>) => void,
  ): (() => void) | undefined;
}
