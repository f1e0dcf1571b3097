// One call being made: from its start to its one status, over as many streams as it takes (see `call/call_core.ts`).
//
// This is the logical call: it has the deadline, the cancellation, what must be sent again, and the status that the
// caller sees. A stream is one attempt. A call that the server certainly did not process is made once more ("transparent
// retry", gRFC A6) while what was sent of it is still there: one request is encoded again, and streamed requests are
// kept until the server answers (`replay.ts`).

import {
  type ErrorPlace,
  type EventEngine,
  formatAddress,
  isInstance,
  messageOf,
  propertyOf,
  trace,
} from "../../pollers/mod.ts";
import type { CallTracker } from "../channel/call_tracker.ts";
import { formatDestination } from "../channel/destination.ts";
import type { MethodConfig } from "../channel/service_config/method_config.ts";
import {
  type ClientStream,
  type ClientStreamSink,
  type ClientTransport,
  type HeaderList,
  type Http2Error,
  type Initiator,
  NO_HEADERS,
  type RequestTemplate,
  type StreamStatus,
} from "../../transport/mod.ts";
import { CallCore, CallEvent } from "../call/call_core.ts";
import { type CallObserver, CallRecord } from "../call/call_observer.ts";
import { type CallStatus, describeStatus, endedBy } from "../call/call_status.ts";
import { isDeadlineExceeded } from "../call/deadline.ts";
import type { ChildCall } from "../call/parent.ts";
import { Status, type StatusCode, statusName } from "../call/status.ts";
import type { GivenOptions } from "./call_options.ts";
import { CallPermission, type PermittedCall } from "./call_permission.ts";
import type { CallContext, PendingCall } from "./call_route.ts";
import { Replay } from "./replay.ts";

/** Connections that may end before they take a call; gRPC's retries have as many. */
const MOST_REFUSALS = 4;

const { STARTED, STREAM_OPENED, STREAM_LOST, ENDED } = CallEvent;

/** The call with a deadline that asks for its stream just now. */
let asking: ClientCall | undefined = undefined;
/** Its milliseconds: what is left of an instant of the clock has a rounding error, which a timeout on the wire rounds up. */
let askedMs = 0;

