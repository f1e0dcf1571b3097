// From one address to a transport, under one deadline: TCP, a tunnel where the address is a proxy's, the TLS handshake where
// the connection is to be secure, then the HTTP/2 preface and SETTINGS of both sides.

import { formatAddress, type InProcessAddress, type SocketAddress } from "../pollers/contract/address.ts";
import type {
  ConnectHandle,
  Endpoint,
  EndpointOptions,
  EventEngine,
  TaskHandle,
} from "../pollers/contract/engine.ts";
import { SliceBuffer } from "../pollers/contract/slice_buffer.ts";
import { callApplication, defaultReporter, describeThrown } from "../pollers/log/mod.ts";
import {
  type ClientTransportOptions,
  Http2ClientTransport,
  type TransportOptions,
} from "./client_transport.ts";
import type { Http2Error } from "./http2/error.ts";
import { clientEndpoint } from "./keepalive.ts";
import type { ConnectSecurity } from "./tls/config.ts";
import { SecureEndpoint } from "./tls/secure_endpoint.ts";
import type { ClientTransport, ClientTransportSink } from "./transport.ts";
import type { TunnelTarget } from "./tunnel.ts";

/** How long one address has for everything up to the first SETTINGS: gRPC's minimum connect timeout. */
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 20_000;

/** What connections of both sides are made with. */
export interface HandshakeOptions extends TransportOptions {
  /** Options of the socket. */
  readonly endpoint?: EndpointOptions;
  /**
   * Milliseconds for each step of connecting: looking a name up, one address from TCP to the server's SETTINGS, and at
   * a server everything up to an accepted client's SETTINGS. Default {@linkcode DEFAULT_HANDSHAKE_TIMEOUT_MS}.
   */
  readonly handshakeTimeoutMs?: number;
}

/** What a connection attempt is made with. */
export interface ConnectOptions extends HandshakeOptions, ClientTransportOptions {
  /** Secures the connection by TLS. Default: it is in plaintext. */
  readonly security?: ConnectSecurity;
  /** The address is that of an HTTP proxy, which connects to this. Default: the address is the server's. */
  readonly tunnel?: TunnelTarget;
  /** Says why a server whose first octets are these makes no secure connection; undefined: the TLS library alone does. */
  readonly explainRefusal?: ((bytes: Uint8Array) => string | undefined) | undefined;
  /** Connects inside the process; undefined where that cannot be done. */
  readonly connectInProcess?: ConnectInProcess | undefined;
}

/** Begins to connect to a server of this thread at `address`. */
export type ConnectInProcess = (
  engine: EventEngine,
  address: InProcessAddress,
  options: ConnectOptions,
  owner: HandshakeOwner,
) => ConnectAttempt;

/** One attempt to connect to a server. */
export interface ConnectAttempt {
  /** Where. */
  readonly address: SocketAddress;
  /** Gives up; the owner is not called any more. */
  cancel(): void;
}

/** Receives exactly one of the two results, on no caller's stack. */
export interface HandshakeOwner {
  /** Receives the events of the transport once the handshake is complete. */
  readonly sink: ClientTransportSink;
  /** The server's SETTINGS came. */
  onHandshakeDone(attempt: ConnectAttempt, transport: ClientTransport): void;
  /** The attempt failed; `reason` names the address and says how far it came and why it ended. */
  onHandshakeFailed(attempt: ConnectAttempt, reason: string): void;
}

/** One attempt to connect to a server at one address, under one deadline. */
export class Handshake implements ConnectAttempt, ClientTransportSink {
  private readonly timeoutMs: number;
  private readonly timer: TaskHandle;
  private connecting: ConnectHandle | undefined;
  private tunnel: { cancel(): void } | undefined = undefined;
  private behind = "";
  private securing: SecureEndpoint | undefined = undefined;
  private transport: Http2ClientTransport | undefined = undefined;
  private settled = false;
  private connected = false;

  /** Begins at once. */
  constructor(
    private readonly engine: EventEngine,
    readonly address: SocketAddress,
    options: ConnectOptions,
    private readonly owner: HandshakeOwner,
  ) {
    this.timeoutMs = options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS;
    this.timer = engine.runAt(engine.now() + this.timeoutMs, () => this.timedOut());
    try {
      const endpoint = clientEndpoint(options.endpoint, options.keepalive);
      this.connecting = engine.connect(address, endpoint, (result) => {
        this.connecting = undefined;
        if (result.ok) this.proceed(result.value, options);
        else this.fail(result.error.message);
      });
    } catch (error) { // a poller of the application's
      engine.run(() => this.threw(error, options));
    }
  }

