// Base of engines on the runtime's sockets: the runtime's loop, its resolver, and pairs.

import type { SocketAddress } from "../contract/address.ts";
import type {
  DnsResolver,
  Endpoint,
  EndpointOptions,
  EngineOptions,
  ExtensionKey,
  IoResult,
} from "../contract/engine.ts";
import { ORPHANED_RESOURCES } from "../contract/extension.ts";
import { BaseEngine, type ConnectAttempt } from "../core/base_engine.ts";
import { pairOverLoopback } from "../core/loopback_pair.ts";
import { runtime } from "./detect.ts";
import { SystemResolver } from "./dns.ts";
import { type BeginConnect, PatientConnect } from "./patient_connect.ts";
import { runtimeLoop } from "./runtime_loop.ts";
import { isServedOnLinux } from "./served.ts";
import { Spares } from "./spares.ts";

/** An engine on the runtime's own sockets; each runtime adds how to connect and to listen. */
export abstract class NativeEngine extends BaseEngine {
  /** What closes with no thread. */
  readonly spares: Spares = new Spares();

  /** `name` as the factory has it. */
  constructor(name: string, options: EngineOptions) {
    super(name, options, runtimeLoop);
  }

  /** {@linkcode ORPHANED_RESOURCES}, for what closes with no thread. */
  override extension<E>(key: ExtensionKey<E>): E | undefined {
    return key === ORPHANED_RESOURCES as ExtensionKey<unknown> ? this.spares as unknown as E : undefined;
  }

  /** Over loopback TCP: no runtime offers a socket pair. */
  override pair(): Promise<[Endpoint, Endpoint]> {
    return pairOverLoopback(this);
  }

  /** The system's resolver. */
  override resolver(): DnsResolver {
    return new SystemResolver(this);
  }

  /** Bun calls every failure to connect to a unix socket a refusal, so the system is asked. */
  override isServed(path: string): Promise<boolean> {
    const served = runtime === "bun" ? isServedOnLinux(path) : undefined;
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

  /** Begins a connect of the runtime, see {@linkcode BeginConnect}; `done` is not called on the caller's stack. */
  protected abstract beginConnect(
    to: SocketAddress,
    options: EndpointOptions,
    done: (result: IoResult<Endpoint>) => void,
  ): (() => void) | undefined;
}
