// Where servers of this thread are found by name, and how channels of this thread reach them.

import { formatAddress, type InProcessAddress, type SocketAddress } from "../../pollers/contract/address.ts";
import type { EventEngine, IoResult } from "../../pollers/contract/engine.ts";
import { IoError } from "../../pollers/contract/io_error.ts";
import type { ClientOfThread } from "../accept.ts";
import type { TransportOptions } from "../client_transport.ts";
import type { ConnectAttempt, ConnectOptions, HandshakeOwner } from "../handshake.ts";
import type { ClientTransport, ServerTransport, ServerTransportSink } from "../transport.ts";
import { InProcessConnection } from "./connection.ts";

/** A simulated engine is a machine of its own: its servers are found there alone. All others are of one thread. */
const ofThread = new Map<string, InProcessListener>();
const ofMachines = new WeakMap<EventEngine, Map<string, InProcessListener>>();

function namesOf(engine: EventEngine): Map<string, InProcessListener> {
  if (engine.name !== "simulated") return ofThread;
  let names = ofMachines.get(engine);
  if (names === undefined) ofMachines.set(engine, names = new Map());
  return names;
}

/** A connection that a server has taken. */
export interface TakenConnection {
  /** It was closed meanwhile. */
  readonly isOver: boolean;
  /** The client's side. */
  readonly client: ClientTransport & {
    /** Its owner has it: events may come. */
    start(): void;
  };
}

/** A client that has asked for a connection. */
export class InProcessClient implements ClientOfThread {
  /** Set where the server has taken it. */
  connection: TakenConnection | undefined = undefined;

  /** `peer` is the name that it asked for. */
  constructor(
    readonly peer: InProcessAddress,
    private readonly engine: EventEngine,
    private readonly options: ConnectOptions,
    private readonly owner: HandshakeOwner,
  ) {}

  /** The server takes it. */
  accept(engine: EventEngine, options: TransportOptions, sink: ServerTransportSink): ServerTransport {
    const client = { engine: this.engine, options: this.options, sink: this.owner.sink };
    const connection = this.connection = new InProcessConnection(this.peer, client, {
      engine,
      options,
      sink,
    });
    return connection.server;
  }

  /** The server does not take it, which is what a client finds that was not accepted. */
  close(): void {}
}

/** A server that is reached by a name. It does not keep the process alive: nobody can come from outside. */
export class InProcessListener {
  private name: string | undefined = undefined;
  private isOpen = false;
  private isOver = false;

  /** `onAccept` gets every client; `onShutdown` comes once, last. */
  constructor(
    readonly engine: EventEngine,
    private readonly onAccept: (client: InProcessClient) => void,
    private readonly onShutdown: () => void,
  ) {}

  /** Takes the name, where nobody has it. */
  bind(at: SocketAddress): IoResult<number> {
    const { name } = at as InProcessAddress;
    const names = namesOf(this.engine);
    if (names.has(name)) {
      const error = new IoError(
        "address-in-use",
        "bind",
        at,
        undefined,
        "a server of this thread has the name",
      );
      return { ok: false, error };
    }
    if (!this.isOver) names.set(name, this);
    this.name = name;
    return { ok: true, value: 0 };
  }

  /** Begins to accept. */
  start(): void {
    this.isOpen = true;
  }

  /** Frees the name; `onShutdown` follows. Idempotent. */
  shutdown(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.isOpen = false;
    if (this.name !== undefined) namesOf(this.engine).delete(this.name);
    this.engine.run(this.onShutdown);
  }

  /** The connection, where the server has taken the client. */
  connect(client: InProcessClient): TakenConnection | undefined {
    if (this.isOpen) this.onAccept(client);
    return client.connection;
  }
}

/** One attempt to connect to a server of this thread. */
export class InProcessAttempt implements ConnectAttempt {
  private isOver = false;
  private connection: TakenConnection | undefined = undefined;

  /** Begins at once. */
  constructor(
    private readonly engine: EventEngine,
    readonly address: InProcessAddress,
    private readonly options: ConnectOptions,
    private readonly owner: HandshakeOwner,
  ) {
    engine.run(() => this.begin());
  }

  cancel(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.connection?.client.close("connection attempt cancelled");
  }

  private begin(): void {
    const { engine, address, options, owner } = this;
    if (this.isOver) return;
    if (options.security !== undefined) {
      return this.fail("there is no TLS inside a process; leave the credentials out");
    }
    const listener = namesOf(engine).get(address.name);
    if (listener === undefined) return this.fail("no server of this thread listens there");
    listener.engine.run(() => {
      if (this.isOver) return;
      this.connection = listener.connect(new InProcessClient(address, engine, options, owner));
      engine.run(() => this.done());
    });
  }

  private done(): void {
    if (this.isOver) return;
    const { connection, owner } = this;
    if (connection === undefined || connection.isOver) return this.fail("server closed the connection");
    this.isOver = true;
    connection.client.start();
    owner.onHandshakeDone(this, connection.client);
  }

  private fail(why: string): void {
    this.isOver = true;
    this.owner.onHandshakeFailed(this, `cannot connect to ${formatAddress(this.address)}: ${why}`);
  }
}

/** Connects to servers of this thread. */
export function connectInProcess(
  engine: EventEngine,
  address: InProcessAddress,
  options: ConnectOptions,
  owner: HandshakeOwner,
): ConnectAttempt {
  return new InProcessAttempt(engine, address, options, owner);
}

/** An InProcessListener. */
export function listenInProcess(
  ...given: ConstructorParameters<typeof InProcessListener>
): InProcessListener {
  return new InProcessListener(...given);
}
