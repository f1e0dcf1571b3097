// Where a server listens: what one `listen` bound, and the connections that were accepted there.

import {
  formatAddress,
  type Listener,
  parseTarget,
  type SocketAddress,
  type Target,
} from "../../pollers/mod.ts";
import type { SecureAcceptance, ServerTransport } from "../../transport/mod.ts";
import { serveHere } from "./served_here.ts";

/** A connection, or one whose TLS handshake is under way. */
export type Accepted = ServerTransport | SecureAcceptance;

/** Connections that a drain waits for. */
interface Drain {
  readonly left: Set<Accepted>;
  readonly done: () => void;
}

/** One address of a server, from `listen` until nothing of it is left. */
export class Binding {
  /** Resolves when the sockets that listened are closed. */
  readonly released: Promise<void>;
  /** Connections that were accepted here and are open. */
  readonly transports: Set<ServerTransport> = new Set();
  /** Those whose TLS handshake is under way. */
  private readonly securing = new Set<SecureAcceptance>();
  /** The sockets listen, as far as this side knows. */
  listening = true;
  private address = "";
  private port = 0;
  /** Its addresses, as the sockets have them; none before it is bound. */
  addresses: readonly SocketAddress[] = [];
  private onReleased!: () => void;
  private readonly drains = new Set<Drain>();
  private notServedHere: () => void = () => {};

  /** Nothing is bound before {@linkcode bound}. */
  constructor(private readonly listener: Pick<Listener, "shutdown">) {
    this.released = new Promise((resolve) => this.onReleased = resolve);
  }

  /** "127.0.0.1:50051", "localhost:80", "unix:/path": what {@linkcode isAt} compares with. */
  toString(): string {
    return this.address;
  }

  /** The listener is bound: `target` is what `listen` was given, `at` what it stands for, `port` what the system gave. */
  bound(target: Target, at: readonly SocketAddress[], port: number): void {
    this.addresses = at.map((one) => "port" in one ? { ...one, port } : { ...one });
    const address = "port" in target ? { ...target, port } : target;
    this.address = formatAddress(address);
    this.port = port;
    this.notServedHere = serveHere(address);
  }

  /** Whether it has this address, as `formatAddress` writes it, or this port. */
  isAt(name: string | number): boolean {
    if (typeof name === "string") return name === this.address;
    return name === this.port && name !== 0; // which is no port: unix sockets have it
  }

  /** Accepts no more. */
  stop(): void {
    this.listening = false;
    this.listener.shutdown();
  }

  /** From the listener: its sockets are closed. */
  onShutdown(): void {
    this.listening = false;
    this.notServedHere();
    this.onReleased();
  }

  /** Nothing listens any more, and nothing that was accepted is left. */
  get isOver(): boolean {
    return !this.listening && this.transports.size === 0 && this.securing.size === 0;
  }

  /** From the server: a handshake begins. */
  onSecuring(securing: SecureAcceptance): void {
    this.securing.add(securing);
  }

  /** From the server: the handshake is over, and `transport` came of it. A drain that has begun meanwhile is for that. */
  onSecured(securing: SecureAcceptance, transport: ServerTransport | undefined): void {
    this.securing.delete(securing);
    for (const drain of this.drains) {
      if (!drain.left.delete(securing)) continue;
      if (transport === undefined) this.endIfDone(drain);
      else drain.left.add(transport);
      transport?.drain(this.drainReason);
    }
  }

  /** From the server: the connection is gone. */
  onClosed(transport: ServerTransport): void {
    this.transports.delete(transport);
    for (const drain of this.drains) if (drain.left.delete(transport)) this.endIfDone(drain);
  }

  /** Ends the connections that are open now when their calls have ended; `done` comes when all are gone. */
  drain(done: () => void): ReadonlySet<Accepted> {
    const left = new Set<Accepted>([...this.transports, ...this.securing]);
    if (left.size === 0) done();
    else this.drains.add({ left, done });
    for (const transport of [...this.transports]) transport.drain(this.drainReason);
    return left;
  }

  private get drainReason(): string {
    return `server drains connections to ${this.address}`;
  }

  private endIfDone(drain: Drain): void {
    if (drain.left.size > 0) return;
    this.drains.delete(drain);
    drain.done();
  }
}

/** An address as {@linkcode Binding.isAt} compares it, or a port. Throws AddressError where it is none. */
export function bindingName(at: string | number): string | number {
  return typeof at === "number" ? at : formatAddress(parseTarget(at));
}
