// Batches: operations that are started together and give one event when all of them are done; for both sides of a call.
//
// A batch is a set: at most one operation of a kind, in any order. It is checked whole before anything of it begins, so a
// batch that is refused has changed nothing of its call.

import { messageOf } from "../../pollers/mod.ts";
import { type HeaderList, markUncompressed } from "../../transport/mod.ts";
import { headersOf, Metadata, type MetadataInit } from "../call/metadata.ts";
import { markMessage, uncompressedMessages } from "../compression.ts";
import { describe } from "../options.ts";
import { CallError, type CallErrorCode } from "./call_error.ts";
import { Op, OPERATION_NAMES, type OperationBatch, OperationKind, type StatusToSend } from "./operation.ts";
import { OpFlags } from "./operations.ts";
import type { QueueCore } from "./queue_core.ts";
import type { QueueOperation } from "./queue_operation.ts";

const { SEND_INITIAL_METADATA, SEND_MESSAGE, SEND_CLOSE_FROM_CLIENT, SEND_STATUS_FROM_SERVER } =
  OperationKind;
const { RECV_INITIAL_METADATA, RECV_MESSAGE, RECV_STATUS_ON_CLIENT, RECV_CLOSE_ON_SERVER } = OperationKind;

// Local: see docs/STYLE.md, "Hot paths".
const { NO_COMPRESS } = OpFlags;
const uncompressed = uncompressedMessages;

const bit = (kind: number): number => 1 << kind;

/** Sets of kinds are bits. */
const CLIENT_KINDS = bit(SEND_INITIAL_METADATA) | bit(SEND_MESSAGE) | bit(SEND_CLOSE_FROM_CLIENT) |
  bit(RECV_INITIAL_METADATA) | bit(RECV_MESSAGE) | bit(RECV_STATUS_ON_CLIENT);
const SERVER_KINDS = bit(SEND_INITIAL_METADATA) | bit(SEND_MESSAGE) | bit(SEND_STATUS_FROM_SERVER) |
  bit(RECV_MESSAGE) | bit(RECV_CLOSE_ON_SERVER);
/** Their batch succeeds whatever became of its other operations: the status says how the call went. */
const ALWAYS_SUCCEED = bit(RECV_STATUS_ON_CLIENT) | bit(RECV_CLOSE_ON_SERVER);
const NOT_WITH_STATUS = bit(RECV_MESSAGE) | bit(RECV_CLOSE_ON_SERVER);
/** Those that can be done many times, one after the other. */
const REPEATED = bit(SEND_MESSAGE) | bit(RECV_MESSAGE);

/** Flags by kind. */
const FLAGS: readonly number[] = OPERATION_NAMES.map((name) => {
  if (name === "SEND_MESSAGE") return OpFlags.BUFFER_HINT | OpFlags.NO_COMPRESS | OpFlags.THROUGH;
  if (name !== "SEND_INITIAL_METADATA") return 0;
  return OpFlags.WAIT_FOR_READY | OpFlags.WAIT_FOR_READY_EXPLICITLY_SET | OpFlags.THROUGH;
});

/** A call, as its batches see it. */
export interface BatchCall {
  /** "/package.Service/Method". */
  readonly path: string;
  /** Which side of the call it is. */
  readonly side: "client" | "server";
  /** Kinds that were started, ever; those of them that are repeated, while they are not done. */
  startedKinds: number;
  /** The rule of this side alone that `operation` breaks; undefined where it breaks none. */
  ruleBroken(operation: Op): string | undefined;
  /** Encodes a message behind 5 free octets; throws what is wrong with it. */
  encodeForBatch(message: unknown): Uint8Array;
}

/** Operations that were started together. Where each kind has its place, a batch is one object. */
export class Batch<Tag> implements QueueOperation<Tag>, OperationBatch {
  /** Owned by the queue. */
  declare nextOperation: QueueOperation<Tag> | undefined;
  /** Owned by the queue. */
  declare previousOperation: QueueOperation<Tag> | undefined;
  declare readonly tag: Tag;
  /** The kinds in it, as bits. */
  declare kinds: number;
  declare sendingMetadata: Op | undefined;
  declare sendingMessage: Op | undefined;
  /** A client's half-close, or a server's status. */
  declare sendingEnd: Op | undefined;
  declare receivingMetadata: Op | undefined;
  declare receivingMessage: Op | undefined;
  /** The status on a client, the close on a server. */
  declare receivingEnd: Op | undefined;
  /** Of SEND_INITIAL_METADATA: metadata in wire form. */
  declare headers: HeaderList | undefined;
  /** The same, of SEND_STATUS_FROM_SERVER. */
  declare trailers: HeaderList | undefined;
  /** Of SEND_MESSAGE: the message behind 5 free octets. */
  declare framed: Uint8Array | undefined;
  declare private readonly core: QueueCore<Tag>;
  declare private readonly call: BatchCall;
  declare private left: number;
  declare private failed: boolean;

