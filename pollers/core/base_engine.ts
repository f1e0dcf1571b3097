// Base of engines on real sockets: clock, run queue, timers, and a list of what is open.

import { formatAddress, type SocketAddress, unmapped } from "../contract/address.ts";
import type {
  ConnectHandle,
  DnsResolver,
  Endpoint,
  EndpointOptions,
  EngineOptions,
  EventEngine,
  ExtensionKey,
  Instant,
  IoResult,
  Listener,
  ListenOptions,
  TaskHandle,
} from "../contract/engine.ts";
import { ExecCtx } from "../contract/exec_ctx.ts";
import { IoError, ioErrorFromCode } from "../contract/io_error.ts";
import { textOf } from "../log/describe.ts";
import { defaultReporter, trace } from "../log/mod.ts";
import { type Closable, OpenSet } from "./open_set.ts";
import { pipeError } from "./pipe_address.ts";
import { type Anchor, ProcessHold } from "./process_hold.ts";
import type { TimerTask } from "./timer_heap.ts";
import { type Clock, Timers } from "./timers.ts";
import { unixPathError } from "./unix_path.ts";

/** The largest receive buffer of an endpoint, unless asked otherwise: more was worth nothing (measured). */
const READ_BUFFER_BYTES = 65_536;

/** The largest that can be asked for; reads that lend have four times as much, and no call takes more than 2 GiB. */
const MOST_READ_BUFFER_BYTES = 2 ** 28;

/** A unix socket answers at once, unless as many wait for it as it lets wait. */
const BACKLOG_FULL_MS = 200;

/** The loop of the thread that an engine serves: its clock and timer, its iterations, and what keeps it going. */
export interface Loop extends Clock {
  /** Runs `closure` once the loop has dispatched what is ready now; the process stays until then. */
  soon(closure: () => void): void;
  /** Something that can keep the process alive; it does not from the start. */
  anchor(): Anchor;
}

/** Throws RangeError where `bytes` is no size of a buffer: bytes would be lost between two buffers of 5,000.7. */
function checkedBytes(bytes: number): number {
  if (Number.isInteger(bytes) && bytes >= 1 && bytes <= MOST_READ_BUFFER_BYTES) return bytes;
  throw new RangeError(
    `Cannot make an engine: readBufferBytes is ${
      textOf(bytes)
    }, not a whole number of 1 to ${MOST_READ_BUFFER_BYTES}`,
  );
}

/** One attempt to connect. */
export class ConnectAttempt implements Closable {
  readonly syscall = "connect";
  /** Closes the socket before it is connected; the connector sets it, where the runtime can do that. */
  abort: (() => void) | undefined = undefined;
  private settled = false;

  /** Reports to `done` inside a turn of `engine`, unless it is cancelled first. */
  constructor(
    private readonly engine: BaseEngine,
    private readonly to: SocketAddress,
    private readonly done: (result: IoResult<Endpoint>) => void,
  ) {
    engine.opened.add(this);
  }

  /** The connection is established; it is closed where the attempt was cancelled meanwhile. */
  succeed(endpoint: Endpoint): void {
    if (isSelf(endpoint)) {
      endpoint.close();
      return this.fail(ioErrorFromCode("ECONNREFUSED", "connect", this.to, "ECONNREFUSED"));
    }
    if (!this.settle()) return endpoint.close();
    if (trace.poller) this.engine.trace(`${this.describe()} succeeded from ${formatAddress(endpoint.local)}`);
    this.engine.execCtx.enter(this.done, { ok: true, value: endpoint });
  }

  /** The connection failed. */
  fail(error: IoError): void {
    if (!this.settle()) return;
    if (trace.poller) this.engine.trace(error.message);
    this.engine.execCtx.enter(this.done, { ok: false, error });
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

  /** Cancels it, or fails it with `reason`. */
  close(reason?: IoError): void {
    if (reason === undefined) this.cancel();
    else {
      this.abort?.();
      this.fail(reason);
    }
  }

  /** True once: the attempt was not over before. */
  private settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    return this.engine.opened.delete(this);
  }
}

/**
 * Whether TCP has connected a socket with itself. That happens on one machine where no socket listens on a port which the
 * system then chooses for the connecting socket (simultaneous open). The caller meant another socket, which does not exist.
 */
function isSelf({ local, peer }: Endpoint): boolean {
  if (!("port" in local && "port" in peer) || local.port !== peer.port) return false;
  return local.host === peer.host || peer.host === "0.0.0.0" || peer.host === "::";
}

/** An engine on real sockets; each adds how to connect, to listen and to look names up. */
export abstract class BaseEngine implements EventEngine {
  /** As the factory has it. */
  readonly name: string;
  /** This thread's turns. */
  readonly execCtx: ExecCtx;
  /** What is open now. */
  readonly opened: OpenSet = new OpenSet((open) => this.openChanged(open));
  /** Named pipes are addresses here. */
  readonly hasPipes: boolean = false;
  /** Bytes of the largest receive buffer. */
  readonly readBufferBytes: number;
  /** Whether the process is held, and by how many. */
  protected readonly processHold: ProcessHold;
  /** Tasks that wait. */
  readonly timers: Timers;
  private ending: Promise<void> | undefined = undefined;
  private runQueue: Array<() => void> = [];
  private readonly runBatch = (): void => {
    const batch = this.runQueue;
    this.runQueue = [];
    for (const closure of batch) this.execCtx.isolate(closure);
  };
  private readonly enterRunBatch = (): void => this.execCtx.enter(this.runBatch, undefined);

