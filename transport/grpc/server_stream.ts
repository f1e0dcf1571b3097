// A call as a server's HTTP/2 stream: messages and metadata on one side, frames on the other.

import type { HeaderList } from "../hpack/header_list.ts";
import type { Connection } from "../http2/connection.ts";
import { ErrorCode, Http2Error, type Initiator } from "../http2/error.ts";
import type { PeerSettings } from "../http2/settings.ts";
import type { StreamSink } from "../http2/sink.ts";
import type { Stream } from "../http2/stream.ts";
import type { RequestHead, ServerStream, ServerStreamSink } from "../transport.ts";
import {
  acceptedNames,
  encodedMessage,
  encodingOf,
  IDENTITY,
  type MessageEncoding,
  takesEncoding,
} from "./compression.ts";
import { BARE_STATUS_OCTETS, excessOf, insteadOf, messageRoom } from "./header_limits.ts";
import {
  encodingRefusal,
  parseRequest,
  plainHeaders,
  type RequestRefusal,
  RESPONSE_HEADERS,
  responseHeaders,
  statusHeaders,
} from "./headers.ts";
import { ServerInflation } from "./inflation.ts";
import { type MessageError, type MessageLimits, tooLargeToSend } from "./message_limits.ts";
import { MESSAGE_PREFIX_BYTES, writePrefix } from "./message_prefix.ts";
import { type MessageOwner, MessageReader } from "./message_reader.ts";
import { GrpcStatus, type StatusCode } from "./status_mapping.ts";

// Local: see docs/STYLE.md, "Hot paths".
const UNCOMPRESSED = IDENTITY;
const PREFIX_BYTES = MESSAGE_PREFIX_BYTES;
const PLAIN_HEADERS = RESPONSE_HEADERS;
const Reader = MessageReader;
const headOf = parseRequest;
const prefix = writePrefix;
const statusFields = statusHeaders;

/** Content that is let in and dropped after a response of HTTP, before the client is asked to stop: a form, not a file. */
const DISCARDED_BYTES = 16_384;

/** Of the message to a client that does not speak gRPC, which quotes what it sent. */
const REFUSAL_CHARACTERS = 1_000;

/** A response that is not what most are. */
interface EncodedResponse {
  /** What its messages are compressed by. */
  readonly encoding: MessageEncoding | undefined;
  /** What it begins with. */
  readonly headers: HeaderList;
}

/** What begins the calls of one connection. */
export interface CallBeginner {
  /** A call has begun; returns its sink. */
  beginCall(stream: ServerStream, head: RequestHead): ServerStreamSink;
}

/**
 * The status of a call that is open when its connection ends in order, as the trailers of `stream` or its whole response;
 * undefined where its handler has not begun.
 */
export function unavailable(
  { headersSent, sink }: Stream,
  reason: string,
  peer: PeerSettings,
): HeaderList | undefined {
  if ((sink as GrpcServerStream).awaitsHandler) return undefined;
  const room = messageRoom(undefined, headersSent ? 0 : PLAIN_HEADERS.octets, peer);
  return statusFields(GrpcStatus.UNAVAILABLE, reason, !headersSent, room);
}

/** One object a call; its sink ends with exactly one `onClosed`. */
export class GrpcServerStream implements ServerStream, StreamSink, MessageOwner {
  private sink: ServerStreamSink | undefined = undefined;
  private reader: MessageReader | undefined = undefined;
  /** Undefined where nothing of it is compressed, nor of the request. */
  private response: EncodedResponse | undefined = undefined;
  private headersSent = false;
  /** Nothing is handed up any more. */
  private done = false;

  /** `limits`: the largest messages. */
  constructor(
    private readonly connection: Connection,
    private readonly stream: Stream,
    private readonly beginner: CallBeginner,
    private readonly limits: MessageLimits,
  ) {}

  /** Nobody has got the call yet. */
  get awaitsHandler(): boolean {
    return this.sink?.awaitsHandler === true;
  }

  get encoding(): MessageEncoding | undefined {
    return this.response?.encoding;
  }

  /** Bytes queued and not yet framed. */
  get queuedBytes(): number {
    return this.stream.queuedBytes;
  }

  /** Whether a producer should wait for `onWritable`. */
  get writeBlocked(): boolean {
    return this.connection.producers!.writeBlocked(this.stream);
  }

