// A server's call under a reactor: which operations are outstanding, which reactions are due, and when the call is done.

import { type ApplicationCallback, callApplication } from "../../pollers/mod.ts";
import type { Http2Error, RequestHead, ServerStream, StatusCode } from "../../transport/mod.ts";
import { CorkedMessages } from "../call/corked_messages.ts";
import { MessageStore } from "../call/message_store.ts";
import { Metadata, type MetadataInit } from "../call/metadata.ts";
import { describeCall, type PendingCallDescription } from "../call/pending_calls.ts";
import { isRpcError, type RpcError } from "../call/rpc_error.ts";
import { Status } from "../call/status.ts";
import { undecodable } from "../call/undecodable.ts";
import { encodeFramed, type MethodDescriptor, reuseFramed } from "../proto/mod.ts";
import { streamsResponses } from "../proto/service.ts";
import type { CallHost } from "../server/call_host.ts";
import type { RegisteredMethod } from "../server/method_style.ts";
import type { ServedConnection } from "../server/served_connection.ts";
import { ServerCallCore } from "../server/server_call_core.ts";
import { statusOfThrown } from "../server/thrown_status.ts";
import { addDue, type DueReactions, takeDue } from "./due_reactions.ts";
import { isReactorFor, noReactor } from "./handler_result.ts";
import { afterDone, checkStatus, misuse, outstanding } from "./misuse.ts";
import { type ReactorContext, ReactorContextHandle, type ServerOperations } from "./reactor_context.ts";
import { UnaryContextHandle } from "./server_reactors.ts";
import { checkWriteOptions, markWrite, Through, type WriteOptions } from "./write_options.ts";

/** Reactions that may be due, in the order in which they are called. */
const METADATA = 1;
const WRITE = 2;
const READ = 4;
const CANCEL = 8;
const marked = markWrite;

/** All reactions, and the one response; each kind of reactor has those of its operations. */
interface Reactions {
  readonly response: unknown;
  onSendInitialMetadataDone(ok: boolean): void;
  onWriteDone(ok: boolean): void;
  onReadDone(ok: boolean): void;
  onCancel(): void;
  onDone(): void;
}

/** How a reactor finishes its call. */
interface Finish {
  readonly code: StatusCode;
  readonly details: string;
  readonly fields: readonly string[];
  /** A message that goes before the status. */
  readonly framed: Uint8Array | undefined;
}

/** Makes the reactor of a call, from its context and, where there is one, its request. */
export type AnyReactorHandler = (context: ReactorContext, request: unknown) => unknown;

const NO_FIELDS: readonly string[] = [];

