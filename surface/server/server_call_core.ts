// One call being served: from its request header section to its status (see `call/call_core.ts`).
//
// It decides when the handler's turn is, counts the deadline, and ends the call where the client, the connection or a
// limit does. Its stream is there from the start, so it is OPEN until it is OVER: a status was sent, or never will be. A
// handler may run on after that, and counts against its connection until the style says that it has ended.

import {
  callApplication,
  type ErrorPlace,
  type EventEngine,
  formatAddress,
  type SocketAddress,
  trace,
} from "../../pollers/mod.ts";
import {
  type ConnectionSecurity,
  HeaderList,
  type Http2Error,
  type Initiator,
  type RequestHead,
  type ServerStream,
  type ServerStreamSink,
} from "../../transport/mod.ts";
import { CallCore, CallEvent } from "../call/call_core.ts";
import { type CallObserver, CallRecord } from "../call/call_observer.ts";
import { CallAbort } from "../call/call_signal.ts";
import { isDeadlineExceeded } from "../call/deadline.ts";
import { Metadata } from "../call/metadata.ts";
import type { ChildCall, ParentCall } from "../call/parent.ts";
import { RpcError } from "../call/rpc_error.ts";
import { Status, type StatusCode, statusName } from "../call/status.ts";
import { type Compression, encodingNamed } from "../compression.ts";
import type { AdmittedCall, CallAdmission, CallHost } from "./call_host.ts";
import type { WaitingCall } from "./handler_slots.ts";
import type { RegisteredMethod } from "./method_style.ts";
import type { ServedConnection } from "./served_connection.ts";
import { statusOfThrown } from "./thrown_status.ts";

// Local: see docs/STYLE.md, "Hot paths".
const { STREAM_OPENED, ENDED } = CallEvent;
const traced = trace;

