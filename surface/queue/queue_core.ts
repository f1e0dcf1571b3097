// The inside of a completion queue: operations that are pending, events that wait, and consumers that wait for them.
//
// An operation is begun, and ended exactly once; its end is an event, and the event is taken exactly once. `shutdown`
// begins to drain: the queue is over when nothing is pending any more, and consumers learn of it when no event is left
// that they could take. Until then new operations are accepted, also by a queue that is shutting down.

import {
  type ApplicationCallback,
  callApplication,
  type EventEngine,
  type Instant,
  type Reporter,
} from "../../pollers/mod.ts";
import { CallError } from "./call_error.ts";
import {
  type CompletionEvent,
  describeTag,
  EventList,
  isSameTag,
  type OpComplete,
  QUEUE_SHUTDOWN,
  QUEUE_TIMEOUT,
} from "./event.ts";
import { PendingOperations } from "./pending_operations.ts";
import type { QueueOperation } from "./queue_operation.ts";
import {
  type PollingType,
  type Pollset,
  QUEUE_POLLERS,
  type QueuePollerVtable,
  QueueWorker,
} from "./queue_poller.ts";

/** How events leave a queue. */
export type CompletionType = "NEXT" | "PLUCK" | "CALLBACK";

/** What must be shut down before its queue: a server. */
export interface QueueOwner {
  /** Whether its shutdown has begun. */
  readonly isShutDown: boolean;
  /** "server at 127.0.0.1:50051". */
  describe(): string;
}

/** gRPC core's GRPC_MAX_COMPLETION_QUEUE_PLUCKERS. */
const MOST_PLUCKERS = 6;

/** The queue, of type NEXT, whose first event `doThenAsyncNext` of this thread takes, and the event. */
let caching: QueueCore<unknown> | undefined = undefined;
let cached: OpComplete | undefined = undefined;

/** One consumer, waiting. */
class Consumer<Tag> extends QueueWorker {
  /** Looks at the queue before it looks at its deadline. */
  first = true;

  constructor(
    private readonly core: QueueCore<Tag>,
    deadline: Instant,
    readonly pluck: boolean,
    readonly tag: Tag | undefined,
    readonly settle: (event: CompletionEvent<Tag>) => void,
    readonly fail: (error: unknown) => void,
  ) {
    super(deadline);
  }

  override wake(): void {
    this.core.serve(this);
  }
}

/** See the head of this file. */
export class QueueCore<Tag> implements ApplicationCallback {
  /** Calls of it need the runtime's loop: see `CallContext`. */
  needsLoop = false;
  /** Operations that were begun and have not ended. */
  readonly pending: PendingOperations<Tag> = new PendingOperations();
  /** Events that nobody has taken. */
  readonly events: EventList<Tag> = new EventList();
  /** Those who wait. */
  readonly pollset: Pollset;
  /** How they wait. */
  readonly poller: QueuePollerVtable;
  /** Whether `shutdown` was called. */
  isShuttingDown = false;
  /** Whether nothing is pending any more, and nothing will be. */
  isOver = false;
  private readonly owners = new Set<QueueOwner>();
  /** A CALLBACK queue waits for its turn to call. */
  callbackScheduled = false;

  /** `onOver`: nothing is pending any more, and the last callback was called. */
  constructor(
    readonly engine: EventEngine,
    readonly completionType: CompletionType,
    readonly pollingType: PollingType,
    private readonly reporter: Reporter,
    private readonly onShutdown: ((success: boolean) => void) | undefined,
    private readonly onOver: () => void,
  ) {
    this.poller = QUEUE_POLLERS[pollingType];
    this.pollset = this.poller.init(engine);
  }

  /** Throws CallError, for the queue is over. `purpose`: "set an alarm". */
  refuse(purpose: string): never {
    throw new CallError(
      "COMPLETION_QUEUE_SHUTDOWN",
      `Cannot ${purpose}: its completion queue is shut down, and nothing is pending on it that could bring more`,
    );
  }

  /** Throws where `operation` cannot be begun: CallError where the queue is over, and TypeError for a tag that the queue cannot call. */
  check(operation: QueueOperation<Tag>): void {
    if (this.isOver) this.refuse(operation.purpose);
    const { tag } = operation;
    if (this.completionType !== "CALLBACK" || typeof tag === "function") return;
    throw new TypeError(
      `Cannot ${operation.purpose}: its completion queue is of type CALLBACK, and the tag is ${
        describeTag(tag)
      }, not a function`,
    );
  }

