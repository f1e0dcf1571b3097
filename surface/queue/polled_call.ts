// One call of gRPC's synchronous server shape: a request of a queue that pollers share, and a queue of the call's own, of
// type PLUCK, that its handler waits in.

import { type ErrorPlace, formatAddress, type Reporter } from "../../pollers/mod.ts";
import { HeaderList } from "../../transport/mod.ts";
import { Metadata } from "../call/metadata.ts";
import { Status, type StatusCode } from "../call/status.ts";
import { EncodeError, type MethodDescriptor, type MethodKind } from "../proto/mod.ts";
import { statusOfThrown } from "../server/thrown_status.ts";
import { CallError } from "./call_error.ts";
import type { CallRequester } from "./call_request.ts";
import { type CompletionQueue, queueCoreOf } from "./completion_queue.ts";
import { Op, OperationKind } from "./operation.ts";
import { OpFlags, sendInitialMetadata, sendMessage, sendStatusFromServer } from "./operations.ts";
import type { QueueCore } from "./queue_core.ts";
import type { QueueServerCall } from "./server_call.ts";
import { streamsRequests, streamsResponses } from "../proto/service.ts";
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
export type PolledHandler<M> = M extends MethodDescriptor<infer Req, infer Res, infer Kind>
  ? Kind extends "unary" ? (request: Req, context: ServerContext) => Res | Promise<Res>
  : Kind extends "serverStreaming"
    ? (request: Req, writer: PolledWriter<Res>, context: ServerContext) => void | Promise<void>
  : Kind extends "clientStreaming" ? (reader: PolledReader<Req>, context: ServerContext) => Res | Promise<Res>
  : (stream: PolledReader<Req> & PolledWriter<Res>, context: ServerContext) => void | Promise<void>
  : never;

/** A handler of any kind. */
export type AnyPolledHandler = (...args: unknown[]) => unknown;

/** What calls of one server have in common. */
export interface PolledHost {
  readonly reporter: Reporter;
  readonly exposeErrors: boolean;
  /** The call that `queue` was for is over; it may serve another one. */
  takeBack(queue: CompletionQueue<unknown>): void;
}

const NO_POLLER = "no poller is left for the call: the thread quota is used up";

/** See the head of this file. */
export class PolledCall implements CallRequester, PolledReader<unknown>, PolledWriter<unknown> {
  readonly whenDone = undefined;
  /** Its batches come out of it. */
  readonly bound: QueueCore<unknown>;
  private readonly queue: CompletionQueue<unknown>;
  private readonly context = new ServerContext();
  private call: QueueServerCall | undefined = undefined;
  private sentInitial = false;

  /** `queue`: of type PLUCK, and of this call alone. */
  constructor(
    private readonly kind: MethodKind,
    private readonly handler: AnyPolledHandler,
    private readonly host: PolledHost,
    queue: CompletionQueue<unknown>,
  ) {
    this.queue = queue;
    this.bound = queueCoreOf(queue);
  }

  onCall(call: QueueServerCall): void {
    this.call = call;
    bindContext(this.context, call, true);
  }

  /** There is no call: the server shuts down. */
  drop(): void {
    this.host.takeBack(this.queue);
  }

  /** Runs the handler, or fails the call where nobody would poll meanwhile. */
  async serve(resources: boolean): Promise<void> {
    try {
      if (resources) await this.run();
      else await this.finish(Status.RESOURCE_EXHAUSTED, NO_POLLER);
    } finally {
      this.host.takeBack(this.queue);
    }
  }

  async read(): Promise<unknown> {
    const operation = new Op(OperationKind.RECV_MESSAGE, 0, undefined, true);
    await this.start([operation]);
    return operation.message;
  }

  async write(response: unknown): Promise<boolean> {
    return await this.send([sendMessage(response)]);
  }

  private async run(): Promise<void> {
    const single = !streamsResponses(this.kind);
    let response: unknown;
    try {
      response = await this.handler(...this.args());
      if (single) await this.finish(Status.OK, "", [sendMessage(response, OpFlags.BUFFER_HINT)]);
    } catch (error) {
      const isEncoding = error instanceof CallError && error.code === "INVALID_MESSAGE";
      return await this.fail(isEncoding ? new EncodeError(error.message) : error);
    }
    if (!single) await this.finish(Status.OK, "");
  }

  private args(): unknown[] {
    const { kind, context } = this;
    if (streamsRequests(kind)) return [this.handle(), context];
    const request = this.call!.payload;
    this.call!.payload = undefined;
    return kind === "unary" ? [request, context] : [request, this.handle(), context];
  }

  /** What handlers get of it, and no more. */
  private handle(): PolledReader<unknown> & PolledWriter<unknown> {
    return { read: () => this.read(), write: (response) => this.write(response) };
  }

  private async fail(error: unknown): Promise<void> {
    const { code, details, fields, complaint, chosen } = statusOfThrown(error, this.host.exposeErrors);
    if (!chosen) this.report(error, "handler");
    if (complaint !== undefined) this.host.reporter.log("warn", `${complaint} (${this.call!.path})`);
    await this.finish(code, details, [], fields);
  }

  /** Metadata that the handler added goes with the status. */
  private async finish(
    code: StatusCode,
    details: string,
    before: readonly unknown[] = [],
    fields: readonly string[] = [],
  ): Promise<void> {
    const trailingMetadata = trailingMetadataOf(this.context);
    const trailers = [...trailingMetadata?.toHeaders()?.fields ?? [], ...fields];
    const metadata = trailers.length === 0 ? undefined : Metadata.fromHeaders(new HeaderList(trailers));
    await this.send([...before, sendStatusFromServer(code, details, metadata)]);
  }

  /** Initial metadata goes with what is sent first. */
  private send(operations: readonly unknown[]): Promise<boolean> {
    const initial = sendInitialMetadata(initialMetadataOf(this.context));
    const done = this.start(this.sentInitial ? operations : [initial, ...operations]);
    this.sentInitial = true;
    return done;
  }

  /** Starts `operations`, and waits for their event; its success. */
  private start(operations: readonly unknown[]): Promise<boolean> {
    const tag = {};
    this.call!.startBatch(operations, tag);
    return this.queue.pluck(tag).then(({ success }) => success);
  }

  private report(error: unknown, where: ErrorPlace): void {
    const { path, peer } = this.call!;
    this.host.reporter.report(error, { where, level: "error", method: path, peer: formatAddress(peer) });
  }
}
