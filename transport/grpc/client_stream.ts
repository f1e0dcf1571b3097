// A call as a client's HTTP/2 stream: messages and metadata on one side, frames on the other.

import type { HeaderList } from "../hpack/header_list.ts";
import type { Connection } from "../http2/connection.ts";
import { ErrorCode, Http2Error } from "../http2/error.ts";
import type { ReceivedMemory } from "../http2/received_memory.ts";
import type { StreamSink } from "../http2/sink.ts";
import type { Stream } from "../http2/stream.ts";
import type { ClientStream, ClientStreamSink, StreamStatus } from "../transport.ts";
import {
  acceptedNames,
  type CompressedStreams,
  encodingOf,
  IDENTITY,
  type MessageEncoding,
  unsupportedEncoding,
} from "./compression.ts";
import { NO_HEADERS, parseResponse, parseTrailers } from "./headers.ts";
import { type MessageError, type MessageLimits, tooLargeToSend } from "./message_limits.ts";
import { MESSAGE_PREFIX_BYTES, writePrefix } from "./message_prefix.ts";
import { type MessageOwner, MessageReader, UnreadableReader } from "./message_reader.ts";
import { GrpcStatus, type StatusCode } from "./status_mapping.ts";
import { statusOfError } from "./status_of_error.ts";

// Local: see docs/STYLE.md, "Hot paths".
const UNCOMPRESSED = IDENTITY;
const { OK } = GrpcStatus;
const PREFIX_BYTES = MESSAGE_PREFIX_BYTES;
const Reader = MessageReader;
const prefix = writePrefix;
const responseOf = parseResponse;
const trailersOf = parseTrailers;

/** What streams need beside others that send or receive compressed messages, as the library sees it. */
export interface StreamCompression extends CompressedStreams {
  /** A stream whose requests are compressed by `encoding`. */
  compressing(
    connection: Connection,
    sink: ClientStreamSink,
    limits: ClientStreamLimits,
    encoding: MessageEncoding,
  ): GrpcClientStream;
  /** The sink that stands between a stream, the `owner`, and `sink` where responses may be compressed by `encoding`. */
  inflating(
    owner: MessageOwner,
    sink: ClientStreamSink,
    encoding: MessageEncoding,
    memory: ReceivedMemory,
    limits: MessageLimits,
  ): ClientStreamSink & { readonly reader: MessageReader };
}

/** The limits of one transport, and how its streams are compressed. */
export interface ClientStreamLimits extends MessageLimits {
  /** Undefined: no message is. */
  readonly compressed?: StreamCompression | undefined;
}

/** One object a call; it ends with exactly one `onStatus`. */
export class GrpcClientStream implements ClientStream, StreamSink, MessageOwner {
  /** Set right after the stream was opened. */
  stream!: Stream;
  private reader: MessageReader | undefined = undefined;
  private done = false;
  /** What it ends with, while it is being reset. */
  private ending: StreamStatus | undefined = undefined;

  /** `limits`: the largest messages. */
  constructor(
    protected readonly connection: Connection,
    private sink: ClientStreamSink,
    protected readonly limits: ClientStreamLimits,
  ) {}

  /** Bytes queued and not yet framed. */
  get queuedBytes(): number {
    return this.stream.queuedBytes;
  }

  /** Whether a producer should wait for `onWritable`. */
  get writeBlocked(): boolean {
    return this.stream.writeBlocked;
  }

  sendMessage(framed: Uint8Array, last = false): boolean {
    const bytes = framed.length - PREFIX_BYTES;
    if (bytes > this.limits.sendBytes) {
      this.onMessageError(tooLargeToSend(bytes, this.limits.sendBytes));
      return true;
    }
    prefix(framed);
    if (!this.stream.closed) this.connection.messagesSent++;
    return this.connection.sendData(this.stream, framed, last);
  }

  halfClose(): void {
    if (!this.done) this.connection.sendData(this.stream, NOTHING, true);
  }

  whenWritten(onWritten: (ok: boolean) => void): void {
    this.connection.whenWritten(this.stream, onWritten);
  }

  release(bytes: number): void {
    const consumed = this.reader!.taken(bytes);
    // Even where no message is expected the beginning of one must come, so that it can be found wrong.
    this.connection.release(this.stream, consumed, bytes, PREFIX_BYTES, this.sink.singleMessage);
  }

  cancel(code: StatusCode, message: string): void {
    const cause = new Http2Error("stream", ErrorCode.CANCEL, "user", message);
    const status = { code, message, metadata: NO_HEADERS, cause, unprocessed: false };
    if (!this.done) this.end(status);
    else if (this.sink.holdsStatus === true) this.sink.onStatus(status);
  }

  /** Whose stream it is. */
  get channel(): object | undefined {
    return this.sink.channel;
  }