  /** Releases the socket too. */
  cancel(): void {
    if (this.settled) return;
    this.settle();
    this.abandon("connection attempt cancelled");
  }

  /** From the transport. */
  onCanOpen(): void {
    if (this.connected) this.owner.sink.onCanOpen();
  }

  /** From the transport; before SETTINGS came its end follows and says the same. */
  onDraining(reason: Http2Error | undefined): void {
    if (this.connected) this.owner.sink.onDraining(reason);
  }

  /** From the transport: its end, or the handshake's. */
  onClosed(error: Http2Error | undefined): void {
    if (this.connected) return this.owner.sink.onClosed(error);
    this.transport = undefined;
    const why = error?.reason ?? "server closed the connection";
    this.fail(`${this.where}: handshake failed: ${why}`);
  }

  /** The address, and what is behind it. */
  private get where(): string {
    return formatAddress(this.address) + this.behind;
  }

  /** Connected: to the server, or to a proxy, which is asked for a tunnel. */
  private proceed(endpoint: Endpoint, options: ConnectOptions): void {
    if (options.tunnel === undefined) return this.secure(endpoint, options);
    this.behind = ` (proxy for ${options.tunnel.authority})`;
    this.tunnel = options.tunnel.open(this.engine, endpoint, options.tunnel, {
      onTunnel: (through) => {
        this.tunnel = undefined;
        this.secure(through, options);
      },
      onNoTunnel: (reason) => {
        this.tunnel = undefined;
        this.fail(`${this.where}: ${reason}`);
      },
    });
  }

  /** There is a connection to the server: TLS follows, where it is wanted. */
  private secure(endpoint: Endpoint, options: ConnectOptions): void {
    const { security } = options;
    if (security === undefined) return this.exchangeSettings(endpoint, options);
    const secure = this.securing = new SecureEndpoint(this.engine, endpoint);
    try {
      secure.handshake(
        (onProgress) => security.begin(this.engine.now(), onProgress),
        new SliceBuffer(),
        (failure) => {
          this.securing = undefined;
          if (failure === undefined) return this.exchangeSettings(secure, options);
          secure.close();
          this.fail(`${this.where}: TLS handshake failed: ${failure}`);
        },
        { first: options.explainRefusal, peer: () => security.check },
      );
    } catch (error) { // of a certificate provider
      this.securing = undefined;
      endpoint.close();
      this.threw(error, options);
    }
  }

  /** Connected, and secured: the prefaces and SETTINGS of both sides follow. */
  private exchangeSettings(endpoint: Endpoint, options: ConnectOptions): void {
    try {
      this.transport = new Http2ClientTransport(this.engine, endpoint, options, this, () => {
        this.settle();
        this.connected = true;
        this.owner.onHandshakeDone(this, this.transport!);
      });
    } catch (error) {
      this.threw(error, options);
      callApplication(() => endpoint.close(), (again) => this.threw(again, options));
    }
  }

  /** The poller or a SETTINGS sink threw: reported, and the attempt fails. */
  private threw(error: unknown, { reporter = defaultReporter }: ConnectOptions): void {
    const peer = formatAddress(this.address);
    reporter.report(error, { where: "connection", level: "error", peer });
    this.fail(`${peer}: ${describeThrown(error)}`);
  }

  /** The deadline came first. */
  private timedOut(): void {
    let how = this.transport === undefined ? "not connected" : "connected, but no SETTINGS frame came";
    if (this.tunnel !== undefined) how = "connected, but the proxy did not answer CONNECT";
    if (this.securing !== undefined) how = "connected, but the TLS handshake was not completed";
    const reason = `handshake with ${this.where} timed out after ${this.timeoutMs} ms: ${how}`;
    this.settle();
    this.abandon("handshake timed out");
    this.owner.onHandshakeFailed(this, reason);
  }

  /** Reports the failure, unless the attempt is over. */
  private fail(reason: string): void {
    if (this.settled) return;
    this.settle();
    this.owner.onHandshakeFailed(this, reason);
  }

  /** The attempt is over. */
  private settle(): void {
    this.settled = true;
    this.engine.cancel(this.timer);
  }

  /** Releases the socket. */
  private abandon(reason: string): void {
    if (this.connecting !== undefined) this.engine.cancelConnect(this.connecting);
    this.tunnel?.cancel();
    this.securing?.close();
    this.transport?.close(reason);
  }
}