/** A server's call. A style is a subclass: it says what the handler is, and what becomes of messages. */
export abstract class ServerCallCore extends CallCore
  implements ServerStreamSink, WaitingCall, ParentCall, AdmittedCall {
  declare protected readonly host: CallHost;
  declare protected readonly method: RegisteredMethod;
  declare private readonly stream: ServerStream;
  declare private readonly head: RequestHead;
  declare private readonly connection: ServedConnection;
  /** The one request, encoded, until the handler begins. */
  declare private request: Uint8Array | undefined;
  declare private abort: CallAbort | undefined;
  declare private receivedMetadata: Metadata | undefined;
  declare private sentTrailers: Metadata | undefined;
  declare private children: Set<ChildCall> | undefined;
  /** The handler's turn has not come yet; or it runs, whatever has become of the stream. */
  declare private handlerState: "none" | "waits" | "runs";
  /** Ended otherwise than by the handler. */
  declare private wasCancelled: boolean;
  /** An interceptor has sent initial metadata. */
  declare private hasEarlyMetadata: boolean;
  /** For observers; undefined where there are none. */
  declare private record: CallRecord | undefined;

  /** Streaming requests begin their handler at the end of the turn, the others once their message is there. */
  constructor(
    host: CallHost,
    method: RegisteredMethod,
    stream: ServerStream,
    head: RequestHead,
    connection: ServedConnection,
    receivedAt: number,
  ) {
    super();
    this.host = host;
    this.method = method;
    this.stream = stream;
    this.head = head;
    this.connection = connection;
    this.request = undefined;
    this.abort = undefined;
    this.receivedMetadata = undefined;
    this.sentTrailers = undefined;
    this.children = undefined;
    this.handlerState = "none";
    this.wasCancelled = false;
    this.hasEarlyMetadata = false;
    this.record = undefined;
    // What few calls need stands in methods of its own: the compiler inlines a short constructor, which is worth 4%, and a
    // function that has a closure in it makes the closure's scope whether or not it comes to the closure.
    host.callBegins();
    this.advance(STREAM_OPENED);
    if (head.timeoutMs !== undefined) this.armDeadline(receivedAt + head.timeoutMs);
    if (traced.call) this.traceBegin();
    if (host.observers.list !== undefined) this.observe(host.observers.list);
    if (method.requestStream) this.startLater();
  }

  // What a style reads of its call.

  /** The method's path. */
  get path(): string {
    return this.head.path;
  }

  /** The client's address. */
  get peer(): SocketAddress {
    return this.connection.peer;
  }

  /** The address that the client connected to. */
  get local(): SocketAddress {
    return this.connection.transport!.local;
  }

  /** What the TLS handshake of its connection established; undefined in plaintext. */
  get security(): ConnectionSecurity | undefined {
    return this.connection.security;
  }

  /** The authority asked for. */
  get authority(): string {
    return this.head.authority;
  }

  /** What the client sent before its messages, in wire form. */
  get receivedHeaders(): HeaderList {
    return this.head.metadata;
  }

  /** The same, made when it is first asked for. */
  get metadata(): Metadata {
    return this.receivedMetadata ??= Metadata.fromHeaders(this.head.metadata);
  }

  /** What is sent with the status; made when it is first asked for. */
  get trailers(): Metadata {
    return this.sentTrailers ??= new Metadata();
  }

  /** Milliseconds until the deadline, 0 when it has passed; undefined where there is none. */
  get timeRemainingMs(): number | undefined {
    return this.deadlineAt === Infinity ? undefined : Math.max(0, -this.lateMs);
  }

  /** Aborted when the call is cancelled; made when it is first asked for. */
  get signal(): AbortSignal {
    if (this.abort === undefined) {
      this.abort = new CallAbort((error) => this.report(error, "abort listener"));
      if (this.wasCancelled) this.abort.abort(new RpcError(Status.CANCELLED, "call is over"));
    }
    return this.abort.signal;
  }

  /** Whether the call ended otherwise than by its handler's status. */
  get cancelled(): boolean {
    return this.wasCancelled;
  }

  /** What responses are compressed with. */
  get compression(): Compression {
    return (this.stream.encoding?.name ?? "identity") as Compression;
  }

  /** Throws TypeError for what is no compression, and once initial metadata was sent. */
  set compression(compression: Compression) {
    const purpose = `compress the responses of ${this.path}`;
    const encoding = encodingNamed(purpose, compression, this.host.encodings);
    if (!this.isOver) this.stream.compress(encoding, this.head);
  }

  // What a style does with its call.

  /** Sends initial metadata now; at most once. What is too large ends the call. */
  sendInitialMetadata(metadata: HeaderList | undefined): void {
    if (this.isOver) return;
    if (this.hasEarlyMetadata) return this.omitMetadata(metadata);
    const excess = this.stream.sendHeaders(metadata);
    if (excess !== undefined) return this.cancelWith(Status.RESOURCE_EXHAUSTED, excess);
    if (this.record !== undefined) this.record.initialMetadata(metadata);
  }

  /** The same, from an interceptor: what the style sends then goes on without. Throws TypeError where it was sent. */
  sendEarlyMetadata(metadata: HeaderList | undefined): void {
    if (this.hasEarlyMetadata) throw new TypeError("Cannot send initial metadata: it was sent before");
    this.sendInitialMetadata(metadata);
    this.hasEarlyMetadata = true;
  }

  private omitMetadata(metadata: HeaderList | undefined): void {
    if (metadata === undefined || metadata.length === 0) return;
    const why = "an interceptor has sent it, and a call has it once";
    this.host.reporter.log("warn", `initial metadata of ${this.path} is left out: ${why}`);
  }

  /** Whether what is sent now would have to wait; `onReady` comes when that is over. */
  get writeBlocked(): boolean {
    return this.stream.writeBlocked;
  }

  /**
   * Sends one message: `framed` holds 5 free octets and then the message. True: its memory is the caller's again; false:
   * it comes back by `onSentBytes`.
   */
  protected sendMessage(framed: Uint8Array): boolean {
    if (this.record !== undefined && !this.isOver) this.record.messageSent(framed);
    return this.isOver || this.stream.sendMessage(framed);
  }

  /** What was sent until now is in the socket, or, without `ok`, the connection has ended before. */
  protected whenWritten(onWritten: (ok: boolean) => void): void {
    this.stream.whenWritten(onWritten);
  }

  /** A message was taken: `wireBytes` as they came with it. */
  protected release(wireBytes: number): void {
    this.stream.release(wireBytes);
  }

  /** The one request of a method without a stream of them; once, when the handler begins. */
  protected takeRequest(): Uint8Array {
    const request = this.request!;
    this.request = undefined;
    return request;
  }

  /**
   * Ends the call with a status, and with `fields` (name and value in turn) beside the trailers. Never throws: whatever
   * comes of the status, the call is over.
   */
  sendStatus(code: StatusCode, details: string, fields: readonly string[] = NO_FIELDS): void {
    this.finish(code, details, fields, "user");
  }

  private finish(code: StatusCode, details: string, fields: readonly string[], endedBy: Initiator): void {
    if (!this.advance(ENDED)) return;
    if (this.handlerState === "waits") this.connection.handlers.withdraw(this);
    if (traced.call) this.trace(`ends with ${statusName(code)}${details === "" ? "" : `: ${details}`}`);
    try {
      this.host.callEnds();
      const trailers = this.sentTrailers?.toHeaders();
      const all = fields.length === 0
        ? trailers
        : HeaderList.ofStrings([...trailers?.fields ?? [], ...fields]);
      const instead = this.stream.sendStatus(code, details, all, endedBy);
      if (instead !== undefined) [code, details, endedBy] = [Status.RESOURCE_EXHAUSTED, instead, "library"];
      if (this.stream.queuedBytes === 0) this.disarmDeadline(); // else it holds for what waits for the client too
    } catch (error) {
      this.statusFailed(error);
    }
    if (this.record !== undefined) this.record.end(code, details, endedBy, this.engine.now());
    if (this.children !== undefined) this.endChildren();
  }

  private statusFailed(error: unknown): void {
    this.report(error, "connection");
    const cancel = (): void => this.stream.cancel("the status could not be sent");
    callApplication(cancel, (again) => this.report(again, "connection"));
  }

  /** The library ends the call: the client gets the status, and the handler is cancelled. */
  cancelWith(code: StatusCode, details: string): void {
    if (this.isOver) return;
    this.wasCancelled = true; // the stream may end, and say so, with the status
    this.finish(code, details, NO_FIELDS, "library");
    this.abandon(new RpcError(code, details));
  }

  /** Ends the call at once and without a status: the client gets RST_STREAM. */
  reset(reason: string): void {
    this.stream.cancel(reason);
  }

  /** Nothing of the handler runs any more: the next one of the connection may. */
  protected handlerEnded(): void {
    if (this.handlerState !== "runs") return;
    this.handlerState = "none";
    this.connection.handlers.release(this);
  }

  /** Gives the application's error to whom the server reports to. */
  protected report(error: unknown, where: ErrorPlace, level: "error" | "info" = "error"): void {
    this.host.reporter.report(error, { where, level, method: this.path, peer: formatAddress(this.peer) });
  }

  // What a style is told.

  /** It is the handler's turn; `handlerEnded` says when it is over. The one request is there, where there is one. */
  protected abstract onTurn(): void;

  /** One of many requests, encoded; give `wireBytes` to `release` once it is taken. */
  protected abstract onRequestBytes(bytes: Uint8Array, wireBytes: number): void;

  /** The client sends no more of many requests. */
  protected onRequestsEnd(): void {}

  /** Responses can be sent: what was queued has drained. */
  protected onReady(): void {}

  /** Memory that `sendMessage` kept is the caller's again. */
  protected onSentBytes(_framed: Uint8Array): void {}

  /** The call has ended, and not by the style: client, connection, deadline or a limit ended it. At most once. */
  protected abstract onCancelled(error: RpcError): void;

  /** The stream is over, the last call. An error: not all that was sent, the status included, has gone out. */
  protected onStreamClosed(_error: Http2Error | undefined): void {}

  // From the calls that are made for this one.

  get isEnding(): boolean {
    return this.isOver;
  }

  addChild(child: ChildCall): void {
    (this.children ??= new Set()).add(child);
  }

  removeChild(child: ChildCall): void {
    this.children?.delete(child);
  }

  // From the stream.

  /** There is one request, unless they are streamed. */
  get singleMessage(): boolean {
    return !this.method.requestStream;
  }

  /** A request message. */
  onMessage(bytes: Uint8Array, wireBytes: number): void {
    if (this.isOver) return this.stream.release(wireBytes);
    if (this.record !== undefined) this.record.messageReceived(bytes.length, wireBytes);
    if (this.method.requestStream) return this.onRequestBytes(bytes, wireBytes);
    this.stream.release(wireBytes);
    if (this.request !== undefined) {
      return this.cancelWith(Status.UNIMPLEMENTED, "client sent more than one request message");
    }
    this.request = bytes;
  }

  /** The request is complete. */
  onHalfClose(): void {
    if (this.isOver) return;
    if (this.method.requestStream) return this.onRequestsEnd();
    if (this.request === undefined) {
      return this.cancelWith(Status.UNIMPLEMENTED, "client sent no request message");
    }
    this.startHandler();
  }

  /** A client that does not end its request may take as long as it likes. */
  onMoreToCome(): void {
    if (this.request !== undefined) this.request = ownBytes(this.request);
  }

  /** The peer took what was queued. */
  onWritable(): void {
    if (!this.isOver) this.onReady();
  }

  /** A message that had to wait is out. */
  onSent(framed: Uint8Array): void {
    this.onSentBytes(framed);
  }

  /** The stream is over. */
  onClosed(error: Http2Error | undefined, status?: StatusCode): void {
    if (this.advance(ENDED)) this.lost(error, status);
    else this.disarmDeadline();
    this.onStreamClosed(error);
  }

  get awaitsHandler(): boolean {
    return this.handlerState === "waits";
  }

  get streamsResponses(): boolean {
    const kind = this.method.descriptor?.kind;
    return kind !== "unary" && kind !== "clientStreaming";
  }

  /** From the connection's slots: it is the handler's turn. */
  runHandler(): void {
    this.handlerState = "runs";
    if (this.host.interceptors !== undefined) this.intercept(this.host.interceptors);
    else this.onTurn();
  }

  /** Has the interceptors admit the call before `onTurn`. A style whose messages they wrap calls them itself. */
  protected intercept(interceptors: CallAdmission): void {
    if (this.request !== undefined) this.request = ownBytes(this.request);
    interceptors.admit(this, () => {
      if (this.isOver) this.handlerEnded();
      else this.onTurn();
    }, (error) => this.denied(error));
  }

  /** From an interceptor: the call's status is what it threw, and its handler never begins. */
  private denied(error: unknown): void {
    if (!this.isOver) {
      const { code, details, fields, complaint, chosen } = statusOfThrown(error, this.host.exposeErrors);
      if (!chosen) this.report(error, "interceptor");
      if (complaint !== undefined) this.host.reporter.log("warn", `${complaint} (${this.path})`);
      this.wasCancelled = true;
      this.finish(code, details, fields, "user");
      this.abandon(new RpcError(code, details));
    }
    this.handlerEnded();
  }

  whenEnded(callback: (code: StatusCode, details: string) => void): void {
    if (this.record === undefined) this.observe(NO_OBSERVERS);
    this.record!.onEnd = callback;
  }

  onInterceptorThrew(error: unknown): void {
    this.report(error, "interceptor");
  }

  protected override get engine(): EventEngine {
    return this.host.engine;
  }

  protected override onDeadline(): void {
    const details = `deadline of ${Math.round(this.head.timeoutMs!)} ms exceeded on the server`;
    if (this.stream.queuedBytes === 0) return this.cancelWith(Status.DEADLINE_EXCEEDED, details);
    // A status would wait behind messages that the client does not take (PROTOCOL-HTTP2.md, "Client Cancellation").
    this.stream.cancel(details, "library");
  }

  private startLater(): void {
    this.engine.execCtx.defer(() => this.startHandler());
  }

  /** The handler's turn is now, or comes when another one of the connection is through. */
  private startHandler(): void {
    if (this.isOver) return;
    const { handlers } = this.connection;
    if (handlers.mayRun(this)) return this.runHandler();
    if (!handlers.wait(this)) return this.stream.refuse("too many calls wait for their handlers");
    this.handlerState = "waits";
    if (this.request !== undefined) this.request = ownBytes(this.request);
  }

  /** The stream ended before there was a status. */
  private lost(error: Http2Error | undefined, status: StatusCode | undefined): void {
    if (traced.call) this.trace(`is taken away: ${error?.reason ?? "call is over"}`);
    if (this.handlerState === "waits") this.connection.handlers.withdraw(this);
    const overdue = isDeadlineExceeded(Status.CANCELLED, error, this.lateMs);
    const code = status ?? (overdue ? Status.DEADLINE_EXCEEDED : Status.CANCELLED);
    const reason = error?.reason ?? "call is over";
    if (this.record !== undefined) {
      this.record.end(code, reason, overdue ? "library" : error?.initiator ?? "remote", this.engine.now());
    }
    this.abandon(new RpcError(code, reason));
    this.host.callEnds();
  }

  private abandon(error: RpcError): void {
    this.wasCancelled = true;
    this.disarmDeadline();
    this.onCancelled(error);
    if (this.children !== undefined) this.endChildren();
    this.abort?.abortSoon(this.engine.execCtx, error);
  }

  private endChildren(): void {
    const children = this.children!;
    this.children = undefined;
    for (const child of children) child.onParentOver();
  }

  private observe(observers: readonly CallObserver[]): void {
    const { reporter } = this.host;
    const peer = formatAddress(this.peer);
    const { metadata } = this.head;
    this.record = new CallRecord(observers, reporter, "server", this.path, peer, metadata, this.engine.now());
  }

  private traceBegin(): void {
    const { timeoutMs } = this.head;
    this.trace(`begins${timeoutMs === undefined ? "" : `, deadline ${timeoutMs} ms`}`);
  }

  private trace(line: string): void {
    this.host.reporter.trace("call", `server ${this.path} for ${formatAddress(this.peer)} ${line}`);
  }
}

const NO_FIELDS: readonly string[] = [];
const NO_OBSERVERS: readonly CallObserver[] = [];

/** `bytes` in memory of their own: a view holds all of the read that it came with. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength === bytes.length ? bytes : new Uint8Array(bytes);
}
