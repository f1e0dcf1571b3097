// The epoll engine: an epoll set, the descriptors in it, and a thread that waits.

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
import { UNNAMED } from "../core/unix_path.ts";
import { type Libc, releaseLibc, retainLibc } from "../ffi/libc.ts";
import { EBADF, EEXIST, EINTR, EPERM, errnoName } from "../ffi/linux_errno_table.ts";
import { IOVEC } from "../ffi/linux_layouts.ts";
import { type ReadVectors, Scatterer } from "../ffi/scatter.ts";
import { PollingEngine } from "../threads/polling_engine.ts";
import { EpollConnector } from "./connector.ts";
import type { EpollContext } from "./context.ts";
import { EpollEndpoint } from "./endpoint.ts";
import { FdTable, PollsetSource, takeDescriptors } from "./fd_table.ts";
import { Gatherer } from "./gather.ts";
import { EpollListener } from "./listener.ts";
import { createPollset, MAX_EVENTS, type Pollset, type PollsetDescriptors } from "./pollset.ts";
import { errnoError, Sockets } from "./sockets.ts";

/** Slots at most: 16 MB of addresses, of which only those that are used become memory. */
const MOST_SLOTS = 1 << 20;

/** What the poller thread runs. Throws TypeError in a bundle without `import.meta.url`, as one in CommonJS is. */
export function pollerModule(): URL {
  return new URL("./poller_worker.ts", import.meta.url);
}

/** What the poller thread is given. */
export interface PollerSource {
  /** See `FdTable.words`. */
  readonly words: Int32Array;
  readonly descriptors: PollsetDescriptors;
}

/** What an engine has open; can be sent to other threads. */
interface EpollResources {
  readonly words: Int32Array;
  readonly own: Int32Array;
}

/** epoll on Linux, through FFI. */
export class EpollEngine extends PollingEngine implements EpollContext {
  /** Socket calls. */
  readonly sockets: Sockets;
  /** Reads of all endpoints. */
  readonly scatterer: Scatterer<number>;
  /** Writes of all endpoints. */
  readonly gatherer: Gatherer;
  /** Descriptors that are polled. */
  readonly table: FdTable;
  private readonly pollset: Pollset;
  /** The set's own descriptors, each and one more; the first is 0 once they are closed. */
  private readonly own = new Int32Array(new SharedArrayBuffer(8));

  /** Throws an Error where the system has no descriptors left for a set. */
  constructor(libc: Libc, options: EngineOptions) {
    super("epoll", options);
    this.sockets = new Sockets(libc);
    this.scatterer = new Scatterer(vectorReader(libc), IOVEC, this.readBufferBytes);
    this.gatherer = new Gatherer(libc);
    this.pollset = createPollset(libc);
    this.own.set([this.pollset.descriptors.epollFd + 1, this.pollset.descriptors.kickFd + 1]);
    this.table = new FdTable(libc, this.pollset, Math.min(MOST_SLOTS, this.sockets.descriptorLimit()));
    const { table, pollset } = this;
    const given: PollerSource = { words: table.words, descriptors: pollset.descriptors };
    this.poll({
      source: new PollsetSource(table.words, pollset),
      target: table,
      poller: { module: pollerModule(), source: given, dueNumbers: MAX_EVENTS * 4 }, // both directions of each
      openWholeTurn: libc.openWholeTurn,
    });
    retainLibc(); // last: what is above may throw
  }

  override listen(
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
  ): Listener {
    return new EpollListener(this, options, onAccept, onShutdown);
  }

  /** A socket pair. */
  override pair(): Promise<[Endpoint, Endpoint]> {
    const fds = this.sockets.pair();
    if (typeof fds === "number") return Promise.reject(new Error(errnoError(fds, "socketpair").message));
    const one = this.adoptSocket(fds[0], UNNAMED, UNNAMED);
    const other = this.adoptSocket(fds[1], UNNAMED, UNNAMED);
    if (one instanceof EpollEndpoint && other instanceof EpollEndpoint) return Promise.resolve([one, other]);
    for (const end of [one, other]) if (typeof end !== "number") end.close();
    return Promise.reject(new Error(errnoError(Number(one) || Number(other), "socketpair").message));
  }