/** A client's call. A style is a subclass: it says what becomes of metadata, messages and status. */
export abstract class ClientCall extends CallCore
  implements PendingCall, PermittedCall, ChildCall, ClientStreamSink {
  declare protected readonly context: CallContext;
  declare protected readonly options: GivenOptions;
  declare private template: RequestTemplate;
  declare private requestStream: boolean;
  declare private transport: ClientTransport | undefined;
  declare private stream: ClientStream | undefined;
  /** What was sent, while the call may be made again; undefined where `encodeRequest` does that. */
  declare private replay: Replay | undefined;
  /** Listens to `signal`. */
  declare private onAbort: (() => void) | undefined;
  /** For observers; undefined where there are none. */
  declare private record: CallRecord | undefined;
  /** Who waits for what was sent to be written; undefined where nobody ever did. */
  declare private unwritten: Array<() => void> | undefined;
  /** No stream is asked for before there is something to send. */
  declare private waitsForRequest: boolean;
  /** What it needs before it has a stream; undefined where that is nothing. */
  declare private permission: CallPermission | undefined;
  /** Streams that the server did not process. */
  declare private refusals: number;
  declare private answered: boolean;
  /** See {@linkcode PendingCall}. */
  declare config: MethodConfig | undefined;
  /** See {@linkcode PendingCall}. */
  declare waitsIn: Set<PendingCall> | undefined;
  /** See {@linkcode PendingCall}. */
  declare tracker: CallTracker | undefined;
  /** The call has its status, but the application does not get it before it has read what came before. */
  declare protected statusWaits: boolean;

  /** Nothing happens before {@linkcode start}. `requestStream`: requests come by `sendMessage`, not `encodeRequest`. */
  constructor(
    context: CallContext,
    template: RequestTemplate,
    requestStream: boolean,
    options: GivenOptions,
  ) {
    super();
    this.context = context;
    this.options = options;
    this.template = template;
    this.requestStream = requestStream;
    this.transport = undefined;
    this.stream = undefined;
    this.replay = requestStream ? new Replay() : undefined;
    this.onAbort = undefined;
    this.record = undefined;
    this.unwritten = undefined;
    this.waitsForRequest = options.corked && requestStream;
    this.permission = undefined;
    this.refusals = 0;
    this.answered = false;
    this.config = undefined;
    this.waitsIn = undefined;
    this.tracker = undefined;
    this.statusWaits = false;
  }

  // What a style does with its call.

  /** Whether the call waits for a connection instead of failing without one. */
  get waitForReady(): boolean {
    return this.options.waitForReady ?? this.config?.waitForReady ?? false;
  }

  /** "/package.Service/Method". */
  get path(): string {
    return this.template.path;
  }

  /** The server's address, or the channel's target where there is no connection. */
  get peer(): string {
    const { transport } = this;
    return transport === undefined ? formatDestination(this.context.target) : formatAddress(transport.peer);
  }

  /** Asks for a stream. The process stays until the call has its status. */
  start(): void {
    if (!this.advance(STARTED)) return;
    if (trace.call) this.traceStart();
    if (this.context.observers.list !== undefined) this.observe(this.context.observers.list);
    this.context.route.callBegan();
    try {
      this.ask();
    } catch (error) {
      this.report(error, "options", "info");
      this.cancel(Status.INTERNAL, `cannot start the call: ${messageOf(error)}`, "user", error);
    }
  }

  /**
   * Sends one message: `framed` holds 5 free octets and then the message. True: its memory is the caller's again; false:
   * it is not, but for {@linkcode onSentBytes}. It may come before there is a stream. `last`: nothing follows.
   */
  protected sendMessage(framed: Uint8Array, last = false): boolean {
    if (this.record !== undefined && !this.isOver) this.record.messageSent(framed);
    const { stream, replay } = this;
    if (this.isOver) return true;
    if (replay === undefined) return stream!.sendMessage(framed, last);
    replay.add(framed, last);
    if (stream === undefined) {
      if (this.waitsForRequest) this.uncork();
      return false;
    }
    const copied = stream.sendMessage(framed, last);
    if (!replay.isFull) return false;
    this.replay = undefined; // it is too much to be sent again
    return copied;
  }

  /** Requests come by `sendMessage` after all; before `start`, of a call that was made for one request. */
  protected streamRequests(): void {
    if (this.requestStream) return;
    this.requestStream = true;
    this.replay = new Replay();
  }

  /** Nothing more will be sent. */
  protected halfClose(): void {
    if (this.isOver) return;
    this.replay?.halfClose();
    if (this.waitsForRequest) this.uncork();
    else this.stream?.halfClose();
  }

  /** There is something to send: initial metadata goes with it. Before `start` that is not held back. */
  private uncork(): void {
    this.waitsForRequest = false;
    if (this.isStarted) this.context.route.submit(this);
  }

  /** Whether what is sent now would have to wait; `onReady` comes when that is over. */
  get writeBlocked(): boolean {
    return this.stream === undefined ? !this.waitsForRequest : this.stream.writeBlocked;
  }

  /** What was sent until now is in the socket: `onWritten`, once, unless the call ends before. */
  protected whenWritten(onWritten: () => void): void {
    (this.unwritten ??= []).push(onWritten);
    this.awaitWritten(onWritten, this.unwritten);
  }

  /** Another stream is asked again. */
  private awaitWritten(onWritten: () => void, unwritten: Array<() => void>): void {
    const { stream } = this;
    stream?.whenWritten((ok) => {
      if (!ok || this.stream !== stream || this.isOver) return;
      unwritten.splice(unwritten.indexOf(onWritten), 1);
      onWritten();
    });
  }

  /** A message was taken: `wireBytes` as they came with it. */
  protected release(wireBytes: number): void {
    this.stream?.release(wireBytes);
  }

  /** Ends the call from this side; the server gets RST_STREAM. The first status stands, unless it waits to be read. */
  cancel(
    code: StatusCode,
    message: string,
    endedBy: Initiator = "user",
    cause: unknown = propertyOf(this.options.signal, "reason"),
  ): void {
    const status: CallStatus = { code, message, metadata: NO_HEADERS, cause, endedBy };
    if (this.isOver) {
      if (this.statusWaits) this.onGivenUp(status);
      return;
    }
    this.context.route.withdraw(this);
    const { stream } = this;
    this.end(status);
    stream?.cancel(code, message);
  }

  /** What came before the status was read, or never will be: deadline, signal and parent do not matter any more. */
  protected stopWaiting(): void {
    if (!this.statusWaits) return;
    this.statusWaits = false;
    this.detach();
  }

  /** Gives the application's error to whom the channel reports to. */
  protected report(error: unknown, where: ErrorPlace, level: "error" | "info" = "error"): void {
    this.context.reporter.report(error, { where, level, method: this.path, peer: this.peer });
  }

  // What a style is told.

  /** The one request, encoded, as `sendMessage` takes it: asked for with each attempt. Undefined: the call is over. */
  protected encodeRequest(): Uint8Array | undefined {
    throw new TypeError(`Cannot encode the request of ${this.path}: its requests are a stream`);
  }

  /** Requests can be sent: the stream is there, or what was queued has drained. */
  protected onReady(): void {}

  /** A corked call has begun: it asks for a stream with its first request. */
  protected onCorked(): void {}

  /** Memory that `sendMessage` kept is the caller's again. */
  protected onSentBytes(_framed: Uint8Array): void {}

  /** Initial metadata; it does not come where the response has none ("Trailers-Only"). */
  protected onInitialMetadata(_metadata: HeaderList): void {}

  /** A response, encoded; give `wireBytes` to `release` once it is taken. */
  protected abstract onMessageBytes(bytes: Uint8Array, wireBytes: number): void;

  /** The status, exactly once. A style that lets it wait sets `statusWaits`: nothing comes afterwards but `onGivenUp`. */
  protected abstract onEnd(status: CallStatus): void;

  /** While the status waited the call was cancelled, or its time passed: what was not read is dropped for this status. */
  protected onGivenUp(_status: CallStatus): void {}

  // From the channel.

  /** What it sends as metadata `name`; what its credentials add is not known before it has a connection. */
  metadataValue(name: string): string | undefined {
    return this.options.headers?.joined(name);
  }

  /** What the service config says of the call. */
  configure(config: MethodConfig): void {
    this.config = config;
  }

  /** A stream is free. */
  attach(transport: ClientTransport): void {
    // A signal of many calls frees a stream with each that it ends, and the next one is to end as well.
    if (this.options.signal?.aborted) return this.aborted();
    const timeoutMs = this.deadlineAt === Infinity ? undefined : this.timeLeftMs;
    if (timeoutMs !== undefined && timeoutMs <= 0) return this.deadlineExceeded();
    if (this.permission !== undefined && !this.permission.permits(transport)) return;
    this.transport = transport;
    try {
      if (this.requestStream) this.openStreaming(transport, timeoutMs);
      else this.openSingle(transport, timeoutMs);
    } catch (error) { // others wait behind it
      this.report(error, "connection");
      this.cancel(Status.INTERNAL, `cannot start the call: ${messageOf(error)}`, "library", error);
    }
  }

  /** From its permission: it has to wait. */
  onPaused(): void {
    if (this.tracker !== undefined) this.attemptOver(Status.UNAVAILABLE, NO_HEADERS);
    this.context.route.pause(this);
  }

  /** From its permission: what it waited for is there. */
  onPermitted(): void {
    this.context.route.withdraw(this);
    this.context.route.submit(this);
  }

  /** From its permission: it may have no stream. */
  refuse(code: StatusCode, message: string, cause: unknown): void {
    if (cause !== undefined) this.report(cause, "credentials", "info");
    this.cancel(code, message, "library", cause);
  }

  /** The connection it was to have is gone. */
  pickAgain(): void {
    if (this.tracker !== undefined) this.attemptOver(Status.UNAVAILABLE, NO_HEADERS);
    this.context.route.submit(this);
  }

  /** There will be no stream. */
  onUnavailable(reason: string): void {
    if (this.lateMs >= 0) return this.deadlineExceeded(reason);
    this.end({
      code: Status.UNAVAILABLE,
      message: reason,
      metadata: NO_HEADERS,
      cause: undefined,
      endedBy: "library",
    });
  }

  private openSingle(transport: ClientTransport, timeoutMs: number | undefined): void {
    const framed = this.encodeRequest();
    if (framed === undefined || !this.advance(STREAM_OPENED)) return;
    const stream = this.stream = transport.open(this.template, timeoutMs, this.sentMetadata, this);
    if (this.record !== undefined && !this.onAttempt(this.record, framed)) return this.onSentBytes(framed);
    if (stream === undefined || stream.sendMessage(framed, true)) this.onSentBytes(framed);
  }

  private openStreaming(transport: ClientTransport, timeoutMs: number | undefined): void {
    if (!this.advance(STREAM_OPENED)) return;
    const stream = this.stream = transport.open(this.template, timeoutMs, this.sentMetadata, this);
    if (this.record !== undefined && !this.onAttempt(this.record, undefined)) return;
    if (stream === undefined) return;
    const replay = this.replay!;
    replay.sendOn(stream);
    if (replay.isFull) this.replay = undefined;
    const { unwritten } = this;
    if (unwritten !== undefined) { for (const one of unwritten) this.awaitWritten(one, unwritten); }
    if (!stream.writeBlocked && !this.isOver) this.onReady();
  }

  // From the stream.

  /** Initial metadata: the server processes the call, so it is not made again. */
  onHeaders(metadata: HeaderList): void {
    this.answered = true;
    this.replay = undefined;
    if (this.record !== undefined) this.record.initialMetadata(metadata);
    this.onInitialMetadata(metadata);
  }

  /** A response message. */
  onMessage(bytes: Uint8Array, wireBytes: number): void {
    if (this.isOver) return this.release(wireBytes);
    if (this.record !== undefined) this.record.messageReceived(bytes.length);
    this.onMessageBytes(bytes, wireBytes);
  }

  /** The peer took what was queued. */
  onWritable(): void {
    if (this.requestStream && !this.isOver) this.onReady();
  }

  /** A message that had to wait is out. */
  onSent(framed: Uint8Array): void {
    if (this.replay === undefined) this.onSentBytes(framed);
  }

  /** The end of the stream, and of the call where it is not made again. */
  onStatus(status: StreamStatus): void {
    if (this.isOver) return;
    const { code, message, metadata, cause } = status;
    if (code !== Status.OK && isDeadlineExceeded(code, cause, this.lateMs)) {
      const details = this.deadlineDetails(message === "" ? statusName(code) : message);
      return this.end({
        code: Status.DEADLINE_EXCEEDED,
        message: details,
        metadata,
        cause,
        endedBy: "library",
      });
    }
    if (status.unprocessed && this.mayRetry(cause) && this.advance(STREAM_LOST)) {
      if (this.tracker !== undefined) this.attemptOver(code, metadata);
      this.refusals++;
      this.stream = undefined;
      this.permission?.renew();
      return this.context.route.submit(this);
    }
    this.end(status);
  }

  /** From the call that this one was made for. */
  onParentOver(): void {
    this.cancel(Status.CANCELLED, "the call that it was made for is over", "library", undefined);
  }

  protected override get engine(): EventEngine {
    return this.context.engine;
  }

  protected override onDeadline(): void {
    this.deadlineExceeded();
  }

  /** A server that refuses streams is asked once more; one that ends its connections took other calls on each of them. */
  private mayRetry(cause: Http2Error | undefined): boolean {
    if (this.answered || (this.requestStream && this.replay === undefined)) return false;
    return this.refusals < (cause?.kind === "connection" ? MOST_REFUSALS : 1);
  }

  private ask(): void {
    const { signal, deadlineMs, parent } = this.options;
    if (signal?.aborted) return this.aborted();
    if (this.options.identity !== undefined || this.context.callCredentials !== undefined) {
      if (!this.mayBePermitted()) return;
    }
    if (deadlineMs !== undefined || parent !== undefined) {
      if (!this.isInTime(deadlineMs)) return;
    }
    if (signal !== undefined) {
      const onAbort = (): void => {
        this.onAbort = undefined; // the signal forgets it by itself, where removing it looks through all others
        this.aborted();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.onAbort = onAbort;
    }
    if (!this.waitsForRequest) this.context.route.submit(this);
    asking = undefined;
    if (this.waitsForRequest) this.onCorked();
  }

  /** False where the call is over: what it needs it cannot get on this channel. */
  private mayBePermitted(): boolean {
    const { context, template, options: { headers, identity } } = this;
    const permission = new CallPermission(context, this, template, headers, identity, this.blocksThread);
    const { obstacle } = permission;
    if (obstacle !== undefined) this.cancel(Status.UNAUTHENTICATED, obstacle, "library", undefined);
    this.permission = permission;
    this.template = permission.template;
    return obstacle === undefined;
  }

  /** Whether its thread blocks until it is over. */
  protected get blocksThread(): boolean {
    return false;
  }

  /** Initial metadata: the call's own, and what its credentials added. */
  private get sentMetadata(): HeaderList | undefined {
    return this.permission === undefined ? this.options.headers : this.permission.headers;
  }

  /** Arms the earlier one of the call's own deadline and its parent's; false where the call is over. */
  private isInTime(deadlineMs = Infinity): boolean {
    const { parent } = this.options;
    if (!(deadlineMs > 0)) {
      this.cancel(Status.DEADLINE_EXCEEDED, `deadline of ${deadlineMs} ms has passed`);
      return false;
    }
    asking = this;
    const now = this.engine.now();
    askedMs = Math.min(deadlineMs, parent === undefined ? Infinity : parent.deadlineAt - now);
    this.armDeadline(Math.min(now + deadlineMs, parent?.deadlineAt ?? Infinity));
    if (parent?.isOver) this.onParentOver();
    else parent?.addChild(this);
    return !this.isOver;
  }

  /** Where a stream is free at once, the time has just been read: on Deno that costs 90 ns. */
  private get timeLeftMs(): number {
    return asking === this ? askedMs : -this.lateMs;
  }

  private aborted(): void {
    const reason = propertyOf(this.options.signal, "reason");
    const named = isInstance(reason, Error) && propertyOf(reason, "name") !== "AbortError";
    this.cancel(Status.CANCELLED, `call aborted by its signal${named ? `: ${messageOf(reason)}` : ""}`);
  }

  private deadlineExceeded(why = ""): void {
    this.cancel(Status.DEADLINE_EXCEEDED, this.deadlineDetails(why), "library");
  }

  private deadlineDetails(why: string): string {
    const { deadlineMs } = this.options;
    const whose = deadlineMs === undefined ? "the deadline of its parent" : `deadline of ${deadlineMs} ms`;
    let what = "waiting for the response";
    if (this.isOver) what = "before the responses were read";
    else if (this.stream === undefined) {
      if (this.waitsForRequest) what = "waiting for the first request";
      else if (this.permission?.isWaiting) what = "waiting for its call credentials";
      else what = why === "" ? this.context.route.describeWait(this) : "waiting for a connection";
    }
    return `${whose} exceeded ${what}${why === "" ? "" : `: ${why}`}`;
  }

  private end(status: CallStatus): void {
    const wasStarted = this.isStarted;
    if (!this.advance(ENDED)) return;
    if (trace.call) this.trace(`ends with ${describeStatus(status)}`);
    if (this.tracker !== undefined) this.attemptOver(status.code, status.metadata);
    this.onEnd(status); // first: what is below calls the application, or a poller of it
    if (this.record !== undefined) {
      this.record.end(status.code, status.message, endedBy(status), this.engine.now());
    }
    this.replay = undefined;
    if (wasStarted) this.context.route.callEnded();
    if (!this.statusWaits) this.detach();
  }

  /** Whoever follows the attempt is told its end, once. */
  private attemptOver(code: StatusCode, trailers: HeaderList): void {
    const tracker = this.tracker!;
    this.tracker = undefined;
    try {
      if (this.stream === undefined) tracker.callLeft();
      else tracker.callEnded(code, trailers);
    } catch (thrown) { // by a policy of the application's
      this.report(thrown, "balancing");
    }
  }

  private detach(): void {
    try {
      if (this.onAbort !== undefined) this.options.signal!.removeEventListener("abort", this.onAbort);
      this.onAbort = undefined;
      this.options.parent?.removeChild(this);
      this.disarmDeadline();
    } catch (thrown) {
      this.report(thrown, "options");
    }
  }

  private observe(observers: readonly CallObserver[]): void {
    const { reporter } = this.context;
    const { headers } = this.options;
    this.record = new CallRecord(
      observers,
      reporter,
      "client",
      this.path,
      this.peer,
      headers,
      this.engine.now(),
    );
  }

  /** Counts an attempt, and the one request with the first of them; false where the call is over. */
  private onAttempt(record: CallRecord, framed: Uint8Array | undefined): boolean {
    if (this.isOver) return false;
    record.attempt(this.peer);
    if (framed !== undefined && record.attempts === 1) record.messageSent(framed);
    return !this.isOver;
  }

  private traceStart(): void {
    const { deadlineMs } = this.options;
    this.trace(`begins${deadlineMs === undefined ? "" : `, deadline ${deadlineMs} ms`}`);
  }

  private trace(line: string): void {
    this.context.reporter.trace("call", `client ${this.path} at ${this.peer} ${line}`);
  }
}
