// A connection inside the process: two transports that hand each other messages, without octets of HTTP/2 in between.

import type { InProcessAddress } from "../../pollers/contract/address.ts";
import type { EventEngine } from "../../pollers/contract/engine.ts";
import { Combiner } from "../../pollers/core/combiner.ts";
import { defaultReporter } from "../../pollers/log/mod.ts";
import type { TransportOptions } from "../client_transport.ts";
import { excessOf } from "../grpc/header_limits.ts";
import { NO_HEADERS } from "../grpc/headers.ts";
import { type MessageLimits, messageLimits, narrowed } from "../grpc/message_limits.ts";
import { GrpcStatus } from "../grpc/status_mapping.ts";
import { timeoutHeaders } from "../grpc/timeout.ts";
import type { HeaderList } from "../hpack/header_list.ts";
import { ErrorCode, Http2Error } from "../http2/error.ts";
import { type LocalSettings, localSettings, PeerSettings } from "../http2/settings.ts";
import type {
  ClientStream,
  ClientStreamSink,
  ClientTransport,
  ClientTransportSink,
  RequestTemplate,
  ServerTransport,
  ServerTransportSink,
  StreamStatus,
  TransportCounters,
} from "../transport.ts";
import { ClientEnd, type ClientEndHost } from "./client_end.ts";
import { type Deliverable, Lane } from "./lane.ts";
import { InProcessRequest } from "./request.ts";
import { ServerEnd, type ServerEndHost } from "./server_end.ts";

/** What one side brings into a connection. */
export interface Side<Sink> {
  readonly engine: EventEngine;
  readonly options: TransportOptions;
  readonly sink: Sink;
}

/** One side of a connection. */
class InProcessSide {
  readonly lane: Lane;
  readonly security = undefined;
  readonly limits: MessageLimits;
  readonly windowBytes: number;
  readonly settings: LocalSettings;
  readonly peerSettings: PeerSettings = new PeerSettings();
  messagesSent = 0;
  messagesReceived = 0;

  constructor(
    protected readonly connection: InProcessConnection,
    readonly engine: EventEngine,
    options: TransportOptions,
  ) {
    this.limits = messageLimits(options);
    this.settings = localSettings(options.settings);
    this.windowBytes = this.settings.initialWindowSize;
    const { reporter = defaultReporter } = options;
    this.lane = new Lane(engine, (error) => {
      reporter.report(error, { where: "connection", level: "error" });
      connection.close(this, "a callback threw");
    });
  }

  /** This side's address is its peer's too. */
  get local(): InProcessAddress {
    return this.connection.address;
  }

  /** The name that both sides met by. */
  get peer(): InProcessAddress {
    return this.connection.address;
  }

  /** Streams that are open now. */
  get activeStreams(): number {
    return this.connection.streams.size;
  }

  counters(): TransportCounters {
    const { messagesSent, messagesReceived, connection } = this;
    const { opened, streams, streamsFailed, callsFailed } = connection;
    const finished = opened - streams.size;
    return {
      streamsStarted: opened,
      streamsSucceeded: finished - streamsFailed,
      streamsFailed,
      callsSucceeded: finished - callsFailed,
      callsFailed,
      messagesSent,
      messagesReceived,
      keepalivesSent: 0,
      sendWindow: undefined,
      receiveWindow: undefined,
    };
  }

  close(reason: string): void {
    this.connection.close(this, reason);
  }
}

