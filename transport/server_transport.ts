// A server's transport over HTTP/2: hands over the streams that one client opens.

import { formatAddress, type SocketAddress } from "../pollers/contract/address.ts";
import type { Endpoint, EventEngine, Instant, TaskHandle } from "../pollers/contract/engine.ts";
import type { TransportOptions } from "./client_transport.ts";
import { defaultReporter, type Reporter } from "../pollers/log/mod.ts";
import { Driver, type DriverOwner } from "./driver.ts";
import { requestTooLarge } from "./grpc/headers.ts";
import { noteFrames } from "./http2/frame_trace.ts";
import { serverHalf } from "./http2/server_half.ts";
import type { ManagementOptions } from "./http2/parts.ts";
import { type LocalSettings, localSettings } from "./http2/settings.ts";
import { type MessageLimits, messageLimits, withEncodings } from "./grpc/message_limits.ts";
import { type CallBeginner, GrpcServerStream, unavailable } from "./grpc/server_stream.ts";
import { Connection } from "./http2/connection.ts";
import { ErrorCode, Http2Error } from "./http2/error.ts";
import type { ConnectionSink, StreamSink } from "./http2/sink.ts";
import type { Stream } from "./http2/stream.ts";
import {
  type ConnectionLifetimeOptions,
  jittered,
  type ServerKeepaliveOptions,
  serverManagement,
} from "./keepalive.ts";
import { SecureEndpoint } from "./tls/secure_endpoint.ts";
import type { ConnectionSecurity } from "./tls/security.ts";
import type {
  RequestHead,
  ServerStream,
  ServerStreamSink,
  ServerTransport,
  ServerTransportSink,
  TransportCounters,
} from "./transport.ts";

/** Local: see docs/STYLE.md, "Hot paths". */
const Call = GrpcServerStream;

/** To what the application has no answer, or none any more. */
const ANSWERS = { tooLarge: requestTooLarge, unavailable };

/** What a server's transport may be made with. */
export interface ServerTransportOptions extends TransportOptions, ConnectionLifetimeOptions {
  /** How clients are asked whether they are there, and how often they may ask. */
  readonly keepalive?: ServerKeepaliveOptions;
}

/** How long a client that has sent nothing yet has for its SETTINGS once its connection drains: a round trip, and more. */
const SILENT_CLIENT_MS = 1_000;

/** What the transports of one server have in common, worked out once. */
export class ServerTransportHost {
  /** What the clients are told. */
  readonly settings: LocalSettings;
  /** The largest messages. */
  readonly limits: MessageLimits;
  /** Gets errors that are thrown while a connection is served, and traces. */
  readonly reporter: Reporter | undefined;
  private readonly management: ManagementOptions;

  /**
   * Connections run on `engine`, on the terms of `options`.
   *
   * @throws {RangeError} where an option is out of its range
   */
  constructor(readonly engine: EventEngine, options: ServerTransportOptions) {
    this.settings = localSettings(options.settings);
    this.limits = withEncodings(messageLimits(options), options.encodings, engine.execCtx);
    this.reporter = options.reporter;
    this.management = serverManagement(options);
  }

  /** A connection on these terms. */
  connection(sink: ConnectionSink): Connection {
    const { settings, engine } = this;
    const management = jittered(this.management, () => engine.random());
    return new Connection({ server: serverHalf, settings, answers: ANSWERS, management }, sink);
  }
}

/** One HTTP/2 connection from a client. */
export class Http2ServerTransport implements ServerTransport, ConnectionSink, DriverOwner, CallBeginner {
  private readonly connection: Connection;
  private readonly driver: Driver;
  /** The deadline of the client's SETTINGS, until they have come. */
  private deadline: TaskHandle | undefined = undefined;
  /** Ends a connection that drains and whose client sends nothing. */
  private silence: TaskHandle | undefined = undefined;
  private ready = false;
  /** What ended the connection, where something did. */
  private error: Http2Error | undefined = undefined;