  sendHeaders(metadata: HeaderList | undefined): string | undefined {
    if (this.headersSent) throw new TypeError("Cannot send initial metadata: it was sent before");
    const headers = this.response === undefined ? PLAIN_HEADERS : this.response.headers;
    if (metadata !== undefined) {
      const { peerSettings } = this.connection;
      const excess = excessOf("initial metadata", metadata, headers.octets, peerSettings);
      if (excess !== undefined) return excess;
    }
    this.headersSent = true;
    this.connection.sendHeaders(this.stream, headers, metadata, false);
    return undefined;
  }

  sendMessage(framed: Uint8Array): boolean {
    const bytes = framed.length - PREFIX_BYTES;
    if (bytes > this.limits.sendBytes) {
      this.onMessageError(tooLargeToSend(bytes, this.limits.sendBytes));
      return true;
    }
    if (!this.headersSent) this.sendHeaders(undefined);
    if (!this.stream.closed) this.connection.messagesSent++;
    if (this.response?.encoding !== undefined) {
      this.connection.sendData(this.stream, encodedMessage(this.response.encoding, framed), false);
      return true;
    }
    prefix(framed);
    return this.connection.sendData(this.stream, framed, false);
  }

  compress(encoding: MessageEncoding | undefined, head: RequestHead): void {
    if (this.headersSent) throw new TypeError("Cannot change the compression: initial metadata was sent");
    const taken = encoding !== undefined && takesEncoding(head.headers, encoding) ? encoding : undefined;
    // Who compresses is to know what else would be taken, which the answer to a call says that had it (compression.md).
    const accepted = head.encoding === UNCOMPRESSED ? undefined : acceptedNames(this.limits.encodings);
    this.response = { encoding: taken, headers: responseHeaders(taken, accepted) };
  }

  sendStatus(
    code: StatusCode,
    message: string,
    metadata: HeaderList | undefined,
    endedBy: Initiator = "user",
  ): string | undefined {
    if (endedBy === "library") this.connection.requests!.endUnanswered(this.stream);
    const own = this.headersSent ? 0 : PLAIN_HEADERS.octets;
    const { peerSettings } = this.connection;
    const excess = metadata &&
      excessOf("trailing metadata", metadata, own + BARE_STATUS_OCTETS, peerSettings);
    if (excess === undefined) {
      this.writeStatus(code, message, metadata);
      return undefined;
    }
    const instead = insteadOf(code, message, excess);
    this.writeStatus(GrpcStatus.RESOURCE_EXHAUSTED, instead, undefined);
    return instead;
  }

  refuse(reason: string): void {
    this.connection.requests!.refuseOpen(this.stream, reason);
  }

  cancel(reason: string, endedBy: Initiator = "user"): void {
    if (endedBy === "library") this.connection.requests!.endUnanswered(this.stream);
    this.connection.reset(this.stream, new Http2Error("stream", ErrorCode.CANCEL, "user", reason));
  }

  whenWritten(onWritten: (ok: boolean) => void): void {
    this.connection.whenWritten(this.stream, onWritten);
  }

  release(bytes: number): void {
    const consumed = this.reader!.taken(bytes);
    // Even where no message is expected the beginning of one must come, so that it can be found wrong.
    this.connection.release(this.stream, consumed, bytes, PREFIX_BYTES, this.sink!.singleMessage);
  }

  /** The request's header section begins the call, or refuses it. */
  onHeaders(_stream: Stream, headers: HeaderList, endStream: boolean): void {
    const head = headOf(headers);
    if ("httpStatus" in head) return this.refuseRequest(head, headers);
    const { limits, connection: { received } } = this;
    if (head.encoding !== UNCOMPRESSED) return this.onEncodedHeaders(head, headers, endStream);
    if (limits.encodings?.outgoing !== undefined) this.compress(limits.encodings.outgoing, head);
    this.reader = new Reader(this, received, limits.receiveBytes);
    this.begun(this.beginner.beginCall(this, head), endStream);
  }

  /** A request whose messages are compressed. Without that encoding no call begins, whether or not they are (compression.md). */
  private onEncodedHeaders(head: RequestHead, headers: HeaderList, endStream: boolean): void {
    const { limits, connection: { received } } = this;
    const encoding = encodingOf(head.encoding, limits.encodings);
    if (encoding === undefined) {
      return this.refuseRequest(encodingRefusal(head.encoding, acceptedNames(limits.encodings)), headers);
    }
    const inflation = new ServerInflation(this, encoding, received, limits);
    this.compress(limits.encodings!.outgoing, head);
    this.reader = inflation.reader;
    inflation.sink = this.beginner.beginCall(this, head);
    this.begun(inflation, endStream);
  }