  /** Begins an operation. Throws as `check` does. */
  begin(operation: QueueOperation<Tag>): void {
    this.check(operation);
    this.pending.add(operation);
  }

  /** Ends an operation. Returns its event, which is in the queue unless somebody has taken it at once. */
  end(operation: QueueOperation<Tag>, success: boolean): OpComplete<Tag> {
    const { tag } = operation;
    const event: OpComplete<Tag> = { type: "OP_COMPLETE", success, tag };
    if (caching === this && cached === undefined) {
      cached = event;
      this.pending.delete(operation);
      return event;
    }
    this.events.push(event);
    this.pending.delete(operation);
    this.finishIfDrained();
    if (this.completionType === "NEXT") {
      this.poller.kick(this.pollset);
      if (this.events.size > 0) this.engine.execCtx.expectContinuations();
    } else if (this.completionType === "PLUCK") this.kickPlucker(tag);
    else this.engine.execCtx.schedule(this);
    return event;
  }

  /** The first event, or what there is instead of one. */
  next(deadline: Instant): Promise<CompletionEvent<Tag>> {
    const event = this.tryNext();
    if (event !== QUEUE_TIMEOUT) return Promise.resolve(event);
    return new Promise((resolve, reject) => this.wait(resolve, reject, deadline));
  }

  /** The first event of `tag`, or what there is instead of one. */
  pluck(tag: Tag, deadline: Instant): Promise<CompletionEvent<Tag>> {
    const event = this.tryPluck(tag);
    if (event !== QUEUE_TIMEOUT) return Promise.resolve(event);
    if (this.hasMostPluckers(tag)) return Promise.resolve(event);
    return new Promise((resolve, reject) => this.wait(resolve, reject, deadline, true, tag));
  }

  /** Whether one more, for `tag`, is refused, which is logged. */
  hasMostPluckers(tag: Tag): boolean {
    if (this.pollset.workers.length < MOST_PLUCKERS) return false;
    this.reporter.log(
      "warn",
      `Cannot pluck ${
        describeTag(tag)
      }: ${MOST_PLUCKERS} pluck from this queue already, and it takes no more at a time`,
    );
    return true;
  }

  /** The first event now; QUEUE_TIMEOUT where there is none. */
  tryNext(): CompletionEvent<Tag> {
    const event = this.events.shift();
    if (event === undefined) return this.isOver ? QUEUE_SHUTDOWN : QUEUE_TIMEOUT;
    if (this.events.size > 0) this.engine.execCtx.expectContinuations(); // of whoever takes one after the other
    return event;
  }

  /** The first event of `tag` now; QUEUE_TIMEOUT where there is none. */
  tryPluck(tag: Tag): CompletionEvent<Tag> {
    return this.events.pluck(tag) ?? (this.isOver ? QUEUE_SHUTDOWN : QUEUE_TIMEOUT);
  }

  /** Runs `closure`, and gives the first event that it completes, else the next one of the queue. */
  doThenAsyncNext(closure: () => void, deadline: Instant): Promise<CompletionEvent<Tag>> {
    const event = this.eventOf(closure);
    return event === undefined ? this.next(deadline) : Promise.resolve(event);
  }

  /** Begins to drain. Throws TypeError where a server still uses the queue. */
  shutdown(): void {
    for (const owner of this.owners) {
      if (owner.isShutDown) continue;
      throw new TypeError(
        `Cannot shut down a completion queue of the ${owner.describe()}, which is not shut down: shut the server down ` +
          "first, then the queue, then drain it",
      );
    }
    if (this.isShuttingDown) return;
    this.isShuttingDown = true;
    this.finishIfDrained();
  }

  /** `owner` must be shut down before the queue. */
  addOwner(owner: QueueOwner): void {
    this.owners.add(owner);
  }

  /** `owner` does not use the queue any more. */
  removeOwner(owner: QueueOwner): void {
    this.owners.delete(owner);
  }

  /** From a consumer that woke: it gets an event, or why there is none, or waits on. */
  serve(consumer: Consumer<Tag>): void {
    const event = consumer.pluck ? this.tryPluck(consumer.tag as Tag) : this.tryNext();
    if (event !== QUEUE_TIMEOUT) {
      consumer.settle(event);
      // One event wakes one consumer; who leaves others behind wakes the next.
      if (!consumer.pluck && this.events.size > 0) this.poller.kick(this.pollset);
      return;
    }
    if (!consumer.first && consumer.deadline <= this.engine.now()) return consumer.settle(event);
    consumer.first = false;
    try {
      this.poller.work(this.pollset, consumer);
    } catch (error) {
      this.reporter.log("error", "a completion queue cannot wait, since its engine threw", error);
      consumer.fail(error);
    }
  }

