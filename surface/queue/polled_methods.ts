// gRPC's synchronous server shape: handlers that run where calls are polled for, on as many consumers of each queue as its
// thread manager has.

import type { Reporter, ReportOptions } from "../../pollers/mod.ts";
import { checkOptions, describe, type OptionNames } from "../options.ts";
import type { MethodDescriptor } from "../proto/mod.ts";
import { type MethodStyle, methodStyle } from "../server/method_style.ts";
import { type Server, styledServer } from "../server/server.ts";
import type { ServerStyle, StyledServer } from "../server/server_styles.ts";
import { CompletionQueue, queueCoreOf } from "./completion_queue.ts";
import { type AnyPolledHandler, PolledCall, type PolledHandler, type PolledMethod } from "./polled_call.ts";
import type { QueueCore } from "./queue_core.ts";
import { QueueServer, requestsOf } from "./queue_server.ts";
import type { ServerRequests } from "./server_requests.ts";
import {
  readThreads,
  THREAD_OPTION_NAMES,
  ThreadManager,
  type ThreadManagerOptions,
  type ThreadQuota,
} from "./thread_manager.ts";
import { streamsRequests } from "../proto/service.ts";

/** How many queues there are, and how many consumers poll each. */
export interface PolledMethodsOptions extends Omit<ThreadManagerOptions, keyof ReportOptions> {
  /** Completion queues, with a thread manager each. Default 1. */
  readonly numQueues?: number;
}

const NAMES: OptionNames<PolledMethodsOptions> = { ...THREAD_OPTION_NAMES, numQueues: true };

/** Queues of calls that are kept for others: as many as a connection usually has calls. */
const MOST_IDLE = 100;

/**
 * Methods whose handlers run on pollers of completion queues, as those of C++'s synchronous server: a poller finds a call,
 * has another poll meanwhile, runs the handler to its end, and polls again. As many calls of a queue run at a time as it
 * has pollers and as its quota allows; further ones wait. Methods of other styles are served beside them.
 *
 * @example
 * ```ts ignore
 * const polled = new PolledMethods(server, { numQueues: 2, minPollers: 1, maxPollers: 2 });
 * server.addService(RouteGuide, {
 *   getFeature: polled.method((point) => lookup(point)),
 *   routeChat: polled.method(async (stream) => {
 *     for (let note; (note = await stream.read()) !== undefined;) await stream.write(note);
 *   }),
 * });
 * ```
 */
export class PolledMethods {
  readonly #host: PolledHost;

  /**
   * Of `server`, which has not started; the pollers start with it, and end when it was shut down.
   *
   * @throws {TypeError} for what is no server, for one that has started, and for unknown options
   * @throws {RangeError} for numbers that are none, and where more must poll than may
   */
  constructor(server: Server, options: PolledMethodsOptions = {}) {
    const purpose = "poll for calls of a server";
    checkOptions(purpose, options, NAMES);
    const { numQueues = 1, ...rest } = options;
    if (!(Number.isInteger(numQueues) && numQueues >= 1)) {
      throw new RangeError(
        `Cannot ${purpose}: numQueues is ${describe(numQueues)}; give a positive whole number`,
      );
    }
    const threads = readThreads(purpose, rest); // before there are queues, which hold the engine
    this.#host = new PolledHost(styledServer(purpose, server), new QueueServer(server), numQueues, threads);
  }

  /**
   * A handler, for `addService`. It waits where C++'s blocks: what it throws is the call's status, an RpcError as it is.
   *
   * @throws {TypeError} for what is no function
   */
  method<M>(handler: PolledHandler<M>): MethodStyle<M> {
    if (typeof handler !== "function") {
      throw new TypeError(`Cannot poll for calls of ${describe(handler)}: give a function as the handler`);
    }
    return methodStyle<M>((descriptor) => this.#host.add(descriptor, handler as unknown as AnyPolledHandler));
  }

  /** Consumers that poll now, of each queue. */
  get pollers(): number[] {
    return this.#host.managers.map(({ pollers }) => pollers);
  }

  /** The most consumers that polled or worked at a time, of each queue. */
  get mostThreads(): number[] {
    return this.#host.managers.map(({ mostThreads }) => mostThreads);
  }
}

/** The inside of it. */
class PolledHost implements ServerStyle {
  readonly managers: Array<ThreadManager<PolledCall>>;
  readonly reporter: Reporter;
  private readonly queues: Array<CompletionQueue<PolledCall>>;
  private readonly methods: PolledMethod[] = [];
  private readonly requests: ServerRequests;
  /** Queues of calls that are over. */
  private readonly idle: Array<CompletionQueue<unknown>> = [];
  private readonly quota: ThreadQuota;
  /** Pollers that all queues start with. */
  private readonly leastPollers: number;
  private isPolling = false;

