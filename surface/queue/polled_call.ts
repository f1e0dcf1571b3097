// One call of gRPC's synchronous server shape: a request of a queue that pollers share, and a queue of the call's own, of
// type PLUCK, that its handler waits in.

import { type ErrorPlace, formatAddress, isInstance, type Reporter } from "../../pollers/mod.ts";
import { HeaderList } from "../../transport/mod.ts";
import { Metadata } from "../call/metadata.ts";
import { Status, type StatusCode } from "../call/status.ts";
import { isPromiseLike } from "../promise_like.ts";
import { EncodeError, type MethodDescriptor, type MethodKind } from "../proto/mod.ts";
import { statusOfThrown } from "../server/thrown_status.ts";
import { CallError } from "./call_error.ts";
import { CallRequest } from "./call_request.ts";
import { type CompletionQueue, queueCoreOf } from "./completion_queue.ts";
import { Op, OperationKind } from "./operation.ts";
import { OpFlags, sendInitialMetadata, sendMessage, sendStatusFromServer } from "./operations.ts";
import type { QueueCore } from "./queue_core.ts";
import type { QueueServerCall } from "./server_call.ts";
import { streamsRequests, streamsResponses } from "../proto/service.ts";
import type { RequestedMethod } from "./server_requests.ts";
import { bindContext, initialMetadataOf, ServerContext, trailingMetadataOf } from "./server_context.ts";

/** Requests of a call, one after the other. */
export interface PolledReader<Req> {
  /** The next request; undefined when there are no more, or the call is over. */
  read(): Promise<Req | undefined>;
}

/** Responses of a call, one after the other. */
export interface PolledWriter<Res> {
  /** Sends a response, and waits until flow control has accepted it; false where the call is over. */
  write(response: Res): Promise<boolean>;
}

/** A handler of the synchronous server shape, by the kind of its method. It waits where C++'s blocks. */
export type PolledHandler<M> = M extends MethodDescriptor<
  infer Req,
  infer _Res,
  infer Kind,
  infer _Req,
  infer Res
> ? Kind extends "unary" ? (request: Req, context: ServerContext) => Res | Promise<Res>
  : Kind extends "serverStreaming"
    ? (request: Req, writer: PolledWriter<Res>, context: ServerContext) => void | Promise<void>
  : Kind extends "clientStreaming" ? (reader: PolledReader<Req>, context: ServerContext) => Res | Promise<Res>
  : (stream: PolledReader<Req> & PolledWriter<Res>, context: ServerContext) => void | Promise<void>
  : never;

/** A handler of any kind. */
export type AnyPolledHandler = (...args: unknown[]) => unknown;

/** One method, and how its calls are requested. */
export interface PolledMethod {
  readonly kind: MethodKind;
  readonly handler: AnyPolledHandler;
  readonly requested: RequestedMethod;
}

/** What calls of one server have in common. */
export interface PolledHost {
  readonly reporter: Reporter;
  readonly exposeErrors: boolean;
  /** The call that `queue` was for is over; it may serve another one. */
  takeBack(queue: CompletionQueue<unknown>): void;
}

const NO_POLLER = "no poller is left for the call: the thread quota is used up";

/** See the head of this file. Nothing in it waits for a promise but for what takes its time. */
export class PolledCall extends CallRequest implements PolledReader<unknown>, PolledWriter<unknown> {
  /** Itself: so a poller finds the call. */
  readonly tag: this = this;
  private readonly context = new ServerContext();
  private readonly own: QueueCore<unknown>;
  private call: QueueServerCall | undefined = undefined;
  private sentInitial = false;

  /** Comes out of `notified`. `queue`: of type PLUCK, and of this call alone. */
  constructor(
    readonly method: PolledMethod,
    private readonly host: PolledHost,
    notified: QueueCore<unknown>,
    private readonly queue: CompletionQueue<unknown>,
  ) {
    const own = queueCoreOf(queue);
    super(notified, own, undefined);
    this.own = own;
  }

  protected override onCall(call: QueueServerCall): void {
    this.call = call;
    bindContext(this.context, call, true);
  }

