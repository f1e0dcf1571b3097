// What the native engines of all runtimes share: clock, run queue, timers, and a list of what is open.

import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import { formatAddress, type SocketAddress } from "../core/address.ts";
import { ExecCtx } from "../core/exec_ctx.ts";
import type { IoError } from "../core/io_error.ts";
import { Timers } from "../core/timers.ts";
import type { TimerTask } from "../core/timer_heap.ts";
import type {
  ConnectHandle,
  Endpoint,
  EndpointOptions,
  EngineOptions,
  EventEngine,
  ExtensionKey,
  Instant,
  IoResult,
  Listener,
  ListenOptions,
  Resolver,
  TaskHandle,
} from "../engine.ts";
import { SystemResolver } from "./dns.ts";
import { unixPathError } from "./unix_path.ts";

/** The largest receive buffer of an endpoint, unless asked otherwise: more was worth nothing (measured). */
const READ_BUFFER_BYTES = 65_536;

/** Something an engine must have closed before it may go. */
export interface Closable {
  /** What it is, for the error that names it. */
  describe(): string;
  /** Releases it. */
  close(): void;
}

/** One attempt to connect. */
export class ConnectAttempt implements Closable {
  /** Gives the socket back before it is connected; whoever connects sets it, where the runtime can do that. */
  abort: (() => void) | undefined = undefined;
  private settled = false;

  /** Reports to `done` inside a turn of `engine`, unless it is cancelled first. */
  constructor(
    private readonly engine: NativeEngine,
    private readonly to: SocketAddress,
    private readonly done: (result: IoResult<Endpoint>) => void,
  ) {
    engine.opened.add(this);
  }

  /** The connection stands; it is closed again if nobody wants it any more. */
  succeed(endpoint: Endpoint): void {
    if (!this.settle()) return endpoint.close();
    this.engine.execCtx.enter(this.done, { ok: true, value: endpoint });
  }

  /** The connection failed. */
  fail(error: IoError): void {
    if (this.settle()) this.engine.execCtx.enter(this.done, { ok: false, error });
  }

  /** True: `done` will never run. */
  cancel(): boolean {
    const cancelled = this.settle();
    if (cancelled) this.abort?.();
    return cancelled;
  }

  /** "connect to 127.0.0.1:80". */
  describe(): string {
    return `connect to ${formatAddress(this.to)}`;
  }

  /** Cancels it. */
  close(): void {
    this.cancel();
  }

  private settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    return this.engine.opened.delete(this);
  }
}

function portOf(address: SocketAddress): number | undefined {
  return "port" in address ? address.port : undefined;
}

/** An engine on the runtime's own sockets; each runtime adds how to connect and to listen. */
export abstract class NativeEngine implements EventEngine {
  /** "native". */
  readonly name: string;
  /** This thread's turns. */
  readonly execCtx: ExecCtx = new ExecCtx((closure) => void setImmediate(closure));
  /** What is open now. */
  readonly opened: Set<Closable> = new Set();
  /** Bytes of the largest receive buffer. */
  readonly readBufferBytes: number;
  private readonly timers = new Timers(
    {
      now: () => performance.now(),
      arm: (delayMs, fire) => setTimeout(fire, delayMs),
      disarm: (armed) => clearTimeout(armed as ReturnType<typeof setTimeout>),
      keepAlive: (armed, on) => {
        const timer = armed as ReturnType<typeof setTimeout>;
        if (on) timer.ref();
        else timer.unref();
      },
    },
    this.execCtx,
  );
  private runQueue: Array<() => void> = [];
  private readonly runBatch = (): void => {
    const batch = this.runQueue;
    this.runQueue = [];
    let ran = 0;
    try {
      while (ran < batch.length) batch[ran++]!();
    } finally {
      if (ran < batch.length) this.runAgain(batch.slice(ran));
    }
  };
  private readonly enterRunBatch = (): void => this.execCtx.enter(this.runBatch, undefined);