  /** `sink` gets the client's streams, and the end. */
  constructor(
    private readonly host: ServerTransportHost,
    private readonly endpoint: Endpoint,
    private readonly sink: ServerTransportSink,
  ) {
    const { engine, reporter } = host;
    this.connection = host.connection(this);
    this.driver = new Driver(engine, endpoint, this.connection, this, reporter, noteFrames);
    this.driver.start();
  }

  /** Lets the client go that has sent no SETTINGS at `deadline`, which it was given `timeoutMs` before. */
  expectSettings(deadline: Instant, timeoutMs: number): void {
    this.deadline = this.host.engine.runAt(
      deadline,
      () => this.close(`handshake timed out after ${timeoutMs} ms: no SETTINGS frame came`),
    );
  }

  /** This side's address. */
  get local(): SocketAddress {
    return this.endpoint.local;
  }

  /** The client's address. */
  get peer(): SocketAddress {
    return this.endpoint.peer;
  }

  /** What its TLS handshake established; undefined in plaintext. */
  get security(): ConnectionSecurity | undefined {
    return this.endpoint instanceof SecureEndpoint ? this.endpoint.security : undefined;
  }

  /** Streams that are open now. */
  get activeStreams(): number {
    return this.connection.activeStreams;
  }

  counters(): TransportCounters {
    return this.connection.counters();
  }

  get stalled(): boolean {
    return this.connection.producers!.stalled;
  }

  close(reason: string): void {
    this.connection.abort(new Http2Error("connection", ErrorCode.NO_ERROR, "user", reason));
    this.driver.hurry();
  }

  /**
   * Also before the client's SETTINGS: its first calls may be on their way with them (RFC 9113, section 6.8). A client that
   * sends nothing would not answer the PING either.
   */
  drain(reason: string): void {
    const { engine } = this.host;
    const now = engine.now();
    this.connection.drain(reason, now);
    if (this.ready || this.silence !== undefined) return;
    this.silence = engine.runAt(now + SILENT_CLIENT_MS, () => this.close(reason));
  }

  /** From the connection: there is output. */
  onOutput(): void {
    this.driver.touch();
  }

  /** From the connection: the handshake is complete with the first SETTINGS. */
  onSettings(): void {
    this.ready = true;
    this.cancelTimers();
  }

  /** From the connection: a client opened a stream. */
  onStream(stream: Stream): StreamSink {
    return new Call(this.connection, stream, this, this.host.limits);
  }

  /** From a stream: its request is one of gRPC. */
  beginCall(stream: ServerStream, head: RequestHead): ServerStreamSink {
    return this.sink.onStream(stream, head, this.connection.now);
  }

  /** From the connection: responses can be sent again. */
  onUnstalled(): void {
    this.host.engine.run(() => this.unstalled());
  }

  /** Never: we open no streams. */
  onCanOpen(): void {}

  /** A client that goes away closes its connection when its calls have ended. */
  onGoAway(): void {}

  /** No PINGs of ours are waited for here. */
  onPong(): void {}

  /** From the driver. */
  onReleased(): void {
    this.cancelTimers();
    if (!this.ready && this.error?.initiator === "library") this.logFailure(this.error);
    this.sink.onClosed(this.error);
  }

  /** From the connection: the end. The owner is called once the last bytes are written and the endpoint is closed. */
  onClosed(error: Http2Error | undefined): void {
    this.error = error;
    this.driver.touch();
  }

  /** What came instead of a handshake. */
  private logFailure({ reason }: Http2Error): void {
    (this.host.reporter ?? defaultReporter).log(
      "info",
      `no connection with ${formatAddress(this.peer)}: ${reason}`,
    );
  }

  private unstalled(): void {
    if (this.connection.producers!.resume()) this.onUnstalled();
    this.sink.onUnstalled?.();
  }

  private cancelTimers(): void {
    const { deadline, silence, host: { engine } } = this;
    if (deadline !== undefined) engine.cancel(deadline);
    if (silence !== undefined) engine.cancel(silence);
    this.deadline = this.silence = undefined;
  }
}
