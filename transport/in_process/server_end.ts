// A call as a server's in-process stream.

import { BARE_STATUS_OCTETS, excessOf, insteadOf, messageRoom } from "../grpc/header_limits.ts";
import { NO_HEADERS, RESPONSE_HEADERS } from "../grpc/headers.ts";
import type { MessageError } from "../grpc/message_limits.ts";
import { MESSAGE_PREFIX_BYTES } from "../grpc/message_prefix.ts";
import { decodePercent, encodePercent } from "../grpc/percent.ts";
import { GrpcStatus, type StatusCode } from "../grpc/status_mapping.ts";
import { statusOfError } from "../grpc/status_of_error.ts";
import type { HeaderList } from "../hpack/header_list.ts";
import { ErrorCode, Http2Error } from "../http2/error.ts";
import type { PeerSettings } from "../http2/settings.ts";
import type {
  RequestHead,
  ServerStream,
  ServerStreamSink,
  ServerTransportSink,
  StreamStatus,
} from "../transport.ts";
import type { ClientEnd } from "./client_end.ts";
import { type EndHost, StreamEnd } from "./stream_end.ts";

/** The side of the server. */
export interface ServerEndHost extends EndHost {
  /** What begins calls. */
  readonly sink: ServerTransportSink;
  /** What the client takes. */
  readonly peerSettings: PeerSettings;
}

const OK: StreamStatus = {
  code: GrpcStatus.OK,
  message: "",
  metadata: NO_HEADERS,
  cause: undefined,
  unprocessed: false,
};

/** One object a call; its sink ends with exactly one `onClosed`. */
export class ServerEnd extends StreamEnd implements ServerStream {
  declare other: ClientEnd;
  private sink: ServerStreamSink | undefined;
  private hasBegun: boolean;
  private saidEnd: boolean;
  private sentHeaders: boolean;
  private sentStatus: boolean;
  private closed: boolean;
  /** What the client ended the stream with. */
  private error: Http2Error | undefined;

  constructor(protected override readonly host: ServerEndHost, private readonly head: RequestHead) {
    super(host, host.limits);
    this.sink = undefined;
    this.hasBegun = false;
    this.saidEnd = false;
    this.sentHeaders = false;
    this.sentStatus = false;
    this.closed = false;
    this.error = undefined;
  }

  protected get messages(): ServerStreamSink {
    return this.sink!;
  }

  /** Nothing is compressed inside a process. */
  get encoding(): undefined {
    return undefined;
  }

  compress(): void {
    if (this.sentHeaders) throw new TypeError("Cannot change the compression: initial metadata was sent");
  }

  sendHeaders(metadata: HeaderList | undefined): string | undefined {
    if (this.sentHeaders) throw new TypeError("Cannot send initial metadata: it was sent before");
    const excess = metadata &&
      excessOf("initial metadata", metadata, RESPONSE_HEADERS.octets, this.host.peerSettings);
    if (excess !== undefined) return excess;
    this.sentHeaders = true;
    if (!this.isOver) this.other.onServerHeaders(metadata ?? NO_HEADERS);
    return undefined;
  }

  override sendMessage(framed: Uint8Array): boolean {
    const isTooLarge = framed.length - MESSAGE_PREFIX_BYTES > this.host.limits.sendBytes;
    if (!this.sentHeaders && !isTooLarge) this.sendHeaders(undefined); // one that is not sent begins no response
    return super.sendMessage(framed);
  }

  sendStatus(code: StatusCode, message: string, metadata: HeaderList | undefined): string | undefined {
    if (this.isOver || this.sentStatus) return undefined;
    this.sentStatus = true;
    const own = this.sentHeaders ? 0 : RESPONSE_HEADERS.octets;
    const { peerSettings } = this.host;
    const excess = metadata &&
      excessOf("trailing metadata", metadata, own + BARE_STATUS_OCTETS, peerSettings);
    let status: StreamStatus = OK;
    let instead: string | undefined = undefined;
    if (excess !== undefined) {
      instead = insteadOf(code, message, excess);
      status = this.statusOf(GrpcStatus.RESOURCE_EXHAUSTED, instead, NO_HEADERS, own);
    } else if (code !== GrpcStatus.OK || message !== "" || metadata !== undefined) {
      status = this.statusOf(code, message, metadata ?? NO_HEADERS, own);
    }
    this.other.onServerStatus(status, false);
    return instead;
  }

  cancel(reason: string): void {
    this.abandon(ErrorCode.CANCEL, reason);
  }

  refuse(reason: string): void {
    this.abandon(ErrorCode.REFUSED_STREAM, reason);
  }

  // From the client's side.

  /** Nothing holds back what was sent, the status included: in HTTP/2 it would be on the wire, and this end over. */
  get isAnswered(): boolean {
    return this.sentStatus && this.queuedBytes === 0;
  }

  /** The stream was opened. */
  open(): void {
    this.host.lane.schedule(this);
  }

  /** The client has ended the stream with `error`. */
  onReset(error: Http2Error): void {
    this.error = error;
    this.host.lane.schedule(this);
  }

  /** The client has the status: the stream is over. */
  onStatusTaken(): void {
    this.closed = true;
    this.host.lane.schedule(this);
  }

  /** The connection is gone. `now`: this side has closed it. Returns whether the call has begun here. */
  onConnectionClosed(error: Http2Error, now: boolean): boolean {
    if (now) this.close(this.isAnswered ? undefined : error);
    else this.onReset(error);
    return this.hasBegun;
  }

  protected deliverBeginning(): boolean {
    if (this.hasBegun) return true;
    this.hasBegun = true;
    if (this.error !== undefined) this.finish(true); // it was withdrawn before anybody here knew of it
    else {
      this.sink = this.host.sink.onStream(this, this.head, this.host.lane.now);
      if (this.isOver) this.sink.onClosed(this.error); // what the application was told had it close the connection
    }
    return !this.isOver;
  }

  protected deliverEnd(isEmpty: boolean): void {
    if (isEmpty && this.hasEnd && !this.saidEnd && this.error === undefined) {
      this.saidEnd = true;
      this.sink!.onHalfClose();
    }
    if (this.error !== undefined || this.closed) this.close(this.error);
  }

  /** The client gets the reason as status, and the call ends. */
  protected onMessageError({ code, message }: MessageError): void {
    if (this.isOver) return;
    this.sendStatus(code, message, undefined);
    this.close(new Http2Error("stream", ErrorCode.INTERNAL_ERROR, "library", message), code);
  }

  private abandon(code: ErrorCode, reason: string): void {
    if (this.isOver || this.isAnswered) return;
    const isRefused = code === ErrorCode.REFUSED_STREAM;
    const said = `server ${isRefused ? "refused" : "cancelled"} the call`;
    this.other.onServerStatus(statusOfError(new Http2Error("stream", code, "remote", said, isRefused)), true);
    this.close(new Http2Error("stream", code, "user", reason));
  }

  private close(error: Http2Error | undefined, status?: StatusCode): void {
    if (this.isOver) return;
    this.finish(error === undefined || error.kind === "stream");
    if (this.sink !== undefined) this.sink.onClosed(error, status);
    else this.error = error;
  }

  /** The message is cut to what the client takes. */
  private statusOf(code: StatusCode, message: string, metadata: HeaderList, own: number): StreamStatus {
    const room = message === "" ? 0 : messageRoom(metadata, own, this.host.peerSettings);
    const text = message === "" ? "" : decodePercent(encodePercent(message, room));
    return { code, message: text, metadata, cause: undefined, unprocessed: false };
  }
}
