// A poller of your own: it wraps another one, and breaks its connections after so many bytes.
import {
  type DnsResolver,
  type Endpoint,
  type EndpointOptions,
  type EngineFactory,
  type EngineOptions,
  type EventEngine,
  type ExecCtx,
  type ExtensionKey,
  type Instant,
  type IoDone,
  IoError,
  type IoResult,
  type Listener,
  type ListenOptions,
  type SliceBuffer,
  type SocketAddress,
  SYNC_WAIT,
  type TaskHandle,
} from "pollwire/pollers";

/** How often connections break. */
export interface Faults {
  /** Each connection is broken after at least half and at most one and a half times as many bytes, both ways together. */
  readonly bytes: number;
  /** Called for each one. */
  readonly onFault?: (endpoint: Endpoint) => void;
}

/** The poller `name`: `inner`, whose connections break. */
export function faultyPoller(name: string, inner: EngineFactory, faults: Faults): EngineFactory {
  return {
    name,
    probe: () => inner.probe(),
    create: (options: EngineOptions) => new FaultyEngine(name, inner.create(options), faults),
  };
}

/** Everything is the inner engine's but what makes endpoints. */
class FaultyEngine implements EventEngine {
  constructor(readonly name: string, private readonly inner: EventEngine, private readonly faults: Faults) {}

  get execCtx(): ExecCtx {
    return this.inner.execCtx;
  }

  connect(
    to: SocketAddress,
    options: EndpointOptions,
    done: (result: IoResult<Endpoint>) => void,
  ): object {
    return this.inner.connect(to, options, (result) => {
      done(result.ok ? { ok: true, value: this.wrap(result.value) } : result);
    });
  }

  listen(
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
  ): Listener {
    return this.inner.listen(options, (endpoint) => onAccept(this.wrap(endpoint)), onShutdown);
  }

  async pair(): Promise<[Endpoint, Endpoint]> {
    const [one, other] = await this.inner.pair();
    return [this.wrap(one), this.wrap(other)];
  }

  /** Endpoints over descriptors would not break; that threads can block is the inner engine's matter. */
  extension<E>(key: ExtensionKey<E>): E | undefined {
    return key === SYNC_WAIT ? this.inner.extension(key) : undefined;
  }

  private wrap(endpoint: Endpoint): Endpoint {
    const bytes = this.faults.bytes * (0.5 + this.inner.random());
    return new FaultyEndpoint(this.inner, endpoint, bytes, this.faults);
  }

  now(): Instant {
    return this.inner.now();
  }

  random(): number {
    return this.inner.random();
  }

  run(closure: () => void): void {
    this.inner.run(closure);
  }

  runAt(at: Instant, closure: () => void): TaskHandle {
    return this.inner.runAt(at, closure);
  }

  cancel(task: TaskHandle): boolean {
    return this.inner.cancel(task);
  }

  hold(): void {
    this.inner.hold();
  }

  release(): void {
    this.inner.release();
  }

  onceIdle(closure: () => void): void {
    this.inner.onceIdle(closure);
  }

  cancelConnect(handle: object): boolean {
    return this.inner.cancelConnect(handle);
  }

  resolver(): DnsResolver {
    return this.inner.resolver();
  }

  shutdown(): Promise<void> {
    return this.inner.shutdown();
  }
}

/** An endpoint that is closed, as if its peer had reset it, once its bytes are spent. */
class FaultyEndpoint implements Endpoint {
  constructor(
    private readonly engine: EventEngine,
    private readonly inner: Endpoint,
    private left: number,
    private readonly faults: Faults,
  ) {}

  get local(): SocketAddress {
    return this.inner.local;
  }

  get peer(): SocketAddress {
    return this.inner.peer;
  }

  get lends(): boolean {
    return this.inner.lends ?? false;
  }

  read(into: SliceBuffer, done: IoDone, lend?: boolean): boolean {
    const before = into.byteLength;
    const now = this.inner.read(into, (error) => {
      this.spend(into.byteLength - before);
      done(error);
    }, lend);
    if (now) this.spend(into.byteLength - before);
    return now;
  }

  write(data: SliceBuffer, done: IoDone): boolean {
    this.spend(data.byteLength);
    return this.inner.write(data, done);
  }

  close(reason?: IoError): void {
    this.left = Infinity;
    this.inner.close(reason);
  }

  /** What is pending on the endpoint fails when it is closed, and so does what comes later: the contract's rule 5. */
  private spend(bytes: number): void {
    const was = this.left;
    this.left -= bytes;
    if (was <= 0 || this.left > 0) return;
    this.engine.run(() => {
      if (this.left === Infinity) return; // closed meanwhile
      this.faults.onFault?.(this);
      this.close(new IoError("reset", "read", this.peer, undefined, "broken by the faulty poller"));
    });
  }
}
