// One call being made: the one implementation under all four kinds of client method.

import {
  callApplication,
  type ErrorPlace,
  type EventEngine,
  formatAddress,
  isInstance,
  messageOf,
  propertyOf,
  type Reporter,
  type Target,
  type TaskHandle,
  trace,
} from "../../pollers/mod.ts";
import type {
  ClientStream,
  ClientStreamSink,
  ClientTransport,
  HeaderList,
  Initiator,
  RequestTemplate,
  StreamStatus,
} from "../../transport/mod.ts";
import { isDeadlineExceeded } from "../call/deadline.ts";
import { Inbox, type InboxOwner } from "../call/inbox.ts";
import { Metadata } from "../call/metadata.ts";
import { Producer, type ProducerSink, type Source } from "../call/producer.ts";
import { CallFailure, rejection } from "../call/call_failure.ts";
import type { Frames } from "../call/rpc_error.ts";
import { Status, type StatusCode, statusName } from "../call/status.ts";
import { DecodeError, EncodeError, encodeFramed, type MethodDescriptor, reuseFramed } from "../proto/mod.ts";
import type { GivenOptions } from "./call_options.ts";
import type { CallSites } from "./call_sites.ts";
import type { PendingCall, Subchannel } from "./subchannel.ts";

/** What calls need of their channel. */
export interface CallContext {
  readonly engine: EventEngine;
  readonly subchannel: Subchannel;
  /** Gets what callbacks of the application throw. */
  readonly reporter: Reporter;
  /** Where the channel connects to. */
  readonly target: Target;
  /** Has errors show where calls were made. */
  readonly sites: CallSites;
  /** What decoding a response may make; undefined is the codec's own limit. */
  readonly maxReceiveElements: number | undefined;
}

/** What is known of a call that ended otherwise than with OK. */
interface FailureOptions {
  readonly metadata?: Metadata;
  readonly endedBy: Initiator;
  readonly cause?: unknown;
}

/** A call from its start to its one status; subclasses say what becomes of messages and status. */
export abstract class ClientCall<Req, Res> implements PendingCall, ClientStreamSink, ProducerSink<Req> {
  private transport: ClientTransport | undefined = undefined;
  private stream: ClientStream | undefined = undefined;
  private producer: Producer<Req> | undefined = undefined;
  private deadlineAt = Infinity;
  private deadlineTask: TaskHandle | undefined = undefined;
  /** Listens to `signal`. */
  private onAbort: (() => void) | undefined = undefined;
  /** Where the call was made, if it remembers. */
  site: Frames | undefined = undefined;
  private retried = false;
  private responded = false;
  private ended = false;

  /** Nothing happens before {@linkcode start}. `request`: one message, or their source where they are streamed. */
  constructor(
    private readonly context: CallContext,
    private readonly method: MethodDescriptor<Req, Res>,
    private readonly template: RequestTemplate,
    private readonly request: Req | Source<Req>,
    private readonly requestStream: boolean,
    private readonly options: GivenOptions,
  ) {}

  /** Whether the call waits for a connection instead of failing without one. */
  get waitForReady(): boolean {
    return this.options.waitForReady;
  }

  /** Asks for a stream. The process stays until the call has its status. */
  start(): void {
    if (trace.call) {
      this.trace(
        `begins${this.options.deadlineMs === undefined ? "" : `, deadline ${this.options.deadlineMs} ms`}`,
      );
    }
    try {
      this.ask();
    } catch (error) {
      this.report(error, "options", "info");
      this.endLocally(Status.INTERNAL, `cannot start the call: ${messageOf(error)}`, "user", error);
    }
  }

  /** The caller wants no more of it. */
  cancel(details: string): void {
    this.endLocally(Status.CANCELLED, details);
  }

