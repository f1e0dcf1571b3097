// Operations of batches: what a call is to do, and where the result of it is put.
//
// An operation is an object that the application makes, gives to one batch, and reads when the event of that batch has
// come. Its names, numbers and flags are those of gRPC core's grpc_op.

import type { Metadata, MetadataInit } from "../call/metadata.ts";
import type { StatusCode, StatusName } from "../call/status.ts";
import type { RpcError } from "../call/rpc_error.ts";
import type { Batch } from "./batch.ts";

/** Kinds of operations, with the numbers of grpc_op_type. */
export const OperationKind = {
  SEND_INITIAL_METADATA: 0,
  SEND_MESSAGE: 1,
  SEND_CLOSE_FROM_CLIENT: 2,
  SEND_STATUS_FROM_SERVER: 3,
  RECV_INITIAL_METADATA: 4,
  RECV_MESSAGE: 5,
  RECV_STATUS_ON_CLIENT: 6,
  RECV_CLOSE_ON_SERVER: 7,
} as const;

/** The name of a kind. */
export type OperationName = keyof typeof OperationKind;

/** Names by number. */
export const OPERATION_NAMES = Object.keys(OperationKind) as readonly OperationName[];

/** Flags of operations that send; to be added up. */
export const OpFlags = {
  /** Of a message: it may be kept until the next one without this flag, or the half-close. */
  BUFFER_HINT: 0x1,
  /** Of a message: it is not compressed. */
  NO_COMPRESS: 0x2,
  /** Of a message or initial metadata: the event comes when it was handed to the connection, not before. */
  THROUGH: 0x4,
  /** Of initial metadata: the call waits until the channel is ready, through failures to connect. */
  WAIT_FOR_READY: 0x20,
  /** Of initial metadata: WAIT_FOR_READY, set or not, is what the application wants, and not a default. */
  WAIT_FOR_READY_EXPLICITLY_SET: 0x80,
} as const;

const { SEND_INITIAL_METADATA, SEND_MESSAGE, SEND_CLOSE_FROM_CLIENT, SEND_STATUS_FROM_SERVER } =
  OperationKind;
const { RECV_INITIAL_METADATA, RECV_MESSAGE, RECV_STATUS_ON_CLIENT, RECV_CLOSE_ON_SERVER } = OperationKind;

/** One operation. It is part of one batch at a time. */
export abstract class Operation {
  /** Of {@linkcode OperationKind}. */
  abstract readonly kind: number;
  /** The batch that it is part of, until it is done. For the library. */
  batch: Batch<unknown> | undefined = undefined;

  /** `flags`: of {@linkcode OpFlags}. */
  constructor(readonly flags: number) {}

  /** "SEND_MESSAGE". */
  get type(): OperationName {
    return OPERATION_NAMES[this.kind]!;
  }
}

/** Sends initial metadata; it begins the call of a client. */
export class SendInitialMetadata extends Operation {
  readonly kind = SEND_INITIAL_METADATA;

  /** See {@linkcode sendInitialMetadata}. */
  constructor(readonly metadata: Metadata | MetadataInit | undefined, flags: number) {
    super(flags);
  }
}

/** Sends a message. */
export class SendMessage<T> extends Operation {
  readonly kind = SEND_MESSAGE;

  /** See {@linkcode sendMessage}. */
  constructor(readonly message: T, flags: number) {
    super(flags);
  }
}

/** Says that a client sends no more. */
export class SendCloseFromClient extends Operation {
  readonly kind = SEND_CLOSE_FROM_CLIENT;
}

/** Ends a server's call. */
export class SendStatusFromServer extends Operation {
  readonly kind = SEND_STATUS_FROM_SERVER;

  /** See {@linkcode sendStatusFromServer}. */
  constructor(
    readonly code: StatusCode | StatusName,
    readonly details: string,
    readonly metadata: Metadata | MetadataInit | undefined,
    flags: number,
  ) {
    super(flags);
  }
}