  /** The call has begun. What the application is told of that may have it close the connection. */
  private begun(sink: ServerStreamSink, endStream: boolean): void {
    this.sink = sink;
    if (this.done) sink.onClosed(this.connection.error);
    else if (endStream) sink.onHalfClose();
  }

  /** Content: pieces of messages. */
  onData(_stream: Stream, bytes: Uint8Array, start: number, end: number, endStream: boolean): void {
    if (this.done) return this.discard();
    this.reader!.read(bytes, start, end);
    if (endStream) this.endOfRequest();
    else if (!this.done) this.sink!.onMoreToCome?.();
  }

  /** Trailers of a request mean nothing in gRPC but its end. */
  onTrailers(): void {
    this.endOfRequest();
  }

  /** The send queue has drained. */
  onWritable(): void {
    if (!this.done) this.sink!.onWritable();
  }

  /** A queued message is out. */
  onSent(_stream: Stream, framed: Uint8Array): void {
    if (this.encoding === undefined) this.sink?.onSent(framed); // there is none where no call began
  }

  /** The stream is over. */
  onClosed(_stream: Stream, error: Http2Error | undefined): void {
    if (this.done) return;
    this.done = true;
    this.sink?.onClosed(error);
  }

  /** A message is whole. */
  onMessageBytes(bytes: Uint8Array, wireBytes: number): void {
    if (!this.done) this.sink!.onMessage(bytes, wireBytes);
  }

  /** Octets of a message that is not whole yet. */
  onConsumed(bytes: number, left: number): void {
    this.connection.release(this.stream, bytes, 0, left, this.sink!.singleMessage);
  }

  /** No further message can be received: the client gets the reason as status, and the call ends. */
  onMessageError(error: MessageError): void {
    if (this.done) return;
    this.done = true;
    // The response may have ended already, with only the client still sending.
    if (!this.stream.localClosed && !this.stream.endQueued) {
      this.sendStatus(error.code, error.message, undefined, "library");
    }
    const closed = new Http2Error("stream", ErrorCode.INTERNAL_ERROR, "library", error.message);
    this.sink!.onClosed(closed, error.code);
  }

  private writeStatus(code: StatusCode, message: string, metadata: HeaderList | undefined): void {
    const only = !this.headersSent;
    this.headersSent = true;
    const room = message === "" ? 0 : this.messageRoom(metadata, only);
    this.connection.sendHeaders(this.stream, statusFields(code, message, only, room), metadata, true);
  }

  private messageRoom(metadata: HeaderList | undefined, only: boolean): number {
    return messageRoom(metadata, only ? PLAIN_HEADERS.octets : 0, this.connection.peerSettings);
  }

  private endOfRequest(): void {
    if (this.done) return;
    if (this.reader!.atBoundary) return this.sink!.onHalfClose();
    this.onMessageError({
      code: GrpcStatus.INTERNAL,
      message: "client ended the call in the middle of a message",
    });
  }

  /** Content of a request that was answered in HTTP: its client may send a little before it has read that. */
  private discard(): void {
    const { stream, reader, connection } = this;
    const { unreleased, available } = stream.receiveWindow;
    if (reader !== undefined || (unreleased <= DISCARDED_BYTES && available > 0)) return;
    stream.takesWholeRequest = false;
    connection.reset(stream, new Http2Error("stream", ErrorCode.NO_ERROR, "library", "request is not read"));
  }

  /** No call begins: a status for clients that speak gRPC, a response of HTTP for all others. */
  private refuseRequest(
    { httpStatus, grpcStatus, message, fields }: RequestRefusal,
    request: HeaderList,
  ): void {
    const { connection, stream } = this;
    this.done = true;
    connection.requests!.endUnanswered(stream);
    if (grpcStatus !== undefined) {
      const room = this.messageRoom(fields, true);
      return connection.sendHeaders(stream, statusFields(grpcStatus, message, true, room), fields, true);
    }
    const content = new TextEncoder().encode(`${message.slice(0, REFUSAL_CHARACTERS)}\n`);
    const isHead = request.get(":method") === "HEAD"; // whose response has no content (RFC 9110, section 9.3.2)
    // Nobody is in a hurry for the stream: what the peer sends on it is held to every rule of HTTP/2 until it ends it.
    stream.takesWholeRequest = true;
    connection.sendHeaders(stream, plainHeaders(httpStatus, content.length), fields, isHead);
    if (!isHead) connection.sendData(stream, content, true);
  }
}
