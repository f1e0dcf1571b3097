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
  RequestTemplate,
  StreamStatus,
} from "../../transport/mod.ts";
import { isDeadlineExceeded } from "../call/deadline.ts";
import { Inbox, type InboxOwner } from "../call/inbox.ts";
import { Metadata } from "../call/metadata.ts";
import { Producer, type ProducerSink, type Source } from "../call/producer.ts";
import { RpcError } from "../call/rpc_error.ts";
import { Status, statusName } from "../call/status.ts";
import { DecodeError, EncodeError, encodeFramed, type MethodDescriptor, reuseFramed } from "../proto/mod.ts";
import { type CallOptions, checkDeadline, checkSignal } from "./call_options.ts";
import type { PendingCall, Subchannel } from "./subchannel.ts";
import type { Initiator } from "../../transport/http2/error.ts";

/** What calls need of their channel. */
export interface CallContext {
  readonly engine: EventEngine;
  readonly subchannel: Subchannel;
  /** Gets what callbacks of the application throw. */
  readonly reporter: Reporter;
  /** Where the channel connects to. */
  readonly target: Target;
}

/** How a call ended otherwise than with OK. */
interface Failure {
  readonly metadata?: Metadata;
  readonly endedBy: Initiator;
  readonly cause?: unknown;
}

/** A call from its start to its one status; subclasses say what becomes of messages and status. */
export abstract class ClientCall<Req, Res> implements PendingCall, ClientStreamSink, ProducerSink<Req> {
  /** See {@linkcode CallOptions}. */
  readonly waitForReady: boolean;
  private transport: ClientTransport | undefined = undefined;
  private stream: ClientStream | undefined = undefined;
  private producer: Producer<Req> | undefined = undefined;
  private readonly metadataHeaders: HeaderList | undefined;
  private deadlineAt = Infinity;
  private deadlineTask: TaskHandle | undefined = undefined;
  // Read once, on the caller's stack: an option may be a getter that throws.
  private readonly deadlineMs: number | undefined;
  private readonly signal: AbortSignal | undefined;
  private readonly headersCallback: ((metadata: Metadata) => void) | undefined;
  private readonly trailersCallback: ((metadata: Metadata) => void) | undefined;
  /** Listens to `signal`. */
  private onAbort: (() => void) | undefined = undefined;
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
    options: CallOptions,
  ) {
    this.waitForReady = options.waitForReady ?? false;
    const { metadata } = options;
    this.metadataHeaders = metadata === undefined ? undefined : Metadata.from(metadata).toHeaders();
    this.deadlineMs = options.deadlineMs;
    if (this.deadlineMs !== undefined) checkDeadline(method, this.deadlineMs);
    this.headersCallback = options.onHeaders;
    this.trailersCallback = options.onTrailers;
    this.signal = options.signal;
    if (this.signal !== undefined) checkSignal(method, this.signal);
  }

  /** Asks for a stream. The process stays until the call has its status. */
  start(): void {
    if (trace.call) {
      this.trace(`begins${this.deadlineMs === undefined ? "" : `, deadline ${this.deadlineMs} ms`}`);
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
    this.endWith(this.error(Status.UNAVAILABLE, reason, { endedBy: "library" }));
  }

  private ask(): void {
    const { deadlineMs, signal } = this;
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
      const onAbort = (): void => this.aborted();
      signal.addEventListener("abort", onAbort, { once: true });
      this.onAbort = onAbort;
    }
    this.context.subchannel.submit(this);
  }

  private begin(transport: ClientTransport, timeoutMs: number | undefined): void {
    const framed = this.requestStream ? undefined : this.encode(this.request as Req);
    if (this.ended) return;
    const stream = this.stream = transport.open(this.template, timeoutMs, this.metadataHeaders, this);
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
      this.endWith(this.error(Status.INTERNAL, messageOf(error), { endedBy: "user", cause: error }));
      return undefined;
    }
  }

  // From the transport.

  /** Initial metadata. */
  onHeaders(metadata: HeaderList): void {
    this.responded = true;
    const callback = this.headersCallback;
    if (callback === undefined) return;
    callApplication(() => callback(Metadata.fromHeaders(metadata)), (error) => {
      this.report(error, "onHeaders");
      this.endLocally(Status.CANCELLED, `onHeaders threw: ${messageOf(error)}`, "user", error);
    });
  }

  /** A response message. */
  onMessage(bytes: Uint8Array, wireBytes: number): void {
    if (this.ended) return this.release(wireBytes);
    let message: Res;
    try {
      message = this.method.responseCodec.decode(bytes);
    } catch (error) {
      if (!isInstance(error, DecodeError)) this.report(error, "codec", "info");
      const details = `cannot decode response: ${messageOf(error)}`;
      return this.endLocally(Status.INTERNAL, details, "library", error);
    }
    this.onResponse(message, wireBytes);
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
    let error: RpcError | undefined;
    if (overdue) {
      const details = this.deadlineDetails(message === "" ? statusName(code) : message);
      error = this.error(Status.DEADLINE_EXCEEDED, details, { metadata, endedBy: "library", cause });
    } else if (code !== Status.OK) {
      error = this.error(code, message, { metadata, endedBy: cause?.initiator ?? "remote", cause });
    }
    const callback = this.trailersCallback;
    if (callback !== undefined) {
      callApplication(() => callback(metadata), (thrown) => this.report(thrown, "onTrailers"));
    }
    this.endWith(error);
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

  /** The application's iterable threw when nobody wanted its requests any more. */
  onLate(error: unknown): void {
    this.report(error, "requests", "info");
  }

  /** A response was consumed. */
  protected release(wireBytes: number): void {
    this.stream?.release(wireBytes);
  }

  /** The library or the caller ends the call. */
  protected endLocally(
    code: number,
    details: string,
    endedBy: "user" | "library" = "user",
    cause: unknown = propertyOf(this.signal, "reason"),
  ): void {
    if (this.ended) return;
    this.context.subchannel.withdraw(this);
    const { stream } = this;
    this.endWith(this.error(code, details, { endedBy, cause }));
    stream?.cancel(code, details);
  }

  /** An error that says which call failed. */
  protected error(code: number, details: string, failure: Failure): RpcError {
    const peer = formatAddress(this.transport?.peer ?? this.context.target);
    return new RpcError(code, details, { ...failure, method: this.method.path, peer });
  }

  private aborted(): void {
    const reason = propertyOf(this.signal, "reason");
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
    return `deadline of ${this.deadlineMs} ms exceeded ${what}${why === "" ? "" : `: ${why}`}`;
  }

  private endWith(error: RpcError | undefined): void {
    if (this.ended) return;
    this.ended = true;
    if (trace.call) this.trace(`ends with ${error?.message ?? "OK"}`);
    this.onEnd(error); // first: what is below calls the application, or a poller of it
    this.producer?.stop();
    try {
      this.context.engine.release();
      if (this.deadlineTask !== undefined) this.context.engine.cancel(this.deadlineTask);
      if (this.onAbort !== undefined) this.signal!.removeEventListener("abort", this.onAbort);
    } catch (thrown) {
      this.report(thrown, "options");
    }
  }

  /** A decoded response; give `wireBytes` to `release` once it is consumed. */
  protected abstract onResponse(message: Res, wireBytes: number): void;
  /** The one status; undefined is OK. */
  protected abstract onEnd(error: RpcError | undefined): void;
}