  /** Ends as if its connection had ended by `error`, which goes on. */
  lose(error: Http2Error): void {
    this.end(statusOfError(error));
  }

  /** The response's header section, or a trailers-only response. */
  onHeaders(_stream: Stream, headers: HeaderList, endStream: boolean): void {
    if (!this.connection.answered) this.connection.answered = this.sink.isInternal !== true;
    if (endStream && headers.get("grpc-status") !== undefined) return this.end(trailersOf(headers));
    const head = responseOf(headers);
    if (head.refusal !== undefined) return this.end(head.refusal);
    if (endStream) return this.fail(GrpcStatus.UNKNOWN, "server ended the call without grpc-status");
    const { received } = this.connection;
    if (head.encoding !== UNCOMPRESSED) this.inflates(head.encoding, received);
    else this.reader = new Reader(this, received, this.limits.receiveBytes);
    this.sink.onHeaders(head.metadata);
  }

  /** Content: pieces of messages. */
  onData(_stream: Stream, bytes: Uint8Array, start: number, end: number, endStream: boolean): void {
    if (this.done) return;
    this.reader!.read(bytes, start, end);
    if (endStream) this.fail(GrpcStatus.INTERNAL, "server ended the call without trailers");
  }

  /** The status. */
  onTrailers(_stream: Stream, trailers: HeaderList): void {
    const status = trailersOf(trailers);
    if (status.code === OK && this.reader?.atBoundary === false) {
      return this.fail(GrpcStatus.INTERNAL, "server ended the call in the middle of a message");
    }
    this.end(status);
  }

  /** The send queue has drained. */
  onWritable(): void {
    if (!this.done) this.sink.onWritable();
  }

  /** A queued message is out. */
  onSent(_stream: Stream, framed: Uint8Array): void {
    this.sink.onSent(framed);
  }

  /** The stream is closed. Without a status the call ends with the stream's error. */
  onClosed(_stream: Stream, error: Http2Error | undefined): void {
    if (this.done) return;
    if (this.ending !== undefined) return this.finish(this.ending);
    this.end(error === undefined ? unexplained() : statusOfError(error));
  }

  /** A message is whole. */
  onMessageBytes(bytes: Uint8Array, wireBytes: number): void {
    if (!this.done) this.sink.onMessage(bytes, wireBytes);
  }

  /** Octets of a message that is not whole yet. */
  onConsumed(bytes: number, left: number): void {
    this.connection.release(this.stream, bytes, 0, left, this.sink.singleMessage);
  }

  /** No further message can be received. */
  onMessageError({ code, message }: MessageError): void {
    const { narrowedBy } = this.limits;
    const isTooLarge = code === GrpcStatus.RESOURCE_EXHAUSTED;
    this.fail(code, isTooLarge && narrowedBy !== undefined ? `${message}; ${narrowedBy}` : message);
  }

  /** Also where there is no such encoding: a message has to make use of it before the call fails (compression.md). */
  private inflates(encoding: string, received: ReceivedMemory): void {
    const { limits } = this;
    const { compressed, encodings } = limits;
    const found = encodingOf(encoding, encodings);
    if (found !== undefined && compressed !== undefined) {
      const inflation = compressed.inflating(this, this.sink, found, received, limits);
      this.sink = inflation;
      this.reader = inflation.reader;
      return;
    }
    const why = unsupportedEncoding(encoding, acceptedNames(encodings));
    this.reader = new UnreadableReader(this, received, limits.receiveBytes, why);
  }

  private fail(code: StatusCode, message: string): void {
    const cause = new Http2Error("stream", ErrorCode.CANCEL, "library", message);
    this.end({ code, message, metadata: NO_HEADERS, cause, unprocessed: false });
  }

  private end(status: StreamStatus): void {
    if (this.done || this.ending !== undefined) return;
    const { stream, connection } = this;
    // The server is done with us, or we with it: what we still send, or it, is not wanted.
    if (!stream.closed && !(stream.remoteClosed && stream.localClosed)) {
      // After the whole response that is no error (PROTOCOL-HTTP2.md, "Early Server Closure").
      const code = stream.remoteClosed ? ErrorCode.NO_ERROR : ErrorCode.CANCEL;
      // Its status comes before what the end of the stream means for the connection: another stream, or its own end.
      this.ending = status;
      connection.reset(stream, status.cause ?? new Http2Error("stream", code, "library", "call ended"));
    } else this.finish(status);
  }

  private finish(status: StreamStatus): void {
    this.done = true;
    if (status.code !== OK) this.connection.callsFailed++;
    this.sink.onStatus(status);
  }
}

const NOTHING = new Uint8Array(0);

function unexplained(): StreamStatus {
  const message = "stream ended without a status";
  return { code: GrpcStatus.INTERNAL, message, metadata: NO_HEADERS, cause: undefined, unprocessed: false };
}
