// A client's transport over HTTP/2: opens streams on one connection.

import type { SocketAddress } from "../pollers/contract/address.ts";
import type { Endpoint, EventEngine } from "../pollers/contract/engine.ts";
import { Combiner } from "../pollers/core/combiner.ts";
import type { Reporter } from "../pollers/log/mod.ts";
import type { ClientPart, MadePart } from "./client_parts.ts";
import { Driver } from "./driver.ts";
import type { NoteFrames } from "./http2/frame_trace.ts";
import { type ClientStreamLimits, GrpcClientStream, type StreamCompression } from "./grpc/client_stream.ts";
import type { CompressedStreams, MessageEncodings } from "./grpc/compression.ts";
import { excessOf } from "./grpc/header_limits.ts";
import { NO_HEADERS } from "./grpc/headers.ts";
import {
  type MessageLimitOptions,
  messageLimits,
  type MessageSizes,
  narrowed,
  withEncodings,
} from "./grpc/message_limits.ts";
import { GrpcStatus } from "./grpc/status_mapping.ts";
import { timeoutHeaders } from "./grpc/timeout.ts";
import type { HeaderList } from "./hpack/header_list.ts";
import { Connection } from "./http2/connection.ts";
import { ErrorCode, Http2Error } from "./http2/error.ts";
import type { LocalSettings } from "./http2/settings.ts";
import type { ConnectionSink, StreamSink } from "./http2/sink.ts";
import { clientManagement, type KeepaliveOptions } from "./keepalive.ts";
import { SecureEndpoint } from "./tls/secure_endpoint.ts";
import type { ConnectionSecurity } from "./tls/security.ts";
import type {
  ClientStream,
  ClientStreamSink,
  ClientTransport,
  ClientTransportSink,
  RequestTemplate,
  TransportCounters,
} from "./transport.ts";

/** Local: see docs/STYLE.md, "Hot paths". */
const Call = GrpcClientStream;

/** What both kinds of transport may be made with. */
export interface TransportOptions extends MessageLimitOptions {
  /** How the peer is asked whether it is there. Default: a client does not ask, a server does after two hours. */
  readonly keepalive?: KeepaliveOptions;
  /** Differences from our default HTTP/2 settings. */
  readonly settings?: Partial<LocalSettings>;
  /** How messages may be compressed. Default: they may not. */
  readonly encodings?: MessageEncodings;
  /** Gets errors that are thrown while a connection is served, and traces. Default: the logger's. */
  readonly reporter?: Reporter;
}

/** What a client's may be made with. */
export interface ClientTransportOptions extends TransportOptions {
  /** What streams are compressed and inflated by; it has to be there where `encodings` has some. */
  readonly compressedStreams?: CompressedStreams | undefined;
  /** What `keepalive` is done by; it has to be there where that says when. */
  readonly keepalives?: ClientPart | undefined;
  /** What is remembered of values that come in responses. Default: nothing. */
  readonly headerMemory?: ClientPart | undefined;
  /** Notes frames for the trace "http2". */
  readonly noteFrames?: NoteFrames | undefined;
}

/** One HTTP/2 connection to a server. */
export class Http2ClientTransport implements ClientTransport, ConnectionSink {
  private readonly connection: Connection;
  private readonly driver: Driver;
  private readonly limits: ClientStreamLimits;
  /** What the last call had that said more of its messages, and the limits that came of it. */
  private sizes: MessageSizes | undefined = undefined;
  private narrowed: ClientStreamLimits | undefined = undefined;
  private ready = false;
  private draining = false;
  private took = false;
  /** The first stream that is a call's. */
  private firstCallId = MAX_STREAM_ID;
  /** Events of the connection are never inside one another, whatever they cause. */
  private readonly control: Combiner;
  private readonly canOpenAgain = (): void => this.sink.onCanOpen();

  /** `onReady` is called when the server's SETTINGS came; `sink` gets every event after that, and the end. */
  constructor(
    private readonly engine: EventEngine,
    private readonly endpoint: Endpoint,
    options: ClientTransportOptions,
    private readonly sink: ClientTransportSink,
    private readonly onReady: () => void,
  ) {
    const limits = withEncodings(messageLimits(options), options.encodings, engine.execCtx);
    this.limits = { ...limits, compressed: options.compressedStreams as StreamCompression | undefined };
    this.control = new Combiner(engine);
    this.connection = new Connection({
      ...(options.settings && { settings: options.settings }),
      management: {
        ...clientManagement(options.keepalive),
        ...(options.keepalives as MadePart | undefined),
        ...(options.headerMemory as MadePart | undefined),
      },
    }, this);
    this.driver = new Driver(
      engine,
      endpoint,
      this.connection,
      undefined,
      options.reporter,
      options.noteFrames,
    );
    this.driver.start();
  }

