// The inside of a server by completion queues: its queues, its methods, and its notifications of shutdown.

import { type MethodDescriptor, rawMethod } from "../proto/mod.ts";
import type { BeginServerCall } from "../server/method_style.ts";
import type { ServerStyle, StyledServer } from "../server/server_styles.ts";
import { CallError } from "./call_error.ts";
import { CallMatcher } from "./call_matcher.ts";
import type { CallRequest } from "./call_request.ts";
import { describeTag, type OpComplete } from "./event.ts";
import type { QueueCore, QueueOwner } from "./queue_core.ts";
import type { QueueOperation } from "./queue_operation.ts";
import { QueueServerCall } from "./server_call.ts";

/** What comes with the event of a request. */
export type PayloadHandling =
  /** Nothing: messages are received by batches. */
  | "NONE"
  /** The one request of the method. */
  | "READ_INITIAL";

/** A method whose calls are requested. */
export interface RequestedMethod {
  readonly matcher: CallMatcher;
  readonly payload: PayloadHandling;
  readonly begin: BeginServerCall;
}

/** Messages of methods that are not registered are octets. */
const UNREGISTERED = rawMethod("/", "bidiStreaming") as MethodDescriptor<unknown, unknown>;

/** What serves them, in messages. */
const FALLBACK = "server by completion queues";

/** One notification of shutdown. */
class Notification implements QueueOperation {
  /** Owned by the queue. */
  nextOperation: QueueOperation | undefined = undefined;
  /** Owned by the queue. */
  previousOperation: QueueOperation | undefined = undefined;
  readonly purpose = "be notified of a server's shutdown";
  event: OpComplete | undefined = undefined;

  constructor(readonly core: QueueCore<unknown>, readonly tag: unknown) {}

  describe(): string {
    return "shutdown of a server";
  }
}

/** See the head of this file. */
export class ServerRequests implements ServerStyle, QueueOwner {
  private readonly queues: Array<QueueCore<unknown>> = [];
  private readonly methods = new Map<string, RequestedMethod>();
  private unregistered: RequestedMethod | undefined = undefined;
  private readonly notifications: Notification[] = [];

  /** At most `waitingLimit` calls of a method wait for requests. */
  constructor(readonly server: StyledServer, private readonly waitingLimit: number) {
    server.styles.add(this);
  }

  // From the server.

  onStart(): void {
    if (this.queues.length > 0 || (this.methods.size === 0 && this.unregistered === undefined)) return;
    const [path = "unregistered methods"] = this.methods.keys();
    throw new TypeError(
      `Cannot start a server whose calls of ${path} are requested: no completion queue is registered; ` +
        "call registerCompletionQueue before listen",
    );
  }

  onShutdown(): void {
    for (const { matcher } of this.all()) matcher.shutdown();
  }

  onOver(): void {
    for (const notification of this.notifications) this.notify(notification);
    for (const queue of this.queues) queue.removeOwner(this);
  }

  describePending(): string[] {
    const waiting = this.all().flatMap(({ matcher }) => matcher.describePending());
    const tags = this.notifications.filter(({ event }) => event === undefined).map(({ tag }) =>
      describeTag(tag)
    );
    return tags.length === 0 ? waiting : [...waiting, `notified of the shutdown: ${tags.join(", ")}`];
  }

  // From queues.

  get isShutDown(): boolean {
    return this.server.styles.isShutDown;
  }

  describe(): string {
    return "server that it is registered with";
  }

  // From the application.

  /** Throws CallError after the server's start. */
  register(queue: QueueCore<unknown>): void {
    if (this.server.styles.isStarted) {
      throw new CallError(
        "NOT_SERVER_COMPLETION_QUEUE",
        "Cannot register a completion queue with a server that has started: register it before listen",
      );
    }
    if (this.queues.includes(queue)) return;
    this.queues.push(queue);
    if (this.server.needsLoop) queue.needsLoop = true;
    queue.addOwner(this);
  }

  /** What serves the method of `descriptor`: the same each time. */
  serve(descriptor: MethodDescriptor<unknown, unknown>, payload: PayloadHandling): RequestedMethod {
    const { path } = descriptor;
    const known = this.methods.get(path);
    if (known !== undefined) return known;
    this.checkStart(path);
    const method = this.make(path, descriptor, payload);
    this.methods.set(path, method);
    return method;
  }

  /** Serves one method, without a service. Throws TypeError where it is served already, and after the start. */
  registerMethod(
    descriptor: MethodDescriptor<unknown, unknown>,
    payload: PayloadHandling,
    host: string | undefined,
  ): void {
    const { path } = descriptor;
    if (this.server.styles.isStarted) {
      throw new TypeError(
        `Cannot register ${path} with a server that has started: register it before listen`,
      );
    }
    const key = nameAt(path, host);
    const method = this.make(key, descriptor, payload);
    const { begin } = method;
    const requestStream = payload === "NONE";
    this.server.methods.addMethod(path, { descriptor, requestStream, begin }, host);
    this.methods.set(key, method);
  }

