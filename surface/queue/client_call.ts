// A client's call over a completion queue: batches of operations in, one event a batch out.
//
// What has come and was not asked for yet is kept: initial metadata, messages, the status. What was asked for and has not
// come waits in a slot. A call begins with SEND_INITIAL_METADATA; what is sent before is kept.
//
// A status that the server sent is delivered when every message was received, OK or not, as gRPC's core does: an
// application may ask for the status first and read on, until the deadline. A call that failed otherwise has no messages
// any more.

import { type Instant, messageOf } from "../../pollers/mod.ts";
import { type ClientTransport, type HeaderList, NO_HEADERS } from "../../transport/mod.ts";
import { type CallStatus, endedBy } from "../call/call_status.ts";
import { CorkedMessages } from "../call/corked_messages.ts";
import { MessageStore } from "../call/message_store.ts";
import { Metadata } from "../call/metadata.ts";
import type { ParentCall } from "../call/parent.ts";
import { type PendingCallDescription, pendingOf } from "../call/pending_calls.ts";
import { RpcError } from "../call/rpc_error.ts";
import {
  type ErrorStatusCode,
  type ErrorStatusName,
  isErrorCode,
  Status,
  type StatusCode,
  statusCode,
} from "../call/status.ts";
import { undecodable } from "../call/undecodable.ts";
import type { CallIdentity } from "../client/call_identity.ts";
import type { GivenOptions } from "../client/call_options.ts";
import type { CallContext } from "../client/call_context.ts";
import { ClientCall } from "../client/client_call.ts";
import type { Compression } from "../compression.ts";
import { describe } from "../options.ts";
import { encodeFramed, type MethodDescriptor, reuseFramed } from "../proto/mod.ts";
import { type Batch, type BatchCall, encodeBegin, hasKind, markedFramed, startBatch } from "./batch.ts";
import { type Op, OperationKind } from "./operation.ts";
import { type ClientOperation, isHint, OpFlags, type ReceivedStatus } from "./operations.ts";
import type { QueueCore } from "./queue_core.ts";
import { streamsResponses } from "../proto/service.ts";

const { SEND_INITIAL_METADATA, SEND_MESSAGE, SEND_CLOSE_FROM_CLIENT } = OperationKind;
const { RECV_INITIAL_METADATA, RECV_MESSAGE, RECV_STATUS_ON_CLIENT } = OperationKind;
const { WAIT_FOR_READY, WAIT_FOR_READY_EXPLICITLY_SET, THROUGH } = OpFlags;

/** What the core reads of a call: filled in when it begins. */
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** See the head of this file. */
export class QueueClientCall<Req, Res, Tag> extends ClientCall implements BatchCall, PendingCallDescription {
  /** Owned by the list of pending calls. */
  nextPending: PendingCallDescription | undefined;
  /** Owned by the list of pending calls. */
  previousPending: PendingCallDescription | undefined;
  /** See {@linkcode BatchCall}. */
  startedKinds: number;
  /** The deadline holds from the first batch on, whether the call begins or not. */
  private mustArm: boolean;
  private readonly given: Mutable<GivenOptions>;
  /** The one request of a call that begins with all that it sends, and the same encoded, for the first attempt. */
  private single: Op | undefined;
  private encoded: Uint8Array | undefined;
  /** Messages that nobody has received. */
  private stored: MessageStore | undefined;
  /** The one response, where it came before it was asked for. */
  private early: Res | undefined;
  private received: HeaderList | undefined;
  private endStatus: CallStatus | undefined;
  /** Operations that wait. */
  private sendingMetadata: Op | undefined;
  private sendingMessage: Op | undefined;
  private sendingClose: Op | undefined;
  private receivingMetadata: Op | undefined;
  private receivingMessage: Op | undefined;
  private receivingStatus: Op | undefined;
  /** Operations with THROUGH, whose octets are not in the socket yet. */
  private sendingThrough: Op[] | undefined;
  /** Messages with BUFFER_HINT that wait for one without. */
  private heldBack: CorkedMessages | undefined;