/** Receives initial metadata. */
export class ReceiveInitialMetadata extends Operation {
  readonly kind = RECV_INITIAL_METADATA;
  /** Set when the operation is done; undefined where it failed. Empty where the response had none. */
  metadata: Metadata | undefined = undefined;
}

/** Receives a message. */
export class ReceiveMessage<T> extends Operation {
  readonly kind = RECV_MESSAGE;
  /** Set when the operation is done; undefined at the end of the peer's messages, and where the call failed. */
  message: T | undefined = undefined;

  /** `endFails`: the end of the peer's messages is no success, as typed stubs have it. */
  constructor(flags: number, readonly endFails: boolean) {
    super(flags);
  }

  /** Its batch failed: what was received is dropped. For the library. */
  forget(): void {
    this.message = undefined;
  }
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

/** Receives the status of a client's call. */
export class ReceiveStatusOnClient extends Operation {
  readonly kind = RECV_STATUS_ON_CLIENT;
  /** Set when the operation is done. */
  status: ReceivedStatus | undefined = undefined;
}

/** Learns that a server's call is over. */
export class ReceiveCloseOnServer extends Operation {
  readonly kind = RECV_CLOSE_ON_SERVER;
  /** Set when the operation is done: whether the status was not sent, since the call ended otherwise. */
  cancelled: boolean | undefined = undefined;
}

/** Any operation. */
export type AnyOperation =
  | SendInitialMetadata
  | SendMessage<unknown>
  | SendCloseFromClient
  | SendStatusFromServer
  | ReceiveInitialMetadata
  | ReceiveMessage<unknown>
  | ReceiveStatusOnClient
  | ReceiveCloseOnServer;

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
  return new SendInitialMetadata(metadata, flags);
}

/**
 * Sends a message, one at a time. It is encoded, or copied, when the batch starts: it is the application's again from then
 * on. Flags: BUFFER_HINT, NO_COMPRESS, THROUGH. Success: flow control accepted it, not that the peer has it.
 */
export function sendMessage<T>(message: T, flags: number = 0): SendMessage<T> {
  return new SendMessage(message, flags);
}

/** A client sends no more messages; once a call. */
export function sendCloseFromClient(flags: number = 0): SendCloseFromClient {
  return new SendCloseFromClient(flags);
}

/** A server ends its call, once: with a code or its name, the status message and trailing metadata. */
export function sendStatusFromServer(
  code: StatusCode | StatusName = 0,
  details: string = "",
  metadata?: Metadata | MetadataInit,
  flags: number = 0,
): SendStatusFromServer {
  return new SendStatusFromServer(code, details, metadata, flags);
}

/**
 * Receives the server's initial metadata, once a call. Success: it is in `metadata`, empty where the response had none
 * ("Trailers-Only"). No success: the call failed before.
 */
export function receiveInitialMetadata(flags: number = 0): ReceiveInitialMetadata {
  return new ReceiveInitialMetadata(flags);
}

/**
 * Receives one message, one at a time. Success: it is in `message`, or the peer sends no more and `message` is undefined. No
 * success: the call failed. On a client it waits for {@linkcode receiveInitialMetadata} to be started.
 */
export function receiveMessage<T>(flags: number = 0): ReceiveMessage<T> {
  return new ReceiveMessage<T>(flags, false);
}

/**
 * Receives the status of a client's call, once. It always succeeds, and so does all of its batch: how the call went, the
 * status says alone. OK comes when every message was received; another status at once, and messages that were not received
 * are dropped then.
 */
export function receiveStatusOnClient(flags: number = 0): ReceiveStatusOnClient {
  return new ReceiveStatusOnClient(flags);
}

/** Comes when a server's call is over, once; it always succeeds, and `cancelled` says whether its status was not sent. */
export function receiveCloseOnServer(flags: number = 0): ReceiveCloseOnServer {
  return new ReceiveCloseOnServer(flags);
}