  /** `name` as the factory has it. */
  constructor(name: string, options: EngineOptions) {
    this.name = name;
    this.readBufferBytes = options.readBufferBytes ?? READ_BUFFER_BYTES;
  }

  /** Milliseconds of the runtime's monotonic clock. */
  now(): Instant {
    return performance.now();
  }

  /** The runtime's own. */
  random(): number {
    return Math.random();
  }

  /** Runs `closure` after what the loop has ready now. */
  run(closure: () => void): void {
    if (this.runQueue.push(closure) === 1) setImmediate(this.enterRunBatch);
  }

  /** Runs `closure` at `at` or soon after. */
  runAt(at: Instant, closure: () => void): TaskHandle {
    return this.timers.add(at, closure);
  }

  /** True: the task will never run. */
  cancel(task: TaskHandle): boolean {
    return this.timers.cancel(task as TimerTask);
  }

  /** See the contract. */
  connect(
    to: SocketAddress,
    options: EndpointOptions,
    done: (result: IoResult<Endpoint>) => void,
  ): ConnectHandle {
    const attempt = new ConnectAttempt(this, to, done);
    const tooLong = unixPathError(to, "connect");
    if (tooLong !== undefined) this.run(() => attempt.fail(tooLong));
    else this.startConnect(to, options, attempt);
    return attempt;
  }

  /** See the contract. */
  cancelConnect(handle: ConnectHandle): boolean {
    return (handle as ConnectAttempt).cancel();
  }

  /** Two endpoints over loopback TCP: no runtime offers a socket pair. */
  async pair(): Promise<[Endpoint, Endpoint]> {
    const strangers: Endpoint[] = [];
    let onAccept = (endpoint: Endpoint): void => void strangers.push(endpoint);
    const listener = this.listen({}, (endpoint) => onAccept(endpoint), () => {});
    try {
      const port = await listener.bind({ family: "ipv4", host: "127.0.0.1", port: 0 });
      if (!port.ok) throw new Error(port.error.message);
      listener.start();
      const ours = await new Promise<Endpoint>((resolve, reject) => {
        this.connect({ family: "ipv4", host: "127.0.0.1", port: port.value }, {}, (result) => {
          if (result.ok) resolve(result.value);
          else reject(new Error(result.error.message));
        });
      });
      // Anyone on this machine may have connected in between; the other end is the one with our port.
      return await new Promise((resolve) => {
        onAccept = (endpoint) => {
          if (portOf(endpoint.peer) === portOf(ours.local)) resolve([ours, endpoint]);
          else endpoint.close();
        };
        for (const endpoint of strangers.splice(0)) onAccept(endpoint);
      });
    } finally {
      for (const endpoint of strangers) endpoint.close();
      listener.shutdown();
    }
  }

  /** The system's resolver. */
  resolver(): Resolver {
    return new SystemResolver(this);
  }

  /** The native engines have no optional powers. */
  extension<E>(_key: ExtensionKey<E>): E | undefined {
    return undefined;
  }

  /** See the contract. */
  shutdown(): Promise<void> {
    const left = [...this.opened];
    this.timers.clear();
    for (const closable of left) closable.close();
    if (left.length === 0) return Promise.resolve();
    const names = left.map((closable) => closable.describe()).join(", ");
    return Promise.reject(
      new Error(`Engine "${this.name}" was shut down with ${left.length} open: ${names}`),
    );
  }

  /** What a closure that threw left of its batch still runs, before what was added meanwhile. */
  private runAgain(rest: Array<() => void>): void {
    if (this.runQueue.length === 0) setImmediate(this.enterRunBatch);
    this.runQueue = [...rest, ...this.runQueue];
  }

  /** Makes a listener; see the contract. */
  abstract listen(
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
  ): Listener;

  /** Begins to connect; `attempt` hears how it ends, never on the caller's stack. */
  protected abstract startConnect(to: SocketAddress, options: EndpointOptions, attempt: ConnectAttempt): void;
}