  /** `deadline`: an instant; Infinity where there is none. */
  constructor(
    context: CallContext,
    protected readonly called: MethodDescriptor<Req, Res>,
    protected readonly core: QueueCore<Tag>,
    private readonly deadline: Instant,
    parent: ParentCall | undefined,
    identity: CallIdentity | undefined,
    compression: Compression | undefined,
  ) {
    const given: Mutable<GivenOptions> = {
      deadlineMs: deadline === Infinity ? undefined : Math.ceil(deadline - context.engine.now()),
      signal: undefined,
      headers: undefined,
      waitForReady: undefined,
      compression,
      corked: false,
      parent,
      identity,
      onHeaders: undefined,
      onTrailers: undefined,
    };
    super(context, context.template(called.path), false, given);
    this.given = given;
    this.mustArm = deadline !== Infinity;
    if (context.needsLoop) core.needsLoop = true;
    this.startedKinds = 0;
    this.nextPending = undefined;
    this.previousPending = undefined;
    this.single = undefined;
    this.encoded = undefined;
    this.stored = undefined;
    this.early = undefined;
    this.received = undefined;
    this.endStatus = undefined;
    this.sendingMetadata = undefined;
    this.sendingMessage = undefined;
    this.sendingClose = undefined;
    this.receivingMetadata = undefined;
    this.receivingMessage = undefined;
    this.receivingStatus = undefined;
    this.sendingThrough = undefined;
    this.heldBack = undefined;
  }

  /** Its operations are those of clients. */
  get side(): "client" {
    return "client";
  }

  /** There is one response. */
  override get singleMessage(): boolean {
    const { kind } = this.called;
    return !streamsResponses(kind);
  }

  /** A batch receives a message or none, and the server's status. */
  protected override get checksCardinality(): boolean {
    return false;
  }

  // From the application.

  /** Starts `operations`; one event with `tag` when all are done. */
  startBatch(operations: ReadonlyArray<ClientOperation<Req, Res>>, tag: Tag): void {
    this.startOperations(operations, tag);
  }

  /** Ends the call; the first status stands. */
  override cancel(
    code: StatusCode = Status.CANCELLED,
    message: string = "call was cancelled",
    by: "user" | "library" | "remote" = "user",
    cause?: unknown,
  ): void {
    super.cancel(code, message, by, cause);
    this.deliver();
  }

  /** The same, with a status of the application's own. Throws TypeError for what is no status of an error. */
  cancelWithStatus(code: ErrorStatusCode | ErrorStatusName, details: string): void {
    const number = typeof code === "string" ? statusCode(code) : code;
    if (!isErrorCode(number)) {
      throw new TypeError(
        `Cannot cancel the call of ${this.path} with ${describe(code)}: give a code of 1 to 16, or its name`,
      );
    }
    if (typeof (details ?? "") !== "string") {
      throw new TypeError(
        `Cannot cancel the call of ${this.path}: its details are ${describe(details)}; give a string`,
      );
    }
    this.cancel(number, details);
  }

  /** Whether the call failed before its next message, where a message is undefined: not the end of the stream. */
  get failedBeforeRecvMessage(): boolean {
    return this.hasFailed;
  }

  // From batches.

  /** Whatever clients may do, batches know. */
  ruleBroken(): undefined {
    return undefined;
  }

  /** Encodes a request. */
  encodeForBatch(message: unknown): Uint8Array {
    return encodeFramed(this.called.requestCodec, message as Req);
  }

  /** Starts a batch. */
  protected startOperations(operations: readonly unknown[], tag: Tag): void {
    this.begin(startBatch(this, this.core, operations, tag));
  }

  /** Starts a call with one request, without an event. */
  protected startSilently(initial: Op, message: Op): void {
    if (this.core.isOver) this.core.refuse(`start a call of ${this.path}`);
    const { headers, framed } = encodeBegin(this, initial, message);
    this.startedKinds |= BEGIN;
    this.single = message;
    this.encoded = framed;
    this.beginCall(headers, initial.flags);
  }