  /** Waits for the first event, or for the first of `tag`: to `settle`, or why there is none. */
  wait(
    settle: (event: CompletionEvent<Tag>) => void,
    fail: (error: unknown) => void,
    deadline: Instant = Infinity,
    pluck = false,
    tag?: Tag,
  ): void {
    this.serve(new Consumer(this, deadline, pluck, tag, settle, fail));
  }

  /** Of a CALLBACK queue: calls one tag, or after the last one `onShutdown`. */
  runCallback(): void {
    const event = this.events.shift();
    if (this.events.size > 0 || (this.isOver && event !== undefined)) this.engine.execCtx.schedule(this);
    if (event !== undefined) return this.call(event.tag as (success: boolean) => void, event.success);
    if (this.onShutdown !== undefined) this.call(this.onShutdown, true);
    this.onOver();
  }

  /** A consumer that was woken leaves without its event: the next one that waits for it gets it. */
  passOn(pluck: boolean, tag: Tag): void {
    if (pluck) this.kickPlucker(tag);
    else this.poller.kick(this.pollset);
  }

  private kickPlucker(tag: Tag): void {
    for (const worker of this.pollset.workers) {
      if (isSameTag((worker as Consumer<Tag>).tag, tag)) return this.poller.kick(this.pollset, worker);
    }
  }

  private eventOf(closure: () => void): OpComplete<Tag> | undefined {
    if (caching !== undefined) { // of a queue further out on this thread
      closure();
      return undefined;
    }
    caching = this as QueueCore<unknown>;
    try {
      closure();
    } catch (error) {
      const event = this.flush();
      if (event !== undefined) this.events.push(event);
      this.finishIfDrained();
      this.poller.kick(this.pollset);
      throw error;
    }
    const event = this.flush();
    this.finishIfDrained();
    return event;
  }

  private flush(): OpComplete<Tag> | undefined {
    const event = cached as OpComplete<Tag> | undefined;
    caching = cached = undefined;
    return event;
  }

  private call(call: (success: boolean) => unknown, success: boolean): void {
    try {
      const result = call(success);
      if (result !== undefined) this.watch(result);
    } catch (error) {
      this.threw(error);
    }
  }

  /** What a callback that is an async function rejects with is as if it had thrown it. */
  private watch(result: unknown): void {
    callApplication(() => result, (error) => this.threw(error));
  }

  private threw(error: unknown): void {
    this.reporter.report(error, { where: "queue callback", level: "error" });
  }

  /** An event that is cached counts as pending: it was not handed out. */
  private finishIfDrained(): void {
    if (!this.isShuttingDown || this.isOver || this.pending.size > 0 || caching === this) return;
    this.isOver = true;
    this.poller.shutdown(this.pollset);
    this.poller.destroy(this.pollset);
    if (this.completionType === "CALLBACK") this.engine.execCtx.schedule(this);
    else this.onOver();
  }

  /** What is pending, what nobody has taken, and who waits. */
  describePending(): string {
    const { pending, events, pollset } = this;
    const lines = pending.all().map((operation) =>
      `tag ${describeTag(operation.tag)}: ${operation.describe()}`
    );
    const untaken = events.all().map(({ tag }) => describeTag(tag));
    if (untaken.length > 0) lines.push(`completed and not taken: ${untaken.length} (${listed(untaken)})`);
    if (pollset.workers.length > 0) lines.push(`waiting consumers: ${pollset.workers.length}`);
    const state = this.isOver ? ", shut down" : this.isShuttingDown ? ", shutting down" : "";
    const head = `completion queue (${this.completionType}, ${this.pollingType}${state})`;
    return lines.length === 0 ? `${head}: nothing is pending` : `${head}:\n  ${lines.join("\n  ")}`;
  }
}

/** How many tags a line lists. */
const MOST_LISTED = 12;

/** The first of `names`, and how many more there are. */
export function listed(names: readonly string[]): string {
  const more = names.length - MOST_LISTED;
  return `${names.slice(0, MOST_LISTED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