  constructor(
    private readonly server: StyledServer,
    calls: QueueServer,
    numQueues: number,
    threads: ReturnType<typeof readThreads>,
  ) {
    const { engine, reporter } = server.host;
    this.reporter = reporter;
    this.quota = threads.quota;
    this.leastPollers = numQueues * threads.minPollers;
    const report = {
      onError: (error: unknown) => reporter.report(error, { where: "queue callback", level: "error" }),
    };
    this.queues = Array.from(
      { length: numQueues },
      () => new CompletionQueue<PolledCall>({ poller: engine }),
    );
    this.managers = this.queues.map((queue) =>
      new ThreadManager<PolledCall>(
        queue,
        (call, success, resources) => this.serve(call, success, resources),
        { ...threads, ...report },
      )
    );
    this.requests = requestsOf(calls);
    for (const queue of this.queues) calls.registerCompletionQueue(queue);
    server.styles.add(this);
  }

  get exposeErrors(): boolean {
    return this.server.host.exposeErrors;
  }

  /** Serves a method. */
  add(descriptor: MethodDescriptor<unknown, unknown>, handler: AnyPolledHandler) {
    const { kind } = descriptor;
    const payload = !streamsRequests(kind) ? "READ_INITIAL" : "NONE";
    const method = { kind, handler, requested: this.requests.serve(descriptor, payload) };
    this.methods.push(method);
    if (this.server.styles.isStarted) {
      for (const queue of this.queues) {
        this.request(method, coreOf(queue));
      }
    }
    return method.requested.begin;
  }

  onStart(): void {
    if (this.isPolling) return; // another style refused to start, and the server was started again
    this.checkQuota();
    this.isPolling = true;
    for (const manager of this.managers) manager.start();
    for (const method of this.methods) for (const queue of this.queues) this.request(method, coreOf(queue));
  }

  /** All queues are polled or none: where the server does not start, it may be started again. */
  private checkQuota(): void {
    const { quota, leastPollers } = this;
    if (!quota.reserve(leastPollers)) {
      throw new Error(`Cannot start the ${leastPollers} pollers of a server: the thread quota is used up`);
    }
    quota.release(leastPollers);
  }

  onShutdown(): void {}

  onOver(): void {
    for (const [i, queue] of this.queues.entries()) {
      queue.shutdown();
      this.managers[i]!.shutdown();
      void this.managers[i]!.wait();
    }
    for (const queue of this.idle.splice(0)) queue.shutdown();
  }

  takeBack(queue: CompletionQueue<unknown>): void {
    // Its call is over, so nothing of it is pending; whatever completed was waited for.
    if (!this.server.styles.isOver && this.idle.length < MOST_IDLE) this.idle.push(queue);
    else queue.shutdown();
  }

  describePending(): string[] {
    return this.managers.map(({ pollers, threads }, i) =>
      `queue ${i}: ${pollers} consumers poll, ${threads - pollers} work`
    );
  }

  private request(method: PolledMethod, notified: QueueCore<unknown>): void {
    const { engine } = this.server.host;
    const own = this.idle.pop() ?? new CompletionQueue({ completionType: "PLUCK", poller: engine });
    this.requests.request(method.requested, new PolledCall(method, this, notified, own));
  }

  /** From a poller: the next call is requested before this one is served. */
  private serve(call: PolledCall, success: boolean, resources: boolean): Promise<void> | undefined {
    if (!success) {
      call.drop();
      return undefined;
    }
    if (!this.server.styles.isShutDown) this.request(call.method, call.notified);
    return call.serve(resources);
  }
}

function coreOf(queue: CompletionQueue<PolledCall>): QueueCore<unknown> {
  return queueCoreOf(queue as CompletionQueue);
}