/** A call with one response: unary, or client streaming. */
export class SingleResponseCall<Req, Res> extends ClientCall<Req, Res> {
  /** Settles when the call ends. */
  readonly response: Promise<Res>;
  private resolve!: (response: Res) => void;
  private reject!: (error: RpcError) => void;
  private message: Res | undefined = undefined;
  private received = false;

  /** See {@linkcode ClientCall}. */
  constructor(
    context: CallContext,
    method: MethodDescriptor<Req, Res>,
    template: RequestTemplate,
    request: Req | Source<Req>,
    requestStream: boolean,
    options: CallOptions,
  ) {
    super(context, method, template, request, requestStream, options);
    this.response = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** There is one response. */
  get singleMessage(): boolean {
    return true;
  }

  protected override onResponse(message: Res, wireBytes: number): void {
    this.release(wireBytes);
    if (this.received) {
      return this.endLocally(Status.INTERNAL, "server sent more than one response message", "library");
    }
    this.received = true;
    this.message = message;
  }

  protected override onEnd(error: RpcError | undefined): void {
    if (error !== undefined) this.reject(error);
    else if (this.received) this.resolve(this.message!);
    else {
      this.reject(this.error(Status.INTERNAL, "server sent no response message", { endedBy: "library" }));
    }
  }
}

/** A call with a stream of responses: server streaming, or bidirectional. */
export class StreamingResponseCall<Req, Res> extends ClientCall<Req, Res> implements InboxOwner {
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

  protected override onResponse(message: Res, wireBytes: number): void {
    this.responses.push(message, wireBytes);
  }

  protected override onEnd(error: RpcError | undefined): void {
    this.responses.end(error);
  }
}
