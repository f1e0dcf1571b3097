// From an address to a transport, under one deadline: TCP, then the HTTP/2 preface and SETTINGS of both sides.
//
// Security handshakes (TLS) will stand between the two: they turn one endpoint into another.

import { formatAddress, type SocketAddress } from "../pollers/core/address.ts";
import type { ConnectHandle, Endpoint, EndpointOptions, EventEngine } from "../pollers/engine.ts";
import { Http2ClientTransport, type TransportOptions } from "./client_transport.ts";
import type { Http2Error } from "./http2/error.ts";
import { Http2ServerTransport } from "./server_transport.ts";
import type {
  ClientTransport,
  ClientTransportSink,
  ServerTransport,
  ServerTransportSink,
} from "./transport.ts";

/** How long everything up to the first SETTINGS may take: gRPC's minimum connect timeout. */
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 20_000;

/** What a connection attempt is made with. */
export interface ConnectOptions extends TransportOptions {
  /** Options of the socket. */
  readonly endpoint?: EndpointOptions;
  /** Milliseconds for all of it. Default {@linkcode DEFAULT_HANDSHAKE_TIMEOUT_MS}. */
  readonly handshakeTimeoutMs?: number;
}

/** What the owner of an attempt hears: exactly one of the two, and afterwards what a transport's owner hears. */
export interface ConnectSink extends ClientTransportSink {
  /** The server's SETTINGS came: calls may be made. */
  onConnected(transport: ClientTransport): void;
  /** The attempt failed; a sentence that says at which address, how far it came and why. */
  onConnectFailed(reason: string): void;
}

/** One attempt to connect to a server; tries the addresses in order. */
export class Connector implements ClientTransportSink {
  private readonly timeoutMs: number;
  private readonly timer: object;
  private readonly failures: string[] = [];
  private connecting: ConnectHandle | undefined = undefined;
  private transport: Http2ClientTransport | undefined = undefined;
  private settled = false;
  private connected = false;
  private next = 0;

  /** Begins at once. `sink` is never called on the caller's stack. */
  constructor(
    private readonly engine: EventEngine,
    private readonly addresses: readonly SocketAddress[],
    private readonly options: ConnectOptions,
    private readonly sink: ConnectSink,
  ) {
    this.timeoutMs = options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS;
    this.timer = engine.runAt(engine.now() + this.timeoutMs, () => this.timedOut());
    this.tryNext();
  }

  /** Gives up; the sink hears nothing any more. */
  cancel(): void {
    if (this.settled) return;
    this.settle();
    this.abandon("connection attempt cancelled");
  }

  /** From the transport. */
  onCanOpen(): void {
    this.sink.onCanOpen();
  }

  /** From the transport; before SETTINGS came its end follows and says the same. */
  onDraining(reason: Http2Error | undefined): void {
    if (this.connected) this.sink.onDraining(reason);
  }

  /** From the transport: its end, or the handshake's. */
  onClosed(error: Http2Error | undefined): void {
    if (this.connected) return this.sink.onClosed(error);
    this.transport = undefined;
    if (this.settled) return;
    this.addressFailed(`handshake failed: ${error?.reason ?? "server closed the connection"}`);
  }

  private tryNext(): void {
    const address = this.addresses[this.next];
    if (address === undefined) {
      return this.engine.run(() => this.fail(this.failures.join("; ") || "no address"));
    }
    this.connecting = this.engine.connect(address, this.options.endpoint ?? {}, (result) => {
      this.connecting = undefined;
      if (this.settled) {
        if (result.ok) result.value.close();
        return;
      }
      if (result.ok) this.handshake(result.value);
      else this.addressFailed(result.error.message, true);
    });
  }

  private handshake(endpoint: Endpoint): void {
    this.transport = new Http2ClientTransport(this.engine, endpoint, this.options, this, () => {
      this.settle();
      this.connected = true;
      this.sink.onConnected(this.transport!);
    });
  }

  private addressFailed(why: string, saysWhere = false): void {
    this.failures.push(saysWhere ? why : `${formatAddress(this.addresses[this.next]!)}: ${why}`);
    this.next++;
    if (this.next < this.addresses.length) this.tryNext();
    else this.fail(this.failures.join("; "));
  }

  private timedOut(): void {
    if (this.settled) return;
    const address = this.addresses[this.next];
    const where = address === undefined ? "" : ` with ${formatAddress(address)}`;
    const how = this.transport === undefined ? "not connected" : "connected, but no SETTINGS frame came";
    this.fail(
      [...this.failures, `handshake${where} timed out after ${this.timeoutMs} ms: ${how}`].join("; "),
    );
    this.abandon("handshake timed out");
  }

  private fail(reason: string): void {
    if (this.settled) return;
    this.settle();
    this.sink.onConnectFailed(reason);
  }

  private settle(): void {
    this.settled = true;
    this.engine.cancel(this.timer);
  }

  private abandon(reason: string): void {
    if (this.connecting !== undefined) this.engine.cancelConnect(this.connecting);
    this.transport?.close(reason);
  }
}

/** Serves a client on an accepted endpoint; one that sends no SETTINGS in time is let go. */
export function acceptTransport(
  engine: EventEngine,
  endpoint: Endpoint,
  options: ConnectOptions,
  sink: ServerTransportSink,
): ServerTransport {
  const timeoutMs = options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS;
  const timer = engine.runAt(engine.now() + timeoutMs, () => {
    transport.close(`handshake timed out after ${timeoutMs} ms: no SETTINGS frame came`);
  });
  const cancelTimer = (): void => void engine.cancel(timer);
  const transport = new Http2ServerTransport(engine, endpoint, options, {
    onStream: (stream, head, receivedAt) => sink.onStream(stream, head, receivedAt),
    onClosed: (error) => {
      cancelTimer();
      sink.onClosed(error);
    },
  }, cancelTimer);
  return transport;
}