  override adopt(readFd: number, writeFd: number = readFd): Endpoint {
    const { sockets } = this;
    for (const fd of readFd === writeFd ? [readFd] : [readFd, writeFd]) {
      const result = sockets.setNonBlocking(fd);
      if (result < 0) throw new Error(`Cannot adopt descriptor ${fd}: ${adoptionError(-result)}`);
    }
    const socket = readFd === writeFd ? sockets.localAddress(readFd) : undefined;
    const endpoint = socket !== undefined
      ? this.endpointOver(readFd, readFd, socket, sockets.peerAddress(readFd) ?? UNNAMED, true)
      : this.endpointOver(readFd, writeFd, UNNAMED, UNNAMED, false);
    if (typeof endpoint !== "number") return endpoint;
    const which = readFd === writeFd ? `descriptor ${readFd}` : `descriptors ${readFd} and ${writeFd}`;
    throw new Error(`Cannot adopt ${which}: ${adoptionError(-endpoint)}`);
  }

  override detach(endpoint: Endpoint): number {
    if (endpoint instanceof EpollEndpoint && this.opened.has(endpoint)) return endpoint.detach();
    throw new TypeError("Cannot detach: the endpoint is not open, or not one of this engine");
  }

  override exportResources(): EpollResources {
    return { words: this.table.words, own: this.own };
  }

  override reclaimResources(exported: unknown, kept: readonly number[] = []): Promise<void> {
    const { words, own } = exported as EpollResources;
    for (const fd of [...takeDescriptors(words), ...takeOwn(own)]) {
      if (!kept.includes(fd)) this.sockets.libc.close(fd);
    }
    return Promise.resolve();
  }

  adoptSocket(fd: number, local: SocketAddress, peer: SocketAddress): EpollEndpoint | number {
    const endpoint = this.endpointOver(fd, fd, local, peer, true);
    if (typeof endpoint === "number") this.sockets.libc.close(fd);
    return endpoint;
  }

  protected override startConnect(
    to: SocketAddress,
    options: EndpointOptions,
    attempt: ConnectAttempt,
  ): void {
    new EpollConnector(this, to, options, attempt).start();
  }

  /** An endpoint over one descriptor or two; they stay as they are where the set does not take them. */
  private endpointOver(
    readFd: number,
    writeFd: number,
    local: SocketAddress,
    peer: SocketAddress,
    isSocket: boolean,
  ): EpollEndpoint | number {
    const endpoint = new EpollEndpoint(this, local, peer, isSocket);
    const reader = this.table.add(readFd, endpoint);
    const writer = readFd === writeFd || typeof reader === "number"
      ? reader
      : this.table.add(writeFd, endpoint);
    if (typeof reader !== "number" && typeof writer !== "number") {
      endpoint.attach(reader, writer);
      return endpoint;
    }
    this.opened.delete(endpoint);
    if (typeof reader !== "number") reader.close(true);
    return Number(writer);
  }

  protected override closeSource(): void {
    // First, and never twice: descriptors that get these numbers next are not this engine's.
    if (takeOwn(this.own).length > 0) this.pollset.close();
    releaseLibc();
  }
}

/** Takes the descriptors of a set out of `EpollEngine.own`; none where another thread has: the first word decides. */
function takeOwn(own: Int32Array): number[] {
  const first = Atomics.exchange(own, 0, 0);
  return first === 0 ? [] : [first - 1, Atomics.load(own, 1) - 1];
}

/** Reads of the scatterer. */
function vectorReader(libc: Libc): ReadVectors<number> {
  return (fd, vectors, count) => {
    for (;;) {
      const read = libc.readv(fd, vectors, count);
      if (read >= 0) return read;
      const errno = libc.errno();
      if (errno !== EINTR) return -errno;
    }
  };
}

/** Why a descriptor cannot be adopted, with the error number's name. */
function adoptionError(errno: number): string {
  const name = errnoName(errno);
  switch (errno) {
    case EBADF:
      return `it is not open (${name})`;
    case EPERM:
      return `files cannot be polled, only sockets, pipes and their like (${name})`;
    case EEXIST:
      return `this engine has it already (${name})`;
    default:
      return `the system says ${name}`;
  }
}
