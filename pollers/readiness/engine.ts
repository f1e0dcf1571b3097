// Base of engines whose system says when a descriptor is ready: a set of descriptors, and a thread that waits.

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
import { type Libc, releaseLibc, retainLibc } from "../ffi/libc.ts";
import { IOVEC } from "../ffi/linux_layouts.ts";
import { Scatterer } from "../ffi/scatter.ts";
import { PollingEngine } from "../threads/polling_engine.ts";
import { adoptDescriptors, pairOf } from "./adoption.ts";
import { FdConnector } from "./connector.ts";
import type { ReadinessContext } from "./context.ts";
import { FdEndpoint } from "./endpoint.ts";
import { FdTable, PollsetSource, slotMemory, takeDescriptors } from "./fd_table.ts";
import { Gatherer } from "./gather.ts";
import { FdListener } from "./listener.ts";
import { kickBy, ownWords, takeOwn } from "./own_descriptors.ts";
import type { Pollset } from "./pollset.ts";
import { receiver, Sockets, vectorReader } from "./sockets.ts";

/** Slots at most: 16 MB of addresses, of which only those that are used become memory. */
const MOST_SLOTS = 1 << 20;

/** What a poller thread is given. */
export interface PollerSource<Shared> {
  /** See `FdTable.words`. */
  readonly words: Int32Array;
  /** See `Pollset.shared`. */
  readonly pollset: Shared;
}

/** What waits for an engine's descriptors. */
export interface ReadinessPoller {
  /** Makes the set; `words` is the table's memory. Throws an Error where the system has no descriptors left for it. */
  createPollset(libc: Libc, words: Int32Array): Pollset;
  /** Module of the poller thread, which gets a {@linkcode PollerSource}. */
  readonly module: URL;
  /** Descriptors that a wait reports at most. */
  readonly maxEvents: number;
}

/** What an engine has open; can be sent to other threads. */
interface OpenDescriptors {
  readonly words: Int32Array;
  readonly own: Int32Array;
  /** See `PollingEngine.pollerControl`. */
  readonly control?: Int32Array | undefined;
}

/** An engine over the C library; each gives the set that its descriptors are in. */
export abstract class ReadinessEngine extends PollingEngine implements ReadinessContext {
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
  private readonly own: Int32Array;

  /** Throws an Error where the system has no descriptors left for a set. */
  constructor(name: string, libc: Libc, options: EngineOptions, poller: ReadinessPoller) {
    super(name, options);
    this.sockets = new Sockets(libc);
    this.scatterer = new Scatterer(vectorReader(libc), IOVEC, this.readBufferBytes, receiver(libc));
    this.gatherer = new Gatherer(libc);
    const words = slotMemory(Math.min(MOST_SLOTS, this.sockets.descriptorLimit()));
    const pollset = this.pollset = poller.createPollset(libc, words);
    this.own = ownWords(pollset.own);
    this.table = new FdTable(libc, pollset, words);
    const source: PollerSource<unknown> = { words, pollset: pollset.shared };
    this.poll({
      source: new PollsetSource(words, pollset),
      target: this.table,
      // Two numbers an event, of both directions of each descriptor.
      poller: { module: poller.module, source, dueNumbers: poller.maxEvents * 4 },
      openWholeTurn: libc.openWholeTurn,
    });
    retainLibc(); // last: what is above may throw
  }

  override listen(
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
  ): Listener {
    return new FdListener(this, options, onAccept, onShutdown);
  }

  /** A socket pair. */
  override pair(): Promise<[Endpoint, Endpoint]> {
    return pairOf(this);
  }

  override adopt(readFd: number, writeFd: number = readFd): Endpoint {
    return adoptDescriptors(this, readFd, writeFd);
  }

  override detach(endpoint: Endpoint): number {
    if (endpoint instanceof FdEndpoint && this.opened.has(endpoint)) return endpoint.detach();
    throw new TypeError("Cannot detach: the endpoint is not open, or not one of this engine");
  }

  override exportResources(): OpenDescriptors {
    return { words: this.table.words, own: this.own, control: this.pollerControl };
  }

  override async reclaimResources(exported: unknown, kept: readonly number[] = []): Promise<void> {
    const { words, own, control } = exported as OpenDescriptors;
    const { libc } = this.sockets;
    const set = takeOwn(own);
    const ending = set.length > 0 ? this.endPollerOf(control, () => kickBy(libc, set)) : undefined;
    if (ending !== undefined) await ending;
    for (const fd of [...takeDescriptors(words), ...set]) if (!kept.includes(fd)) libc.close(fd);
  }

  adoptSocket(fd: number, local: SocketAddress, peer: SocketAddress): FdEndpoint | number {
    const endpoint = this.endpointOver(fd, fd, local, peer, true);
    if (typeof endpoint === "number") this.sockets.libc.close(fd);
    return endpoint;
  }

  protected override startConnect(
    to: SocketAddress,
    options: EndpointOptions,
    attempt: ConnectAttempt,
  ): void {
    new FdConnector(this, to, options, attempt).start();
  }

  endpointOver(
    readFd: number,
    writeFd: number,
    local: SocketAddress,
    peer: SocketAddress,
    isSocket: boolean,
  ): FdEndpoint | number {
    const endpoint = new FdEndpoint(this, local, peer, isSocket);
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
