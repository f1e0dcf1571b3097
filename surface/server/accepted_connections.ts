// The connections of a server, from the moment each one is accepted until it is closed.

import {
  callApplication,
  type Endpoint,
  type EventEngine,
  formatAddress,
  type Instant,
  type Reporter,
} from "../../pollers/mod.ts";
import {
  type AcceptOptions,
  type AcceptSecurity,
  type ClientOfThread,
  type ConnectionSecurity,
  Handshakes,
  localSettings,
  SecureAcceptance,
  type ServerTransport,
  TransportAcceptor,
} from "../../transport/mod.ts";
import type { Admission } from "./admission.ts";
import { Beginnings } from "./beginnings.ts";
import type { Binding } from "./binding.ts";
import { type ConnectionsHost, ServedConnection } from "./served_connection.ts";

/** A server, as its connections see it. */
export interface ConnectionsServer {
  /** What the server runs on. */
  readonly engine: EventEngine;
  /** Gets errors and warnings. */
  readonly reporter: Reporter;
  /** Says who may connect. */
  readonly admission: Admission;
  /** What secures connections; undefined where they are plaintext. */
  readonly security: AcceptSecurity | undefined;
  /** Whether the server takes no connections any more. */
  isShutDown(): boolean;
  /** As {@linkcode ConnectionsHost} has it. */
  readonly beginCall: ConnectionsHost["beginCall"];
  /** Runs `closure`, which ends connections: what those call may call back, and waits for its end. */
  runEnd(closure: () => void): void;
  /** A connection is gone, or a handshake came to nothing. */
  onFewer(): void;
}

/** See the head of this file. */
export class AcceptedConnections implements ConnectionsHost {
  /** Addresses with a listener or with open connections. */
  readonly bindings: Set<Binding> = new Set();
  /** Connections that are served. */
  readonly transports: Set<ServerTransport> = new Set();
  readonly engine: EventEngine;
  readonly reporter: Reporter;
  readonly beginnings: Beginnings;
  readonly handlerLimit: number;
  readonly beginCall: ConnectionsHost["beginCall"];
  waitingCalls = 0;
  accepted = 0;
  /** Connections whose TLS handshake runs. */
  private readonly securing: Handshakes;
  private readonly acceptor: TransportAcceptor;
  private readonly admission: Admission;

  /** There are none yet. */
  constructor(private readonly server: ConnectionsServer, options: AcceptOptions) {
    const { engine, reporter, admission } = server;
    this.engine = engine;
    this.reporter = reporter;
    this.admission = admission;
    this.beginCall = server.beginCall;
    this.beginnings = new Beginnings(
      (closure) => engine.run(closure),
      (callback) => engine.execCtx.schedule(callback),
    );
    this.handlerLimit = localSettings(options.settings).maxConcurrentStreams;
    this.securing = new Handshakes(engine);
    this.acceptor = new TransportAcceptor(engine, options);
  }

  /** Those that are open, and those whose handshake is under way. */
  get size(): number {
    return this.transports.size + this.securing.size;
  }

  /** Their cryptography needs turns of the loop of this thread: see `CallContext`. */
  get needsLoop(): boolean {
    return this.server.security?.isAsynchronous === true;
  }

  /** How many there are, in words. */
  toString(): string {
    const securing = this.securing.size === 0 ? "" : `, ${this.securing.size} in a TLS handshake`;
    return `${this.transports.size} connections${securing}`;
  }

  /** Ends each when its calls have ended, and gives up what is no connection yet. */
  drain(): void {
    this.securing.cancelAll();
    for (const transport of this.transports) transport.drain("server is shutting down");
  }

  /** Ends all now. */
  close(): void {
    for (const transport of this.transports) transport.close("server closed");
  }

  /** Nothing listens at `binding` any more; it is forgotten with its last connection. */
  forgetIfOver(binding: Binding): void {
    if (binding.isOver) this.bindings.delete(binding);
  }

  /** Takes a connection that `binding` or the application has accepted; `onClosed` is called when it is gone, or refused. */
  accept(endpoint: Endpoint | ClientOfThread, binding?: Binding, onClosed?: () => void): void {
    const admitted = this.admission.admits(endpoint.peer);
    if (!admitted || this.server.isShutDown()) { // who was asked may have stopped the server
      if (admitted) this.admission.closed(endpoint.peer);
      endpoint.close();
      return onClosed?.();
    }
    const { security } = this.server;
    if (security === undefined || "accept" in endpoint) {
      return void this.serve(endpoint, undefined, undefined, binding, onClosed);
    }
    const deadline = this.acceptor.deadline();
    const pace = (begin: () => void): void => this.securing.begin(securing, begin);
    const securing = new SecureAcceptance(this.engine, endpoint, security, pace, deadline, {
      onSecure: (secure) => {
        const transport = this.serve(secure, secure.security, deadline, binding, onClosed);
        this.handshakeOver(securing, binding, transport);
      },
      onInsecure: (reason) => {
        const peer = formatAddress(endpoint.peer);
        this.reporter.log("info", `no secure connection with ${peer}: ${reason}`);
        this.notSecured(securing, endpoint, binding, onClosed);
      },
      onCancelled: () => this.notSecured(securing, endpoint, binding, onClosed),
    });
    binding?.onSecuring(securing); // first: it may be over when it is one too many
    this.securing.add(securing);
  }

  onConnectionClosed(connection: ServedConnection): void {
    this.server.runEnd(() => this.closed(connection));
  }

  private notSecured(
    securing: SecureAcceptance,
    endpoint: Endpoint,
    binding: Binding | undefined,
    onClosed?: () => void,
  ): void {
    this.admission.closed(endpoint.peer);
    this.handshakeOver(securing, binding, undefined);
    onClosed?.();
    this.server.runEnd(() => this.server.onFewer());
  }

  /** `transport` came of it. */
  private handshakeOver(
    securing: SecureAcceptance,
    binding: Binding | undefined,
    transport: ServerTransport | undefined,
  ): void {
    this.securing.delete(securing);
    if (binding === undefined) return;
    binding.onSecured(securing, transport);
    this.forgetIfOver(binding);
  }

  private serve(
    endpoint: Endpoint | ClientOfThread,
    security: ConnectionSecurity | undefined,
    deadline: Instant | undefined,
    binding?: Binding,
    onClosed?: () => void,
  ): ServerTransport | undefined {
    try {
      const connection = new ServedConnection(endpoint.peer, security, this, binding, onClosed);
      const transport = connection.transport = this.acceptor.accept(endpoint, connection, deadline);
      this.transports.add(transport);
      binding?.transports.add(transport);
      if (binding !== undefined) this.bindings.add(binding); // acceptConnection may have had it unbound
      return transport;
    } catch (error) { // of a poller that is the application's
      const report = (thrown: unknown): void =>
        this.reporter.report(thrown, { where: "connection", level: "error" });
      report(error);
      this.admission.closed(endpoint.peer);
      callApplication(() => endpoint.close(), report);
      onClosed?.();
      return undefined;
    }
  }

  private closed({ transport, peer, binding, onGone }: ServedConnection): void {
    this.transports.delete(transport!);
    this.admission.closed(peer);
    binding?.onClosed(transport!);
    if (binding !== undefined) this.forgetIfOver(binding);
    onGone?.();
    this.server.onFewer();
  }
}
