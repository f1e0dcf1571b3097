// A server's transport over HTTP/2: hands over the streams that one client opens.

import type { SocketAddress } from "../pollers/contract/address.ts";
import type { Endpoint, EventEngine, TaskHandle } from "../pollers/contract/engine.ts";
import type { TransportOptions } from "./client_transport.ts";
import { Driver } from "./driver.ts";
import { requestTooLarge } from "./grpc/headers.ts";
import { type MessageLimits, messageLimits } from "./grpc/message_limits.ts";
import { GrpcServerStream } from "./grpc/server_stream.ts";
import { Connection } from "./http2/connection.ts";
import { ErrorCode, Http2Error } from "./http2/error.ts";
import type { ConnectionSink, StreamSink } from "./http2/sink.ts";
import type { Stream } from "./http2/stream.ts";
import {
  type ConnectionLifetimeOptions,
  type ServerKeepaliveOptions,
  serverManagement,
} from "./keepalive.ts";
import type { RequestHead, ServerStream, ServerTransport, ServerTransportSink } from "./transport.ts";

/** What a server's transport may be made with. */
export interface ServerTransportOptions extends TransportOptions, ConnectionLifetimeOptions {
  /** How clients are asked whether they are there, and how often they may ask. */
  readonly keepalive?: ServerKeepaliveOptions;
}

/** How long a client that has sent nothing yet has for its SETTINGS once its connection drains: a round trip, and more. */
const SILENT_CLIENT_MS = 1_000;

/** One HTTP/2 connection from a client. */
export class Http2ServerTransport implements ServerTransport, ConnectionSink {
  private readonly connection: Connection;
  private readonly driver: Driver;
  private readonly limits: MessageLimits;
  private ready = false;
  /** Ends a connection that drains and whose client sends nothing. */
  private silence: TaskHandle | undefined = undefined;
  /** What ended the connection, where something did. */
  private error: Http2Error | undefined = undefined;
  private readonly begin = (stream: ServerStream, head: RequestHead) =>
    this.sink.onStream(stream, head, this.connection.now);

  private readonly unstalled = (): void => {
    if (this.connection.resumeProducers()) this.engine.run(this.unstalled);
    this.sink.onUnstalled?.();
  };

  /** `onReady` is called when the client's SETTINGS came; `sink` gets its streams, and the end. */
  constructor(
    private readonly engine: EventEngine,
    private readonly endpoint: Endpoint,
    options: ServerTransportOptions,
    private readonly sink: ServerTransportSink,
    private readonly onReady: () => void,
  ) {
    this.limits = messageLimits(options);
    this.connection = new Connection({
      role: "server",
      settings: options.settings ?? {},
      tooLarge: requestTooLarge,
      ...serverManagement(options, () => engine.random()),
      onUnstalled: () => engine.run(this.unstalled),
    }, this);
    this.driver = new Driver(
      engine,
      endpoint,
      this.connection,
      () => this.released(),
      options.reporter,
    );
    this.driver.start();
  }

  /** This side's address. */
  get local(): SocketAddress {
    return this.endpoint.local;
  }

  /** The client's address. */
  get peer(): SocketAddress {
    return this.endpoint.peer;
  }

  /** Streams that are open now. */
  get activeStreams(): number {
    return this.connection.activeStreams;
  }

  get stalled(): boolean {
    return this.connection.stalled;
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
    const now = this.engine.now();
    this.connection.drain(reason, now);
    if (this.ready || this.silence !== undefined) return;
    this.silence = this.engine.runAt(now + SILENT_CLIENT_MS, () => {
      if (!this.ready) this.close(reason);
    });
  }

  /** From the connection: there is output. */
  onOutput(): void {
    this.driver?.touch();
  }

  /** From the connection: the handshake is complete with the first SETTINGS. */
  onSettings(): void {
    if (this.ready) return;
    this.ready = true;
    this.onReady();
  }

  /** From the connection: a client opened a stream. */
  onStream(stream: Stream): StreamSink {
    return new GrpcServerStream(this.connection, stream, this.begin, this.limits);
  }

  /** Never: we open no streams. */
  onCanOpen(): void {}

  /** A client that goes away closes its connection when its calls have ended. */
  onGoAway(): void {}

  /** No PINGs of ours are waited for here. */
  onPong(): void {}

  private released(): void {
    if (this.silence !== undefined) this.engine.cancel(this.silence);
    this.sink.onClosed(this.error);
  }

  /** From the connection: the end. The owner is called once the last bytes are written and the endpoint is closed. */
  onClosed(error: Http2Error | undefined): void {
    this.error = error;
    this.driver.touch();
  }
}
