// From an accepted endpoint to a transport: the client's HTTP/2 preface and SETTINGS, under the deadline that all of a
// handshake has. TLS comes before, where connections are to be secure; see tls/secure_acceptance.ts.

import type { Endpoint, EventEngine, Instant } from "../pollers/contract/engine.ts";
import { DEFAULT_HANDSHAKE_TIMEOUT_MS, type HandshakeOptions } from "./handshake.ts";
import type { ServerKeepaliveOptions } from "./keepalive.ts";
import { Http2ServerTransport, type ServerTransportOptions } from "./server_transport.ts";
import type { AcceptSecurity } from "./tls/config.ts";
import type { ServerTransport, ServerTransportSink } from "./transport.ts";

/** What an accepted connection is served with. */
export interface AcceptOptions extends HandshakeOptions, ServerTransportOptions {
  /** Secures connections by TLS. Default: they are in plaintext. */
  readonly security?: AcceptSecurity;
  /** How clients are asked whether they are there, and how often they may ask. */
  readonly keepalive?: ServerKeepaliveOptions;
}

/** Until when a client that connects now must have completed its handshake. */
export function acceptDeadline(engine: EventEngine, options: AcceptOptions): Instant {
  return engine.now() + (options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS);
}

/** Serves a client on an accepted endpoint; one that sends no SETTINGS until `deadline` is let go. */
export function acceptTransport(
  engine: EventEngine,
  endpoint: Endpoint,
  options: AcceptOptions,
  sink: ServerTransportSink,
  deadline: Instant = acceptDeadline(engine, options),
): ServerTransport {
  const timeoutMs = options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS;
  const timer = engine.runAt(deadline, () => {
    transport.close(`handshake timed out after ${timeoutMs} ms: no SETTINGS frame came`);
  });
  const cancelTimer = (): void => void engine.cancel(timer);
  const transport = new Http2ServerTransport(engine, endpoint, options, {
    onStream: (stream, head, receivedAt) => sink.onStream(stream, head, receivedAt),
    onUnstalled: () => sink.onUnstalled?.(),
    onClosed: (error) => {
      cancelTimer();
      sink.onClosed(error);
    },
  }, cancelTimer);
  return transport;
}