/** The client's. */
export class InProcessClientTransport extends InProcessSide
  implements ClientTransport, ClientEndHost, Deliverable {
  isDue = false;
  answered = false;
  called = false;
  private readonly sink: ClientTransportSink;
  private isStarted = false;
  private isDraining = false;
  private isClosed = false;
  /** What the server said when it began to drain. */
  private goAway: Http2Error | undefined = undefined;
  private error: Http2Error | undefined = undefined;
  private hasEnd = false;
  /** Events of the connection are never inside one another, whatever they cause. */
  private readonly control: Combiner;
  private readonly canOpenAgain = (): void => this.sink.onCanOpen();

  constructor(connection: InProcessConnection, { engine, options, sink }: Side<ClientTransportSink>) {
    super(connection, engine, options);
    this.sink = sink;
    this.control = new Combiner(engine);
  }

  /** Its owner has it: events may come. */
  start(): void {
    this.isStarted = true;
    if (this.goAway !== undefined || this.hasEnd) this.lane.schedule(this);
  }

  get canOpen(): boolean {
    return this.connection.canOpen;
  }

  open(
    template: RequestTemplate,
    timeoutMs: number | undefined,
    metadata: HeaderList | undefined,
    sink: ClientStreamSink,
  ): ClientStream | undefined {
    const own = template.headers.octets + (timeoutMs === undefined ? 0 : timeoutHeaders(timeoutMs).octets);
    const excess = excessOf("request metadata", metadata, own, this.peerSettings);
    if (excess !== undefined) return refuse(excess, sink);
    if (sink.isInternal !== true) this.called = true;
    const { messageSizes } = sink;
    const limits = messageSizes === undefined ? this.limits : narrowed(this.limits, messageSizes);
    const end = new ClientEnd(this, sink, limits);
    const request = new InProcessRequest(template, timeoutMs, metadata ?? NO_HEADERS);
    const other = end.other = new ServerEnd(this.connection.server, request);
    other.other = end;
    this.connection.streams.add(end);
    this.connection.opened++;
    other.open();
    return end;
  }

  hasStreamsOf(channel: object): boolean {
    for (const end of this.connection.streams) if (end.channel === channel) return true;
    return false;
  }

  endStreamsOf(channel: object, reason: string): void {
    const error = new Http2Error("connection", ErrorCode.CANCEL, "user", reason);
    for (const end of [...this.connection.streams]) if (end.channel === channel) end.lose(error);
  }

  drain(): void {
    if (this.connection.drain()) this.draining(undefined);
    this.connection.endIfDrained();
  }

  streamOver(end: ClientEnd, { code, cause }: StreamStatus): void {
    const couldOpen = this.canOpen;
    if (cause !== undefined) this.connection.streamsFailed++;
    if (code !== GrpcStatus.OK) this.connection.callsFailed++;
    this.connection.streams.delete(end);
    if (!couldOpen && this.canOpen) this.control.run(this.canOpenAgain);
    this.connection.endIfDrained();
  }

  /** From the server's side. */
  onGoAway(error: Http2Error): void {
    this.goAway = error;
    this.lane.schedule(this);
  }

  /** The connection is gone. `now`: this side has closed it. */
  onConnectionClosed(error: Http2Error | undefined, now: boolean): void {
    this.error = error;
    this.hasEnd = true;
    if (now) this.closed();
    else this.lane.schedule(this);
  }

  deliver(): void {
    if (!this.isStarted) return;
    if (this.goAway !== undefined) this.draining(this.goAway);
    if (this.hasEnd) this.closed();
  }

  private draining(reason: Http2Error | undefined): void {
    if (this.isDraining) return;
    this.isDraining = true;
    this.control.run(() => this.sink.onDraining(reason));
  }

  private closed(): void {
    if (this.isClosed || !this.isStarted) return;
    this.isClosed = true;
    this.control.run(() => this.sink.onClosed(this.error));
  }
}

