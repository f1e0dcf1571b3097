// Typed calls over a completion queue, in C++'s names: an operation a method, each with its tag.

import type { Instant } from "../../pollers/mod.ts";
import { Metadata, type MetadataInit } from "../call/metadata.ts";
import type { ParentCall } from "../call/parent.ts";
import { Status } from "../call/status.ts";
import { type CallIdentityOptions, readIdentity } from "../client/call_identity.ts";
import type { CallContext } from "../client/call_context.ts";
import { checkedCompression, type Compression } from "../compression.ts";
import type { MethodDescriptor } from "../proto/mod.ts";
import type { ServedCall } from "../server/server_call.ts";
import { QueueClientCall } from "./client_call.ts";
import { Op, OperationKind } from "./operation.ts";
import { OpFlags, type ReceivedStatus } from "./operations.ts";
import type { QueueCore } from "./queue_core.ts";
import { streamsRequests } from "../proto/service.ts";

const { SEND_INITIAL_METADATA, SEND_MESSAGE, SEND_CLOSE_FROM_CLIENT } = OperationKind;
const { RECV_INITIAL_METADATA, RECV_MESSAGE, RECV_STATUS_ON_CLIENT } = OperationKind;

/** What a caller may say of one call over a queue. */
export interface QueueCallOptions extends CallIdentityOptions {
  /** When the call ends with DEADLINE_EXCEEDED: an instant, see `deadlineIn`. Default Infinity: never. */
  readonly deadline?: Instant;
  /** Sent before the messages. */
  readonly metadata?: Metadata | MetadataInit;
  /** Wait until the channel is ready, through failures to connect. Default: as the service config says, else false. */
  readonly waitForReady?: boolean;
  /** What requests are compressed with. Default: as the channel says. */
  readonly compression?: Compression;
  /** The call that a handler serves and makes this one for: its deadline and its end hold for this one too. */
  readonly parent?: ServedCall;
  /** Of a call with many requests: initial metadata goes with the first of them, and the start has no event. */
  readonly corked?: boolean;
}

/** What calls of all four kinds have. */
export interface ClientAsyncCall<Tag> {
  /** "/package.Service/Method". */
  readonly path: string;
  /** The server's address; the channel's target before there is a connection. */
  readonly peer: string;
  /** The server's initial metadata, after the event of what asked for it. */
  readonly initialMetadata: Metadata | undefined;
  /** How the call ended, after the event of `finish`. */
  readonly status: ReceivedStatus | undefined;
  /**
   * Asks for initial metadata. It may be left out: the first `read`, or `finish`, asks for it too.
   *
   * @throws {TypeError} where it was asked for, and before the call was started
   */
  readInitialMetadata(tag: Tag): void;
  /** Ends the call with CANCELLED, where it has no status yet; what is pending completes. */
  cancel(): void;
}

/** What calls with many responses have. */
export interface AsyncReads<Res, Tag> {
  /** What was read last; undefined where that had no success. */
  readonly message: Res | undefined;
  /**
   * Reads one response, one at a time. Success: it is in `message`; else there are no more, and `finish` says why.
   *
   * @throws {CallError} while one is read
   * @throws {TypeError} before the call was started
   */
  read(tag: Tag): void;
  /**
   * Asks for the status, once, when nothing more is to be read or written. It always succeeds. OK comes when every response
   * was read; another status comes at once.
   *
   * @throws {CallError} where it was asked for
   * @throws {TypeError} before the call was started
   */
  finish(tag: Tag): void;
}

/** What calls with many requests have. */
export interface AsyncWrites<Req, Tag> {
  /**
   * Sends one request, one at a time. `flags`: of `OpFlags`. Success: flow control accepted it.
   *
   * @throws {CallError} while one is sent, and for a message that cannot be encoded
   * @throws {TypeError} before the call was started, and after the last request
   */
  write(message: Req, tag: Tag, flags?: number): void;
  /** The same, of the last request: the half-close goes with it. */
  writeLast(message: Req, tag: Tag, flags?: number): void;
  /**
   * Sends no more.
   *
   * @throws {TypeError} before the call was started, and after the last request
   */
  writesDone(tag: Tag): void;
}

