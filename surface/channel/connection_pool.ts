// The connections of one engine that channels share. Channels with equal settings use the same connection to an address, as
// in gRPC's global subchannel pool, unless they are made not to (`own_connection.ts`).
//
// Each use is a link. A link that drains leaves the connection when its own streams have ended, and one that closes ends
// its own streams only; the connection itself drains or closes with its last link. Backoff, state and the calls that wait
// are the subchannel's, not shared.

import { describeThrown, type EventEngine, formatAddress, type SocketAddress } from "../../pollers/mod.ts";
import {
  beginConnect,
  type ClientTransport,
  type ClientTransportSink,
  type ConnectAttempt,
  type ConnectOptions,
  type HandshakeOwner,
  type Http2Error,
} from "../../transport/mod.ts";
import type { Link, LinkedConnection } from "./link.ts";

/** One attempt to connect, and the connection that comes of it. */
export class Connection implements HandshakeOwner, ClientTransportSink, LinkedConnection {
  private readonly links = new Set<Link>();
  /** Those of them that drain. */
  private readonly leaving = new Set<Link>();
  private attempt: ConnectAttempt | undefined = undefined;
  private transport: ClientTransport | undefined = undefined;
  /** Links may begin to use it. */
  private isOpen = true;

  /** `peers`: the connections with its key, which it leaves when it takes no more links. */
  constructor(private readonly engine: EventEngine, private readonly peers: Set<Connection>) {}

  /** Begins the attempt. */
  begin(address: SocketAddress, options: ConnectOptions): void {
    this.attempt = beginConnect(this.engine, address, options, this);
    this.peers.add(this);
  }

  /** Whether a link of `owner` may begin to use it. */
  isOpenTo({ owner }: Link): boolean {
    if (!this.isOpen) return false;
    for (const link of this.links) if (link.owner === owner) return false;
    return true;
  }

  /** `link` uses it from now on. Where it stands already that is said on no caller's stack; `again`: it is over by then. */
  add(link: Link, again: (link: Link) => void): void {
    this.links.add(link);
    link.connection = this;
    if (this.transport === undefined) return;
    this.engine.run(() => {
      if (!this.links.has(link)) return;
      if (this.isOpen) return this.connected(link, this.transport!);
      this.links.delete(link);
      again(link);
    });
  }

  // From links.

  cancel(link: Link): void {
    this.links.delete(link);
    this.endWithoutUse("no channel uses it");
  }

  drain(link: Link, reason: string): void {
    if (!this.links.has(link) || this.leaving.has(link)) return;
    this.leaving.add(link);
    if (this.endWithoutUse(reason)) return;
    link.owner.onDraining(link, undefined);
    this.endIfUnused(link);
  }

  close(link: Link, reason: string): void {
    if (!this.links.has(link)) return;
    if (this.links.size === 1) return this.transport!.close(reason);
    this.transport!.endStreamsOf(link.channel, reason);
    this.end(link);
    this.endWithoutUse(reason);
  }

  endIfUnused(link: Link): void {
    if (!this.leaving.has(link) || this.links.size === this.leaving.size) return;
    if (!this.transport!.hasStreamsOf(link.channel)) this.end(link);
  }

  private end(link: Link): void {
    this.links.delete(link);
    this.leaving.delete(link);
    link.owner.onClosed(link, undefined);
  }

  /** Where no link takes new streams it ends; whether that is so. */
  private endWithoutUse(reason: string): boolean {
    if (this.links.size > this.leaving.size) return false;
    this.stopTaking();
    this.attempt?.cancel();
    this.attempt = undefined;
    this.transport?.drain(reason);
    return true;
  }

  private stopTaking(): void {
    this.isOpen = false;
    this.peers.delete(this);
  }

  // From the attempt and the transport.

  get sink(): this {
    return this;
  }

  onHandshakeDone(_attempt: ConnectAttempt, transport: ClientTransport): void {
    this.attempt = undefined;
    this.transport = transport;
    for (const link of [...this.links]) this.connected(link, transport);
  }

  onHandshakeFailed(_attempt: ConnectAttempt, reason: string): void {
    this.attempt = undefined;
    this.stopTaking();
    for (const { owner } of [...this.links]) owner.onConnectFailed(reason);
  }

  /** The one that had a stream last comes after the others. */
  onCanOpen(): void {
    if (this.links.size > 1) {
      const [first] = this.links;
      this.links.delete(first!);
      this.links.add(first!);
    }
    for (const link of this.links) if (link.isConnected) link.owner.onCanOpen();
  }

  onDraining(reason: Http2Error | undefined): void {
    this.stopTaking();
    for (const link of [...this.links]) if (link.isConnected) link.owner.onDraining(link, reason);
  }

  onClosed(error: Http2Error | undefined): void {
    this.stopTaking();
    for (const link of [...this.links]) if (link.isConnected) link.owner.onClosed(link, error);
  }

  private connected(link: Link, transport: ClientTransport): void {
    link.transport = transport;
    link.owner.onConnected(link);
  }
}

/** See the head of this file. */
export class ConnectionPool {
  private readonly connections = new Map<string, Set<Connection>>();

  constructor(private readonly engine: EventEngine) {}

  /**
   * Has `link` use a connection to `address`, one that is there or a new one: those with an equal `key` are shared.
   * Throws what the poller throws.
   */
  connect(link: Link, address: SocketAddress, options: ConnectOptions, key: string): void {
    const peers = this.peersOf(key);
    const again = (): void => {
      try {
        this.connect(link, address, options, key);
      } catch (error) { // a poller of the application's; nobody is left to whom it could be thrown
        link.owner.onConnectFailed(`cannot connect to ${formatAddress(address)}: ${describeThrown(error)}`);
      }
    };
    for (const connection of peers) if (connection.isOpenTo(link)) return connection.add(link, again);
    const connection = new Connection(this.engine, peers);
    connection.begin(address, options);
    connection.add(link, again);
  }

  private peersOf(key: string): Set<Connection> {
    let peers = this.connections.get(key);
    if (peers === undefined) {
      for (const [other, { size }] of this.connections) if (size === 0) this.connections.delete(other);
      this.connections.set(key, peers = new Set());
    }
    return peers;
  }
}

const pools = new WeakMap<EventEngine, ConnectionPool>();

/** The pool of `engine`. */
export function connectionPool(engine: EventEngine): ConnectionPool {
  let pool = pools.get(engine);
  if (pool === undefined) pools.set(engine, pool = new ConnectionPool(engine));
  return pool;
}