/** The server's. */
export class InProcessServerTransport extends InProcessSide
  implements ServerTransport, ServerEndHost, Deliverable {
  isDue = false;
  readonly stalled = false;
  readonly sink: ServerTransportSink;
  private error: Http2Error | undefined = undefined;

  constructor(connection: InProcessConnection, { engine, options, sink }: Side<ServerTransportSink>) {
    super(connection, engine, options);
    this.sink = sink;
  }

  drain(reason: string): void {
    if (!this.connection.drain()) return;
    const said = `peer sent GOAWAY NO_ERROR ${JSON.stringify(reason)}`;
    this.connection.client.onGoAway(new Http2Error("connection", ErrorCode.NO_ERROR, "remote", said));
    this.connection.endIfDrained();
  }

  /** The connection is gone. Its owner hears of that in a turn of its own, whoever closed it. */
  onConnectionClosed(error: Http2Error | undefined): void {
    this.error = error;
    this.lane.schedule(this);
  }

  deliver(): void {
    this.sink.onClosed(this.error);
  }
}

/** What both sides share: they are of one thread, so what one does to it the other one sees at once. */
export class InProcessConnection {
  readonly client: InProcessClientTransport;
  readonly server: InProcessServerTransport;
  /** Those that are open. */
  readonly streams: Set<ClientEnd> = new Set();
  /** How many there were. */
  opened = 0;
  /** Of those that are over, how many ended without a status of the server's. */
  streamsFailed = 0;
  /** And with another status than OK. */
  callsFailed = 0;
  private isDraining = false;
  private isClosed = false;

  constructor(
    readonly address: InProcessAddress,
    client: Side<ClientTransportSink>,
    server: Side<ServerTransportSink>,
  ) {
    this.client = new InProcessClientTransport(this, client);
    this.server = new InProcessServerTransport(this, server);
    this.client.peerSettings.maxHeaderListSize = this.server.settings.maxHeaderListSize;
    this.server.peerSettings.maxHeaderListSize = this.client.settings.maxHeaderListSize;
  }

  /** Every stream has failed, or ended. */
  get isOver(): boolean {
    return this.isClosed;
  }

  /** Whether a stream may be opened. */
  get canOpen(): boolean {
    return !this.isDraining && !this.isClosed &&
      this.streams.size < this.server.settings.maxConcurrentStreams;
  }

  /** No new streams; false where there were none before. */
  drain(): boolean {
    if (this.isDraining || this.isClosed) return false;
    return this.isDraining = true;
  }

  /** One that takes no more streams ends with its last one. */
  endIfDrained(): void {
    if (!this.isDraining || this.isClosed || this.streams.size > 0) return;
    this.isClosed = true;
    this.client.onConnectionClosed(undefined, false);
    this.server.onConnectionClosed(undefined);
  }

  /** `side` ends it: every stream fails, but for those whose status the client only has to take. */
  close(side: unknown, reason: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const ours = new Http2Error("connection", ErrorCode.NO_ERROR, "user", reason);
    const said = `peer sent GOAWAY NO_ERROR ${JSON.stringify(reason)}`;
    const theirs = new Http2Error("connection", ErrorCode.NO_ERROR, "remote", said);
    const byClient = side === this.client;
    for (const end of [...this.streams]) {
      const isAnswered = !byClient && end.other.isAnswered;
      const hasBegun = end.other.onConnectionClosed(byClient ? theirs : ours, !byClient);
      if (!isAnswered) {
        end.onConnectionClosed(byClient ? ours : hasBegun ? theirs : unprocessed(said), byClient);
      }
    }
    this.client.onConnectionClosed(byClient ? ours : theirs, byClient);
    this.server.onConnectionClosed(byClient ? theirs : ours);
  }
}

/** The server closed the connection before it had seen the call. */
function unprocessed(reason: string): Http2Error {
  return new Http2Error("connection", ErrorCode.REFUSED_STREAM, "remote", reason, true);
}

/** As over HTTP/2: not "unprocessed", for it would be refused again. */
function refuse(message: string, sink: ClientStreamSink): undefined {
  const cause = new Http2Error("stream", ErrorCode.ENHANCE_YOUR_CALM, "library", message);
  const code = GrpcStatus.RESOURCE_EXHAUSTED;
  sink.onStatus({ code, message, metadata: NO_HEADERS, cause, unprocessed: false });
  return undefined;
}