  /** Without an operation. Only by {@linkcode startBatch}. */
  constructor(core: QueueCore<Tag>, call: BatchCall, tag: Tag) {
    this.nextOperation = undefined;
    this.previousOperation = undefined;
    this.tag = tag;
    this.kinds = 0;
    this.sendingMetadata = undefined;
    this.sendingMessage = undefined;
    this.sendingEnd = undefined;
    this.receivingMetadata = undefined;
    this.receivingMessage = undefined;
    this.receivingEnd = undefined;
    this.headers = undefined;
    this.trailers = undefined;
    this.framed = undefined;
    this.core = core;
    this.call = call;
    this.left = 0;
    this.failed = false;
  }

  /** Takes `operation` in, if it can be started now, together with those that are in. */
  add(operation: Op): void {
    const { call } = this;
    checkKind(call, operation);
    const { kind } = operation;
    const mask = bit(kind);
    if ((this.kinds & mask) !== 0) {
      refuse(call, operation, "TOO_MANY_OPERATIONS", "a batch has at most one of a kind");
    }
    this.kinds |= mask;
    this.left++;
    if (kind === SEND_INITIAL_METADATA) this.sendingMetadata = operation;
    else if (kind === SEND_MESSAGE) this.sendingMessage = operation;
    else if (kind === RECV_INITIAL_METADATA) this.receivingMetadata = operation;
    else if (kind === RECV_MESSAGE) this.receivingMessage = operation;
    else if (kind < RECV_INITIAL_METADATA) this.sendingEnd = operation;
    else this.receivingEnd = operation;
  }

  /** Throws CallError; nothing has changed then. */
  start(): void {
    const { core, call, kinds } = this;
    if ((kinds & bit(SEND_STATUS_FROM_SERVER)) !== 0 && (kinds & NOT_WITH_STATUS) !== 0) {
      const rule = "it cannot be in one batch with RECV_MESSAGE or RECV_CLOSE_ON_SERVER (gRFC L104)";
      refuse(call, this.sendingEnd!, "ERROR", rule);
    }
    core.check(this);
    this.encode();
    // Not before: encoding runs getters, which may have started others.
    if ((call.startedKinds & kinds) !== 0) {
      for (const operation of this.operations()) checkState(call, operation, bit(operation.kind));
    }
    core.begin(this);
    call.startedKinds |= kinds;
    // An operation that was done before begins anew: at the end of messages there is none in it.
    if (this.receivingMetadata !== undefined) this.receivingMetadata.value = undefined;
    if (this.receivingMessage !== undefined) this.receivingMessage.value = undefined;
    if (this.receivingEnd !== undefined) this.receivingEnd.value = undefined;
    if (this.left === 0) return void core.end(this, true);
    if (this.sendingMetadata !== undefined) this.sendingMetadata.batch = this;
    if (this.sendingMessage !== undefined) this.sendingMessage.batch = this;
    if (this.sendingEnd !== undefined) this.sendingEnd.batch = this;
    if (this.receivingMetadata !== undefined) this.receivingMetadata.batch = this;
    if (this.receivingMessage !== undefined) this.receivingMessage.batch = this;
    if (this.receivingEnd !== undefined) this.receivingEnd.batch = this;
  }

  /** One of its operations is done. */
  done(operation: Op, success: boolean): void {
    operation.batch = undefined;
    if (!success) this.failed = true;
    const mask = bit(operation.kind);
    if ((mask & REPEATED) !== 0) this.call.startedKinds &= ~mask;
    if (--this.left > 0) return;
    const succeeds = !this.failed || (this.kinds & ALWAYS_SUCCEED) !== 0;
    // What was received in a batch that failed is not to be used.
    if (!succeeds && this.receivingMessage !== undefined) this.receivingMessage.value = undefined;
    this.core.end(this, succeeds);
  }

  /** "start a batch of /a.B/C". */
  get purpose(): string {
    return `start a batch of ${this.call.path}`;
  }

  /** "batch of /a.B/C (client): SEND_MESSAGE, RECV_MESSAGE". */
  describe(): string {
    const { path, side } = this.call;
    const names = this.operations().map((one) => one.batch === undefined ? `${one.type} (done)` : one.type);
    return `batch of ${path} (${side}): ${names.join(", ")}`;
  }

  /** In the order of gRPC's numbers. */
  private operations(): Op[] {
    const { sendingMetadata, sendingMessage, sendingEnd } = this;
    const { receivingMetadata, receivingMessage, receivingEnd } = this;
    return [
      sendingMetadata,
      sendingMessage,
      sendingEnd,
      receivingMetadata,
      receivingMessage,
      receivingEnd,
    ].filter((one) => one !== undefined);
  }

