// A server by completion queues: gRPC core's server, where the application requests each call that it wants.

import { checkNumber, checkOptions, describe, type OptionNames } from "../options.ts";
import { type MethodDescriptor, type MethodKind, rawMethod } from "../proto/mod.ts";
import { type MethodStyle, methodStyle } from "../server/method_style.ts";
import { type Server, styledServer } from "../server/server.ts";
import { markRequested, type RequestedCall, requestInto } from "./accepted_call.ts";
import { CallError } from "./call_error.ts";
import { type CompletionQueue, queueCoreOf } from "./completion_queue.ts";
import type { QueueCore } from "./queue_core.ts";
import { type PayloadHandling, ServerRequests } from "./server_requests.ts";
import { requestFor, type ServerResponderOf } from "./server_streams.ts";
import { streamsRequests } from "../proto/service.ts";

/** What a server's completion queues are made with. */
export interface QueueServerOptions {
  /** Calls of one method that may wait for requests; further ones end with RESOURCE_EXHAUSTED. Default 1,000. */
  readonly maxWaitingCalls?: number;
}

const NAMES: OptionNames<QueueServerOptions> = { maxWaitingCalls: true };

/** gRPC core's GRPC_ARG_SERVER_MAX_PENDING_REQUESTS. */
const MOST_WAITING_CALLS = 1_000;

/** How a method is registered. */
export interface RegisterMethodOptions {
  /** Serves calls of this host (`:authority`) alone. Default: of any. */
  readonly host?: string;
  /**
   * READ_INITIAL: the event of a request comes when the one request message is there. Default: READ_INITIAL for unary and
   * server streaming methods of a service, else NONE.
   */
  readonly payload?: PayloadHandling;
}

const REGISTER_NAMES: OptionNames<RegisterMethodOptions> = { host: true, payload: true };

/** Where the event of a request comes, and those of its call. */
export interface RequestOptions<Tag> {
  /** The queue of the call's batches, and of the request's event where there is no other one for that. */
  readonly queue: CompletionQueue<Tag>;
  /** The queue of the request's event; it is registered with the server. Default: `queue`. */
  readonly notificationQueue?: CompletionQueue<Tag>;
  /** As the method was registered. */
  readonly host?: string;
  /** What is to come with the event: as the method was registered, else the request is refused. */
  readonly payload?: PayloadHandling;
}

const REQUEST_NAMES: OptionNames<RequestOptions<unknown>> = {
  queue: true,
  notificationQueue: true,
  host: true,
  payload: true,
};

/** The inside of a server's queues, for what is typed. */
export let requestsOf: (server: QueueServer) => ServerRequests;

/**
 * The completion queues of a server. Its methods are served beside those of other styles: each is registered here, or
 * given to `addService` as `queueMethod(...)`; all that nothing serves comes to `requestCall`.
 *
 * The application asks for one call at a time, and gets it with an event. Calls that nobody has requested wait, until
 * their deadline. So a handler requests the next call before it works on this one; a server with one request at a time
 * serves one call at a time.
 *
 * @example
 * ```ts
 * import { CompletionQueue, QueueServer, receiveCloseOnServer, RequestedCall, sendInitialMetadata, sendMessage,
 *   sendStatusFromServer, Server } from "pollwire";
 *
 * async function serve(server: Server): Promise<void> {
 *   const queue = new CompletionQueue();
 *   const calls = new QueueServer(server);
 *   calls.registerCompletionQueue(queue);
 *   calls.registerMethod("/echo.Echo/Say", { payload: "READ_INITIAL" });
 *   await server.listen("127.0.0.1:50051");
 *   const request = (): void => {
 *     const wanted = new RequestedCall();
 *     calls.requestRegisteredCall("/echo.Echo/Say", wanted, { queue }, wanted);
 *   };
 *   request();
 *   for await (const { tag, success } of queue) {
 *     if (!(tag instanceof RequestedCall) || !success) continue;
 *     request();
 *     const echo = [sendInitialMetadata(), sendMessage(tag.message), sendStatusFromServer("OK")];
 *     tag.call.startBatch(echo, "answered");
 *     tag.call.startBatch([receiveCloseOnServer()], "over");
 *   }
 * }
 * ```
 */
export class QueueServer {
  readonly #requests: ServerRequests;

  /**
   * The queues of `server`, which has not started.
   *
   * @throws {TypeError} for what is no server, for one that has started, and for unknown options
   * @throws {RangeError} where maxWaitingCalls is no number
   */
  constructor(server: Server, options: QueueServerOptions = {}) {
    const purpose = "make the completion queues of a server";
    checkOptions(purpose, options, NAMES);
    const styled = styledServer(purpose, server);
    if (styled.styles.isStarted) {
      throw new TypeError(`Cannot ${purpose}: it has started; do that before listen`);
    }
    const { maxWaitingCalls = MOST_WAITING_CALLS } = options;
    checkNumber(purpose, "maxWaitingCalls", maxWaitingCalls, 0, "a number");
    this.#requests = new ServerRequests(styled, maxWaitingCalls);
  }

