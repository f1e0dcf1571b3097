// One call being made: from its start to its one status, over as many streams as it takes (see `call/call_core.ts`).
//
// This is the logical call: it has the deadline, the cancellation, what must be sent again, and the status that the
// caller sees. A stream is one attempt. A call that the server certainly did not process is made once more ("transparent
// retry", gRFC A6) while what was sent of it is still there: one request is encoded again, and streamed requests are
// kept until the server answers (`replay.ts`). With a retry or hedging policy its stream is one that is made of attempts
// (`attempts/`).

import {
  type ErrorPlace,
  type EventEngine,
  type Instant,
  messageOf,
  propertyOf,
  trace,
} from "../../pollers/mod.ts";
import type { CallTracker } from "../channel/call_tracker.ts";
import { type MethodConfig, NO_METHOD_CONFIG } from "../channel/service_config/method_config.ts";
import {
  type ClientTransport,
  type HeaderList,
  Http2Error,
  type Initiator,
  type MessageSizes,
  NO_HEADERS,
  type RequestTemplate,
  type StreamStatus,
} from "../../transport/mod.ts";
import { CallEvent } from "../call/call_core.ts";
import { type CallStatus, describeStatus, endedBy } from "../call/call_status.ts";
import { isDeadlineExceeded } from "../call/deadline.ts";
import type { ChildCall } from "../call/parent.ts";
import { Status, type StatusCode, statusName } from "../call/status.ts";
import { abortDetails, type GivenOptions } from "./call_options.ts";
import type { AttemptedCall } from "./attempts/attempt.ts";
import { isOwnFault } from "./attempts/own_fault.ts";
import type { AttemptedStream } from "./attempts/retries.ts";
import { NO_IDENTITIES } from "./call_identity.ts";
import type { CallPermission, PermittedCall } from "./call_permission.ts";
import type { CallContext } from "./call_context.ts";
import type { CallPlace, PendingCall } from "./call_route.ts";
import { SendingCall } from "./sending_call.ts";
import { trackerLeaves } from "./tracked.ts";

const { STARTED, STREAM_OPENED, STREAM_LOST, ENDED } = CallEvent;

/** The call that asks for its stream just now. */
let asking: ClientCall | undefined = undefined;
/** The milliseconds it has: what is left of an instant of the clock has a rounding error, which a timeout on the wire rounds up. */
let askedMs = 0;

