// A call that a function serves: it gets a request, or an async iterator of them, and gives a response, or an iterable.

import { type ErrorPlace, propertyOf } from "../../pollers/mod.ts";
import type { RequestHead, ServerStream } from "../../transport/mod.ts";
import { markMessage, uncompressedMessages } from "../compression.ts";
import { isPromiseLike } from "../promise_like.ts";
import { isRpcError, RpcError } from "../call/rpc_error.ts";
import { Status } from "../call/status.ts";
import { undecodable } from "../call/undecodable.ts";
import { encodeFramed, type MethodDescriptor, reuseFramed } from "../proto/mod.ts";
import type { CallHost } from "../server/call_host.ts";
import type { BeginServerCall, RegisteredMethod } from "../server/method_style.ts";
import type { ServedConnection } from "../server/served_connection.ts";
import { InterceptedCall, type ServerInterceptors, type ServerResponse } from "../server/interceptor.ts";
import { ServerCallHandle } from "../server/server_call.ts";
import { ServerCallCore } from "../server/server_call_core.ts";
import { statusOfThrown } from "../server/thrown_status.ts";
import { describe } from "../options.ts";
import type { AnyHandler } from "./handlers.ts";
import { MessageSource, type MessageSourceOwner } from "./message_source.ts";
import { isSource, Producer, type ProducerSink, type Source } from "./producer.ts";

// For V8: see docs/STYLE.md, "Hot paths".
const isThenable = isPromiseLike;
const uncompressed = uncompressedMessages;
const Handle = ServerCallHandle;
const encode = encodeFramed;
const reuse = reuseFramed;
const { OK } = Status;

/** Serves a method by `handler`. */
export function promiseStyle(
  descriptor: MethodDescriptor<unknown, unknown>,
  handler: AnyHandler,
): BeginServerCall {
  const served = { descriptor, handler };
  return (host, method, stream, head, connection, receivedAt) =>
    new PromiseServerCall(host, method, stream, head, connection, receivedAt, served);
}

/** A method, and the function that serves it. */
interface Served {
  readonly descriptor: MethodDescriptor<unknown, unknown>;
  readonly handler: AnyHandler;
}