  /** `loop` is that of the thread which makes the engine. */
  constructor(name: string, options: EngineOptions, protected readonly loop: Loop) {
    this.name = name;
    this.execCtx = new ExecCtx((closure) => loop.soon(closure));
    this.timers = new Timers(loop, this.execCtx);
    this.processHold = new ProcessHold(() => loop.anchor());
    this.readBufferBytes = checkedBytes(options.readBufferBytes ?? READ_BUFFER_BYTES);
  }

  /** Milliseconds of the loop's monotonic clock. */
  now(): Instant {
    return this.loop.now();
  }

  /** The runtime's own. */
  random(): number {
    return Math.random();
  }

  /** Runs `closure` after what the loop has ready now. */
  run(closure: () => void): void {
    if (this.runQueue.push(closure) === 1) this.loop.soon(this.enterRunBatch);
  }

  /** Runs `closure` at `at` or soon after. */
  runAt(at: Instant, closure: () => void): TaskHandle {
    return this.timers.add(at, closure);
  }

  /** True: the task will never run. */
  cancel(task: TaskHandle): boolean {
    return this.timers.cancel(task as TimerTask);
  }

  hold(): void {
    this.processHold.hold();
  }

  release(): void {
    this.processHold.release();
    if (!this.processHold.active) this.released();
  }

  onceIdle(closure: () => void): void {
    this.opened.onceEmpty(() => this.run(() => this.opened.size === 0 ? closure() : this.onceIdle(closure)));
  }

  connect(
    to: SocketAddress,
    options: EndpointOptions,
    done: (result: IoResult<Endpoint>) => void,
  ): ConnectHandle {
    const attempt = new ConnectAttempt(this, to, done);
    if (trace.poller) this.trace(attempt.describe());
    const wrong = unixPathError(to, "connect") ?? pipeError(this, to, "connect") ??
      this.overError("connect", to);
    if (wrong !== undefined) this.run(() => attempt.fail(wrong));
    else this.startConnect(unmapped(to), options, attempt);
    return attempt;
  }

  cancelConnect(handle: ConnectHandle): boolean {
    return (handle as ConnectAttempt).cancel();
  }

  /** Whether a process serves the unix socket at `path`; also true where that cannot be determined. */
  isServed(path: string): Promise<boolean> {
    return new Promise((resolve) => {
      const answer = (served: boolean): void => {
        this.cancel(limit);
        resolve(served);
      };
      const connecting = this.connect({ family: "unix", path }, {}, (result) => {
        if (result.ok) result.value.close();
        answer(result.ok || (result.error.kind !== "refused" && result.error.kind !== "not-found"));
      });
      // Its backlog is full, so a process listens.
      const limit = this.runAt(
        this.now() + BACKLOG_FULL_MS,
        () => this.cancelConnect(connecting) && answer(true),
      );
    });
  }

  /** None; engines that have extensions override it. */
  extension<E>(_key: ExtensionKey<E>): E | undefined {
    return undefined;
  }

  async shutdown(): Promise<void> {
    const left = this.opened.all();
    this.timers.end();
    for (const closable of left) closable.close();
    this.processHold.hold(); // until the end
    try {
      await (this.ending ??= this.end());
    } finally {
      this.processHold.end();
    }
    if (left.length === 0) return;
    const names = left.map((closable) => closable.describe()).join(", ");
    throw new Error(`Engine "${this.name}" was shut down with ${left.length} open: ${names}`);
  }

  /** `shutdown` was called: nothing would report what becomes of a socket. */
  get isOver(): boolean {
    return this.ending !== undefined;
  }

  /** The error of a connect to `address`, or of a bind, after `shutdown`; undefined before. */
  overError(syscall: "connect" | "bind", address: SocketAddress): IoError | undefined {
    return this.isOver
      ? new IoError("closed", syscall, address, undefined, "the engine was shut down")
      : undefined;
  }

  /** Writes a line of the trace "poller"; only where that is on. */
  trace(line: string): void {
    defaultReporter.trace("poller", `${this.name}: ${line}`);
  }

  /** Releases what the engine itself has; called once, when everything is closed. */
  protected end(): Promise<void> {
    return Promise.resolve();
  }

  /** Nobody holds the process any more; for engines whose sockets hold it by themselves. */
  protected released(): void {}

  /** Something is open, or nothing is any more; for engines that wait for events themselves. */
  protected openChanged(_open: boolean): void {}

  abstract pair(): Promise<[Endpoint, Endpoint]>;
  abstract resolver(): DnsResolver;
  /** Makes a listener; see the contract. */
  abstract listen(
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
  ): Listener;

  /** Begins to connect; calls `succeed` or `fail` of `attempt`, never on the caller's stack. */
  protected abstract startConnect(to: SocketAddress, options: EndpointOptions, attempt: ConnectAttempt): void;
}
