// One operation of a batch, of whatever kind: what it was given, and what became of it.

import { HeaderList } from "../../transport/mod.ts";
import { printsAs } from "../call/inspect.ts";
import { Metadata, type MetadataInit } from "../call/metadata.ts";
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

/** What SEND_STATUS_FROM_SERVER sends. */
export interface StatusToSend {
  readonly code: StatusCode | StatusName;
  readonly details: string;
  readonly metadata: Metadata | MetadataInit | undefined;
}

/** All kinds are one small class, so that code which handles any of them handles one shape: a call has six of them. */
export class Op {
  /** The batch that it is part of, until it is done. */
  batch: OperationBatch | undefined;
  /** What is sent, or was received; metadata that was received is in wire form until it is asked for. */
  value: unknown;
  /**
   * Of RECV_MESSAGE: the end of the peer's messages is no success, as typed stubs have it. Of RECV_STATUS_ON_CLIENT: nothing
   * more will be read, so a status other than OK does not wait for messages.
   */
  strict: boolean;

  /** `kind`: of {@linkcode OperationKind}; `flags`: of OpFlags. */
  constructor(readonly kind: number, readonly flags: number, value: unknown = undefined, strict = false) {
    this.batch = undefined;
    this.value = value;
    this.strict = strict;
  }

  /** "SEND_MESSAGE". */
  get type(): keyof typeof OperationKind {
    return OPERATION_NAMES[this.kind]!;
  }

  /** Of an operation with a message. */
  get message(): unknown {
    return this.value;
  }

  /** Of an operation with metadata. */
  get metadata(): Metadata | MetadataInit | undefined {
    if (this.value instanceof HeaderList) this.value = Metadata.fromHeaders(this.value);
    return this.value as Metadata | MetadataInit | undefined;
  }

  /** Of RECV_STATUS_ON_CLIENT. */
  get status(): unknown {
    return this.value;
  }

  /** Of RECV_CLOSE_ON_SERVER. */
  get cancelled(): unknown {
    return this.value;
  }

  /** It is done. */
  done(success: boolean): void {
    this.batch!.done(this, success);
  }
}

printsAs(Op, ({ type, kind, value, batch, metadata }, inspect) => {
  const shown = kind === OperationKind.RECV_INITIAL_METADATA ? metadata : value;
  const state = batch === undefined ? "" : " (not done)";
  return `${type}${state}${shown === undefined ? "" : ` ${inspect(shown)}`}`;
});
