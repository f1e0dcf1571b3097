// The largest messages of a transport (gRPC's max_receive_message_length and max_send_message_length).

import type { ExecCtx } from "../../pollers/contract/exec_ctx.ts";
import type { MessageEncodings, StreamEncodings } from "./compression.ts";
import { GrpcStatus, type StatusCode } from "./status_mapping.ts";

/** Why a message cannot be sent or received, as gRPC status. */
export interface MessageError {
  readonly code: StatusCode;
  readonly message: string;
}

/** The default of the largest received message, in bytes: gRPC's own. */
const DEFAULT_MAX_RECEIVE_MESSAGE_BYTES = 4 * 1024 * 1024;

/** What a transport's messages may be. */
export interface MessageLimitOptions {
  /** The largest message that is received, in bytes. Default 4 MiB. */
  readonly maxReceiveMessageBytes?: number;
  /** The largest message that is sent, in bytes. Default: no limit but the peer's. */
  readonly maxSendMessageBytes?: number;
}

/** The largest messages of a call, in bytes. */
export interface MessageSizes {
  /** The largest message that is received. */
  readonly receiveBytes: number;
  /** The largest message that is sent. */
  readonly sendBytes: number;
}

/** The limits of one transport, shared by its streams. */
export interface MessageLimits extends MessageSizes {
  /** What says that some calls have smaller ones, for messages; undefined where nothing does. */
  readonly narrowedBy?: string;
  /** How messages may be compressed; undefined where they may not. */
  readonly encodings?: StreamEncodings | undefined;
}

/**
 * The limits that `options` ask for.
 *
 * @throws {RangeError} for what is no size
 */
export function messageLimits(options: MessageLimitOptions): MessageLimits {
  const { maxReceiveMessageBytes = DEFAULT_MAX_RECEIVE_MESSAGE_BYTES, maxSendMessageBytes = Infinity } =
    options;
  checkSize("maxReceiveMessageBytes", maxReceiveMessageBytes);
  checkSize("maxSendMessageBytes", maxSendMessageBytes);
  return { receiveBytes: maxReceiveMessageBytes, sendBytes: maxSendMessageBytes };
}

/** The same of a transport with `encodings`, where there are some. */
export function withEncodings(
  limits: MessageLimits,
  encodings: MessageEncodings | undefined,
  execCtx: ExecCtx,
): MessageLimits {
  if (encodings === undefined) return limits;
  const { receiveBytes, sendBytes } = limits;
  return { receiveBytes, sendBytes, encodings: { ...encodings, execCtx } };
}

/** Limits of streams that `sizes` limit further. */
export function narrowed<L extends MessageLimits>(limits: L, sizes: MessageSizes): L {
  return {
    ...limits,
    receiveBytes: Math.min(limits.receiveBytes, sizes.receiveBytes),
    sendBytes: Math.min(limits.sendBytes, sizes.sendBytes),
    narrowedBy: "the service config limits the method's messages",
  };
}

function checkSize(name: string, value: number): void {
  if (typeof value === "number" && value >= 0) return;
  throw new RangeError(`Cannot use ${String(value)} as ${name}: give a number of bytes, or Infinity`);
}

/** Why a message of `bytes` is not received. */
export function tooLargeToReceive(bytes: number, limit: number): MessageError {
  return {
    code: GrpcStatus.RESOURCE_EXHAUSTED,
    message: `received message of ${bytes} bytes is above the limit of ${limit} (maxReceiveMessageBytes)`,
  };
}

/** Why a message of `bytes` is not sent. */
export function tooLargeToSend(bytes: number, limit: number): MessageError {
  return {
    code: GrpcStatus.RESOURCE_EXHAUSTED,
    message: `message of ${bytes} bytes to be sent is above the limit of ${limit} (maxSendMessageBytes)`,
  };
}