  static {
    requestsOf = (server) => {
      if (#requests in Object(server)) return server.#requests;
      throw new TypeError(
        `Cannot use ${describe(server)} as a server by completion queues: give a QueueServer`,
      );
    };
  }

  /**
   * Has the server use `queue`, for requests and for the notification of its shutdown. Shut the server down before the queue.
   *
   * @throws {CallError} NOT_SERVER_COMPLETION_QUEUE after the server has started
   * @throws {TypeError} for what is no queue
   */
  registerCompletionQueue<Tag>(queue: CompletionQueue<Tag>): void {
    this.#requests.register(queueCoreOf(queue as CompletionQueue));
  }

  /**
   * Serves one method without a service; its calls come to `requestRegisteredCall`, and never to `requestCall`.
   *
   * @throws {TypeError} for what is no method or path, for one that is served already, and after the server's start
   */
  registerMethod(
    method: MethodDescriptor<unknown, unknown> | string,
    options: RegisterMethodOptions = {},
  ): void {
    const path = typeof method === "string" ? checkPath(method) : checkMethod("register", method);
    const purpose = `register ${path}`;
    checkOptions(purpose, options, REGISTER_NAMES);
    const { host, payload = typeof method === "string" ? "NONE" : payloadOf(method) } = options;
    checkPayload(purpose, payload);
    if (host !== undefined && typeof host !== "string") {
      throw new TypeError(
        `Cannot ${purpose}: host is ${describe(host)}; give what clients name in :authority`,
      );
    }
    const descriptor = typeof method === "string" ? rawMethod(path, "bidiStreaming") : method;
    if (payload === "READ_INITIAL" && typeof method !== "string" && payloadOf(descriptor) === "NONE") {
      throw new TypeError(
        `Cannot ${purpose} with READ_INITIAL: its requests are a stream, so receive them by batches`,
      );
    }
    this.#requests.registerMethod(descriptor, payload, host);
  }

  /**
   * Requests one call of a method that nothing else serves. `tag` comes out of the notification queue: with success, and
   * `wanted` is filled in; without, and the server shuts down.
   *
   * @throws {CallError} NOT_SERVER_COMPLETION_QUEUE, COMPLETION_QUEUE_SHUTDOWN; no event comes then
   * @throws {TypeError} for unknown options, where `wanted` was requested before, and where the server has another service
   *   for such methods
   */
  requestCall<Tag>(
    wanted: RequestedCall<Uint8Array, Uint8Array, Tag>,
    options: RequestOptions<Tag>,
    tag: Tag,
  ): void {
    checkOptions("request a call", options, REQUEST_NAMES);
    checkHandling("request a call", options.payload, "NONE");
    const request = requestInto(wanted, "request a call", tag, notifiedOf(options), boundOf(options));
    this.#requests.requestUnregistered(request);
    markRequested(wanted as RequestedCall<never, never, never>);
  }

  /**
   * Requests one call of `method`. Otherwise as `requestCall`.
   *
   * @throws {CallError} NOT_SERVER_COMPLETION_QUEUE, COMPLETION_QUEUE_SHUTDOWN, PAYLOAD_TYPE_MISMATCH; no event comes then
   * @throws {TypeError} for unknown options, and where no method is registered so
   */
  requestRegisteredCall<Req, Res, Tag>(
    method: MethodDescriptor<Req, unknown, MethodKind, unknown, Res>,
    wanted: RequestedCall<Req, Res, Tag>,
    options: RequestOptions<Tag>,
    tag: Tag,
  ): void;
  /** The same, of the method that is registered for the path `method`. */
  requestRegisteredCall<Tag>(
    method: string,
    wanted: RequestedCall<Uint8Array, Uint8Array, Tag>,
    options: RequestOptions<Tag>,
    tag: Tag,
  ): void;
  requestRegisteredCall<Tag>(
    method: MethodDescriptor<unknown, unknown> | string,
    wanted: RequestedCall<never, never, Tag>,
    options: RequestOptions<Tag>,
    tag: Tag,
  ): void {
    const path = typeof method === "string" ? method : checkMethod("request a call of", method);
    const purpose = `request a call of ${path}`;
    checkOptions(purpose, options, REQUEST_NAMES);
    const found = this.#requests.find(path, options.host);
    checkHandling(purpose, options.payload, found.payload);
    const request = requestInto(wanted, purpose, tag, notifiedOf(options), boundOf(options));
    this.#requests.request(found, request);
    markRequested(wanted as RequestedCall<never, never, never>);
  }

  /**
   * Requests one call of `method` for `responder`, which has the call's operations in C++'s names when `tag` has come with
   * success.
   *
   * @example
   * ```ts
   * import { type CompletionQueue, type MethodDescriptor, type QueueServer, ServerAsyncResponseWriter } from "pollwire";
   *
   * type Method = MethodDescriptor<{ text?: string }, { text?: string }, "unary">;
   *
   * class Echo {
   *   readonly responder = new ServerAsyncResponseWriter<{ text?: string }, { text?: string }>();
   *
   *   constructor(readonly calls: QueueServer, readonly queue: CompletionQueue, readonly method: Method) {
   *     calls.request(method, this.responder, { queue }, this);
   *   }
   *
   *   proceed(): void {
   *     new Echo(this.calls, this.queue, this.method); // for the next call
   *     this.responder.finish(this.responder.request, "OK", undefined);
   *   }
   * }
   * ```
   *
   * @throws {CallError} as `requestRegisteredCall` does
   * @throws {TypeError} for unknown options, a method that is not registered, and a responder that was used before
   */
  request<Req, Res, Kind extends MethodKind, Tag>(
    method: MethodDescriptor<Req, unknown, Kind, unknown, Res>,
    responder: ServerResponderOf<Req, Res, Kind, Tag>,
    options: RequestOptions<Tag>,
    tag: Tag,
  ): void {
    const path = checkMethod("request a call of", method);
    const purpose = `request a call of ${path}`;
    checkOptions(purpose, options, REQUEST_NAMES);
    const found = this.#requests.find(path, options.host);
    checkHandling(purpose, payloadOf(method), found.payload);
    const [notified, bound] = [notifiedOf(options), boundOf(options)];
    this.#requests.request(found, requestFor(responder, path, method.kind, tag, notified, bound));
  }

  /**
   * Takes no new calls: stops listening, sends GOAWAY to every client, and fails every request. Running calls go on; `tag`
   * comes out of `queue`, with success, when the last of them is over, or at once after that.
   *
   * @throws {CallError} NOT_SERVER_COMPLETION_QUEUE, COMPLETION_QUEUE_SHUTDOWN
   */
  shutdownAndNotify<Tag>(queue: CompletionQueue<Tag>, tag: Tag): void {
    this.#requests.shutdownAndNotify(queueCoreOf(queue as CompletionQueue), tag);
  }

  /**
   * Ends all calls of the server, of every style, after its shutdown has begun: their clients get UNAVAILABLE.
   *
   * @throws {TypeError} before the shutdown
   */
  cancelAllCalls(): void {
    this.#requests.cancelAllCalls();
  }

  /**
   * Does nothing but check that all is over.
   *
   * @throws {TypeError} where the server's shutdown is not over, or an event of it was not taken
   */
  destroy(): void {
    this.#requests.destroy();
  }

  /** What waits: requests, calls, notifications. */
  describePending(): string {
    const lines = this.#requests.describePending();
    return ["completion queues of a server" + (lines.length === 0 ? ": nothing waits" : ":"), ...lines].join(
      "\n  ",
    );
  }
}

/**
 * Serves a method by the queues of `calls`: for `addService` in a handler's place, beside handlers of other styles, and for
 * `addGenericService`. Its calls come to `requestRegisteredCall` and `request`, those of the generic service to
 * `requestCall`.
 *
 * @example
 * ```ts ignore
 * server.addService(RouteGuide, { getFeature: queueMethod(calls), listFeatures: (rectangle) => inside(rectangle) });
 * calls.request(RouteGuide.methods.getFeature, responder, { queue }, tag);
 * ```
 *
 * @throws {TypeError} for what is no QueueServer
 */
export function queueMethod<M>(calls: QueueServer): MethodStyle<M> {
  const requests = requestsOf(calls);
  return methodStyle<M>((descriptor) =>
    descriptor.path.startsWith("/")
      ? requests.serve(descriptor, payloadOf(descriptor)).begin
      : requests.asGeneric().begin
  );
}

/** The queue of the request's event. */
function notifiedOf<Tag>({ queue, notificationQueue = queue }: RequestOptions<Tag>): QueueCore<unknown> {
  return queueCoreOf(notificationQueue as CompletionQueue);
}

/** The queue of the call's batches. */
function boundOf<Tag>({ queue }: RequestOptions<Tag>): QueueCore<unknown> {
  return queueCoreOf(queue as CompletionQueue);
}

/** By default. */
function payloadOf({ kind }: MethodDescriptor<unknown, unknown>): PayloadHandling {
  return !streamsRequests(kind) ? "READ_INITIAL" : "NONE";
}

function checkMethod(what: string, method: MethodDescriptor<unknown, unknown>): string {
  const path = (method as { path?: unknown } | null | undefined)?.path;
  if (typeof path === "string") return path;
  throw new TypeError(`Cannot ${what} ${describe(method)}: give a method of a service, or a path`);
}

function checkPath(path: string): string {
  if (/^\/[!-.0-~]+\/[!-.0-~]+$/.test(path)) return path;
  throw new TypeError(`Cannot register ${JSON.stringify(path)}: a path is "/package.Service/Method"`);
}

function checkPayload(purpose: string, payload: unknown): void {
  if (payload === "NONE" || payload === "READ_INITIAL") return;
  throw new TypeError(`Cannot ${purpose}: payload is ${describe(payload)}; give "NONE" or "READ_INITIAL"`);
}

function checkHandling(
  purpose: string,
  wanted: PayloadHandling | undefined,
  registered: PayloadHandling,
): void {
  if (wanted === undefined) return;
  checkPayload(purpose, wanted);
  if (wanted === registered) return;
  throw new CallError(
    "PAYLOAD_TYPE_MISMATCH",
    `Cannot ${purpose} with payload ${wanted}: it is registered with ${registered}`,
  );
}
