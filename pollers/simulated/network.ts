// Who listens where, and what lies between two hosts.

import { formatAddress, type SocketAddress } from "../contract/address.ts";
import type { Conditions, Passage } from "./conditions.ts";
import type { SimulatedEndpoint } from "./endpoint.ts";
import type { SimulatedListener } from "./listener.ts";
import type { Simulation } from "./simulation.ts";

const FIRST_PORT = 40_000;

/** The network of one simulation; change it at will while it runs. */
export class Network {
  /** Names that resolve, and the hosts (IPv4 addresses) they stand for. */
  readonly names: Map<string, string[]> = new Map();
  /** Milliseconds that a lookup which begins now takes; Infinity: it never ends. Undefined: a round trip. */
  lookupMs: number | undefined = undefined;
  /** Both ends of every connection that stands. */
  readonly endpoints: Set<SimulatedEndpoint> = new Set();
  private readonly listeners = new Map<string, SimulatedListener>();
  private readonly passages = new Map<string, Passage>();
  private readonly waiting: Array<() => void> = [];
  private nextPort = FIRST_PORT;

  /** `conditions` hold everywhere. */
  constructor(private readonly simulation: Simulation, readonly conditions: Conditions) {}

  /** Whether bytes get from `one` to `other` (hosts), and back. */
  passage(one: string, other: string): Passage {
    return this.passages.get(pairOf(one, other)) ?? "open";
  }

  /** Parts two hosts: bytes wait for {@linkcode heal}, or for TCP to give up. */
  part(one: string, other: string): void {
    this.set(one, other, "held");
  }

  /** Between two hosts everything is lost from now on, without a word. */
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

  /** For listeners: takes `at`, with a free port where it has 0; undefined where it is taken. */
  take(at: SocketAddress, listener: SimulatedListener): SocketAddress | undefined {
    const bound = "port" in at && at.port === 0 ? { ...at, port: this.freePort(at) } : at;
    const key = formatAddress(bound);
    if (this.listeners.has(key)) return undefined;
    this.listeners.set(key, listener);
    return bound;
  }

  /** For listeners: gives `at` back. */
  release(at: SocketAddress): void {
    this.listeners.delete(formatAddress(at));
  }

  /** For connects: who listens on `at`. */
  listenerAt(at: SocketAddress): SimulatedListener | undefined {
    return this.listeners.get(formatAddress(at));
  }

  /** For connects: a port that nobody has had. */
  ephemeralPort(): number {
    return this.nextPort++;
  }

  private freePort(at: SocketAddress): number {
    for (;;) {
      const port = this.nextPort++;
      if (!this.listeners.has(formatAddress({ ...at, port } as SocketAddress))) return port;
    }
  }

  private set(one: string, other: string, passage: Passage): void {
    this.simulation.note(`network ${one} and ${other}: ${passage}`);
    this.passages.set(pairOf(one, other), passage);
  }
}

function pairOf(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}
