// Calls of the promise style: a promise for one response, an async iterator for many, and requests from an iterable.

import { callApplication, isInstance, messageOf } from "../../pollers/mod.ts";
import type { HeaderList, Initiator, RequestTemplate } from "../../transport/mod.ts";
import { type CallStatus, endedBy } from "../call/call_status.ts";
import { Metadata } from "../call/metadata.ts";
import type { Frames } from "../call/rpc_error.ts";
import { Status, type StatusCode } from "../call/status.ts";
import { undecodable } from "../call/undecodable.ts";
import type { GivenOptions } from "../client/call_options.ts";
import type { CallContext } from "../client/call_context.ts";
import type { RunningProducer } from "../client/streaming.ts";
import { TypedClientCall } from "../client/typed_call.ts";
import { EncodeError, type MethodDescriptor } from "../proto/mod.ts";
import { Callbacks } from "./callbacks.ts";
import { CallFailure, rejection } from "./call_failure.ts";
import type { CallSites } from "./call_sites.ts";
import type { ProducerSink, Source } from "./producer.ts";

/** What the calls of one client have in common. */
export interface PromiseContext extends CallContext {
  /** Has errors show where calls were made. */
  readonly sites: CallSites;
}

/** A call with one request, or with an iterable of them; subclasses say what becomes of responses and status. */
export abstract class PromiseCall<Req, Res> extends TypedClientCall<Req, Res> implements ProducerSink<Req> {
  declare protected readonly context: PromiseContext;
  /** Where the call was made, if it remembers. */
  declare site: Frames | undefined;
  declare private producer: RunningProducer | undefined;
  declare private callbacks: Callbacks | undefined;

  /** Nothing happens before `start`. `request`: one message, or their source where they are streamed. */
  constructor(
    context: PromiseContext,
    method: MethodDescriptor<Req, Res>,
    template: RequestTemplate,
    request: Req | Source<Req>,
    requestStream: boolean,
    options: GivenOptions,
  ) {
    super(context, template, method, requestStream, request as Req, options);
    this.site = undefined;
    this.producer = undefined;
    this.callbacks = undefined;
  }

  // From the call.

  protected override onReady(): void {
    if (this.producer !== undefined) return this.producer.resume();
    this.producer = this.context.streams!.producerOf(this.request, this, this.engine.execCtx);
    this.producer.start();
  }

  protected override onCorked(): void {
    this.onReady();
  }

  protected override onInitialMetadata(metadata: HeaderList): void {
    const callback = this.options.onHeaders;
    if (callback !== undefined) this.callOnHeaders(callback, metadata);
  }

  // Closures stand in methods of their own: what has one makes its scope whether or not it comes to it.
  private callOnHeaders(callback: (metadata: Metadata) => void, metadata: HeaderList): void {
    const failed = (error: unknown): void => {
      this.report(error, "onHeaders");
      const details = `onHeaders threw: ${messageOf(error)}`;
      if (this.isOver) this.callbacks!.failure = this.failure(Status.CANCELLED, details, "user", error);
      else this.cancel(Status.CANCELLED, details, "user", error);
    };
    this.soon(() => callApplication(() => callback(Metadata.fromHeaders(metadata)), failed));
  }

  protected override onEnd(status: CallStatus): void {
    const callback = this.options.onTrailers;
    if (callback === undefined && this.callbacks === undefined) this.settle(status);
    else this.settleSoon(status, callback);
    this.producer?.stop();
  }

  private settleSoon(status: CallStatus, callback: ((metadata: Metadata) => void) | undefined): void {
    this.soon(() => {
      if (callback !== undefined) {
        const metadata = Metadata.fromHeaders(status.metadata);
        callApplication(() => callback(metadata), (thrown) => this.report(thrown, "onTrailers"));
      }
      this.settle(status);
    });
  }

  private settle(status: CallStatus): void {
    const failure = this.callbacks?.failure ??
      (status.code === Status.OK ? undefined : this.failureOf(status));
    this.onOutcome(failure);
  }

  /** Calls the application outermost. */
  private soon(call: () => void): void {
    this.callbacks ??= new Callbacks(this.context.engine.execCtx);
    this.callbacks.add(call);
  }

  // From the producer of requests.

  /** One request of a stream. */
  send(message: Req): void {
    if (this.isOver) return;
    this.sendRequest(message);
  }

  /** The application's iterable is through. */
  onProduced(error?: unknown): void {
    if (this.isOver) {
      if (error !== undefined) this.onLate(error);
      return;
    }
    if (error === undefined) return this.halfClose();
    const unfit = isInstance(error, EncodeError);
    if (!unfit) this.report(error, "requests", "info");
    const code = unfit ? Status.INTERNAL : Status.CANCELLED;
    this.cancel(code, `request stream failed: ${messageOf(error)}`, "user", error);
  }

  /** The application's iterable threw after its requests were no longer needed. */
  onLate(error: unknown): void {
    this.report(error, "requests", "info");
  }

  /** Nothing of the application's iterable runs any more. */
  onOver(): void {}

  // For subclasses.

  /** `decode` threw `error`: the call fails. Returns why. */
  onUndecodable(error: unknown): CallFailure {
    const { code, details, foreign } = undecodable(error, "response", true);
    if (foreign) this.report(error, "codec", "info");
    const failure = this.failure(code, details, "library", error);
    this.cancel(code, details, "library", error);
    return failure;
  }

  /** A failure that says which call failed. */
  protected failure(
    code: StatusCode,
    details: string,
    by: Initiator,
    cause: unknown,
    metadata?: Metadata,
  ): CallFailure {
    this.context.sites.failed();
    const more = metadata === undefined ? {} : { metadata };
    return new CallFailure(
      code,
      details,
      { ...more, endedBy: by, cause, method: this.path, peer: this.peer },
      this.site,
    );
  }

  private failureOf(status: CallStatus): CallFailure {
    const metadata = Metadata.fromHeaders(status.metadata);
    return this.failure(status.code, status.message, endedBy(status), status.cause, metadata);
  }

  /** The call is over; undefined is OK. */
  protected abstract onOutcome(failure: CallFailure | undefined): void;
}

/** A call with one response: unary, or client streaming. */
export class SingleResponseCall<Req, Res> extends PromiseCall<Req, Res> {
  /** Settles when the call ends. */
  declare readonly response: Promise<Res>;
  declare private resolve: (response: Res | PromiseLike<Res>) => void;
  declare private message: Res | undefined;

  /** See the super class. */
  constructor(
    context: PromiseContext,
    method: MethodDescriptor<Req, Res>,
    template: RequestTemplate,
    request: Req | Source<Req>,
    requestStream: boolean,
    options: GivenOptions,
  ) {
    super(context, method, template, request, requestStream, options);
    this.message = undefined;
    this.response = new Promise((resolve) => this.resolve = resolve);
  }

  /** There is one response. */
  override get singleMessage(): boolean {
    return true;
  }

  protected override onMessageBytes(bytes: Uint8Array, wireBytes: number): void {
    let message: Res;
    try {
      message = this.decode(bytes);
    } catch (error) {
      return void this.onUndecodable(error);
    }
    this.release(wireBytes);
    this.message = message;
  }

  protected override onOutcome(failure: CallFailure | undefined): void {
    this.resolve(failure === undefined ? this.message! : rejection(failure));
  }
}
