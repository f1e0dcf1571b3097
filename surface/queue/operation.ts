// One operation of a batch, of whatever kind: what it was given, and what became of it.

import type { Metadata, MetadataInit } from "../call/metadata.ts";
import type { StatusCode, StatusName } from "../call/status.ts";

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

/** Names by number. */
export const OPERATION_NAMES = Object.keys(OperationKind) as ReadonlyArray<keyof typeof OperationKind>;

/** What an operation is part of. */
export interface OperationBatch {
  /** `operation` is done. */
  done(operation: Op, success: boolean): void;
}

/** All kinds are one class, so that code which handles any of them handles one shape. */
export class Op {
  /** The batch that it is part of, until it is done. */
  batch: OperationBatch | undefined = undefined;
  /** What is sent, or was received: metadata of any kind. */
  metadata: Metadata | MetadataInit | undefined = undefined;
  /** What is sent, or was received. */
  message: unknown = undefined;
  /** Of SEND_STATUS_FROM_SERVER. */
  code: StatusCode | StatusName = 0;
  /** Of SEND_STATUS_FROM_SERVER. */
  details = "";
  /** What was received. */
  status: unknown = undefined;
  /** Of RECV_CLOSE_ON_SERVER. */
  cancelled: boolean | undefined = undefined;
  /** Of RECV_MESSAGE: the end of the peer's messages is no success, as typed stubs have it. */
  endFails = false;
  /** Of RECV_STATUS_ON_CLIENT: nothing more will be read, so a status other than OK does not wait for messages. */
  drops = false;

  /** `kind`: of {@linkcode OperationKind}; `flags`: of OpFlags. */
  constructor(readonly kind: number, readonly flags: number) {}

  /** "SEND_MESSAGE". */
  get type(): keyof typeof OperationKind {
    return OPERATION_NAMES[this.kind]!;
  }

  /** It is done. */
  done(success: boolean): void {
    this.batch!.done(this, success);
  }
}