/** What calls with one response have. */
export interface AsyncResponse<Res, Tag> {
  /** The response, after the event of `finish`; undefined where the status is not OK. */
  readonly response: Res | undefined;
  /**
   * Asks for response and status, once. It always succeeds.
   *
   * @throws {CallError} where it was asked for
   * @throws {TypeError} before the call was started
   */
  finish(tag: Tag): void;
}

/** The start of a prepared call that has an event. */
export interface AsyncStart<Tag> {
  /**
   * Starts a prepared call. Success: it goes to the wire. A corked call has no such event.
   *
   * @throws {TypeError} where it was started
   */
  startCall(tag: Tag): void;
}

/** A unary call. */
export interface ClientAsyncResponseReader<Res, Tag> extends ClientAsyncCall<Tag>, AsyncResponse<Res, Tag> {
  /**
   * Starts a prepared call. It has no event.
   *
   * @throws {TypeError} where it was started
   */
  startCall(): void;
}

/** A call whose responses are a stream. */
export interface ClientAsyncReader<Res, Tag>
  extends ClientAsyncCall<Tag>, AsyncStart<Tag>, AsyncReads<Res, Tag> {}

/** A call whose requests are a stream. */
export interface ClientAsyncWriter<Req, Res, Tag>
  extends ClientAsyncCall<Tag>, AsyncStart<Tag>, AsyncWrites<Req, Tag>, AsyncResponse<Res, Tag> {}

/** A call that is a stream both ways. */
export interface ClientAsyncReaderWriter<Req, Res, Tag>
  extends ClientAsyncCall<Tag>, AsyncStart<Tag>, AsyncReads<Res, Tag>, AsyncWrites<Req, Tag> {}