  private encode(): void {
    const { call, sendingMetadata, sendingMessage, sendingEnd } = this;
    if (sendingMetadata !== undefined) {
      this.headers = wireMetadata(call, sendingMetadata, sendingMetadata.metadata);
    }
    if (sendingEnd !== undefined && call.side === "server") {
      this.trailers = wireMetadata(call, sendingEnd, (sendingEnd.value as StatusToSend).metadata);
    }
    if (sendingMessage !== undefined) this.framed = encoded(call, sendingMessage);
  }
}

/**
 * Starts `operations` together, with one event for all of them. Throws CallError that names call, operation and rule;
 * nothing has changed then. Otherwise the call begins them at once.
 */
export function startBatch<Tag>(
  call: BatchCall,
  core: QueueCore<Tag>,
  operations: readonly unknown[],
  tag: Tag,
): Batch<Tag> {
  if (!Array.isArray(operations)) {
    const what = describe(operations);
    throw new CallError(
      "ERROR",
      `Cannot start a batch of ${call.path}: operations are ${what}, not an array`,
    );
  }
  const batch = new Batch(core, call, tag);
  for (let i = 0; i < operations.length; i++) batch.add(operations[i] as Op);
  batch.start();
  return batch;
}

/** What begins a call with one request, without a batch. Throws CallError as batches do. */
export function encodeBegin(
  call: BatchCall,
  initial: Op,
  message: Op,
): { readonly headers: HeaderList | undefined; readonly framed: Uint8Array } {
  return { headers: wireMetadata(call, initial, initial.metadata), framed: encoded(call, message) };
}

/** Whether `kinds` has `kind`. */
export function hasKind(kinds: number, kind: number): boolean {
  return (kinds & bit(kind)) !== 0;
}

function checkKind(call: BatchCall, operation: Op): void {
  if (!(operation instanceof Op)) {
    const what = describe(operation);
    throw new CallError(
      "ERROR",
      `Cannot start a batch of ${call.path}: ${what} is no operation; give sendMessage(...) and its like`,
    );
  }
  const mask = bit(operation.kind);
  if (call.side === "client" && (mask & CLIENT_KINDS) === 0) {
    refuse(call, operation, "NOT_ON_CLIENT", "it is an operation of servers");
  }
  if (call.side === "server" && (mask & SERVER_KINDS) === 0) {
    refuse(call, operation, "NOT_ON_SERVER", "it is an operation of clients");
  }
  if (operation.batch !== undefined) {
    refuse(call, operation, "ERROR", "the object is part of a batch that is not done; make another one");
  }
  if ((operation.flags & ~FLAGS[operation.kind]!) !== 0) {
    refuse(call, operation, "INVALID_FLAGS", `it does not have the flags 0x${operation.flags.toString(16)}`);
  }
  const rule = call.ruleBroken(operation);
  if (rule !== undefined) refuse(call, operation, "ERROR", rule);
}

function checkState(call: BatchCall, operation: Op, mask: number): void {
  if ((call.startedKinds & mask) === 0) return;
  const rule = (mask & REPEATED) === 0 ? "a call has it once" : "the one before is not done";
  refuse(call, operation, "TOO_MANY_OPERATIONS", rule);
}

function refuse(call: BatchCall, operation: Op, code: CallErrorCode, rule: string): never {
  throw new CallError(code, `Cannot start ${operation.type} on ${call.path} (${call.side}): ${rule}`);
}

/** gRPC sends `te` itself, and leaves that of an application out. */
function wireMetadata(
  call: BatchCall,
  operation: Op,
  metadata: Metadata | MetadataInit | undefined,
): HeaderList | undefined {
  if (metadata === undefined) return undefined;
  try {
    return headersOf(metadata instanceof Metadata ? metadata : withoutTe(metadata));
  } catch (error) {
    return refuse(call, operation, "INVALID_METADATA", messageOf(error));
  }
}

function withoutTe(metadata: MetadataInit): MetadataInit {
  if (typeof metadata !== "object" || metadata === null) return metadata;
  if (Symbol.iterator in metadata) return [...metadata].filter((pair) => !isTe(pair?.[0]));
  const { ...rest } = metadata;
  for (const name of Object.keys(rest)) if (isTe(name)) delete rest[name];
  return rest;
}

function isTe(name: unknown): boolean {
  return typeof name === "string" && name.toLowerCase() === "te";
}

/** `framed`, which is `message`: it is not compressed where the flags of its operation say so, or its sender did. */
export function markedFramed(framed: Uint8Array, message: unknown, flags: number): Uint8Array {
  if ((flags & NO_COMPRESS) !== 0) markUncompressed(framed);
  else if (uncompressed.all !== undefined) markMessage(framed, message);
  return framed;
}

function encoded(call: BatchCall, operation: Op): Uint8Array {
  if (operation.message === undefined || operation.message === null) {
    refuse(call, operation, "INVALID_MESSAGE", "there is no message");
  }
  try {
    const { message, flags } = operation;
    return markedFramed(call.encodeForBatch(message), message, flags);
  } catch (error) {
    return refuse(call, operation, "INVALID_MESSAGE", messageOf(error));
  }
}
