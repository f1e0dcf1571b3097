// A server's call over a completion queue: it waits for a request of the application, and is driven by batches then.
//
// What has come and was not asked for yet is kept: messages, and that the call is over. What was asked for and has not
// come waits in a slot. A read that is pending when the call ends is no failure, as at the end of the client's messages:
// RECV_CLOSE_ON_SERVER alone says which of the two it was. So are later ones, until something is to be sent on the call.
//
// Its handler runs from its turn to its status. Where the call ends otherwise it runs until the application learns of
// that, by an operation that was pending or by the next one.

import type { Instant } from "../../pollers/mod.ts";
import type { Http2Error, RequestHead, ServerStream } from "../../transport/mod.ts";
import { CorkedMessages } from "../call/corked_messages.ts";
import { MessageStore } from "../call/message_store.ts";
import type { PendingCallDescription } from "../call/pending_calls.ts";
import type { RpcError } from "../call/rpc_error.ts";
import { statusCode } from "../call/status.ts";
import type { StatusCode, StatusName } from "../call/status.ts";
import { undecodable } from "../call/undecodable.ts";
import { encodeFramed, type MethodDescriptor, reuseFramed } from "../proto/mod.ts";
import { describe } from "../options.ts";
import type { CallHost } from "../server/call_host.ts";
import type { RegisteredMethod } from "../server/method_style.ts";
import type { ServedConnection } from "../server/served_connection.ts";
import { ServerCallCore } from "../server/server_call_core.ts";
import { type Batch, type BatchCall, startBatch } from "./batch.ts";
import { type Op, OperationKind, type StatusToSend } from "./operation.ts";
import { isHint, OpFlags } from "./operations.ts";
import type { QueueCore } from "./queue_core.ts";
import type { QueueOperation } from "./queue_operation.ts";
import type { RequestableCall } from "./waiting_calls.ts";

const { SEND_INITIAL_METADATA, SEND_STATUS_FROM_SERVER } = OperationKind;
const { THROUGH } = OpFlags;

/** The only message of a call that has one, as it was decoded. */
const NO_MESSAGE: unique symbol = Symbol("no message");

/** Where calls wait for requests. */
export interface CallQueue {
  /** It is the call's turn. */
  arrived(call: QueueServerCall): void;
  /** It has ended, and was not handed out. */
  withdraw(call: QueueServerCall): void;
}