  /** From the subchannel: a stream is free. */
  attach(transport: ClientTransport): void {
    // A signal of many calls frees a stream with each that it ends, and the next one is to end as well.
    if (this.options.signal?.aborted) return this.aborted();
    const timeoutMs = this.deadlineAt === Infinity ? undefined : -this.lateMs;
    if (timeoutMs !== undefined && timeoutMs <= 0) return this.deadlineExceeded();
    this.transport = transport;
    try {
      this.begin(transport, timeoutMs);
    } catch (error) { // others wait behind it
      this.report(error, "connection");
      this.endLocally(Status.INTERNAL, `cannot start the call: ${messageOf(error)}`, "library", error);
    }
  }

  /** From the subchannel: there will be no stream. */
  onUnavailable(reason: string): void {
    if (this.lateMs >= 0) return this.deadlineExceeded(reason);
    this.endWith(this.failure(Status.UNAVAILABLE, reason, { endedBy: "library" }));
  }

  private ask(): void {
    const { deadlineMs, signal } = this.options;
    this.context.engine.hold();
    if (signal?.aborted) return this.aborted();
    if (deadlineMs !== undefined) {
      if (!(deadlineMs > 0)) {
        return this.endLocally(Status.DEADLINE_EXCEEDED, `deadline of ${deadlineMs} ms has passed`);
      }
      this.deadlineAt = this.context.engine.now() + deadlineMs;
      if (deadlineMs !== Infinity) {
        this.deadlineTask = this.context.engine.runAt(this.deadlineAt, () => this.onDeadline());
      }
    }
    if (signal !== undefined) {
      const onAbort = (): void => {
        this.onAbort = undefined; // the signal forgets it by itself, where removing it looks through all others
        this.aborted();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.onAbort = onAbort;
    }
    this.context.subchannel.submit(this);
  }

  private begin(transport: ClientTransport, timeoutMs: number | undefined): void {
    const framed = this.requestStream ? undefined : this.encode(this.request as Req);
    if (this.ended) return;
    const stream = this.stream = transport.open(this.template, timeoutMs, this.options.headers, this);
    if (framed !== undefined) {
      if (stream === undefined || stream.sendMessage(framed, true)) reuseFramed(framed);
      return;
    }
    if (stream === undefined) return;
    this.producer = new Producer(this.request as Source<Req>, this);
    this.producer.start();
  }

  /** The one request; the call is over where it cannot be encoded. */
  private encode(request: Req): Uint8Array | undefined {
    try {
      return encodeFramed(this.method.requestCodec, request);
    } catch (error) {
      if (!isInstance(error, EncodeError)) this.report(error, "request", "info");
      this.endWith(this.failure(Status.INTERNAL, messageOf(error), { endedBy: "user", cause: error }));
      return undefined;
    }
  }

  // From the transport.

  /** Initial metadata. */
  onHeaders(metadata: HeaderList): void {
    this.responded = true;
    const callback = this.options.onHeaders;
    if (callback === undefined) return;
    callApplication(() => callback(Metadata.fromHeaders(metadata)), (error) => {
      this.report(error, "onHeaders");
      this.endLocally(Status.CANCELLED, `onHeaders threw: ${messageOf(error)}`, "user", error);
    });
  }

  /** A response message. */
  onMessage(bytes: Uint8Array, wireBytes: number): void {
    if (this.ended) return this.release(wireBytes);
    this.onResponse(bytes, wireBytes);
  }

  /** A response; throws where it cannot be decoded. */
  decode(bytes: Uint8Array): Res {
    return this.method.responseCodec.decode(bytes, this.context.maxReceiveElements);
  }

  /** `decode` threw `error`: the call fails. Returns why. */
  onUndecodable(error: unknown): CallFailure {
    let details = `cannot decode response: ${messageOf(error)}`;
    let code: StatusCode = Status.INTERNAL;
    if (!isInstance(error, DecodeError)) this.report(error, "codec", "info");
    else if (error.exhausted) {
      code = Status.RESOURCE_EXHAUSTED;
      details += " (maxReceiveElements)";
    }
    const failure = this.failure(code, details, { endedBy: "library", cause: error });
    this.endHere(failure);
    return failure;
  }

  /** The peer took what was queued. */
  onWritable(): void {
    this.producer?.resume();
  }

  /** A message that had to wait is out: the next one is encoded in its place. */
  onSent(framed: Uint8Array): void {
    reuseFramed(framed);
  }

  /** The end. A call that no server has seen is made once more, where its messages can be sent again. */
  onStatus(status: StreamStatus): void {
    if (this.ended) return;
    const { code, message, cause } = status;
    const overdue = code !== Status.OK && isDeadlineExceeded(code, cause, this.lateMs);
    if (status.unprocessed && !overdue && !this.retried && !this.responded && !this.requestStream) {
      this.retried = true;
      this.stream = undefined;
      return this.context.subchannel.submit(this);
    }
    const metadata = Metadata.fromHeaders(status.metadata);
    let failure: CallFailure | undefined;
    if (overdue) {
      const details = this.deadlineDetails(message === "" ? statusName(code) : message);
      failure = this.failure(Status.DEADLINE_EXCEEDED, details, { metadata, endedBy: "library", cause });
    } else if (code !== Status.OK) {
      failure = this.failure(code, message, { metadata, endedBy: cause?.initiator ?? "remote", cause });
    }
    const callback = this.options.onTrailers;
    if (callback !== undefined) {
      callApplication(() => callback(metadata), (thrown) => this.report(thrown, "onTrailers"));
    }
    this.endWith(failure);
  }

  // From the producer of request messages.

  /** Whether requests must wait. */
  get writeBlocked(): boolean {
    return this.stream!.writeBlocked;
  }

  /** One request of a stream. */
  send(message: Req): void {
    if (this.ended) return;
    const framed = encodeFramed(this.method.requestCodec, message);
    if (this.stream!.sendMessage(framed)) reuseFramed(framed);
  }

  /** The application's iterable is through. */
  onProduced(error?: unknown): void {
    if (this.ended) {
      if (error !== undefined) this.onLate(error);
      return;
    }
    if (error === undefined) return this.stream!.halfClose();
    const unfit = isInstance(error, EncodeError);
    if (!unfit) this.report(error, "requests", "info");
    const code = unfit ? Status.INTERNAL : Status.CANCELLED;
    this.endLocally(code, `request stream failed: ${messageOf(error)}`, "user", error);
  }

  /** The application's iterable threw after its requests were no longer needed. */
  onLate(error: unknown): void {
    this.report(error, "requests", "info");
  }

  /** Nothing of the application's iterable runs any more. */
  onOver(): void {}

  /** A response was consumed. */
  protected release(wireBytes: number): void {
    this.stream?.release(wireBytes);
  }

  /** The library or the caller ends the call. */
  protected endLocally(
    code: StatusCode,
    details: string,
    endedBy: "user" | "library" = "user",
    cause: unknown = propertyOf(this.options.signal, "reason"),
  ): void {
    if (!this.ended) this.endHere(this.failure(code, details, { endedBy, cause }));
  }

  private endHere(failure: CallFailure): void {
    if (this.ended) return;
    this.context.subchannel.withdraw(this);
    const { stream } = this;
    this.endWith(failure);
    stream?.cancel(failure.code, failure.details);
  }

  /** A failure that says which call failed. */
  protected failure(code: StatusCode, details: string, more: FailureOptions): CallFailure {
    const peer = formatAddress(this.transport?.peer ?? this.context.target);
    this.context.sites.failed();
    return new CallFailure(code, details, { ...more, method: this.method.path, peer }, this.site);
  }

  private aborted(): void {
    const reason = propertyOf(this.options.signal, "reason");
    const named = isInstance(reason, Error) && propertyOf(reason, "name") !== "AbortError";
    this.endLocally(Status.CANCELLED, `call aborted by its signal${named ? `: ${messageOf(reason)}` : ""}`);
  }

  private trace(line: string): void {
    const peer = formatAddress(this.transport?.peer ?? this.context.target);
    this.context.reporter.trace("call", `client ${this.method.path} at ${peer} ${line}`);
  }

  private report(error: unknown, where: ErrorPlace, level: "error" | "info" = "error"): void {
    const peer = formatAddress(this.transport?.peer ?? this.context.target);
    this.context.reporter.report(error, { where, level, method: this.method.path, peer });
  }

  /** How long ago the deadline was, in milliseconds; negative before it. */
  private get lateMs(): number {
    return this.context.engine.now() - this.deadlineAt;
  }

  private onDeadline(): void {
    this.deadlineTask = undefined;
    this.deadlineExceeded();
  }

  private deadlineExceeded(why = ""): void {
    this.endLocally(Status.DEADLINE_EXCEEDED, this.deadlineDetails(why), "library");
  }

  private deadlineDetails(why: string): string {
    let what = "waiting for the response";
    if (this.stream === undefined) {
      what = why === "" ? this.context.subchannel.describeWait() : "waiting for a connection";
    }
    return `deadline of ${this.options.deadlineMs} ms exceeded ${what}${why === "" ? "" : `: ${why}`}`;
  }

  private endWith(failure: CallFailure | undefined): void {
    if (this.ended) return;
    this.ended = true;
    if (trace.call) this.trace(`ends with ${failure ?? "OK"}`);
    this.onEnd(failure); // first: what is below calls the application, or a poller of it
    this.producer?.stop();
    try {
      this.context.engine.release();
      if (this.onAbort !== undefined) this.options.signal!.removeEventListener("abort", this.onAbort);
      if (this.deadlineTask !== undefined) this.context.engine.cancel(this.deadlineTask);
    } catch (thrown) {
      this.report(thrown, "options");
    }
  }

  /** A response, encoded; give `wireBytes` to `release` once it is consumed. */
  protected abstract onResponse(bytes: Uint8Array, wireBytes: number): void;
  /** The one status; undefined is OK. */
  protected abstract onEnd(failure: CallFailure | undefined): void;
}

/** A call with one response: unary, or client streaming. */
export class SingleResponseCall<Req, Res> extends ClientCall<Req, Res> {
  /** Settles when the call ends. */
  readonly response: Promise<Res>;
  private resolve!: (response: Res | PromiseLike<Res>) => void;
  private message: Res | undefined = undefined;
  private received = false;