  private begin(batch: Batch<Tag>): void {
    this.sendingMetadata ??= batch.sendingMetadata;
    this.sendingMessage ??= batch.sendingMessage;
    this.sendingClose ??= batch.sendingEnd;
    this.receivingMetadata ??= batch.receivingMetadata;
    this.receivingMessage ??= batch.receivingMessage;
    this.receivingStatus ??= batch.receivingEnd;
    const begins = this.sendingMetadata?.batch === batch;
    if (this.mustArm && !begins) this.arm();
    if (batch.kinds === WHOLE_CALL && this.startedKinds === WHOLE_CALL && this.heldBack === undefined) {
      this.single = this.sendingMessage;
      this.encoded = batch.framed;
    } else this.beginSends(batch);
    if (begins) this.beginCall(batch.headers, this.sendingMetadata!.flags);
    if (this.isOver) this.sent(false);
    else if (!this.writeBlocked) this.sent(true);
    this.deliver();
  }

  /** What is sent by itself is kept, in case the call must be made again. */
  private beginSends(batch: Batch<Tag>): void {
    if (!this.isStarted) this.streamRequests();
    const closes = this.sendingClose?.batch === batch;
    if (batch.framed !== undefined) this.sendFramed(batch, batch.framed, closes);
    else if (closes) {
      this.sendCorked();
      this.halfClose();
    }
  }

  private sendFramed(batch: Batch<Tag>, framed: Uint8Array, closes: boolean): void {
    batch.framed = undefined;
    if (!closes && hasKind(this.startedKinds, SEND_CLOSE_FROM_CLIENT)) { // as core does
      const late = this.sendingMessage!;
      this.sendingMessage = undefined;
      reuseFramed(framed);
      late.done(false);
    } else if (!closes && !this.isOver && isHint(this.sendingMessage!.flags)) this.sendLater(framed);
    else {
      this.sendCorked();
      if (this.sendMessage(framed, closes)) reuseFramed(framed);
    }
  }

  /** Its event does not wait for what it waits for itself, unless that is too much. */
  private sendLater(framed: Uint8Array): void {
    if (!(this.heldBack ??= new CorkedMessages()).add(framed)) return this.sendCorked();
    const held = this.sendingMessage!;
    this.sendingMessage = undefined;
    held.done(true);
  }

  private sendCorked(): void {
    if (this.heldBack === undefined) return;
    for (const framed of this.heldBack.take()) if (this.sendMessage(framed)) reuseFramed(framed);
  }

  private arm(): void {
    this.mustArm = false;
    if (!this.isOver) this.armDeadline(this.deadline);
  }

  private beginCall(headers: HeaderList | undefined, flags: number): void {
    if (this.isOver) return;
    pendingOf(this.context).add(this);
    const { given, deadline } = this;
    given.headers = headers;
    given.waitForReady = waitsForReady(flags);
    if (deadline === Infinity) return this.start();
    const { deadlineMs } = given; // when the call was made, for its status
    this.mustArm = false;
    this.disarmDeadline();
    given.deadlineMs = deadline - this.engine.now();
    this.start();
    given.deadlineMs = deadlineMs;
  }

  // From the call.

  /** A stream is free: what is sent is on its way, unless flow control holds it up. */
  override attach(transport: ClientTransport): void {
    super.attach(transport);
    if (!this.isOver && !this.writeBlocked) this.sent(true);
  }

  /** Flow control has accepted what was queued. */
  override onWritable(): void {
    if (!this.isOver) this.sent(true);
  }

  /** The batch has encoded it for the first attempt; it is the library's until the event. */
  protected override encodeRequest(): Uint8Array | undefined {
    const { encoded } = this;
    this.encoded = undefined;
    if (encoded !== undefined) return encoded;
    try {
      const { message, flags } = this.single!;
      return markedFramed(this.encodeForBatch(message), message, flags);
    } catch (error) { // it was changed meanwhile
      this.cancel(Status.INTERNAL, messageOf(error), "user", error);
      return undefined;
    }
  }

  protected override onSentBytes(framed: Uint8Array): void {
    reuseFramed(framed);
  }

  protected override onInitialMetadata(metadata: HeaderList): void {
    this.received = metadata;
    this.deliver();
  }