/** See the head of this file. */
export class QueueServerCall extends ServerCallCore
  implements BatchCall, PendingCallDescription, RequestableCall<QueueServerCall> {
  /** See {@linkcode BatchCall}. */
  declare startedKinds: number;
  /** The one request, decoded; undefined for a method that streams them, until it is matched, and once it was taken. */
  declare payload: unknown;
  /** Whether the call has ended, and otherwise than by the application's status. */
  declare isCancelled: boolean;
  /** The queue of its connection, by number. */
  declare readonly home: number;
  /** See {@linkcode PendingCallDescription}. */
  declare nextPending: PendingCallDescription | undefined;
  declare previousPending: PendingCallDescription | undefined;
  /** See {@linkcode RequestableCall}. */
  declare nextWaiting: QueueServerCall | undefined;
  declare previousWaiting: QueueServerCall | undefined;
  declare private readonly descriptor: MethodDescriptor<unknown, unknown>;
  declare private readonly matcher: CallQueue;
  /** Ends with the call (AsyncNotifyWhenDone). */
  declare private whenDone: QueueOperation | undefined;
  /** Of what is started on it; undefined until it is handed out. */
  declare private queue: QueueCore<unknown> | undefined;
  declare private single: Uint8Array | undefined;
  declare private stored: MessageStore | undefined;
  declare private hadTurn: boolean;
  /** Something was to be sent after the call was cancelled. */
  declare private readsFail: boolean;
  declare private requestsEnded: boolean;
  /** Nothing more comes of the call. */
  declare private isClosed: boolean;
  /** A message went out, and initial metadata with it. */
  declare private sentMessages: boolean;
  /** Operations that wait. */
  declare private sendingMetadata: Op | undefined;
  declare private sendingMessage: Op | undefined;
  declare private sendingStatus: Op | undefined;
  declare private receivingMessage: Op | undefined;
  declare private receivingClose: Op | undefined;
  /** Operations with THROUGH, whose octets are not in the socket yet. */
  declare private sendingThrough: Op[] | undefined;
  /** Messages with BUFFER_HINT that wait for one without. */
  declare private heldBack: CorkedMessages | undefined;

  /** `home`: the queue of its connection, by number. */
  constructor(
    host: CallHost,
    method: RegisteredMethod,
    stream: ServerStream,
    head: RequestHead,
    connection: ServedConnection,
    receivedAt: number,
    descriptor: MethodDescriptor<unknown, unknown>,
    matcher: CallQueue,
    home: number,
  ) {
    super(host, method, stream, head, connection, receivedAt);
    this.startedKinds = 0;
    this.payload = undefined;
    this.isCancelled = false;
    this.home = home;
    this.nextPending = undefined;
    this.previousPending = undefined;
    this.nextWaiting = undefined;
    this.previousWaiting = undefined;
    this.descriptor = descriptor;
    this.matcher = matcher;
    this.whenDone = undefined;
    this.queue = undefined;
    this.single = undefined;
    this.stored = undefined;
    this.hadTurn = false;
    this.readsFail = false;
    this.requestsEnded = false;
    this.isClosed = false;
    this.sentMessages = false;
    this.sendingMetadata = undefined;
    this.sendingMessage = undefined;
    this.sendingStatus = undefined;
    this.receivingMessage = undefined;
    this.receivingClose = undefined;
    this.sendingThrough = undefined;
    this.heldBack = undefined;
  }

  /** Its operations are those of servers. */
  get side(): "server" {
    return "server";
  }

  /** The call's deadline; Infinity where there is none. */
  get deadline(): Instant {
    return this.deadlineAt;
  }

  // From the matcher.

  /** It has to wait: what it has is kept without the receive memory that it came with. */
  keep(): void {
    const { single } = this;
    if (single !== undefined && single.buffer.byteLength > single.length) {
      this.single = new Uint8Array(single);
    }
  }

  /** Decodes the one request, where there is one; false where the call is over then: by that, or by what the codec did. */
  prepare(): boolean {
    const { single } = this;
    if (single === undefined) return true;
    this.single = undefined;
    const payload = this.decode(single);
    if (payload === NO_MESSAGE || this.isOver) return false;
    this.payload = payload;
    return true;
  }

  /** The application has it from here on, with its events in `queue`. */
  handOut(queue: QueueCore<unknown>, whenDone: QueueOperation | undefined): void {
    this.queue = queue;
    this.whenDone = whenDone;
    this.host.pending.add(this);
  }

  // From the application.

  /** Starts `operations`; one event with `tag` when all are done. */
  startBatch(operations: readonly unknown[], tag: unknown): void {
    this.begin(startBatch(this, this.queue!, operations, tag));
  }

  /** Ends the call at once, without a status: the client gets RST_STREAM. */
  cancel(): void {
    if (!this.isClosed) this.reset("call was cancelled by the server");
  }

  /** "call /a.B/C, cancelled: SEND_MESSAGE, RECV_MESSAGE". */
  describePending(): string {
    const pending = this.pending().map(({ type }) => type);
    const what = pending.length === 0 ? "no operation is outstanding" : pending.join(", ");
    return `call ${this.path}${this.isCancelled ? ", cancelled" : ""}: ${what}`;
  }

  /** A call without an operation may have an application that computes. */
  get forgotten(): undefined {
    return undefined;
  }

  // From batches.

  encodeForBatch(message: unknown): Uint8Array {
    return encodeFramed(this.descriptor.responseCodec, message);
  }

  ruleBroken({ kind, value }: Op): string | undefined {
    if (kind === SEND_INITIAL_METADATA && this.sentMessages) {
      return "it was sent, empty, with the first message";
    }
    if (kind !== SEND_STATUS_FROM_SERVER) return undefined;
    const { code, details } = value as StatusToSend;
    if (codeOf(code) === undefined) return `${String(code)} is no status; give 0 to 16 or a name`;
    return typeof details === "string" ? undefined : `its details are ${describe(details)}; give a string`;
  }

  private begin(batch: Batch<unknown>): void {
    const wasOver = this.isOver;
    this.sendingMetadata ??= batch.sendingMetadata;
    this.sendingMessage ??= batch.sendingMessage;
    this.receivingMessage ??= batch.receivingMessage;
    this.receivingClose ??= batch.receivingEnd;
    const { framed, sendingEnd: status } = batch;
    this.sendingStatus ??= status;
    if (this.sendingMetadata?.batch === batch && !isTrailersOnly(batch)) {
      this.sendInitialMetadata(batch.headers);
    }
    if (framed !== undefined) {
      batch.framed = undefined;
      this.sentMessages = true;
      this.sendFramed(framed, status !== undefined);
    }
    if (status !== undefined && !wasOver) {
      this.sendCorked();
      const { code, details } = status.value as StatusToSend;
      this.sendStatus(codeOf(code)!, details, batch.trailers?.fields);
    }
    if (wasOver) this.failSends(batch);
    else if (!this.isOver && !this.writeBlocked) this.sent(true); // with a status: when that is out
    this.deliver();
    if (status !== undefined || this.isClosed) this.through();
  }

  private sendFramed(framed: Uint8Array, isLast: boolean): void {
    if (!isLast && !this.isOver && isHint(this.sendingMessage!.flags)) return this.sendLater(framed);
    this.sendCorked();
    if (this.sendMessage(framed)) reuseFramed(framed);
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

  // From the call.

  protected override onTurn(): void {
    this.hadTurn = true;
    if (!this.method.requestStream) {
      this.single = this.takeRequest();
      this.requestsEnded = true;
    }
    this.matcher.arrived(this);
  }

  protected override onRequestBytes(bytes: Uint8Array, wireBytes: number): void {
    if (this.receivingMessage !== undefined && !this.hasStored) {
      this.release(wireBytes);
      this.receive(this.receivingMessage, bytes);
    } else (this.stored ??= new MessageStore()).push(bytes, wireBytes);
  }

  protected override onRequestsEnd(): void {
    this.requestsEnded = true;
    this.deliver();
  }

  protected override onReady(): void {
    this.sent(true);
  }

  protected override onSentBytes(framed: Uint8Array): void {
    reuseFramed(framed);
  }

  protected override onCancelled(_error: RpcError): void {
    this.end(false, true);
  }

  protected override onStreamClosed(error: Http2Error | undefined): void {
    this.end(error === undefined && !this.cancelled, error !== undefined || this.cancelled);
  }

  /** The call is over: `success` says whether what was sent, the status included, went out. */
  private end(success: boolean, cancelled: boolean): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.isCancelled = cancelled;
    if (this.queue === undefined) {
      if (!this.hadTurn) return;
      this.matcher.withdraw(this);
      return this.handlerEnded();
    }
    const isTold = this.hasPending || (this.sendingThrough?.length ?? 0) > 0;
    this.sent(success);
    this.deliver();
    const { whenDone } = this;
    this.whenDone = undefined;
    if (whenDone !== undefined) this.queue.end(whenDone, true);
    if (isTold) this.through();
  }

  /** The application is done with the call, or knows that it is over. */
  private through(): void {
    this.handlerEnded();
    if (this.isClosed) this.host.pending.delete(this);
  }

  private get hasPending(): boolean {
    return (this.sendingStatus ?? this.receivingClose ?? this.receivingMessage ?? this.sendingMessage ??
      this.sendingMetadata ?? this.whenDone) !== undefined;
  }

  /** Operations that wait. */
  private pending(): Op[] {
    const { sendingMetadata, sendingMessage, sendingStatus, receivingMessage, receivingClose } = this;
    return [sendingMetadata, sendingMessage, sendingStatus, receivingMessage, receivingClose]
      .filter((one) => one !== undefined);
  }

  private get hasStored(): boolean {
    return this.stored !== undefined && this.stored.size > 0;
  }

  /** The call was over before `batch` was started. What was started before, with the status too, may still go out. */
  private failSends({ sendingMetadata, sendingMessage, sendingEnd }: Batch<unknown>): void {
    if ((sendingMetadata ?? sendingMessage ?? sendingEnd) === undefined) return;
    if (this.isCancelled) this.readsFail = true;
    if (sendingMetadata !== undefined) this.sendingMetadata = undefined;
    if (sendingMessage !== undefined) this.sendingMessage = undefined;
    if (sendingEnd !== undefined) this.sendingStatus = undefined;
    sendingMetadata?.done(false);
    sendingMessage?.done(false);
    sendingEnd?.done(false);
  }

  /** What waits to be sent is on its way, or never will be. */
  private sent(success: boolean): void {
    const { sendingMetadata, sendingMessage, sendingStatus } = this;
    this.sendingMetadata = this.sendingMessage = this.sendingStatus = undefined;
    if (sendingMetadata !== undefined) this.sentOne(sendingMetadata, success);
    if (sendingMessage !== undefined) this.sentOne(sendingMessage, success);
    if (sendingStatus !== undefined) this.sentOne(sendingStatus, success);
    if (success || this.sendingThrough === undefined) return;
    for (const operation of this.sendingThrough.splice(0)) operation.done(false);
  }

  private sentOne(operation: Op, success: boolean): void {
    if (!success || (operation.flags & THROUGH) === 0) return operation.done(success);
    const through = this.sendingThrough ??= [];
    through.push(operation);
    this.whenWritten((ok) => {
      const at = through.indexOf(operation);
      if (at < 0) return; // the call has ended before
      through.splice(at, 1);
      operation.done(ok);
    });
  }

  /** Gives what has come to those that wait for it. */
  private deliver(): void {
    if (this.isCancelled) this.stored = undefined; // what came before a status can be read
    if (this.receivingMessage !== undefined) this.deliverMessage(this.receivingMessage);
    const { receivingClose } = this;
    if (receivingClose === undefined || !this.isClosed) return;
    this.receivingClose = undefined;
    receivingClose.value = this.isCancelled;
    receivingClose.done(true);
  }

  private deliverMessage(operation: Op): void {
    if (this.hasStored) {
      const stored = this.stored!;
      const bytes = stored.shift();
      this.release(stored.takenBytes);
      return this.receive(operation, bytes);
    }
    if (!this.requestsEnded && !this.isOver) return;
    this.receivingMessage = undefined;
    operation.done(!operation.strict && !this.readsFail);
  }

  private receive(operation: Op, bytes: Uint8Array): void {
    const message = this.decode(bytes); // where it cannot be, the call ends, and so does the operation
    if (this.receivingMessage !== operation) return;
    this.receivingMessage = undefined;
    const isDecoded = message !== NO_MESSAGE; // else the call was over before: there was nothing to end
    if (isDecoded) operation.value = message;
    operation.done(isDecoded);
  }

  private decode(bytes: Uint8Array): unknown {
    try {
      return this.descriptor.requestCodec.decode(bytes, this.host.maxReceiveElements);
    } catch (error) {
      const { code, details, foreign } = undecodable(error, "request", this.host.exposeErrors);
      if (foreign) this.report(error, "codec");
      this.cancelWith(code, details);
      return NO_MESSAGE;
    }
  }
}

function codeOf(code: StatusCode | StatusName): StatusCode | undefined {
  const number = typeof code === "string" ? statusCode(code) : code;
  return Number.isInteger(number) && number! >= 0 && number! <= 16 ? number : undefined;
}

/** Initial metadata without fields, and the status right after it, are one header section: the client may make the call again. */
function isTrailersOnly({ headers, framed, sendingEnd }: Batch<unknown>): boolean {
  return sendingEnd !== undefined && framed === undefined && (headers === undefined || headers.length === 0);
}
