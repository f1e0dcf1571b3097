// Who listens where, what lies between two hosts, and what hosts, listeners and connections are to each other.

import { formatAddress, type SocketAddress } from "../contract/address.ts";
import type { Endpoint, Instant } from "../contract/engine.ts";
import type { IoError } from "../contract/io_error.ts";
import type { OpenSet } from "../core/open_set.ts";
import type { TimerTask } from "../core/timer_heap.ts";
import type { Conditions, Passage } from "./conditions.ts";
import type { SeededRandom } from "./seeded_random.ts";

const FIRST_PORT = 40_000;

/** What hosts and their connections use of the simulation they are in. */
export interface World {
  /** The virtual time in milliseconds. */
  readonly now: Instant;
  /** What every choice is made by. */
  readonly random: SeededRandom;
  /** What lies between hosts. */
  readonly network: Network;
  /** Runs `closure` at `at`, in the order of the calls where instants are equal. */
  schedule(at: Instant, closure: () => void): TimerTask;
  /** True: the task will never run. */
  cancel(task: TimerTask): boolean;
  /** Adds a line to the trace. */
  note(line: string): void;
}

/** Something a host must have closed before its engine is shut down. */
export interface HostClosable {
  /** "listener on 10.0.0.1:80". */
  describe(): string;
  /** Closes it. */
  close(): void;
}

/** A host as its endpoints and listeners use it: its engine. */
export interface Host {
  /** Its IPv4 address. */
  readonly hostAddress: string;
  /** The simulation it is in. */
  readonly simulation: World;
  /** What is open now. */
  readonly opened: OpenSet<HostClosable>;
  /** See `EventEngine.run`. */
  run(closure: () => void): void;
  /** See `EventEngine.hold`. */
  hold(): void;
  /** See `EventEngine.release`. */
  release(): void;
  /** The error of a bind where the engine was shut down; undefined before. */
  overError(syscall: "bind", address: SocketAddress): IoError | undefined;
  /** Calls back in a turn. */
  enter<A>(callback: (argument: A) => void, argument: A): void;
  /** `at` as an address of this host, where it means every address or the loopback one; there is no IPv6. */
  own(at: SocketAddress): SocketAddress;
}

/** One end of a connection. */
export interface ConnectionEnd extends Endpoint {
  /** The connection breaks: both ends fail, each at a time of its own. */
  breakOff(): void;
}

/** A listener as connects find it. */
export interface NetworkListener {
  /** The host it is on. */
  readonly engine: Host;
  /** A connection has arrived. */
  accept(end: ConnectionEnd): void;
}

/** The network of one simulation; change it at will while it runs. */
export class Network {
  /** Names that resolve, and the hosts (IPv4 addresses) they stand for; "localhost" does in any case. */
  readonly names: Map<string, string[]> = new Map();
  /** TXT records by their names; undefined: the name server does not answer for it. */
  readonly texts: Map<string, string[] | undefined> = new Map();
  /** Milliseconds that a lookup which begins now takes; Infinity: it never ends. Undefined: a round trip. */
  lookupMs: number | undefined = undefined;
  /** Both ends of every connection that stands. */
  readonly endpoints: Set<ConnectionEnd> = new Set();
  private readonly listeners = new Map<string, NetworkListener>();
  private readonly passages = new Map<string, Passage>();
  private readonly waiting: Array<() => void> = [];
  private nextPort = FIRST_PORT;

  /** `conditions` hold everywhere. */
  constructor(private readonly simulation: World, readonly conditions: Conditions) {}

  /** Whether bytes get from `one` to `other` (hosts), and back. */
  passage(one: string, other: string): Passage {
    return this.passages.get(pairOf(one, other)) ?? "open";
  }

  /** Parts two hosts: bytes wait for {@linkcode heal}, or for TCP to give up. */
  part(one: string, other: string): void {
    this.set(one, other, "held");
  }

  /** From now on everything between two hosts is lost silently. */
  blackHole(one: string, other: string): void {
    this.set(one, other, "lost");
  }

  /** Joins two hosts again; what waited goes on. */
  heal(one: string, other: string): void {
    this.set(one, other, "open");
    for (const retry of this.waiting.splice(0)) retry();
  }

  /** Resets connections, each as often as `share` says: both ends fail, at times of their own. */
  resetSome(share = 1): void {
    for (const endpoint of [...this.endpoints]) {
      if (this.simulation.random.chance(share)) endpoint.breakOff();
    }
  }

  /** For connects and segments: `retry` runs when a passage is opened. */
  whenHealed(retry: () => void): void {
    this.waiting.push(retry);
  }

  /** For listeners on `host`: takes `at`, with a free port where it has 0; undefined where it is taken. */
  take(host: string, at: SocketAddress, listener: NetworkListener): SocketAddress | undefined {
    const bound = "port" in at && at.port === 0 ? { ...at, port: this.freePort(at) } : at;
    const place = placeOf(host, bound);
    if (this.listeners.has(place)) return undefined;
    this.listeners.set(place, listener);
    return bound;
  }

  /** For listeners on `host`: frees `at`. */
  release(host: string, at: SocketAddress): void {
    this.listeners.delete(placeOf(host, at));
  }

  /** For connects from `host`: who listens on `at`. */
  listenerAt(host: string, at: SocketAddress): NetworkListener | undefined {
    return this.listeners.get(placeOf(host, at));
  }

  /** For connects: a port that was never used. */
  ephemeralPort(): number {
    return this.nextPort++;
  }

  /** A port that no listener has. */
  private freePort(at: SocketAddress): number {
    for (;;) {
      const port = this.nextPort++;
      if (!this.listeners.has(formatAddress({ ...at, port } as SocketAddress))) return port;
    }
  }

  /** Sets the passage between two hosts. */
  private set(one: string, other: string, passage: Passage): void {
    this.simulation.note(`network ${one} and ${other}: ${passage}`);
    this.passages.set(pairOf(one, other), passage);
  }
}

/** A path or a name of sockets is that of one machine. */
function placeOf(host: string, at: SocketAddress): string {
  return "host" in at ? formatAddress(at) : `${host} ${formatAddress(at)}`;
}

function pairOf(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}