/** See the head of this file. What a call does not need is never made. */
export class PromiseServerCall extends ServerCallCore
  implements MessageSourceOwner<unknown>, ProducerSink<unknown> {
  declare private readonly served: Served;
  /** Of a method with many requests. */
  declare private readonly requests: MessageSource<unknown> | undefined;
  declare private producer: Producer<unknown> | undefined;
  /** The handler's responses where an interceptor put others in their place: left when the call is done with those. */
  declare private inner: unknown;

  /** Made when its stream is there. */
  constructor(
    host: CallHost,
    method: RegisteredMethod,
    stream: ServerStream,
    head: RequestHead,
    connection: ServedConnection,
    receivedAt: number,
    served: Served,
  ) {
    super(host, method, stream, head, connection, receivedAt);
    this.served = served;
    this.producer = undefined;
    this.inner = undefined;
    this.requests = method.requestStream ? new MessageSource(this) : undefined;
  }

  // From the call.

  protected override onTurn(): void {
    let request: unknown = this.requests;
    if (request === undefined) {
      try {
        request = this.decode(this.takeRequest());
      } catch (error) {
        this.onUndecodable(error);
        return this.handlerEnded();
      }
    }
    const { interceptors } = this.host;
    if (interceptors !== undefined) return void this.intercepted(interceptors as ServerInterceptors, request);
    try {
      const result = this.served.handler(request, new Handle(this));
      if (isThenable(result)) this.settles(result);
      else this.returned(result);
    } catch (error) {
      this.threw(error);
    }
  }

  protected override onRequestBytes(bytes: Uint8Array, wireBytes: number): void {
    this.requests!.push(bytes, wireBytes);
  }

  protected override onRequestsEnd(): void {
    this.requests!.end();
  }

  protected override onReady(): void {
    this.producer?.resume();
  }

  /** The next one is encoded in its place. */
  protected override onSentBytes(framed: Uint8Array): void {
    reuse(framed);
  }

  protected override onCancelled(error: RpcError): void {
    this.requests?.end(error);
    this.producer?.stop();
  }

  // From the requests' source.

  /** A request, which is decoded when it is taken. */
  decode(bytes: Uint8Array): unknown {
    return this.served.descriptor.requestCodec.decode(bytes, this.host.maxReceiveElements);
  }

  /** The call ends with the status that the handler gets too. */
  onUndecodable(error: unknown): RpcError {
    const { code, details, foreign } = undecodable(error, "request", this.host.exposeErrors);
    if (foreign) this.report(error, "codec");
    this.cancelWith(code, details);
    return new RpcError(code, details);
  }

  /** The handler took a request. */
  onTaken(wireBytes: number): void {
    this.release(wireBytes);
  }

  /** The handler reads no further: later messages are received and dropped, since it may still answer. */
  onAbandoned(): void {}

  // From the producer.

  /** One response of a stream. */
  send(message: unknown): void {
    if (this.isOver) return;
    const framed = encode(this.served.descriptor.responseCodec, message);
    if (uncompressed.all !== undefined) markMessage(framed, message);
    if (this.sendMessage(framed)) reuse(framed);
  }

  /** The handler's iterable is through. */
  onProduced(error?: unknown): void {
    if (error === undefined) this.succeed();
    else this.fail(error, "responses");
  }

  /** The handler's iterable threw after its responses were no longer needed. */
  onLate(error: unknown): void {
    this.reportLate(error, "responses");
  }

  /** Nothing of the iterable runs any more. */
  onOver(): void {
    const { inner } = this;
    this.inner = this.producer = undefined;
    if (inner === undefined) return this.handlerEnded();
    this.producer = new Producer(inner as Source<unknown>, this, this.engine.execCtx, true);
    this.producer.stop();
  }

  /** The interceptors run around the handler, where messages pass through them too: `onTurn` calls them. */
  protected override intercept(): void {
    this.onTurn();
  }

  /** Answers with what the handler gives, as the interceptors leave it. It never rejects. */
  private async intercepted(interceptors: ServerInterceptors, request: unknown): Promise<void> {
    const { descriptor: { kind }, handler } = this.served;
    const single = kind === "unary" || kind === "clientStreaming";
    let ofHandler: { readonly error: unknown } | undefined = undefined;
    let isAnswered = false;
    const call = new InterceptedCall(this, kind, request, async (call) => {
      if (this.isOver) throw new RpcError(Status.CANCELLED, "call is over"); // as in every other style
      try {
        const result = await handler(call.message, call);
        if (single) return { kind, response: result } as ServerResponse;
        this.inner = result;
        if (isAnswered && this.producer === undefined) this.onOver(); // by an interceptor that did not wait for it
        return { kind, responses: result } as ServerResponse;
      } catch (error) {
        ofHandler = { error };
        throw error;
      }
    });
    let result: unknown;
    try {
      const response = await interceptors.run(call) as Record<string, unknown> | undefined;
      isAnswered = true;
      if (response?.["kind"] !== kind) {
        throw new TypeError(
          `Cannot answer ${this.path}: an interceptor returned ${describe(response)}, not what next gave`,
        );
      }
      result = response[single ? "response" : "responses"];
    } catch (error) {
      isAnswered = true;
      const thrown = ofHandler as { readonly error: unknown } | undefined;
      return this.threw(error, thrown !== undefined && thrown.error === error ? "handler" : "interceptor");
    }
    if (result === this.inner) this.inner = undefined;
    this.settled(result);
  }

  private settles(result: PromiseLike<unknown>): void {
    result.then((value) => this.settled(value), (error) => this.threw(error));
  }

  /** What it has may throw when it is looked at, as what is returned at once may. */
  private settled(value: unknown): void {
    try {
      this.returned(value);
    } catch (error) {
      this.threw(error);
    }
  }

  private threw(error: unknown, where: ErrorPlace = "handler"): void {
    this.fail(error, where);
    this.onOver();
  }

  /** The handler is through, and gave a response, or what its responses come from. */
  private returned(result: unknown): void {
    const { kind } = this.served.descriptor;
    if (kind === "unary" || kind === "clientStreaming") {
      this.respond(result);
      return this.handlerEnded();
    }
    if (!isSource(result)) {
      const details = `handler of ${this.path} returned ${typeof result}, not an iterable of responses`;
      this.report(new TypeError(details), "handler");
      this.sendStatus(Status.INTERNAL, details);
      this.requests?.end();
      return this.onOver();
    }
    // Nobody else has them: the responses of another call would go on for good where nobody leaves them.
    this.producer = new Producer(result, this, this.engine.execCtx, true);
    if (this.isOver) this.producer.stop();
    else this.producer.start();
  }

  private respond(response: unknown): void {
    try {
      this.send(response);
    } catch (error) {
      return this.fail(error, "response");
    }
    this.succeed();
  }

  private succeed(): void {
    this.sendStatus(OK, "");
    this.requests?.end();
  }

  /** What the application threw becomes a status, which its client gets as it is, or learns nothing of. */
  private fail(error: unknown, where: ErrorPlace): void {
    if (this.isOver) return this.reportLate(error, where);
    const { code, details, fields, complaint, chosen } = statusOfThrown(error, this.host.exposeErrors);
    if (!chosen) this.report(error, where);
    if (complaint !== undefined) this.host.reporter.log("warn", `${complaint} (${this.path})`);
    this.sendStatus(code, details, fields);
    this.requests?.end();
  }

  /** Reports an error that came after the call had ended: usually the handler throws the reason it was cancelled for. */
  private reportLate(error: unknown, where: ErrorPlace): void {
    if (isRpcError(error) || propertyOf(error, "name") === "AbortError") return;
    this.report(error, where, "info");
  }
}