/** A call of any kind: each interface above is a part of it. */
export class AsyncCall<Req, Res, Tag> extends QueueClientCall<Req, Res, Tag>
  implements
    Omit<ClientAsyncReaderWriter<Req, Res, Tag>, "startCall">,
    Omit<ClientAsyncWriter<Req, Res, Tag>, "startCall"> {
  private readonly initial: Op;
  private readonly corked: boolean;
  private started: boolean;
  private sentInitial: boolean;
  private sentLast: boolean;
  private askedInitial: Op | undefined;
  private lastRead: Op | undefined;
  private lastStatus: Op | undefined;

  /** `request`: of a call that has one. */
  constructor(
    context: CallContext,
    method: MethodDescriptor<Req, Res>,
    core: QueueCore<Tag>,
    options: QueueCallOptions,
    parent: ParentCall | undefined,
    private readonly request: Req | undefined,
  ) {
    super(
      context,
      method,
      core,
      options.deadline ?? Infinity,
      parent,
      readIdentity(`call ${method.path}`, options),
      checkedCompression(`call ${method.path}`, options.compression),
    );
    const { metadata, waitForReady, corked = false } = options;
    this.corked = corked && this.streamsRequests;
    const sent = metadata === undefined ? undefined : Metadata.from(metadata);
    this.initial = new Op(SEND_INITIAL_METADATA, readyFlags(waitForReady), sent);
    this.started = false;
    this.sentInitial = false;
    this.sentLast = false;
    this.askedInitial = undefined;
    this.lastRead = undefined;
    this.lastStatus = undefined;
  }

  get initialMetadata(): Metadata | undefined {
    return this.askedInitial?.metadata as Metadata | undefined;
  }

  get message(): Res | undefined {
    return this.lastRead?.message as Res | undefined;
  }

  get response(): Res | undefined {
    return this.status?.code === Status.OK ? this.message : undefined;
  }

  get status(): ReceivedStatus | undefined {
    return this.lastStatus?.status as ReceivedStatus | undefined;
  }

  /** Starts it; `tag` is that of the event, where there is one. */
  startCall(tag?: Tag): void {
    if (this.started) throw new TypeError(`Cannot startCall of ${this.path}: it was started`);
    if (this.corked) this.started = true;
    else if (this.streamsRequests) this.startOperations([this.initial], tag!);
    else if (this.singleMessage) this.startSilently(this.initial, this.messageOp(this.request, 0));
    else {this.startOperations([
        this.initial,
        this.messageOp(this.request, 0),
        new Op(SEND_CLOSE_FROM_CLIENT, 0),
      ], tag!);}
    this.started = true;
    if (!this.corked) this.sentInitial = true;
  }

  readInitialMetadata(tag: Tag): void {
    this.check("readInitialMetadata");
    if (this.askedInitial !== undefined) {
      throw new TypeError(
        `Cannot readInitialMetadata of ${this.path}: it was asked for, by itself or with read or finish`,
      );
    }
    const operation = new Op(RECV_INITIAL_METADATA, 0);
    this.startOperations([operation], tag);
    this.askedInitial = operation;
  }

  read(tag: Tag): void {
    this.check("read", !this.singleMessage);
    const operation = new Op(RECV_MESSAGE, 0, undefined, true);
    this.startReceiving([operation], tag);
    this.lastRead = operation;
  }

  write(message: Req, tag: Tag, flags: number = 0): void {
    this.check("write", this.streamsRequests);
    this.checkMayWrite("write");
    this.startSending([this.messageOp(message, flags)], tag);
  }

  writeLast(message: Req, tag: Tag, flags: number = 0): void {
    this.check("writeLast", this.streamsRequests);
    this.checkMayWrite("writeLast");
    const operation = this.messageOp(message, flags | OpFlags.BUFFER_HINT);
    this.startSending([operation, new Op(SEND_CLOSE_FROM_CLIENT, 0)], tag);
    this.sentLast = true;
  }

  writesDone(tag: Tag): void {
    this.check("writesDone", this.streamsRequests);
    this.checkMayWrite("writesDone");
    this.startSending([new Op(SEND_CLOSE_FROM_CLIENT, 0)], tag);
    this.sentLast = true;
  }

  finish(tag: Tag): void {
    this.check("finish");
    const status = new Op(RECV_STATUS_ON_CLIENT, 0, undefined, true);
    const message = this.singleMessage ? new Op(RECV_MESSAGE, 0) : undefined;
    this.startReceiving(message === undefined ? [status] : [message, status], tag);
    this.lastStatus = status;
    if (message !== undefined) this.lastRead = message;
  }

  protected override get checksCardinality(): boolean {
    return this.singleMessage;
  }

  private get streamsRequests(): boolean {
    const { kind } = this.called;
    return streamsRequests(kind);
  }

  private messageOp(message: unknown, flags: number): Op {
    return new Op(SEND_MESSAGE, flags, message);
  }

  /** What sends: the first of a corked call takes initial metadata along. */
  private startSending(operations: Op[], tag: Tag): void {
    if (!this.sentInitial) operations.push(this.initial);
    this.startOperations(operations, tag);
    this.sentInitial = true;
  }

  /** What receives: the first asks for initial metadata too. */
  private startReceiving(operations: Op[], tag: Tag): void {
    if (!this.sentInitial) operations.push(this.initial);
    const asked = this.askedInitial === undefined ? new Op(RECV_INITIAL_METADATA, 0) : undefined;
    if (asked !== undefined) operations.push(asked);
    this.startOperations(operations, tag);
    this.askedInitial ??= asked;
    this.sentInitial = true;
  }

  private check(what: string, has = true): void {
    if (!has) throw new TypeError(`Cannot ${what} on ${this.path}: the method is ${this.called.kind}`);
    if (!this.started) throw new TypeError(`Cannot ${what} on ${this.path}: call startCall first`);
  }

  private checkMayWrite(what: string): void {
    if (this.sentLast) {
      throw new TypeError(
        `Cannot ${what} on ${this.path}: writeLast or writesDone was called, and nothing follows`,
      );
    }
  }
}

function readyFlags(waitForReady: boolean | undefined): number {
  if (waitForReady === undefined) return 0;
  return OpFlags.WAIT_FOR_READY_EXPLICITLY_SET | (waitForReady ? OpFlags.WAIT_FOR_READY : 0);
}
