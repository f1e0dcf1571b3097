// A server's calls as handlers see them: emitters and streams of Node, typed.

import type { Duplex, EventEmitter, Readable, Writable } from "../../../pollers/native/node_classes.ts";
import type { AuthContext } from "./auth_context.ts";
import type { PerRequestMetricRecorder } from "./call_metrics.ts";
import type { Deadline } from "./deadline.ts";
import type { Metadata } from "./metadata.ts";
import type { ServerErrorResponse, ServerStatusResponse } from "./status.ts";

/** What all of them have. */
export type ServerSurfaceCall = {
  /** The call is over: "cancelled" was emitted. */
  cancelled: boolean;
  /** What the client sent before its messages. */
  readonly metadata: Metadata;
  /** The client's address. */
  getPeer(): string;
  /** Sends initial metadata; once, before messages. */
  sendMetadata(responseMetadata: Metadata): void;
  /** The client's deadline; Infinity where there is none. */
  getDeadline(): Deadline;
  /** "/package.Service/Method". */
  getPath(): string;
  /** What the client called the server. */
  getHost(): string;
  /** What TLS established. */
  getAuthContext(): AuthContext;
  /** Takes what the call cost; it is sent where the server has the option `grpc.server_call_metric_recording`. */
  getMetricsRecorder(): PerRequestMetricRecorder;
} & EventEmitter;

/** A readable stream of messages. */
export type ObjectReadable<T> = {
  /** The next message, or null. */
  read(size?: number): T;
} & Readable;

/** A writable stream of messages. */
export type ObjectWritable<T> = {
  /** Sends a message. */
  // deno-lint-ignore no-explicit-any
  write(chunk: T, ...rest: any[]): boolean;
} & Writable;

/** A call with one request and one response. */
export type ServerUnaryCall<RequestType, ResponseType> = ServerSurfaceCall & {
  /** The request. */
  request: RequestType;
};

/** A call with a stream of requests and one response. */
export type ServerReadableStream<RequestType, ResponseType> = ServerSurfaceCall & ObjectReadable<RequestType>;

/** A call with one request and a stream of responses. */
export type ServerWritableStream<RequestType, ResponseType> =
  & ServerSurfaceCall
  & ObjectWritable<ResponseType>
  & {
    /** The request. */
    request: RequestType;
    /** Ends the call with OK and trailing metadata. */
    end: (metadata?: Metadata) => void;
  };

/** A call with streams both ways. */
export type ServerDuplexStream<RequestType, ResponseType> =
  & ServerSurfaceCall
  & ObjectReadable<RequestType>
  & ObjectWritable<ResponseType>
  & Duplex
  & {
    /** Ends the call with OK and trailing metadata. */
    end: (metadata?: Metadata) => void;
  };

/** Ends a call: with an error or a status, or with a response and trailing metadata. */
export type sendUnaryData<ResponseType> = (
  error: ServerErrorResponse | ServerStatusResponse | null,
  value?: ResponseType | null,
  trailer?: Metadata,
  flags?: number,
) => void;

/** Handler of a call with one request and one response. */
export type handleUnaryCall<RequestType, ResponseType> = (
  call: ServerUnaryCall<RequestType, ResponseType>,
  callback: sendUnaryData<ResponseType>,
) => void;

/** Handler of a call with a stream of requests and one response. */
export type handleClientStreamingCall<RequestType, ResponseType> = (
  call: ServerReadableStream<RequestType, ResponseType>,
  callback: sendUnaryData<ResponseType>,
) => void;

/** Handler of a call with one request and a stream of responses. */
export type handleServerStreamingCall<RequestType, ResponseType> = (
  call: ServerWritableStream<RequestType, ResponseType>,
) => void;

/** Handler of a call with streams both ways. */
export type handleBidiStreamingCall<RequestType, ResponseType> = (
  call: ServerDuplexStream<RequestType, ResponseType>,
) => void;

/** A handler. */
export type HandleCall<RequestType, ResponseType> =
  | handleUnaryCall<RequestType, ResponseType>
  | handleClientStreamingCall<RequestType, ResponseType>
  | handleServerStreamingCall<RequestType, ResponseType>
  | handleBidiStreamingCall<RequestType, ResponseType>;

/** A handler of any messages. */
// deno-lint-ignore no-explicit-any
export type UntypedHandleCall = HandleCall<any, any>;

/** Handlers by the methods' names. */
export interface UntypedServiceImplementation {
  /** One of them. */
  [name: string]: UntypedHandleCall;
}
