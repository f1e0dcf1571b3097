// One call being served: the one implementation under all four kinds of handler.

import type { EventEngine, SocketAddress, TaskHandle } from "../../pollers/mod.ts";
import type { Http2Error, RequestHead, ServerStream, ServerStreamSink } from "../../transport/mod.ts";
import { isDeadlineExceeded } from "../call/deadline.ts";
import { Inbox, type InboxOwner } from "../call/inbox.ts";
import { Metadata } from "../call/metadata.ts";
import { isSource, Producer, type ProducerSink } from "../call/producer.ts";
import { RpcError } from "../call/rpc_error.ts";
import { Status } from "../call/status.ts";
import { type DecodeError, EncodeError, encodeFramed, reuseFramed } from "../proto/mod.ts";
import type { ServerCall } from "./server_call.ts";
import type { RegisteredMethod } from "./service.ts";

/** A call from its request header section to its status. What it does not need is never made. */
export class ActiveCall implements ServerStreamSink, ServerCall, InboxOwner, ProducerSink<unknown> {
  private request: unknown = undefined;
  private requestReceived = false;
  private inbox: Inbox<unknown> | undefined = undefined;
  private producer: Producer<unknown> | undefined = undefined;
  private controller: AbortController | undefined = undefined;
  private receivedMetadata: Metadata | undefined = undefined;
  private sentTrailers: Metadata | undefined = undefined;
  private deadlineTask: TaskHandle | undefined = undefined;
  private readonly deadlineAt: number;
  /** A status was sent, or nobody is there any more to get one. */
  private ended = false;
  /** Ended otherwise than by the handler. */
  private wasCancelled = false;

  /** Streaming requests begin their handler at the end of the turn, the others once their message is there. */
  constructor(
    private readonly engine: EventEngine,
    private readonly method: RegisteredMethod,
    private readonly stream: ServerStream,
    private readonly head: RequestHead,
    /** The client's address. */
    readonly peer: SocketAddress,
    receivedAt: number,
  ) {
    this.deadlineAt = head.timeoutMs === undefined ? Infinity : receivedAt + head.timeoutMs;
    if (this.deadlineAt !== Infinity) {
      this.deadlineTask = engine.runAt(this.deadlineAt, () => this.deadlineExceeded());
    }
    const { kind } = method.descriptor;
    if (kind === "clientStreaming" || kind === "bidiStreaming") {
      this.inbox = new Inbox(this);
      engine.execCtx.defer(() => this.runHandler(this.inbox));
    }
  }

  /** The method's path. */
  get path(): string {
    return this.head.path;
  }

  /** The authority asked for. */
  get authority(): string {
    return this.head.authority;
  }

  /** Made when it is first asked for. */
  get metadata(): Metadata {
    return this.receivedMetadata ??= Metadata.fromHeaders(this.head.metadata);
  }

  /** Made when it is first asked for. */
  get trailers(): Metadata {
    return this.sentTrailers ??= new Metadata();
  }

  /** See {@linkcode ServerCall}. */
  get timeRemainingMs(): number | undefined {
    return this.deadlineAt === Infinity ? undefined : Math.max(0, this.deadlineAt - this.engine.now());
  }

  /** Made when it is first asked for. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.wasCancelled) this.controller.abort(new RpcError(Status.CANCELLED, "call is over"));
    }
    return this.controller.signal;
  }

  /** See {@linkcode ServerCall}. */
  get cancelled(): boolean {
    return this.wasCancelled;
  }

  /** See {@linkcode ServerCall}. */
  sendMetadata(metadata: Metadata): void {
    if (this.ended) return;
    const excess = this.stream.sendHeaders(metadata.toHeaders());
    if (excess !== undefined) this.cancelWith(Status.RESOURCE_EXHAUSTED, excess);
  }

  // From the transport.

  /** A request message. */
  onMessage(bytes: Uint8Array, wireBytes: number): void {
    if (this.ended) return this.stream.release(wireBytes);
    let message: unknown;
    try {
      message = this.method.descriptor.requestCodec.decode(bytes);
    } catch (error) {
      return this.cancelWith(Status.INTERNAL, `cannot decode request: ${(error as DecodeError).message}`);
    }
    if (this.inbox !== undefined) return this.inbox.push(message, wireBytes);
    this.stream.release(wireBytes, true);
    if (this.requestReceived) {
      return this.cancelWith(Status.INTERNAL, "client sent more than one request message");
    }
    this.requestReceived = true;
    this.request = message;
  }