  protected override onMessageBytes(bytes: Uint8Array, wireBytes: number): void {
    if (this.mayReceive && !this.hasStored) {
      this.release(wireBytes);
      this.receive(this.receivingMessage!, bytes);
    } else if (!this.singleMessage || this.hasStored || this.decodesEarly(bytes)) {
      (this.stored ??= new MessageStore()).push(bytes, wireBytes);
    }
  }

  /** The one response, which is asked for later; one that cannot be decoded ends the call, whatever the server says next. */
  private decodesEarly(bytes: Uint8Array): boolean {
    try {
      this.early = this.decode(bytes);
      return !this.isOver; // a codec of the application's may end it
    } catch (error) {
      this.undecodable(error);
      return false;
    }
  }

  protected override onEnd(status: CallStatus): void {
    this.endStatus = status;
    if (this.hasFailed) this.stored?.clear();
    this.statusWaits = this.hasStored;
    this.sent(false);
    this.deliver();
  }

  protected override onGivenUp(status: CallStatus): void {
    this.endStatus = status;
    this.stored?.clear();
    this.deliver();
  }

  /** Ended otherwise than by a status of the server's. */
  private get hasFailed(): boolean {
    const { endStatus: status } = this;
    return status !== undefined && (status.cause !== undefined || status.endedBy !== undefined);
  }

  private get mayReceive(): boolean {
    return this.receivingMessage !== undefined && hasKind(this.startedKinds, RECV_INITIAL_METADATA);
  }

  /** What waits to be sent is on its way, or never will be. */
  private sent(success: boolean): void {
    const { sendingMetadata, sendingMessage, sendingClose } = this;
    this.sendingMetadata = this.sendingMessage = this.sendingClose = undefined;
    if (sendingMetadata !== undefined) this.sentOne(sendingMetadata, success);
    if (sendingMessage !== undefined) this.sentOne(sendingMessage, success);
    if (sendingClose !== undefined) this.sentOne(sendingClose, success);
    if (success || this.sendingThrough === undefined) return;
    for (const operation of this.sendingThrough.splice(0)) operation.done(false);
  }

  private sentOne(operation: Op, success: boolean): void {
    if (!success || (operation.flags & THROUGH) === 0) return operation.done(success);
    const through = this.sendingThrough ??= [];
    through.push(operation);
    this.whenWritten(() => {
      through.splice(through.indexOf(operation), 1);
      operation.done(true);
    });
  }

  /** Gives what has come to those that wait for it. */
  private deliver(): void {
    const { endStatus: status, receivingStatus } = this;
    if (this.receivingMetadata !== undefined && (this.received !== undefined || status !== undefined)) {
      this.deliverMetadata(this.receivingMetadata);
    }
    if (receivingStatus?.strict && status !== undefined && status.code !== Status.OK) this.stored?.clear();
    if (this.receivingMessage !== undefined) this.deliverMessage(this.receivingMessage);
    if (this.endStatus === undefined) return;
    if (!this.hasStored) this.stopWaiting();
    if (this.receivingStatus !== undefined && !this.hasStored) {
      this.deliverStatus(this.receivingStatus, this.endStatus);
    }
    if (this.receivingStatus === undefined && this.receivingMessage === undefined) {
      pendingOf(this.context).delete(this);
    }
  }

  /** Nobody forgets it: its operations are pending on the queue. */
  get forgotten(): undefined {
    return undefined;
  }

  /** "call /a.B/C: RECV_MESSAGE". */
  describePending(): string {
    const { receivingMessage, receivingStatus, stored } = this;
    const sends = [this.sendingMetadata, this.sendingMessage, this.sendingClose, this.receivingMetadata];
    const waiting: string[] = sends.flatMap((operation) => operation?.type ?? []);
    if (receivingMessage !== undefined) {
      const asked = hasKind(this.startedKinds, RECV_INITIAL_METADATA);
      waiting.push(
        `${receivingMessage.type}${
          asked ? "" : " (comes after RECV_INITIAL_METADATA, which was not started)"
        }`,
      );
    }
    if (receivingStatus !== undefined) {
      const unread = this.endStatus === undefined ? 0 : stored?.size ?? 0;
      waiting.push(
        `${receivingStatus.type}${unread > 0 ? ` (comes when ${unread} messages were received)` : ""}`,
      );
    }
    return `call ${this.path}: ${waiting.length === 0 ? "no operation is outstanding" : waiting.join(", ")}`;
  }