/** A client's call. A style is a subclass: it says what becomes of metadata, messages and status. */
export abstract class ClientCall extends SendingCall
  implements PendingCall, PermittedCall, ChildCall, AttemptedCall {
  /** Listens to `signal`. */
  declare private onAbort: (() => void) | undefined;
  /** When it began, where that was before the service config was known. */
  declare private startedAt: Instant | undefined;
  /** See {@linkcode PendingCall}. It moves once for that. */
  declare refused: boolean;
  declare private answered: boolean;
  declare private hasResponse: boolean;
  /** See {@linkcode PendingCall}. */
  declare waitsIn: CallPlace | undefined;
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
    super(context, template, requestStream, options);
    this.onAbort = undefined;
    this.startedAt = undefined;
    this.refused = false;
    this.answered = false;
    this.hasResponse = false;
    this.waitsIn = undefined;
    this.tracker = undefined;
    this.statusWaits = false;
  }

  // What a style does with its call.

  /** The server sends one message at most. */
  get singleMessage(): boolean {
    return false;
  }

  /** Whether the call fails where its one response is missing, or is not the only one. Batches leave that to the application. */
  protected get checksCardinality(): boolean {
    return this.singleMessage;
  }

  /** Whether the call waits for a connection instead of failing without one. */
  get waitForReady(): boolean {
    return this.options.waitForReady ?? this.config?.waitForReady ?? false;
  }

  /** Asks for a stream. The process stays until the call has its status. */
  start(): void {
    if (!this.advance(STARTED)) return;
    if (trace.call) this.traceStart();
    if (this.context.observers.list !== undefined) this.observe();
    this.context.route.callBegan();
    try {
      this.ask();
    } catch (error) {
      this.report(error, "options", "info");
      this.cancel(Status.INTERNAL, `cannot start the call: ${messageOf(error)}`, "user", error);
    }
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
  report(error: unknown, where: ErrorPlace, level: "error" | "info" = "error"): void {
    this.context.reporter.report(error, { where, level, method: this.path, peer: this.peer });
  }

  // What a style is told.

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

  /** What the service config says of the call. With a hedging policy its attempts want streams, and it does not. */
  configure(config: MethodConfig): boolean {
    this.config = config;
    if (config.timeoutMs !== undefined) this.limitTime(config.timeoutMs);
    if (config.retry !== undefined) this.replay?.countIn(this.context.keptRequests!);
    if (config.hedging === undefined) return true;
    try {
      return !this.hedges();
    } catch (error) {
      this.onThrown(error);
      return false;
    }
  }

  /** It waits, and what the service config says of it is not known yet. */
  awaitConfig(): void {
    this.startedAt ??= this.engine.now();
  }

  /** Arms the service config's timeout where that is sooner than the call's own deadline. */
  private limitTime(timeoutMs: number): void {
    const at = (this.startedAt ?? this.engine.now()) + timeoutMs;
    if (at >= this.deadlineAt) return;
    this.disarmDeadline();
    this.armDeadline(at);
    if (asking !== this) return; // it has waited for its turn since it asked
    askedMs = timeoutMs;
    if (this.startedAt !== undefined) asking = undefined;
  }

  /** What the service config says of the sizes of its messages. */
  get messageSizes(): MessageSizes | undefined {
    return this.config === undefined ? undefined : this.config.messageSizes;
  }

  /** False where its request is too large to be sent more than once. */
  private hedges(): boolean {
    if (!this.keepsRequests()) return this.isOver;
    this.attemptsFrom(0).begin();
    return true;
  }

  /** Whether it goes on after its first attempt ended with `status`. `final`: there is no point in another one. */
  private goesOn(status: CallStatus, final: boolean): boolean {
    const codes = this.config?.retry?.retryableStatusCodes;
    if (codes === undefined) return false;
    const { route: { throttle }, retries } = this.context;
    if (!retries!.isRepeatable(status, codes, throttle) || final) return false;
    if (!retries!.mayFollow(status, throttle) || !this.keepsRequests()) return this.isOver;
    if (this.tracker !== undefined) this.leaveTracker(status.code, status.metadata);
    this.attemptsFrom(1).follow(status);
    return true;
  }

  /** Whether there is all that was sent, or would be. It may end the call. */
  private keepsRequests(): boolean {
    if (this.replay === undefined && this.stream === undefined) {
      const framed = this.encodedRequest();
      // A codec of the application's may end it.
      if (framed !== undefined && !this.isOver && this.keepRequest(framed)) this.onSentBytes(framed);
    }
    return this.replay !== undefined;
  }

  /** Its stream is made of attempts from now on. `made`: those before. */
  private attemptsFrom(made: number): AttemptedStream {
    const { context, template, options: { headers }, replay, refused } = this;
    context.route.withdraw(this);
    this.advance(STREAM_OPENED);
    const { retries } = context;
    const attempts = retries!.attemptsOf(context, this, template, headers, replay!, made, refused);
    this.replay = undefined;
    this.stream = attempts;
    this.unwritten?.ask(attempts);
    return attempts;
  }

  /** A stream is free. */
  attach(transport: ClientTransport): void {
    const { timeoutMs } = this;
    if (!this.mayHaveStream(timeoutMs)) return;
    if (this.permission !== undefined && !this.permission.permits(transport)) return;
    this.transport = transport;
    try {
      this.open(transport, timeoutMs);
    } catch (error) { // others wait behind it
      this.onThrown(error);
    }
  }

  private mayHaveStream(timeoutMs: number | undefined): boolean {
    // A signal of many calls frees a stream with each that it ends, and the next one is to end as well; so does a parent.
    const { signal, parent } = this.options;
    if (signal?.aborted) this.aborted();
    else if (parent?.isEnding) this.onParentOver();
    else if (timeoutMs !== undefined && timeoutMs <= 0) this.deadlineExceeded();
    else return true;
    return false;
  }

  protected override askForStream(): void {
    this.context.route.withdraw(this); // it was paused
    this.context.route.submit(this);
  }

  /** From its permission: it has to wait. */
  onPaused(): void {
    if (this.tracker !== undefined) this.leaveTracker(Status.UNAVAILABLE, NO_HEADERS);
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
    const status: CallStatus = { code, message, metadata: NO_HEADERS, cause, endedBy: "library" };
    if (!this.goesOn(status, false)) this.cancel(code, message, "library", cause);
  }

  /** The connection it was to have is gone. */
  pickAgain(): void {
    if (this.tracker !== undefined) this.leaveTracker(Status.UNAVAILABLE, NO_HEADERS);
    this.context.route.submit(this);
  }

  /** There will be no stream. */
  onUnavailable(reason: string, drop: boolean): void {
    if (this.lateMs >= 0) return this.deadlineExceeded(reason);
    const status: CallStatus = {
      code: Status.UNAVAILABLE,
      message: reason,
      metadata: NO_HEADERS,
      cause: undefined,
      endedBy: "library",
    };
    if (!this.goesOn(status, drop)) this.end(status);
  }

  // From the stream.

  /** Initial metadata: the server processes the call, so it is not made again. */
  onHeaders(metadata: HeaderList): void {
    this.answered = true;
    if (this.replay !== undefined) this.dropReplay();
    if (this.record !== undefined) this.record.initialMetadata(metadata);
    this.onInitialMetadata(metadata);
  }

  /** A response message. */
  onMessage(bytes: Uint8Array, wireBytes: number): void {
    if (this.isOver) return this.release(wireBytes);
    if (this.record !== undefined) this.record.messageReceived(bytes.length, wireBytes);
    if (this.hasResponse && this.checksCardinality) {
      return this.cancel(Status.UNIMPLEMENTED, "server sent more than one response message", "library");
    }
    this.hasResponse = true;
    this.onMessageBytes(bytes, wireBytes);
  }

  /** The end of the stream, and of the call where it is not made again. */
  onStatus(status: StreamStatus): void {
    if (this.isOver || this.endsLate(status)) return;
    const { code, metadata, cause } = status;
    if (status.unprocessed && this.mayMove(cause) && this.advance(STREAM_LOST)) {
      if (this.tracker !== undefined) this.leaveTracker(code, metadata);
      this.stream = undefined;
      this.permission?.renew();
      return this.context.route.submit(this);
    }
    if (this.config === undefined || !this.goesOn(status, isOwnFault(cause))) this.end(status);
  }

  /** Whether the call ended by its deadline, though the timer has not come yet. */
  private endsLate({ code, message, metadata, cause }: CallStatus): boolean {
    if (code === Status.OK) return false;
    const error = cause instanceof Http2Error ? cause : undefined;
    if (!isDeadlineExceeded(code, error, this.lateMs)) return false;
    const details = this.deadlineDetails(message === "" ? statusName(code) : message);
    this.end({ code: Status.DEADLINE_EXCEEDED, message: details, metadata, cause, endedBy: "library" });
    return true;
  }

  // From its attempts.

  get timeoutMs(): number | undefined {
    return this.deadlineAt === Infinity ? undefined : this.timeLeftMs;
  }

  permissionOf(attempt: PermittedCall): CallPermission | undefined {
    if (this.permission === undefined) return undefined;
    const { context, template, options: { headers, identity } } = this;
    return context.makePermission!(context, attempt, template, headers, identity, this.blocksThread);
  }

  admits(_transport: ClientTransport): boolean {
    return this.mayHaveStream(this.timeoutMs);
  }

  onAttempt(transport: ClientTransport, requestLength: number): void {
    this.transport = transport;
    const { record } = this;
    if (record === undefined) return;
    record.attempt(this.peer);
    if (record.attempts === 1 && !this.requestStream) record.messageSent({ length: requestLength });
  }

  onAttemptsOver(status: CallStatus): void {
    if (!this.isOver && !this.endsLate(status)) this.end(status);
  }

  onThrown(error: unknown): void {
    this.report(error, "connection");
    this.cancel(Status.INTERNAL, `cannot start the call: ${messageOf(error)}`, "library", error);
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

  /** Whether it goes to another connection: once where a server refused it, and always where it did not leave this side. */
  private mayMove(cause: Http2Error | undefined): boolean {
    if (this.answered || (this.requestStream && this.replay === undefined)) return false;
    const refused = cause?.unsent !== true;
    if (refused && this.refused) return false;
    if (refused) this.refused = true;
    return true;
  }

  private ask(): void {
    const { signal, deadlineMs, parent } = this.options;
    if (signal?.aborted) return this.aborted();
    if (this.options.identity !== undefined || this.context.callCredentials !== undefined) {
      if (!this.mayBePermitted()) return;
    }
    askedMs = Infinity;
    asking = this;
    if (deadlineMs !== undefined || parent !== undefined) {
      if (!this.isInTime(deadlineMs)) return void (asking = undefined);
    }
    if (signal !== undefined) {
      const onAbort = (): void => {
        this.onAbort = undefined; // the signal forgets it by itself, where removing it looks through all others
        this.aborted();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.onAbort = onAbort;
    }
    if (this.waitsForRequest) this.beginCorked();
    else this.context.route.submit(this);
    asking = undefined;
    if (this.stream === undefined && !this.isOver) this.encodeWaiting();
  }

  /** It asks for its stream with its first request, unless the channel ends before. */
  private beginCorked(): void {
    this.awaitConfig();
    this.context.route.pause(this);
    if (!this.isOver) this.onCorked();
  }

  /** False where the call is over: what it needs it cannot get on this channel. */
  private mayBePermitted(): boolean {
    const { context, template, options: { headers, identity } } = this;
    const permission = context.makePermission?.(
      context,
      this,
      template,
      headers,
      identity,
      this.blocksThread,
    );
    const obstacle = permission === undefined ? NO_IDENTITIES : permission.obstacle;
    if (obstacle !== undefined) this.cancel(Status.UNAUTHENTICATED, obstacle, "library", undefined);
    this.permission = permission;
    if (permission !== undefined) this.template = permission.template;
    return obstacle === undefined;
  }

  /** Whether its thread blocks until it is over. */
  protected get blocksThread(): boolean {
    return false;
  }

  /** Arms the earlier one of the call's own deadline and its parent's; false where the call is over. */
  private isInTime(deadlineMs = Infinity): boolean {
    const { parent } = this.options;
    if (!(deadlineMs > 0)) {
      this.cancel(Status.DEADLINE_EXCEEDED, `deadline of ${Math.ceil(deadlineMs)} ms has passed`);
      return false;
    }
    const now = this.engine.now();
    askedMs = Math.min(deadlineMs, parent === undefined ? Infinity : parent.deadlineAt - now);
    this.armDeadline(Math.min(now + deadlineMs, parent?.deadlineAt ?? Infinity));
    if (parent?.isEnding) this.onParentOver();
    else parent?.addChild(this);
    return !this.isOver;
  }

  /** Where a stream is free at once, the time has just been read: on Deno that costs 90 ns. */
  private get timeLeftMs(): number {
    return asking === this ? askedMs : -this.lateMs;
  }

  private aborted(): void {
    this.cancel(Status.CANCELLED, abortDetails(propertyOf(this.options.signal, "reason")));
  }

  private deadlineExceeded(why = ""): void {
    this.cancel(Status.DEADLINE_EXCEEDED, this.deadlineDetails(why), "library");
  }

  private deadlineDetails(why: string): string {
    const { stream } = this;
    let what = "waiting for the response";
    if (stream !== undefined && "describeWait" in stream) what = (stream as AttemptedStream).describeWait();
    if (this.isOver) what = "before the responses were read";
    else if (stream === undefined) {
      if (this.waitsForRequest) what = "waiting for the first request";
      else if (this.permission?.isWaiting) what = "waiting for its call credentials";
      else what = why === "" ? this.context.route.describeWait(this) : "waiting for a connection";
    }
    return `${this.whoseDeadline} exceeded ${what}${why === "" ? "" : `: ${why}`}`;
  }

  private get whoseDeadline(): string {
    const {
      options: { deadlineMs = Infinity, parent },
      config: { timeoutMs = Infinity } = NO_METHOD_CONFIG,
    } = this;
    if (parent !== undefined && parent.deadlineAt === this.deadlineAt) {
      return parent.whoseDeadline ?? "the deadline of its parent";
    }
    return timeoutMs < deadlineMs
      ? `the service config's timeout of ${timeoutMs} ms`
      : `deadline of ${deadlineMs} ms`;
  }

  private end(received: CallStatus): void {
    const wasStarted = this.isStarted;
    if (!this.advance(ENDED)) return;
    const status = this.lacksResponse(received) ? withoutResponse(received) : received;
    if (trace.call) this.trace(`ends with ${describeStatus(status)}`);
    if (this.tracker !== undefined) this.leaveTracker(received.code, received.metadata);
    if (status.code === Status.OK || this.blocksThread || endedBy(status) === "remote") {
      this.tell(status, wasStarted);
    } else this.fail(status, wasStarted);
  }

  /** It failed on this side, at once perhaps: where too many do, the application gets that in the next turn. */
  private fail(status: CallStatus, wasStarted: boolean): void {
    this.context.failures.add(() => this.tell(status, wasStarted));
    this.stream = undefined; // what is sent until then waits, and fails with the call
    this.waitsForRequest = false;
  }

  private tell(status: CallStatus, wasStarted: boolean): void {
    this.onEnd(status); // first: what is below calls the application, or a poller of it
    if (this.record !== undefined) {
      this.record.end(status.code, status.message, endedBy(status), this.engine.now());
    }
    if (this.replay !== undefined) this.dropReplay();
    if (wasStarted) this.context.route.callEnded();
    if (!this.statusWaits) this.detach();
  }

  private lacksResponse({ code }: CallStatus): boolean {
    return code === Status.OK && !this.hasResponse && this.checksCardinality;
  }

  private leaveTracker(code: StatusCode, trailers: HeaderList): void {
    trackerLeaves(this, this.stream !== undefined, code, trailers, this);
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

  private observe(): void {
    const { context: { observers, reporter }, options: { headers } } = this;
    const now = this.engine.now();
    const record = this.record = observers.begin(reporter, this.path, this.peer, headers, now);
    if (this.replay === undefined) return;
    for (const framed of this.replay.messages) if (!this.isOver) record.messageSent(framed);
  }

  private traceStart(): void {
    const { deadlineMs } = this.options;
    this.trace(`begins${deadlineMs === undefined ? "" : `, deadline ${deadlineMs} ms`}`);
  }

  private trace(line: string): void {
    this.context.reporter.trace("call", `client ${this.path} at ${this.peer} ${line}`);
  }
}

/** Of a call with one response that ended with OK before it came. */
function withoutResponse({ metadata }: CallStatus): CallStatus {
  const message = "server sent no response message";
  return { code: Status.UNIMPLEMENTED, message, metadata, cause: undefined, endedBy: "library" };
}