  /** All that nothing else serves, for a server that gets it as its generic service. */
  asGeneric(): RequestedMethod {
    return this.unregistered ??= this.makeUnregistered();
  }

  /** The method at `path`. Throws TypeError where its calls are not requested. */
  find(path: string, host: string | undefined): RequestedMethod {
    const method = this.methods.get(nameAt(path, host));
    if (method !== undefined) return method;
    throw new TypeError(
      `Cannot request a call of ${
        nameAt(path, host)
      }: it is not registered; give queueMethod(...) to addService, ` +
        "or call registerMethod before listen",
    );
  }

  /** Requests one call. Throws CallError. */
  request(method: RequestedMethod, request: CallRequest): void {
    this.begin(method, request);
    method.matcher.request(request);
  }

  /**
   * The same, of a method that nothing else serves; from the first of them on their calls wait for requests. Throws TypeError
   * where something serves all methods already.
   */
  requestUnregistered(request: CallRequest): void {
    const method = this.unregistered ?? this.makeUnregistered();
    const { methods } = this.server;
    const isServed = methods.isFallback(method.begin);
    if (!isServed) methods.checkFallback(FALLBACK);
    this.begin(method, request);
    if (!isServed) methods.setFallback(FALLBACK, method.begin);
    this.unregistered = method;
    method.matcher.request(request);
  }

  private begin({ matcher: { what } }: RequestedMethod, request: CallRequest): void {
    request.what = what;
    request.home = this.numberOf(request.notified, request);
    request.begin();
  }

  /** Takes no new calls; `tag` comes out of `core` when the last one is over. Throws CallError. */
  shutdownAndNotify(core: QueueCore<unknown>, tag: unknown): void {
    const notification = new Notification(core, tag);
    this.numberOf(core, notification);
    core.begin(notification);
    this.notifications.push(notification);
    if (this.server.styles.isOver) this.notify(notification);
    else this.server.shutdown();
  }

  /** Throws TypeError before the shutdown. */
  cancelAllCalls(): void {
    if (!this.isShutDown) {
      throw new TypeError(
        "Cannot cancel all calls of a server that is not shut down: call shutdownAndNotify first",
      );
    }
    this.server.close();
  }

  /** Throws TypeError where the shutdown is not over, or an event of it was not taken. */
  destroy(): void {
    const { isOver } = this.server.styles;
    if (!isOver) {
      const what = this.isShutDown ? "its shutdown is not over" : "it is not shut down";
      throw new TypeError(`Cannot destroy a server: ${what}; call shutdownAndNotify, and take its event`);
    }
    const left = this.notifications.filter(({ core, event }) =>
      event !== undefined && core.events.has(event)
    );
    if (left.length === 0) return;
    const tags = left.map(({ tag }) => describeTag(tag)).join(", ");
    throw new TypeError(`Cannot destroy a server: of its shutdown the events of tags ${tags} were not taken`);
  }

  private numberOf(core: QueueCore<unknown>, operation: QueueOperation): number {
    const number = this.queues.indexOf(core);
    if (number >= 0) return number;
    throw new CallError(
      "NOT_SERVER_COMPLETION_QUEUE",
      `Cannot ${operation.purpose}: the completion queue is not registered with the server; call registerCompletionQueue`,
    );
  }

  private notify(notification: Notification): void {
    notification.event = notification.core.end(notification, true);
  }

  private checkStart(path: string): void {
    if (!this.server.styles.isStarted || this.queues.length > 0) return;
    throw new TypeError(`Cannot serve ${path} by completion queues: the server has started without one`);
  }

  private all(): RequestedMethod[] {
    const all = [...this.methods.values()];
    return this.unregistered === undefined ? all : [...all, this.unregistered];
  }

  private makeUnregistered(): RequestedMethod {
    return this.make("unregistered methods", UNREGISTERED, "NONE");
  }

  private make(
    what: string,
    descriptor: MethodDescriptor<unknown, unknown>,
    payload: PayloadHandling,
  ): RequestedMethod {
    const matcher = new CallMatcher(what, this.waitingLimit, this.server.host.engine);
    matcher.isShutDown = this.isShutDown;
    const begin: BeginServerCall = (host, method, stream, head, connection, receivedAt) => {
      const home = connection.number % this.queues.length;
      return new QueueServerCall(
        host,
        method,
        stream,
        head,
        connection,
        receivedAt,
        descriptor,
        matcher,
        home,
      );
    };
    return { matcher, payload, begin };
  }
}

function nameAt(path: string, host: string | undefined): string {
  return host === undefined ? path : `${path} of host ${host}`;
}