/** One call of one reactor. */
export class ServerReactorCall extends ServerCallCore
  implements ServerOperations, ApplicationCallback, DueReactions, PendingCallDescription {
  /** Owned by the turn. */
  callbackScheduled = false;
  /** Owned by the list of pending calls. */
  nextPending: PendingCallDescription | undefined = undefined;
  /** As `nextPending`. */
  previousPending: PendingCallDescription | undefined = undefined;
  private reactor: Reactions | undefined = undefined;
  /** The reactor has no reactions of the application's. */
  private isDefault = false;
  // See `due_reactions.ts`.
  due = 0;
  succeeded = 0;
  failed = 0;
  /** The handler returned the reactor; what it started before is being released. */
  private returned = false;
  private isBeginning = false;
  private isDone = false;
  private sentInitial: Metadata | undefined = undefined;
  /** Initial metadata was asked for, or has gone with a message. */
  private metadataAsked = false;
  private metadataSent = false;
  private sendingMetadata = false;
  private reading = false;
  private writing = false;
  /** Of the outstanding write: see `Through`. */
  private through: number = Through.NO;
  /** The last write was asked for. */
  private writesOver = false;
  /** What was written before the handler returned. */
  private kept: Uint8Array | undefined = undefined;
  private heldBack: CorkedMessages | undefined = undefined;
  private stored: MessageStore | undefined = undefined;
  /** What an outstanding read has got: decoded when its reaction is called, for until then the last message is there. */
  private arrived: Uint8Array | undefined = undefined;
  private message: unknown = undefined;
  private hasMessage = false;
  private requestsEnded = false;
  private finished: Finish | undefined = undefined;
  /** A reaction threw, and the library has finished the call. */
  private broken = false;
  private cancelSeen = false;
  /** The stream is over. */
  private closed = false;

  constructor(
    host: CallHost,
    method: RegisteredMethod,
    stream: ServerStream,
    head: RequestHead,
    connection: ServedConnection,
    receivedAt: number,
    private readonly descriptor: MethodDescriptor,
    private readonly handler: AnyReactorHandler,
  ) {
    super(host, method, stream, head, connection, receivedAt);
  }

  // From the reactor and its context.

  get initialMetadata(): Metadata {
    return this.sentInitial ??= new Metadata();
  }

  /** Whether the call ended without the reactor's status, or with one that did not go out. */
  override get cancelled(): boolean {
    return this.cancelSeen || super.cancelled;
  }

  bind(reactor: object, isDefault: boolean): void {
    if (this.reactor !== undefined || this.returned) {
      throw misuse("make a reactor", this.path, "a call has one, which is made before its handler returns");
    }
    this.reactor = reactor as Reactions;
    this.isDefault = isDefault;
  }

  takeMessage(): unknown {
    if (this.hasMessage) return this.message;
    throw misuse(
      "take a message",
      this.path,
      "it is there in onReadDone(true), and until the next read is done",
    );
  }

  sendMetadata(metadata: Metadata | MetadataInit | undefined, reacts: boolean): void {
    this.checkNotFinished("send initial metadata");
    if (this.metadataAsked) {
      const rule = "it was sent, and is sent once, before the first message";
      throw misuse("send initial metadata", this.path, rule);
    }
    if (metadata !== undefined) this.initialMetadata.appendAll(metadata);
    this.metadataAsked = true;
    this.sendingMetadata = reacts;
    if (this.returned || !reacts) this.sendInitial();
  }

  startRead(): void {
    this.checkNotFinished("start a read");
    if (this.reading) throw outstanding("read", this.path);
    this.reading = true;
    if (this.returned) this.feedRead();
  }

  startWrite(message: unknown, options?: WriteOptions): void {
    if (options === undefined) return this.write(message, false, false, false);
    checkWriteOptions(`start a write of ${this.path}`, options);
    const { last = false, corked = false, through = false, noCompression = false } = options;
    this.write(message, last, corked && !through, through, noCompression);
  }

  startWriteLast(message: unknown): void {
    this.write(message, true, false, false);
  }

  startWriteAndFinish(message: unknown, status: StatusCode | RpcError, details: string): void {
    this.checkWrite();
    checkStatus(this.path, status, details);
    const framed = this.encode(message, false);
    this.checkWrite();
    this.end(this.finishOf(status, details, framed));
  }

  finishWith(status: StatusCode | RpcError, details: string): void {
    if (this.broken) return;
    this.checkNotFinished("finish the call");
    checkStatus(this.path, status, details);
    const { kind } = this.descriptor;
    const isOk = status === Status.OK && !streamsResponses(kind);
    const framed = isOk ? this.encodeResponse() : undefined;
    this.checkNotFinished("finish the call");
    this.end(this.finishOf(status, details, framed));
  }

  tryCancel(details: string): void {
    this.cancelWith(Status.CANCELLED, details);
  }

  describePending(): string {
    const parts = [
      this.finished === undefined ? "no finish" : undefined,
      this.reading ? "a read" : undefined,
      this.writing ? "a write" : undefined,
      this.closed ? "its stream is over" : undefined,
    ];
    return describeCall(this.path, parts);
  }

  get forgotten(): string | undefined {
    return this.finished === undefined ? "finish was not called" : undefined;
  }

  /** Calls the reactions that are due, each once; those that they cause come in another round. */
  runCallback(): void {
    if (takeDue(this, METADATA)) {
      this.sendingMetadata = false;
      this.react(METADATA);
    }
    if (takeDue(this, WRITE)) {
      this.writing = false;
      this.react(WRITE);
    }
    if (takeDue(this, READ)) {
      this.reading = false;
      this.react(READ);
    }
    if (takeDue(this, CANCEL)) this.react(CANCEL);
    if (this.isComplete) this.done();
  }

  // From the call core.

  protected override onTurn(): void {
    let request: unknown = undefined;
    if (!this.method.requestStream) {
      try {
        request = this.decode(this.takeRequest());
      } catch (error) {
        this.onUndecodable(error);
        return this.handlerEnded();
      }
    }
    let returned: unknown;
    try {
      const isUnary = this.descriptor.kind === "unary";
      const context = isUnary ? new UnaryContextHandle<unknown>(this) : new ReactorContextHandle(this);
      returned = this.handler(context, request);
    } catch (error) {
      return this.withoutReactor(error);
    }
    if (returned !== this.reactor || !isReactorFor(this.descriptor.kind, returned)) {
      return this.refuse(returned);
    }
    this.returned = true;
    this.begin();
  }

  protected override onRequestBytes(bytes: Uint8Array, wireBytes: number): void {
    if (this.finished !== undefined) return this.release(wireBytes);
    if (!this.reading || this.arrived !== undefined) {
      return (this.stored ??= new MessageStore()).push(bytes, wireBytes);
    }
    this.release(wireBytes);
    this.arrived = bytes;
    this.complete(READ, true);
  }

  protected override onRequestsEnd(): void {
    this.requestsEnded = true;
    if (this.returned && this.reading) this.feedRead();
  }

  protected override onReady(): void {
    if (this.writing) this.accepted();
  }

  protected override onSentBytes(framed: Uint8Array): void {
    reuseFramed(framed);
  }

  protected override onCancelled(): void {
    this.dropUnread();
    if (this.returned) this.settleCancelled();
  }

  protected override onStreamClosed(error: Http2Error | undefined): void {
    this.closed = true;
    if (!this.returned) return;
    if (error !== undefined || this.cancelled) this.settleCancelled();
    else if (this.writing) this.accepted();
    if (this.isComplete) this.schedule();
  }

  // The handler.

  /** The handler returned its reactor: what was started before is released, in its order. */
  private begin(): void {
    const { kept, finished } = this;
    this.kept = undefined;
    this.isBeginning = true;
    if (this.isOver) this.settleCancelled();
    else {
      if (this.sendingMetadata) this.sendInitial();
      if (this.reading) this.feedRead();
      if (kept !== undefined) this.send(kept);
    }
    if (finished !== undefined) this.endNow(finished);
    this.isBeginning = false;
    if (this.isDefault && this.isComplete) return this.done(); // nobody is called
    this.host.pending.add(this);
    if (this.due !== 0 || this.isComplete) this.schedule();
  }

  /** The handler returned something else than the reactor of its call. */
  private refuse(returned: unknown): void {
    const { code, details } = noReactor(this.path, this.descriptor.kind, returned);
    callApplication(() => returned, (error) => this.report(error, "handler")); // a promise, which may reject
    this.report(new TypeError(details), "handler");
    this.endWithoutReactor(code, details, NO_FIELDS);
  }

  private withoutReactor(error: unknown): void {
    const { code, details, fields } = this.statusOf(error, "handler");
    this.endWithoutReactor(code, details, fields);
  }

  private endWithoutReactor(code: StatusCode, details: string, fields: readonly string[]): void {
    this.isDone = true;
    this.sendStatus(code, details, fields);
    this.handlerEnded();
  }

  /** What the client gets for what the application threw. */
  private statusOf(error: unknown, where: "handler" | "reaction"): Finish {
    const { code, details, fields, complaint, chosen } = statusOfThrown(error, this.host.exposeErrors);
    if (!chosen) this.report(error, where);
    if (complaint !== undefined) this.host.reporter.log("warn", `${complaint} (${this.path})`);
    return { code, details, fields, framed: undefined };
  }

  // Reads.

  /** The outstanding read gets what is there: a message, or the end. */
  private feedRead(): void {
    const { stored } = this;
    if (this.arrived !== undefined) return;
    if (stored !== undefined && stored.size > 0) {
      this.arrived = stored.shift();
      this.release(stored.takenBytes);
      this.complete(READ, true);
    } else if (this.requestsEnded || this.isOver) this.completeLate(READ);
  }

  /** Nobody reads what is there; the client may send on until it knows that. */
  private dropUnread(): void {
    const { stored } = this;
    if (stored === undefined) return;
    const { wireBytes } = stored;
    stored.clear();
    this.release(wireBytes);
  }

  /** Makes what has arrived the message; false where nothing has, or it cannot be decoded, which ends the call. */
  private takeArrived(): boolean {
    const { arrived } = this;
    this.arrived = undefined;
    this.hasMessage = false;
    this.message = undefined;
    if (arrived === undefined) return false;
    try {
      this.message = this.decode(arrived);
      this.hasMessage = true;
    } catch (error) {
      this.onUndecodable(error);
    }
    return this.hasMessage;
  }

  private decode(bytes: Uint8Array): unknown {
    return this.descriptor.requestCodec.decode(bytes, this.host.maxReceiveElements);
  }

  private onUndecodable(error: unknown): void {
    const { code, details, foreign } = undecodable(error, "request", this.host.exposeErrors);
    if (foreign) this.report(error, "codec");
    this.cancelWith(code, details);
  }

  // Writes.

  private write(message: unknown, last: boolean, corked: boolean, through: boolean, plain = false): void {
    this.checkWrite();
    const framed = this.encode(message, plain);
    this.checkWrite();
    this.writing = true;
    this.writesOver = last;
    this.through = through ? Through.ASKED : Through.NO;
    if (this.isOver) {
      reuseFramed(framed);
      if (this.returned) this.completeLate(WRITE);
    } else if (!this.returned) this.kept = framed;
    else if (corked) this.sendLater(framed);
    else this.send(framed);
  }

  private send(framed: Uint8Array): void {
    this.sendImplied();
    this.sendCorked();
    if (this.sendMessage(framed)) reuseFramed(framed);
    if (!this.isOver && !this.writeBlocked) this.accepted();
  }

  /** Flow control has accepted the outstanding write. */
  private accepted(): void {
    if (this.through === Through.NO) return this.complete(WRITE, true);
    if (this.through === Through.AWAITED) return;
    this.through = Through.AWAITED;
    this.whenWritten((ok) => {
      if (this.through !== Through.AWAITED) return; // the call has ended before
      this.through = Through.NO;
      this.complete(WRITE, ok);
    });
  }

  private sendLater(framed: Uint8Array): void {
    const fits = (this.heldBack ??= new CorkedMessages()).add(framed);
    if (!fits) {
      this.sendImplied();
      this.sendCorked();
    }
    if (fits || (!this.isOver && !this.writeBlocked)) this.complete(WRITE, true);
  }

  private sendCorked(): void {
    if (this.heldBack === undefined) return;
    for (const framed of this.heldBack.take()) if (this.sendMessage(framed)) reuseFramed(framed);
  }

  /** Initial metadata that was asked for by itself. */
  private sendInitial(): void {
    this.metadataSent = true;
    this.sendInitialMetadata(this.sentInitial?.toHeaders());
    if (this.sendingMetadata) this.complete(METADATA, !this.isOver);
  }

  /** Initial metadata that goes with the first message, or with the status. */
  private sendImplied(): void {
    if (this.metadataSent) return;
    this.metadataAsked = this.metadataSent = true;
    const headers = this.sentInitial?.toHeaders();
    if (headers !== undefined) this.sendInitialMetadata(headers);
  }

  // The end.

  private encodeResponse(): Uint8Array {
    const { response } = this.reactor!;
    if (response === undefined) {
      throw misuse("finish the call", this.path, "OK is sent with a response, and its reactor has none");
    }
    return this.encode(response, false);
  }

  /** Runs getters of the application's, which may start something of the call or finish it: what was checked is checked again. */
  private encode(message: unknown, plain: boolean): Uint8Array {
    return marked(encodeFramed(this.descriptor.responseCodec, message), message, plain);
  }

  private finishOf(
    status: StatusCode | RpcError,
    details: string,
    framed: Uint8Array | undefined,
  ): Finish {
    if (isRpcError(status)) return { ...this.statusOf(status, "handler"), framed };
    return { code: status, details, fields: NO_FIELDS, framed };
  }

  private end(finish: Finish): void {
    this.finished = finish;
    if (this.returned) this.endNow(finish);
  }

  private endNow({ code, details, fields, framed }: Finish): void {
    if (!this.isOver) {
      if (this.heldBack !== undefined || framed !== undefined || this.sentInitial !== undefined) {
        this.sendImplied();
      }
      this.sendCorked();
    }
    if (framed !== undefined && this.sendMessage(framed)) reuseFramed(framed);
    this.sendStatus(code, details, fields);
    this.dropUnread();
    if (this.reading && this.arrived === undefined) this.complete(READ, false);
    if (this.isComplete) this.schedule();
  }

  /** The call has ended without the reactor's status. */
  private settleCancelled(): void {
    if (this.cancelSeen) return;
    this.cancelSeen = true;
    this.dropUnread();
    if (this.sendingMetadata) this.complete(METADATA, false);
    if (this.writing) this.complete(WRITE, false);
    this.through = Through.NO;
    if (this.reading && this.arrived === undefined) this.complete(READ, false);
    this.complete(CANCEL, true);
  }

  // What is wrong.

  private checkNotFinished(operation: string): void {
    if (this.isDone) throw afterDone(operation, this.path);
    if (this.finished === undefined) return;
    const rule = "it is finished, which is done once, and nothing is started afterwards";
    throw misuse(operation, this.path, rule);
  }

  private checkWrite(): void {
    this.checkNotFinished("start a write");
    if (this.writesOver) {
      throw misuse("start a write", this.path, "the last one was startWriteLast, and only finish may follow");
    }
    if (this.writing) throw outstanding("write", this.path);
    this.metadataAsked = true;
  }

  // Reactions.

  private get isComplete(): boolean {
    if (this.finished === undefined || !this.closed || !this.returned || this.isDone || this.due !== 0) {
      return false;
    }
    return !this.reading && !this.writing && !this.sendingMetadata;
  }

  /** The reaction `which` is due. */
  private complete(which: number, ok: boolean): void {
    if (this.isDefault) {
      if (which === METADATA) this.sendingMetadata = false;
      return;
    }
    if (addDue(this, which, ok)) this.schedule();
  }

  /** It has failed; one that was started after such a reaction has its own in another turn, or it would be endless. */
  private completeLate(which: number): void {
    if ((this.failed & which) === 0) return this.complete(which, false);
    this.engine.run(() => {
      if (which === READ ? this.reading : this.writing) this.complete(which, false);
    });
  }

  private schedule(): void {
    if (!this.isBeginning) this.engine.execCtx.schedule(this);
  }

  private react(which: number): void {
    const reactor = this.reactor!;
    const ok = which === READ ? this.takeArrived() : (this.succeeded & which) !== 0;
    let result: unknown;
    try {
      if (which === READ) result = reactor.onReadDone(ok);
      else if (which === WRITE) result = reactor.onWriteDone(ok);
      else if (which === METADATA) result = reactor.onSendInitialMetadataDone(ok);
      else result = reactor.onCancel();
      if (result !== undefined) callApplication(() => result, (error) => this.threw(error));
    } catch (error) {
      this.threw(error);
    }
  }

  private done(): void {
    this.isDone = true;
    this.host.pending.delete(this);
    if (!this.isDefault) {
      callApplication(() => this.reactor!.onDone(), (error) => this.report(error, "reaction"));
    }
    this.handlerEnded();
  }

  /** A reaction threw, or the promise that it returned rejected: the call is finished with that. */
  private threw(error: unknown): void {
    const finish = this.statusOf(error, "reaction");
    if (this.finished !== undefined) return;
    this.broken = true;
    this.end(finish);
  }
}
