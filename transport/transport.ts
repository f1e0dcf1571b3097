// The seam between transport and surface: streams of gRPC messages and metadata, without frames or methods.
//
// A client transport is one HTTP/2 connection (or an in-process pipe) on which streams are opened; a server
// transport hands over the streams its peer opens. Everything happens on the engine's thread. Sinks are called
// synchronously, inside a turn; they must not throw.
//
// Order for one stream's sink: onHeaders at most once (client) or first (server); onMessage any number of times;
// onHalfClose at most once (server); onStatus (client) or onClosed (server) last, exactly once. A stream ends
// exactly once, whatever happens below.

import type { SocketAddress } from "../pollers/contract/address.ts";
import type { Instant } from "../pollers/contract/engine.ts";
import type { MessageEncoding } from "./grpc/compression.ts";
import type { MessageSizes } from "./grpc/message_limits.ts";
import type { StatusCode } from "./grpc/status_mapping.ts";
import type { HeaderList } from "./hpack/header_list.ts";
import type { ConnectionCounters } from "./http2/connection.ts";
import type { Http2Error, Initiator } from "./http2/error.ts";
import type { ConnectionSecurity } from "./tls/security.ts";

/** What stands at the head of every call of one method on one channel: built once, sent with each call. */
export interface RequestTemplate {
  /** What `:path` says: "/package.Service/Method". */
  readonly path: string;
  /** `:method`, `:scheme`, `:path`, `:authority`, `te`, `content-type`, `user-agent`: in wire order. */
  readonly headers: HeaderList;
  /** What requests are compressed by, as the headers say; undefined where they are not. */
  readonly encoding: MessageEncoding | undefined;
}

/** What a server learns when a stream begins. Shared between calls with equal header blocks: read only. */
export interface RequestHead {
  /** `:path`, as sent: "/package.Service/Method". */
  readonly path: string;
  /** `:authority`, or `host`, or "". */
  readonly authority: string;
  /** grpc-timeout in milliseconds, or undefined where the client set none. */
  readonly timeoutMs: number | undefined;
  /** grpc-encoding, "identity" where absent. */
  readonly encoding: string;
  /** Application metadata: reserved and pseudo header fields are left out. Values as on the wire. */
  readonly metadata: HeaderList;
  /** The whole header section. */
  readonly headers: HeaderList;
}

/** How a stream ended, in gRPC's terms. */
export interface StreamStatus {
  /** gRPC status code, 0 to 16. */
  readonly code: StatusCode;
  /** Status message, decoded (percent coding undone). */
  readonly message: string;
  /** Trailing metadata, values as on the wire, reserved fields left out. */
  readonly metadata: HeaderList;
  /** Who ended the call and why, where it was not the server's own trailers. */
  readonly cause: Http2Error | undefined;
  /** True when the server's application certainly never saw the call: it may be tried again. */
  readonly unprocessed: boolean;
}

/** What both kinds of stream can do. */
export interface MessageStream {
  /**
   * Sends one message. `framed` holds 5 bytes for the gRPC prefix, of which the first is a `MessageMark` and the others
   * are free, and then the encoded message, up to its end. True: the bytes were copied out and are the caller's again. False: they are queued and belong to the
   * transport for good. `last` (clients): nothing follows, so END_STREAM goes with the message.
   */
  sendMessage(framed: Uint8Array, last?: boolean): boolean;
  /** Bytes queued and not yet framed; a producer should wait for `onWritable` while it is above the high-water mark. */
  readonly queuedBytes: number;
  /** Whether a producer should pause: `queuedBytes` is above the high-water mark. */
  readonly writeBlocked: boolean;
  /**
   * Has `onWritten` called once: with true when what was sent until now is written to the endpoint (gRPC's
   * GRPC_WRITE_THROUGH), with false where the connection ends before. A stream that ends itself before that may say true.
   */
  whenWritten(onWritten: (ok: boolean) => void): void;
  /** The application has consumed a message of `bytes` (as given to `onMessage`): the peer may send as much again. */
  release(bytes: number): void;
}

/** Events that both kinds of stream have. */
export interface MessageSink {
  /** The peer sends one message at most: once it is there, no window is announced for another. Default false. */
  readonly singleMessage?: boolean;
  /**
   * One whole message, decompressed. `bytes` is a view of receive memory that is never overwritten; it pins its
   * slab while it is kept. `wireBytes` is what to give `release` once it is consumed.
   */
  onMessage(bytes: Uint8Array, wireBytes: number): void;
  /** The send queue has drained to the low-water mark after `writeBlocked`. */
  onWritable(): void;
  /** A large message that `sendMessage` had queued was copied out: its memory is the caller's again. */
  onSent(framed: Uint8Array): void;
}

/** A call as the client's transport sees it. */
export interface ClientStream extends MessageStream {
  /** Nothing more will be sent. */
  halfClose(): void;
  /** Ends the stream at once with RST_STREAM(CANCEL); `onStatus` follows synchronously with `code` and `message`. */
  cancel(code: StatusCode, message: string): void;
}

/** Events of a client's stream. */
export interface ClientStreamSink extends MessageSink {
  /** Its messages may be no larger than this, beside the limits of the transport; asked when the stream is opened. */
  readonly messageSizes?: MessageSizes | undefined;
  /** Whose stream it is, where several use one connection; undefined: nobody ends its streams together. */
  readonly channel?: object | undefined;
  /** The server's status waits here behind messages: another one takes its place. Undefined: none waits. */
  readonly holdsStatus?: boolean;
  /** The library's own stream, and no call: that a server takes and answers it does not show that it serves. Default false. */
  readonly isInternal?: boolean;
  /** Initial metadata, reserved fields left out; not called for a trailers-only response. */
  onHeaders(metadata: HeaderList): void;
  /** The last call. */
  onStatus(status: StreamStatus): void;
}

