// What can go wrong on an HTTP/2 connection, as values: they are handed on, never thrown (RFC 9113, section 5.4).

/** Error codes of RST_STREAM and GOAWAY (RFC 9113, section 7). */
export const ErrorCode = {
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
} as const;

/** The name of an error code: "CANCEL". */
export type ErrorCodeName = keyof typeof ErrorCode;

/** Any 32-bit code may arrive; unknown ones are treated as INTERNAL_ERROR (RFC 9113, section 7). */
export type ErrorCode = (typeof ErrorCode)[ErrorCodeName] | (number & NonNullable<unknown>);

const NAMES: readonly string[] = Object.keys(ErrorCode);

/** The name of `code` as the RFC writes it, or `0x..` for an unknown one. */
export function errorCodeName(code: ErrorCode): string {
  return NAMES[code] ?? `0x${code.toString(16)}`;
}

/** How far an error reaches: one stream, the whole connection, or the byte stream below it. */
export type ErrorScope = "stream" | "connection" | "io";

/** Who ended it: our application, this library (a rule was broken, a limit was met), or the peer. */
export type Initiator = "user" | "library" | "remote";

/** Why a stream or connection ended. A value, so that each layer above can say who ended what and why. */
export class Http2Error {
  /** `code` is what RST_STREAM or GOAWAY said, or says. */
  constructor(
    readonly kind: ErrorScope,
    readonly code: ErrorCode,
    readonly initiator: Initiator,
    /** A sentence without a final full stop, fit to stand in a status message. */
    readonly reason: string,
    /** True when the peer certainly did not process the stream, so that it may be tried again elsewhere. */
    readonly unprocessed: boolean = false,
    /** True when nothing of the stream was sent; then `unprocessed` is true as well. */
    readonly unsent: boolean = false,
  ) {}

  /** The same for a stream of which nothing was sent. */
  get ofUnsent(): Http2Error {
    const { kind, code, initiator, reason } = this;
    return new Http2Error(kind, code, initiator, reason, true, true);
  }

  /** For logs and status messages. */
  toString(): string {
    return `${this.kind} error ${errorCodeName(this.code)} by ${this.initiator}: ${this.reason}`;
  }
}

/** The connection's error, for a rule that the peer broke or a limit of ours that it met (section 5.4.1). */
export function connectionError(code: ErrorCode, reason: string): Http2Error {
  return new Http2Error("connection", code, "library", reason);
}

/** The same for an error of one stream (section 5.4.2). */
export function streamError(code: ErrorCode, reason: string): Http2Error {
  return new Http2Error("stream", code, "library", reason);
}
