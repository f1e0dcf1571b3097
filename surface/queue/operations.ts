// Operations of batches: what a call is to do, and where the result of it is put.
//
// An operation is an object that the application makes, gives to one batch, and reads when the event of that batch has
// come. Its names, numbers and flags are those of gRPC core's grpc_op.

import type { Metadata, MetadataInit } from "../call/metadata.ts";
import type { RpcError } from "../call/rpc_error.ts";
import type { StatusCode, StatusName } from "../call/status.ts";
import { Op, OperationKind, type StatusToSend } from "./operation.ts";

const { SEND_INITIAL_METADATA, SEND_MESSAGE, SEND_CLOSE_FROM_CLIENT, SEND_STATUS_FROM_SERVER } =
  OperationKind;
const { RECV_INITIAL_METADATA, RECV_MESSAGE, RECV_STATUS_ON_CLIENT, RECV_CLOSE_ON_SERVER } = OperationKind;

/** Flags of operations that send; to be added up. */
export const OpFlags: {
  /**
   * Of a message: more follows soon, so it is held back, at most 64 KiB, until a message without this flag, the half-close
   * or the status. Its event does not wait for that.
   */
  readonly BUFFER_HINT: 0x1;
  /** Of a message: it is not compressed. */
  readonly NO_COMPRESS: 0x2;
  /** Of a message or initial metadata: its event comes when its octets were written to the socket, not before. */
  readonly THROUGH: 0x4;
  /** Of initial metadata: the call waits until the channel is ready, through failures to connect. */
  readonly WAIT_FOR_READY: 0x20;
  /** Of initial metadata: WAIT_FOR_READY, set or not, is what the application wants, and not a default. */
  readonly WAIT_FOR_READY_EXPLICITLY_SET: 0x80;
} = {
  BUFFER_HINT: 0x1,
  NO_COMPRESS: 0x2,
  THROUGH: 0x4,
  WAIT_FOR_READY: 0x20,
  WAIT_FOR_READY_EXPLICITLY_SET: 0x80,
};

/** Whether a message with `flags` may wait for the next one. */
export function isHint(flags: number): boolean {
  return (flags & (OpFlags.BUFFER_HINT | OpFlags.THROUGH)) === OpFlags.BUFFER_HINT;
}

/** An operation that sends initial metadata. */
export interface SendInitialMetadata {
  /** Its kind. */
  readonly type: "SEND_INITIAL_METADATA";
}

/** An operation that sends a message. */
export interface SendMessage<T> {
  /** Its kind. */
  readonly type: "SEND_MESSAGE";
  /** What is sent. */
  readonly message: T;
}

/** An operation that says that a client sends no more. */
export interface SendCloseFromClient {
  /** Its kind. */
  readonly type: "SEND_CLOSE_FROM_CLIENT";
}

/** An operation that ends a server's call. */
export interface SendStatusFromServer {
  /** Its kind. */
  readonly type: "SEND_STATUS_FROM_SERVER";
}

/** An operation that receives initial metadata. */
export interface ReceiveInitialMetadata {
  /** Its kind. */
  readonly type: "RECV_INITIAL_METADATA";
  /** Set when it is done, empty where the response had none; undefined where the call failed before. */
  readonly metadata: Metadata | undefined;
}

/** An operation that receives a message. */
export interface ReceiveMessage<T> {
  /** Its kind. */
  readonly type: "RECV_MESSAGE";
  /** Set when it is done; undefined at the end of the peer's messages, and where the call failed. */
  readonly message: T | undefined;
}

/** The status of a call. */
export interface ReceivedStatus {
  /** 0 to 16. */
  readonly code: StatusCode;
  /** The status message. */
  readonly details: string;
  /** Trailing metadata. */
  readonly metadata: Metadata;
  /** The same as an error, with who ended the call and why; undefined for OK. */
  readonly error: RpcError | undefined;
}