  /** The request is complete. */
  onHalfClose(): void {
    if (this.ended) return;
    if (this.inbox !== undefined) return this.inbox.end();
    if (!this.requestReceived) return this.cancelWith(Status.INTERNAL, "client sent no request message");
    this.runHandler(this.request);
  }

  /** The peer took what was queued. */
  onWritable(): void {
    this.producer?.resume();
  }

  /** A message that had to wait is out: the next one is encoded in its place. */
  onSent(framed: Uint8Array): void {
    reuseFramed(framed);
  }

  /** The stream is over. */
  onClosed(error: Http2Error | undefined): void {
    if (this.ended) return;
    this.ended = true;
    const overdue = isDeadlineExceeded(Status.CANCELLED, error, this.engine.now() - this.deadlineAt);
    this.abandon(overdue ? Status.DEADLINE_EXCEEDED : Status.CANCELLED, error?.reason ?? "call is over");
  }

  // From the inbox.

  /** The handler consumed a request. */
  onTaken(wireBytes: number): void {
    this.stream.release(wireBytes);
  }

  /** The handler reads no further: what still comes is let in and dropped, for it may still answer. */
  onAbandoned(): void {}

  // From the producer.

  /** Whether responses must wait. */
  get writeBlocked(): boolean {
    return this.stream.writeBlocked;
  }

  /** One response of a stream. */
  send(message: unknown): void {
    if (this.ended) return;
    const framed = encodeFramed(this.method.descriptor.responseCodec, message);
    if (this.stream.sendMessage(framed)) reuseFramed(framed);
  }

  /** The handler's iterable is through. */
  onProduced(error?: unknown): void {
    if (error === undefined) this.finish(Status.OK, "");
    else this.fail(error);
  }

  private runHandler(request: unknown): void {
    if (this.ended) return;
    try {
      const result = this.method.handler(request, this);
      const { kind } = this.method.descriptor;
      if (kind === "serverStreaming" || kind === "bidiStreaming") {
        this.respondAll(result);
      } else if (isThenable(result)) {
        result.then((response) => this.respond(response), (error) => this.fail(error));
      } else this.respond(result);
    } catch (error) {
      this.fail(error);
    }
  }

  private respondAll(responses: unknown): void {
    if (!isSource(responses)) {
      const details = `handler of ${this.path} returned ${typeof responses}, not an iterable of responses`;
      return this.finish(Status.INTERNAL, details);
    }
    this.producer = new Producer(responses, this);
    this.producer.start();
  }

  private respond(response: unknown): void {
    try {
      this.send(response);
    } catch (error) {
      return this.fail(error);
    }
    this.finish(Status.OK, "");
  }

  /** What a handler threw becomes a status; anything but an RpcError is UNKNOWN, as in other gRPC libraries. */
  private fail(error: unknown): void {
    if (error instanceof RpcError) {
      for (const [name, value] of error.metadata) this.trailers.append(name, value);
      return this.finish(error.code, error.details);
    }
    const details = error instanceof Error ? error.message : String(error);
    if (error instanceof EncodeError) {
      return this.finish(Status.INTERNAL, `cannot encode response: ${details}`);
    }
    this.finish(Status.UNKNOWN, details);
  }

  private finish(code: number, details: string): void {
    if (this.ended) return;
    this.ended = true;
    this.clearDeadline();
    this.inbox?.end();
    this.stream.sendStatus(code, details, this.sentTrailers?.toHeaders());
  }

  /** The library ends the call: the client hears why, the handler that it is not wanted any more. */
  private cancelWith(code: number, details: string): void {
    if (this.ended) return;
    this.finish(code, details);
    this.abandon(code, details);
  }

  private deadlineExceeded(): void {
    this.deadlineTask = undefined;
    this.cancelWith(Status.DEADLINE_EXCEEDED, `deadline of ${this.head.timeoutMs} ms exceeded on the server`);
  }

  private abandon(code: number, details: string): void {
    this.wasCancelled = true;
    this.clearDeadline();
    const error = new RpcError(code, details);
    this.inbox?.end(error);
    this.producer?.stop();
    this.controller?.abort(error);
  }

  private clearDeadline(): void {
    if (this.deadlineTask !== undefined) this.engine.cancel(this.deadlineTask);
    this.deadlineTask = undefined;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
}
