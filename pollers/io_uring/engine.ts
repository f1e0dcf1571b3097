// The io_uring engine: a ring, the operations in it, and where there is one a thread that looks after it.

import type { SocketAddress } from "../contract/address.ts";
import type {
  Endpoint,
  EndpointOptions,
  EngineOptions,
  Instant,
  Listener,
  ListenOptions,
} from "../contract/engine.ts";
import type { IoError } from "../contract/io_error.ts";
import type { ConnectAttempt } from "../core/base_engine.ts";
import { CompletionEngine } from "../completion/engine.ts";
import { UringCalls } from "../ffi/io_uring_calls.ts";
import { type LinuxLibc, releaseLibc, retainLibc } from "../ffi/libc.ts";
import { EEXIST } from "../ffi/linux_errno_table.ts";
import { IOVEC } from "../ffi/linux_layouts.ts";
import { Scatterer } from "../ffi/scatter.ts";
import { threadModule } from "../native/thread_module.ts";
import { adoptDescriptors, pairOf } from "../readiness/adoption.ts";
import { Gatherer } from "../readiness/gather.ts";
import { kickBy, ownWords, takeOwn } from "../readiness/own_descriptors.ts";
import { receiver, Sockets, vectorReader, whyNoPolling } from "../readiness/sockets.ts";
import { Dispatcher } from "../threads/waiting.ts";
import { BufferRing } from "./buffer_ring.ts";
import { IoUringConnector } from "./connector.ts";
import type { IoUringContext } from "./context.ts";
import { Descriptors } from "./descriptors.ts";
import { IoUringEndpoint } from "./endpoint.ts";
import { IoUringListener } from "./listener.ts";
import { OperationTable } from "./operations.ts";
import { createPollset, MAX_EVENTS, type WatchedRing } from "./pollset.ts";
import { SendMemory } from "./send_memory.ts";
import { COMPLETION_NUMBERS, type Mapping } from "./ring.ts";

/** What the poller thread runs. */
export const pollerModule: () => URL = /* @__PURE__ */ threadModule(
  () => new URL("./poller_worker.ts", import.meta.url),
);

/** How long operations wait that the kernel has not taken, before they are submitted again. */
const REFUSED_MS = 1;

const DUE_NUMBERS = MAX_EVENTS * COMPLETION_NUMBERS;

/** What an engine has open; can be sent to other threads. */
interface OpenResources {
  readonly words: Int32Array;
  readonly own: Int32Array;
  /** See `PollingEngine.pollerControl`. */
  readonly control: Int32Array | undefined;
  readonly maps: readonly Mapping[];
}

/** io_uring on Linux, through FFI. */
export class IoUringEngine extends CompletionEngine implements IoUringContext {
  /** Socket calls. */
  readonly sockets: Sockets;
  /** Reads of all endpoints. */
  readonly scatterer: Scatterer<number>;
  /** Writes of all endpoints. */
  readonly gatherer: Gatherer;
  /** The ring that operations go into. */
  readonly ring: WatchedRing;
  /** Memory of receives. */
  readonly buffers: BufferRing;
  /** Memory of sends. */
  readonly sends: SendMemory = new SendMemory();
  /** Operations whose completions are awaited. */
  readonly operations: OperationTable;
  /** What is open. */
  readonly descriptors: Descriptors = new Descriptors();
  private readonly calls: UringCalls;
  /** The ring's own descriptors, each and one more; the first is 0 once they are closed. */
  private readonly own: Int32Array;
  private readonly due = new Int32Array(DUE_NUMBERS);
  private readonly dispatcher: Dispatcher;
  private readonly submitQueued = (): void => this.submit();
  /** Operations that the kernel has not taken are to be submitted again. */
  private submitsAgain = false;
  private readonly submitRefused = (): void => {
    this.submitsAgain = false;
    this.submit();
  };
  /** This thread waits in `waitSync`. */
  private blocking = false;

  /** Throws an Error where the system has no descriptors or memory left for a ring. */
  constructor(libc: LinuxLibc, options: EngineOptions) {
    super("io_uring", options);
    this.sockets = new Sockets(libc);
    this.scatterer = new Scatterer(vectorReader(libc), IOVEC, this.readBufferBytes, receiver(libc));
    this.gatherer = new Gatherer(libc);
    const calls = UringCalls.open(libc);
    if (typeof calls === "string") throw new Error(`Cannot make an engine of io_uring: ${calls}`);
    this.calls = calls;
    const ring = this.ring = openRing(calls);
    this.buffers = openBuffers(calls, ring, this.readBufferBytes);
    this.operations = new OperationTable(
      ring,
      this.buffers,
      this.sends,
      () => this.blocking || this.takeCompletions(),
      () => this.idle(),
    );
    this.own = ownWords(ring.own);
    this.dispatcher = new Dispatcher(this.operations, this.execCtx);
    // A thread that waits in the ring submits with each wait; one that does not must do so by itself.
    if (options.ownThread !== true) {
      ring.onQueued = () => this.activity.soon(this.submitQueued);
      ring.onRefused = () => this.submitLater();
    }
    this.poll({
      source: ring,
      target: this.operations,
      poller: { module: pollerModule(), source: ring.share(), dueNumbers: DUE_NUMBERS },
      openWholeTurn: libc.openWholeTurn,
    });
    retainLibc(); // last: what is above may throw
  }

