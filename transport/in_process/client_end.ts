// A call as a client's in-process stream.

import { NO_HEADERS } from "../grpc/headers.ts";
import type { MessageError, MessageLimits } from "../grpc/message_limits.ts";
import { statusOfError } from "../grpc/status_of_error.ts";
import type { StatusCode } from "../grpc/status_mapping.ts";
import type { HeaderList } from "../hpack/header_list.ts";
import { ErrorCode, Http2Error } from "../http2/error.ts";
import type { ClientStream, ClientStreamSink, StreamStatus } from "../transport.ts";
import { type EndHost, StreamEnd } from "./stream_end.ts";

/** The side of the client. */
export interface ClientEndHost extends EndHost {
  /** The server has answered a call. */
  answered: boolean;
  /** `end` has its status. */
  streamOver(end: ClientEnd, status: StreamStatus): void;
}

/** What a client's end calls on the server's. */
interface Server extends StreamEnd {
  /** The client only has to take what is there, the status included. */
  readonly isAnswered: boolean;
  /** The client has ended the stream with `error`. */
  onReset(error: Http2Error): void;
  /** The client has the status. */
  onStatusTaken(): void;
  /** The connection is gone; whether the call had begun. */
  onConnectionClosed(error: Http2Error, now: boolean): boolean;
}

/** One object a call; it ends with exactly one `onStatus`. */
export class ClientEnd extends StreamEnd implements ClientStream {
  declare other: Server;
  private headers: HeaderList | undefined;
  private hasHeaders: boolean;
  private status: StreamStatus | undefined;
  /** The status does not wait for messages. */
  private isReset: boolean;

  constructor(
    protected override readonly host: ClientEndHost,
    private readonly sink: ClientStreamSink,
    limits: MessageLimits,
  ) {
    super(host, limits);
    this.headers = undefined;
    this.hasHeaders = false;
    this.status = undefined;
    this.isReset = false;
  }

  protected get messages(): ClientStreamSink {
    return this.sink;
  }

  halfClose(): void {
    if (this.isOver) return;
    this.other.onHalfClosed();
  }

  cancel(code: StatusCode, message: string): void {
    this.abandon(code, new Http2Error("stream", ErrorCode.CANCEL, "user", message));
  }

  // From the server's end.

  /** Initial metadata. */
  onServerHeaders(metadata: HeaderList): void {
    this.headers = metadata;
    this.host.lane.schedule(this);
  }

  /** The status: after the messages, or where the stream was reset, when those that may be handed up are. */
  onServerStatus(status: StreamStatus, isReset: boolean): void {
    this.status = status;
    this.isReset = isReset;
    this.host.lane.schedule(this);
  }

  /** Whose call it is. */
  get channel(): object | undefined {
    return this.sink.channel;
  }

  /** Its channel closes, while others use the connection. */
  lose(error: Http2Error): void {
    if (this.isOver) return;
    this.other.onReset(new Http2Error("stream", error.code, "remote", "client cancelled the call"));
    this.end(statusOfError(error), false);
  }

  /** The connection is gone. `now`: this side has closed it. */
  onConnectionClosed(error: Http2Error, now: boolean): void {
    const status = statusOfError(error);
    if (now) this.end(status, false);
    else this.onServerStatus(status, true);
  }

  protected deliverBeginning(): boolean {
    if (this.hasHeaders || this.headers === undefined) return true;
    this.hasHeaders = true;
    this.answered();
    this.sink.onHeaders(this.headers);
    return !this.isOver;
  }

  protected deliverEnd(isEmpty: boolean): void {
    const { status } = this;
    if (status === undefined || !(isEmpty || this.isReset)) return;
    if (status.cause === undefined) this.answered();
    this.other.onStatusTaken();
    this.end(status, status.cause?.kind !== "connection");
  }

  private answered(): void {
    if (this.sink.isInternal !== true) this.host.answered = true;
  }

  protected onMessageError({ code, message }: MessageError): void {
    this.abandon(code, new Http2Error("stream", ErrorCode.CANCEL, "library", message));
  }

  private abandon(code: StatusCode, cause: Http2Error): void {
    if (this.isOver) return;
    this.other.onReset(new Http2Error("stream", cause.code, "remote", "client cancelled the call"));
    this.end({ code, message: cause.reason, metadata: NO_HEADERS, cause, unprocessed: false }, true);
  }

  /** The call has its status before what that means for the connection. */
  private end(status: StreamStatus, ok: boolean): void {
    if (this.isOver) return;
    this.finish(ok);
    this.sink.onStatus(status);
    this.host.streamOver(this, status);
  }
}