/** A call as the server's transport sees it. */
export interface ServerStream extends MessageStream {
  /**
   * Sends initial metadata; implied, empty, by the first message; at most once. A sentence: it is larger than the
   * client takes, and nothing was sent.
   */
  sendHeaders(metadata: HeaderList | undefined): string | undefined;
  /** What responses are compressed by; undefined where they are not. */
  readonly encoding: MessageEncoding | undefined;
  /**
   * Has responses compressed by `encoding`, or not, where `head`, the call's own, says that the client takes that.
   *
   * @throws {TypeError} where initial metadata was sent
   */
  compress(encoding: MessageEncoding | undefined, head: RequestHead): void;
  /**
   * Ends the stream with trailers, after what is queued; trailers-only where no headers were sent. If the client
   * has not half-closed yet, RST_STREAM(NO_ERROR) follows so that it stops sending (RFC 9113, section 8.1). The
   * message is cut to what the client takes. For metadata that is larger RESOURCE_EXHAUSTED is sent instead, and its
   * message returned. `endedBy` is "library" where no handler answers: too many such streams in a short time end the
   * connection.
   */
  sendStatus(
    code: StatusCode,
    message: string,
    metadata: HeaderList | undefined,
    endedBy?: Initiator,
  ): string | undefined;
  /** Ends the stream at once with RST_STREAM; `endedBy` as in {@linkcode sendStatus}. */
  cancel(reason: string, endedBy?: Initiator): void;
  /** Ends it at once with REFUSED_STREAM: the application has not got the request, and the client may send it again. */
  refuse(reason: string): void;
}

/** Events of a server's stream. */
export interface ServerStreamSink extends MessageSink {
  /** Nobody has got the call yet: where its connection ends, the client may send it again. */
  readonly awaitsHandler?: boolean;
  /** The client will send no more messages. */
  onHalfClose(): void;
  /** A frame was taken, and the client may send more: a view that `onMessage` gave holds receive memory meanwhile. */
  onMoreToCome?(): void;
  /**
   * The last call: trailers went out (undefined), or the stream ended before that: reset by the client, the
   * connection gone, or a message that could not be received or sent (`status` is what was sent to the client then).
   */
  onClosed(error: Http2Error | undefined, status?: StatusCode): void;
}

/** What a connection has done until now. */
export type TransportCounters = ConnectionCounters;

/** One side of a connection. */
export interface Transport {
  /** This side's address. */
  readonly local: SocketAddress;
  /** The other side's address. */
  readonly peer: SocketAddress;
  /** What its TLS handshake established; undefined in plaintext. While the connection is open. */
  readonly security: ConnectionSecurity | undefined;
  /** Streams that are open now. */
  readonly activeStreams: number;
  /** What it has done: made when it is asked for. */
  counters(): TransportCounters;
  /** Ends at once: every stream fails, the endpoint closes. Idempotent. */
  close(reason: string): void;
  /** GOAWAY: streams that run may finish, new ones are refused; closes when the last one ended. Idempotent. */
  drain(reason: string): void;
}

/** One connection to a server. */
export interface ClientTransport extends Transport {
  /** Whether the server has answered a call on this connection, with whatever status, or says in GOAWAY that it takes one. */
  readonly answered: boolean;
  /** Whether a call has had a stream of this connection, other than those that the library makes itself. */
  readonly called: boolean;
  /** Whether `open` would find a free stream now (MAX_CONCURRENT_STREAMS, GOAWAY, stream ids left). */
  readonly canOpen: boolean;
  /** Whether a stream is open whose sink is of `channel`. */
  hasStreamsOf(channel: object): boolean;
  /** Ends the streams whose sinks are of `channel`, as `close` ends all. */
  endStreamsOf(channel: object, reason: string): void;
  /**
   * Opens a stream; only while `canOpen`. `timeoutMs` is what is left of the deadline, or undefined. Gives undefined
   * where the metadata is larger than the server takes: nothing was sent, and `onStatus` has come.
   */
  open(
    template: RequestTemplate,
    timeoutMs: number | undefined,
    metadata: HeaderList | undefined,
    sink: ClientStreamSink,
  ): ClientStream | undefined;
}

/** Events of a client transport. */
export interface ClientTransportSink {
  /** A stream can be opened again after `canOpen` was false. */
  onCanOpen(): void;
  /** No new streams from here on: the peer sent GOAWAY, or `drain` was called. Running streams continue. */
  onDraining(reason: Http2Error | undefined): void;
  /** The last call: the connection is gone and every stream has had its status. */
  onClosed(error: Http2Error | undefined): void;
}

/** One connection from a client. */
export interface ServerTransport extends Transport {
  /**
   * Whether several responses wait and none can be sent, for the client reads nothing: calls that begin now would only
   * add to them. `onUnstalled` is called when that is over, if this was asked.
   */
  readonly stalled: boolean;
}

/** Events of a server transport. */
export interface ServerTransportSink {
  /** A client opened a stream. */
  onStream(stream: ServerStream, head: RequestHead, receivedAt: Instant): ServerStreamSink;
  /** Responses can be sent again after `stalled` was true. */
  onUnstalled?(): void;
  /** The last call: the connection is gone and every stream was closed. */
  onClosed(error: Http2Error | undefined): void;
}