  /** This side's address. */
  get local(): SocketAddress {
    return this.endpoint.local;
  }

  /** The server's address. */
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

  /** Whether a response has come. */
  get answered(): boolean {
    return this.connection.answered || this.took;
  }

  /** Whether a call has had a stream. */
  get called(): boolean {
    return this.firstCallId !== MAX_STREAM_ID;
  }

  /** Whether `open` would find a free stream now. */
  get canOpen(): boolean {
    return this.connection.canOpen;
  }

  open(
    template: RequestTemplate,
    timeoutMs: number | undefined,
    metadata: HeaderList | undefined,
    sink: ClientStreamSink,
  ): ClientStream | undefined {
    const timeout = timeoutMs === undefined ? undefined : timeoutHeaders(timeoutMs);
    const own = template.headers.octets + (timeout === undefined ? 0 : timeout.octets);
    const excess = excessOf("request metadata", metadata, own, this.connection.peerSettings);
    if (excess !== undefined) return refuse(excess, sink);
    if (this.connection.dormant) this.connection.wake(this.engine.now());
    const sizes = sink.messageSizes;
    const limits = sizes === undefined ? this.limits : this.limitsOf(sizes);
    const { encoding } = template;
    const stream = encoding === undefined
      ? new Call(this.connection, sink, limits)
      : limits.compressed!.compressing(this.connection, sink, limits, encoding);
    stream.stream = this.connection.open(template.headers, timeout, false, stream, metadata);
    if (this.firstCallId === MAX_STREAM_ID && sink.isInternal !== true) this.firstCallId = stream.stream.id;
    // RFC 9113, section 5.1.1: a client without stream identifiers left makes a new connection.
    if (this.connection.identifiersUsedUp) this.drain("stream identifiers are used up");
    return stream;
  }

  private limitsOf(sizes: MessageSizes): ClientStreamLimits {
    if (sizes !== this.sizes || this.narrowed === undefined) {
      this.sizes = sizes;
      this.narrowed = narrowed(this.limits, sizes);
    }
    return this.narrowed;
  }

  hasStreamsOf(channel: object): boolean {
    return this.streamsOf(channel).length > 0;
  }

  endStreamsOf(channel: object, reason: string): void {
    const error = new Http2Error("connection", ErrorCode.CANCEL, "user", reason);
    for (const stream of this.streamsOf(channel)) stream.lose(error);
  }

  private streamsOf(channel: object): GrpcClientStream[] {
    const streams = this.connection.streams.all().map(({ sink }) => sink as GrpcClientStream);
    return streams.filter((stream) => stream.channel === channel);
  }

  close(reason: string): void {
    this.connection.abort(new Http2Error("connection", ErrorCode.NO_ERROR, "user", reason));
    this.driver.hurry();
  }

  drain(reason: string): void {
    if (this.connection.closed) return;
    this.beginDraining(undefined);
    this.connection.drain(reason, this.engine.now());
  }

  /** From the connection: there is output. */
  onOutput(): void {
    this.driver.touch();
  }

  /** From the connection: the handshake is complete with the first SETTINGS. */
  onSettings(): void {
    if (this.ready) return;
    this.ready = true;
    this.control.run(this.onReady);
  }

  /** Never: a server opens no streams, for push is off. */
  onStream(): StreamSink {
    throw new TypeError("A client's connection has no streams of its peer");
  }

  /** From the connection. */
  onCanOpen(): void {
    this.control.run(this.canOpenAgain);
  }

  /** From the connection: no new streams. */
  onGoAway(lastStreamId: number, error: Http2Error): void {
    // The highest number does not say what was taken.
    if (lastStreamId >= this.firstCallId && lastStreamId < MAX_STREAM_ID) this.took = true;
    this.beginDraining(error);
  }

  /** No PINGs of ours are waited for here. */
  onPong(): void {}

  /** From the connection: the end. */
  onClosed(error: Http2Error | undefined): void {
    this.driver.touch();
    this.control.run(() => this.sink.onClosed(error));
  }

  /** A graceful shutdown has two GOAWAYs (section 6.8), and the owner may be on its next connection by the second. */
  private beginDraining(reason: Http2Error | undefined): void {
    if (this.draining) return;
    this.draining = true;
    this.control.run(() => this.sink.onDraining(reason));
  }
}

const MAX_STREAM_ID = 2 ** 31 - 1;

/** Not "unprocessed", though no server saw it: it would be refused again. */
function refuse(message: string, sink: ClientStreamSink): undefined {
  const cause = new Http2Error("stream", ErrorCode.ENHANCE_YOUR_CALM, "library", message);
  const code = GrpcStatus.RESOURCE_EXHAUSTED;
  sink.onStatus({ code, message, metadata: NO_HEADERS, cause, unprocessed: false });
  return undefined;
}