/** An operation that receives the status of a client's call. */
export interface ReceiveStatusOnClient {
  /** Its kind. */
  readonly type: "RECV_STATUS_ON_CLIENT";
  /** Set when it is done. */
  readonly status: ReceivedStatus | undefined;
}

/** An operation that comes to know that a server's call is over. */
export interface ReceiveCloseOnServer {
  /** Its kind. */
  readonly type: "RECV_CLOSE_ON_SERVER";
  /** Set when it is done: whether the status was not sent, since the call ended otherwise. */
  readonly cancelled: boolean | undefined;
}

/** Operations of clients. */
export type ClientOperation<Req, Res> =
  | SendInitialMetadata
  | SendMessage<Req>
  | SendCloseFromClient
  | ReceiveInitialMetadata
  | ReceiveMessage<Res>
  | ReceiveStatusOnClient;

/** Operations of servers. */
export type ServerOperation<Req, Res> =
  | SendInitialMetadata
  | SendMessage<Res>
  | SendStatusFromServer
  | ReceiveMessage<Req>
  | ReceiveCloseOnServer;

/**
 * Sends initial metadata, once a call; a client's call begins with it. Flags: WAIT_FOR_READY,
 * WAIT_FOR_READY_EXPLICITLY_SET, THROUGH. Success: the call has a stream, and the metadata is on its way.
 */
export function sendInitialMetadata(
  metadata?: Metadata | MetadataInit,
  flags: number = 0,
): SendInitialMetadata {
  return new Op(SEND_INITIAL_METADATA, flags, metadata) as SendInitialMetadata;
}

/**
 * Sends a message, one at a time. It is the library's until the event of its batch, and is not changed. Flags: BUFFER_HINT, NO_COMPRESS, THROUGH. Success: flow control accepted it, not that the peer has it.
 */
export function sendMessage<T>(message: T, flags: number = 0): SendMessage<T> {
  return new Op(SEND_MESSAGE, flags, message) as SendMessage<T>;
}

/** A client sends no more messages; once a call. */
export function sendCloseFromClient(flags: number = 0): SendCloseFromClient {
  return new Op(SEND_CLOSE_FROM_CLIENT, flags) as SendCloseFromClient;
}

/** A server ends its call, once: with a code or its name, the status message and trailing metadata. */
export function sendStatusFromServer(
  code: StatusCode | StatusName = 0,
  details: string = "",
  metadata?: Metadata | MetadataInit,
  flags: number = 0,
): SendStatusFromServer {
  const status: StatusToSend = { code, details, metadata };
  return new Op(SEND_STATUS_FROM_SERVER, flags, status) as SendStatusFromServer;
}

/**
 * Receives the server's initial metadata, once a call. Success: it is in `metadata`, empty where the response had none
 * ("Trailers-Only"). No success: the call failed before.
 */
export function receiveInitialMetadata(flags: number = 0): ReceiveInitialMetadata {
  return new Op(RECV_INITIAL_METADATA, flags) as ReceiveInitialMetadata;
}

/**
 * Receives one message, one at a time. Success: it is in `message`, or the peer sends no more and `message` is undefined. No
 * success: the call failed. On a client it waits for {@linkcode receiveInitialMetadata} to be started.
 */
export function receiveMessage<T>(flags: number = 0): ReceiveMessage<T> {
  return new Op(RECV_MESSAGE, flags) as ReceiveMessage<T>;
}

/**
 * Receives the status of a client's call, once. It always succeeds, and so does all of its batch: how the call went, the
 * status says alone. A status that the server sent comes when every message before it was received; that of a call which
 * failed otherwise comes at once.
 */
export function receiveStatusOnClient(flags: number = 0): ReceiveStatusOnClient {
  return new Op(RECV_STATUS_ON_CLIENT, flags) as ReceiveStatusOnClient;
}

/** Comes when a server's call is over, once; it always succeeds, and `cancelled` says whether its status was not sent. */
export function receiveCloseOnServer(flags: number = 0): ReceiveCloseOnServer {
  return new Op(RECV_CLOSE_ON_SERVER, flags) as ReceiveCloseOnServer;
}
