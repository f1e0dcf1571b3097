// From an accepted endpoint to a transport: the client's HTTP/2 preface and SETTINGS, under the deadline that all of a
// handshake has. TLS comes before, where connections are to be secure; see tls/secure_acceptance.ts.

import type { SocketAddress } from "../pollers/contract/address.ts";
import type { Endpoint, EventEngine, Instant } from "../pollers/contract/engine.ts";
import { DEFAULT_HANDSHAKE_TIMEOUT_MS, type HandshakeOptions } from "./handshake.ts";
import type { ServerKeepaliveOptions } from "./keepalive.ts";
import {
  Http2ServerTransport,
  ServerTransportHost,
  type ServerTransportOptions,
} from "./server_transport.ts";
import type { ServerTransport, ServerTransportSink } from "./transport.ts";

/** What an accepted connection is served with. */
export interface AcceptOptions extends HandshakeOptions, ServerTransportOptions {
  /** How clients are asked whether they are there, and how often they may ask. */
  readonly keepalive?: ServerKeepaliveOptions;
}

/** A client of this thread that wants a connection, see `in_process/`. */
export interface ClientOfThread {
  /** What it asked for. */
  readonly peer: SocketAddress;
  /** The server takes it. */
  accept(engine: EventEngine, options: AcceptOptions, sink: ServerTransportSink): ServerTransport;
  /** The server does not take it. */
  close(): void;
}

/** Serves the clients of one server: what their transports have in common is worked out once. */
export class TransportAcceptor {
  private readonly host: ServerTransportHost;
  private readonly options: AcceptOptions;
  private readonly timeoutMs: number;

  /**
   * Endpoints of `engine` are served on the terms of `options`.
   *
   * @throws {RangeError} where an option is out of its range
   */
  constructor(private readonly engine: EventEngine, options: AcceptOptions) {
    this.options = options;
    this.host = new ServerTransportHost(engine, options);
    this.timeoutMs = options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS;
  }

  /** Until when a client that connects now must have completed its handshake. */
  deadline(): Instant {
    return this.engine.now() + this.timeoutMs;
  }

  /** Serves a client on an accepted endpoint, or one of this thread; one that sends no SETTINGS until `deadline` is let go. */
  accept(
    from: Endpoint | ClientOfThread,
    sink: ServerTransportSink,
    deadline: Instant = this.deadline(),
  ): ServerTransport {
    if ("accept" in from) return from.accept(this.engine, this.options, sink);
    const transport = new Http2ServerTransport(this.host, from, sink);
    transport.expectSettings(deadline, this.timeoutMs);
    return transport;
  }
}