  /** See {@linkcode ClientCall}. */
  constructor(
    context: CallContext,
    method: MethodDescriptor<Req, Res>,
    template: RequestTemplate,
    request: Req | Source<Req>,
    requestStream: boolean,
    options: GivenOptions,
  ) {
    super(context, method, template, request, requestStream, options);
    this.response = new Promise((resolve) => this.resolve = resolve);
  }

  /** There is one response. */
  get singleMessage(): boolean {
    return true;
  }

  protected override onResponse(bytes: Uint8Array, wireBytes: number): void {
    let message: Res;
    try {
      message = this.decode(bytes);
    } catch (error) {
      return void this.onUndecodable(error);
    }
    this.release(wireBytes);
    if (this.received) {
      return this.endLocally(Status.UNIMPLEMENTED, "server sent more than one response message", "library");
    }
    this.received = true;
    this.message = message;
  }

  protected override onEnd(failure: CallFailure | undefined): void {
    if (failure === undefined && this.received) return this.resolve(this.message!);
    const none = "server sent no response message";
    this.resolve(rejection(failure ?? this.failure(Status.UNIMPLEMENTED, none, { endedBy: "library" })));
  }
}

/** A call with a stream of responses: server streaming, or bidirectional. */
export class StreamingResponseCall<Req, Res> extends ClientCall<Req, Res> implements InboxOwner<Res> {
  /** The responses, to be read once; leaving the loop cancels the call. */
  readonly responses: Inbox<Res> = new Inbox<Res>(this);

  /** From the inbox: a response was taken. */
  onTaken(wireBytes: number): void {
    this.release(wireBytes);
  }

  /** From the inbox: the loop was left. */
  onAbandoned(): void {
    this.cancel("responses are not read any further");
  }

  protected override onResponse(bytes: Uint8Array, wireBytes: number): void {
    this.responses.push(bytes, wireBytes);
  }

  protected override onEnd(failure: CallFailure | undefined): void {
    this.responses.end(failure);
  }
}
