// Errors of completion queues, batches and requests for calls: gRPC core's grpc_call_error, thrown.

/** Names of grpc_call_error, without the prefix. */
export type CallErrorCode =
  /** Something else is wrong; the message says what. */
  | "ERROR"
  /** An operation of clients, started on a server's call. */
  | "NOT_ON_SERVER"
  /** An operation of servers, started on a client's call. */
  | "NOT_ON_CLIENT"
  /** More operations of a kind than a batch or a call takes. */
  | "TOO_MANY_OPERATIONS"
  /** Flags that the operation does not have. */
  | "INVALID_FLAGS"
  /** A name or value that cannot be sent as metadata. */
  | "INVALID_METADATA"
  /** No message where one is to be sent, or one that cannot be encoded. */
  | "INVALID_MESSAGE"
  /** The queue was not registered with the server, or only after its start. */
  | "NOT_SERVER_COMPLETION_QUEUE"
  /** A payload asked for where the method was registered without, or the reverse. */
  | "PAYLOAD_TYPE_MISMATCH"
  /** The queue is shut down, and no operation is pending on it. */
  | "COMPLETION_QUEUE_SHUTDOWN";

/** What was to be started was refused: nothing has changed, and no event will come. */
export class CallError extends Error {
  /** "CallError". */
  override readonly name: string = "CallError";

  /** `message`: which call or queue, which operation, and the rule that it breaks. */
  constructor(readonly code: CallErrorCode, message: string) {
    super(`${code}: ${message}`);
  }
}