  private get hasStored(): boolean {
    return this.stored !== undefined && this.stored.size > 0;
  }

  private deliverMetadata(operation: Op): void {
    this.receivingMetadata = undefined;
    const success = this.received !== undefined || !this.hasFailed;
    if (success) operation.value = this.received ?? NO_HEADERS;
    operation.done(success);
  }

  private deliverMessage(operation: Op): void {
    if (this.hasStored) {
      if (!this.mayReceive) return;
      const stored = this.stored!;
      const bytes = stored.shift();
      this.release(stored.takenBytes);
      return this.receive(operation, bytes);
    }
    if (this.endStatus === undefined) return;
    this.receivingMessage = undefined;
    operation.done(!this.hasFailed && !operation.strict);
  }

  private receive(operation: Op, bytes: Uint8Array): void {
    this.receivingMessage = undefined;
    const { early } = this;
    this.early = undefined;
    try {
      operation.value = early ?? this.decode(bytes);
    } catch (error) {
      this.undecodable(error);
      return operation.done(false);
    }
    operation.done(true);
  }

  private decode(bytes: Uint8Array): Res {
    return this.called.responseCodec.decode(bytes, this.context.maxReceiveElements);
  }

  /** A message cannot be decoded: that is the status, where the application does not have another one. */
  private undecodable(cause: unknown): void {
    const { code, details, foreign } = undecodable(cause, "response", true);
    if (foreign) this.report(cause, "codec", "info");
    const { endStatus: status } = this;
    if (status === undefined) return this.cancel(code, details, "library", cause);
    this.onGivenUp({ code, message: details, metadata: status.metadata, cause, endedBy: "library" });
  }

  private deliverStatus(operation: Op, status: CallStatus): void {
    this.receivingStatus = undefined;
    operation.value = new ClientStatus(status, this);
    operation.done(true);
  }
}

/** A batch that is all of a call with one request: its message is the library's until the status has come. */
const WHOLE_CALL = 1 << SEND_INITIAL_METADATA | 1 << SEND_MESSAGE | 1 << SEND_CLOSE_FROM_CLIENT |
  1 << RECV_INITIAL_METADATA | 1 << RECV_MESSAGE | 1 << RECV_STATUS_ON_CLIENT;

/** What `startSilently` starts. */
const BEGIN = 1 << SEND_INITIAL_METADATA | 1 << SEND_CLOSE_FROM_CLIENT;

/** What the flags of initial metadata say of it; undefined: as the service config says. */
function waitsForReady(flags: number): boolean | undefined {
  if ((flags & WAIT_FOR_READY) !== 0) return true;
  return (flags & WAIT_FOR_READY_EXPLICITLY_SET) !== 0 ? false : undefined;
}

/** A status, whose metadata and error are made when they are first asked for. */
class ClientStatus implements ReceivedStatus {
  private madeMetadata: Metadata | undefined;
  private madeError: RpcError | undefined;

  /** `call`: for the error. */
  constructor(
    private readonly status: CallStatus,
    private readonly call: { readonly path: string; readonly peer: string },
  ) {
    this.madeMetadata = undefined;
    this.madeError = undefined;
  }

  get code(): StatusCode {
    return this.status.code;
  }

  get details(): string {
    return this.status.message;
  }

  get metadata(): Metadata {
    return this.madeMetadata ??= Metadata.fromHeaders(this.status.metadata);
  }

  get error(): RpcError | undefined {
    const { status, metadata } = this;
    if (status.code === Status.OK) return undefined;
    const { cause } = status;
    const { path: method, peer } = this.call;
    return this.madeError ??= new RpcError(status.code, status.message, {
      metadata,
      endedBy: endedBy(status),
      cause,
      method,
      peer,
    });
  }
}