  /** There is no call: the server shuts down. */
  drop(): void {
    this.host.takeBack(this.queue);
  }

  /** Runs the handler, or fails the call where nobody would poll meanwhile; what is to be waited for. */
  serve(resources: boolean): Promise<void> | undefined {
    let done: Promise<unknown> | boolean = false;
    try {
      done = resources ? this.run() : this.finish(Status.RESOURCE_EXHAUSTED, NO_POLLER);
    } finally {
      if (typeof done === "boolean") this.drop();
    }
    return typeof done === "boolean" ? undefined : done.then(() => {}).finally(() => this.drop());
  }

  async read(): Promise<unknown> {
    const operation = new Op(OperationKind.RECV_MESSAGE, 0, undefined, true);
    await this.start([operation]);
    return operation.message;
  }

  async write(response: unknown): Promise<boolean> {
    return await this.send([sendMessage(response)]);
  }

  private run(): Promise<unknown> | boolean {
    let response: unknown;
    try {
      response = this.method.handler(...this.args());
      if (!isPromiseLike(response)) return this.respond(response);
    } catch (error) {
      return this.handlerThrew(error);
    }
    const responded = Promise.resolve(response).then((value) => this.respond(value));
    return responded.catch((error) => this.handlerThrew(error));
  }

  /** The handler is through. Throws where the response cannot be encoded. */
  private respond(response: unknown): Promise<boolean> | boolean {
    const single = !streamsResponses(this.method.kind);
    return this.finish(Status.OK, "", single ? [sendMessage(response, OpFlags.BUFFER_HINT)] : []);
  }

  private args(): unknown[] {
    const { context } = this;
    const { kind } = this.method;
    if (streamsRequests(kind)) return [this.handle(), context];
    const request = this.call!.payload;
    this.call!.payload = undefined;
    return kind === "unary" ? [request, context] : [request, this.handle(), context];
  }

  /** What handlers get of it, and no more. */
  private handle(): PolledReader<unknown> & PolledWriter<unknown> {
    return { read: () => this.read(), write: (response) => this.write(response) };
  }

  private handlerThrew(thrown: unknown): Promise<boolean> | boolean {
    const isEncoding = isInstance(thrown, CallError) && thrown.code === "INVALID_MESSAGE";
    const error = isEncoding ? new EncodeError(thrown.message) : thrown;
    const { code, details, fields, complaint, chosen } = statusOfThrown(error, this.host.exposeErrors);
    if (!chosen) this.report(error, "handler");
    if (complaint !== undefined) this.host.reporter.log("warn", `${complaint} (${this.call!.path})`);
    return this.finish(code, details, [], fields);
  }

  /** Metadata that the handler added goes with the status. */
  private finish(
    code: StatusCode,
    details: string,
    before: readonly unknown[] = [],
    fields: readonly string[] = [],
  ): Promise<boolean> | boolean {
    const trailing = trailingMetadataOf(this.context);
    let metadata = trailing;
    if (fields.length > 0) {
      metadata = Metadata.fromHeaders(
        HeaderList.ofStrings([...trailing?.toHeaders()?.fields ?? [], ...fields]),
      );
    }
    return this.send([...before, sendStatusFromServer(code, details, metadata)]);
  }

  /** Initial metadata goes with what is sent first. */
  private send(operations: readonly unknown[]): Promise<boolean> | boolean {
    const initial = this.sentInitial ? [] : [sendInitialMetadata(initialMetadataOf(this.context))];
    const done = this.start([...initial, ...operations]);
    this.sentInitial = true;
    return done;
  }

  /** Starts `operations`; the success of their event, once it is there. */
  private start(operations: readonly unknown[]): Promise<boolean> | boolean {
    const tag = operations;
    this.call!.startBatch(operations, tag);
    const event = this.own.tryPluck(tag);
    if (event.type === "OP_COMPLETE") return event.success;
    return this.own.pluck(tag, Infinity).then(({ success }) => success);
  }

  private report(error: unknown, where: ErrorPlace): void {
    const { path, peer } = this.call!;
    this.host.reporter.report(error, { where, level: "error", method: path, peer: formatAddress(peer) });
  }
}