  override listen(
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
  ): Listener {
    return new IoUringListener(this, options, onAccept, onShutdown);
  }

  /** A socket pair. */
  override pair(): Promise<[Endpoint, Endpoint]> {
    return pairOf(this);
  }

  override adopt(readFd: number, writeFd: number = readFd): Endpoint {
    const { descriptors, sockets: { libc } } = this;
    const whyNot = (fd: number): number => descriptors.has(fd) ? -EEXIST : whyNoPolling(libc, fd);
    return adoptDescriptors(this, readFd, writeFd, whyNot);
  }

  override detach(endpoint: Endpoint): number {
    if (endpoint instanceof IoUringEndpoint && this.opened.has(endpoint)) return endpoint.detach();
    throw new TypeError("Cannot detach: the endpoint is not open in this engine");
  }

  override exportResources(): OpenResources {
    return {
      words: this.descriptors.words,
      own: this.own,
      control: this.pollerControl,
      maps: [...this.ring.maps, this.buffers.map],
    };
  }

  /** Operations, and with them the files they are about, end with the ring, which is there as long as its memory is mapped. */
  override async reclaimResources(exported: unknown, kept: readonly number[] = []): Promise<void> {
    const { words, own, control, maps } = exported as OpenResources;
    const ring = takeOwn(own);
    const ending = ring.length > 0
      ? this.endPollerOf(control, () => kickBy(this.sockets.libc, ring))
      : undefined;
    if (ending !== undefined) await ending;
    // The thread that is gone may not have noticed, so its memory does not go.
    if (ring.length > 0) {
      for (const { address, byteLength } of maps) this.calls.mapNothing(address, byteLength);
    }
    const { libc } = this.sockets;
    for (const fd of new Descriptors(words).takeAll()) {
      if (kept.includes(fd)) continue;
      this.calls.shutdown(fd); // its operations let it go a moment later
      libc.close(fd);
    }
    for (const fd of ring) libc.close(fd);
  }

  override waitSync(until: () => boolean, deadline: Instant, spinMs?: number, listens?: boolean): boolean {
    const { blocking } = this; // true inside another wait, which goes on: this one is refused
    this.blocking = true;
    try {
      return super.waitSync(until, deadline, spinMs, listens);
    } finally {
      this.blocking = blocking;
    }
  }

  adoptSocket(fd: number, local: SocketAddress, peer: SocketAddress): IoUringEndpoint {
    return this.endpointOver(fd, fd, local, peer, true);
  }

  protected override startConnect(
    to: SocketAddress,
    options: EndpointOptions,
    attempt: ConnectAttempt,
  ): void {
    new IoUringConnector(this, to, options, attempt).start();
  }

  /** None come of a ring that is lost, nor where another thread has closed it, which took this one for gone. */
  protected override lastEvents(): Promise<void> {
    const isOver = this.ring.isLost || Atomics.load(this.own, 0) === 0;
    return isOver ? Promise.resolve() : super.lastEvents();
  }

  protected override closeSource(): void {
    // First, and never twice: descriptors that get these numbers next are not this engine's.
    if (takeOwn(this.own).length > 0) this.ring.close();
    this.buffers.close();
    this.calls.close();
    releaseLibc();
  }

  endpointOver(
    readFd: number,
    writeFd: number,
    local: SocketAddress,
    peer: SocketAddress,
    isSocket: boolean,
  ): IoUringEndpoint {
    for (const fd of [readFd, writeFd]) this.descriptors.add(fd);
    return new IoUringEndpoint(this, local, peer, readFd, writeFd, isSocket);
  }

  /** Submits what was asked for outside a wait; what is complete at once, or was before, is dispatched. */
  private submit(): void {
    const { ring } = this;
    if (this.blocking) return ring.submit();
    if (ring.queued > 0 || ring.hasCompletions) this.takeCompletions();
  }

  /** Nobody else does: what is asked for next finds that something waits already. */
  private submitLater(): void {
    if (this.submitsAgain) return;
    this.submitsAgain = true;
    this.runAt(this.now() + REFUSED_MS, this.submitRefused);
  }

  private takeCompletions(): void {
    const { ring, due } = this;
    let count: number;
    try {
      count = ring.wait(0, due);
    } catch (error) { // who waits for the ring may sleep, and would not find out
      return this.failAll(`${ring.loss}: ${(error as Error).message}`);
    }
    this.dispatcher.dispatch(due, count);
  }
}

function openRing(calls: UringCalls): WatchedRing {
  try {
    return createPollset(calls);
  } catch (error) {
    calls.close();
    throw error;
  }
}

function openBuffers(calls: UringCalls, ring: WatchedRing, byteLength: number): BufferRing {
  try {
    return new BufferRing(calls, ring, byteLength);
  } catch (error) {
    ring.close();
    calls.close();
    throw error;
  }
}
