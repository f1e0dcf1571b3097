// A completion queue: operations that are started with a tag come out of it, with their tag, when they are over.

import { type Instant, Reporter, type ReportOptions } from "../../pollers/mod.ts";
import type { PollerList } from "../engines.ts";
import { useEngine } from "../full/engines.ts";
import { checkOptions, checkReport, checkType, describe, type OptionNames } from "../options.ts";
import { blockForEvent } from "./blocked_consumer.ts";
import { checkDeadline, deadlineIn } from "./deadline.ts";
import { type CompletionEvent, describeTag, type OpComplete } from "./event.ts";
import { type CompletionType, listed, QueueCore } from "./queue_core.ts";
import { type PollingType, QUEUE_POLLERS } from "./queue_poller.ts";

/** What a completion queue is made with; fixed for its life. */
export interface CompletionQueueOptions extends ReportOptions {
  /**
   * How events leave the queue. "NEXT" (the default): by `next`, in the order of their completion. "PLUCK": by `pluck`, those
   * of a tag. "CALLBACK": tags are functions, each is called with its `success` on a turn of its own.
   */
  readonly completionType?: CompletionType;
  /**
   * What a consumer that blocks its thread polls. "DEFAULT_POLLING": everything. "NON_LISTENING": everything but sockets
   * that listen. "NON_POLLING": nothing. Asynchronous waits poll nothing themselves: the engine does, whatever this says.
   */
  readonly pollingType?: PollingType;
  /** Pollers to choose from, in order; else POLLWIRE_POLLER, else "native". That of the channels and servers it serves. */
  readonly poller?: PollerList;
  /** Of a CALLBACK queue: called once, with true, after the last callback. */
  readonly onShutdown?: (success: boolean) => void;
}

const NAMES: OptionNames<CompletionQueueOptions> = {
  completionType: true,
  pollingType: true,
  poller: true,
  onShutdown: true,
  onError: true,
  logger: true,
};

const COMPLETION_TYPES: Readonly<Record<CompletionType, true>> = { NEXT: true, PLUCK: true, CALLBACK: true };

/** The inside of a queue, for what starts operations on it and for what waits in it. */
export let queueCoreOf: <Tag>(queue: CompletionQueue<Tag>) => QueueCore<Tag>;

/**
 * A queue of gRPC's core. Every operation that was started on it gives exactly one event, whatever happens to its call,
 * channel or server; the order of events of different operations is not promised. Several consumers may wait at once, each
 * event goes to one of them.
 *
 * It does not keep the process alive: calls and alarms do, and so does a wait with a deadline.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Alarm, CompletionQueue, deadlineIn } from "pollwire";
 *
 * const queue = new CompletionQueue<string>();
 * new Alarm().set(queue, deadlineIn(5), "tick");
 * queue.shutdown(); // what is pending still comes
 * for await (const { tag, success } of queue) assertEquals([tag, success], ["tick", true]);
 * ```
 */
export class CompletionQueue<Tag = unknown> {
  readonly #core: QueueCore<Tag>;
  /** Resolves when nothing is pending any more, and the engine is given back. */
  readonly #over: Promise<void>;

  /**
   * A queue on which nothing is pending.
   *
   * @throws {TypeError} for unknown options and types, values of a wrong type, and for `onShutdown` of a queue without callbacks
   * @throws {PollerError} where no poller of the list can be used
   */
  constructor(options: CompletionQueueOptions = {}) {
    const purpose = "make a completion queue";
    checkOptions(purpose, options, NAMES);
    checkReport(purpose, options);
    const { completionType = "NEXT", pollingType = "DEFAULT_POLLING", onShutdown } = options;
    checkOneOf("completionType", completionType, COMPLETION_TYPES);
    checkOneOf("pollingType", pollingType, QUEUE_POLLERS);
    checkType(purpose, "onShutdown", onShutdown, "function");
    if (onShutdown !== undefined && completionType !== "CALLBACK") {
      throw new TypeError(
        `Cannot make a completion queue: onShutdown is for type CALLBACK, not ${completionType}`,
      );
    }
    const use = useEngine(options.poller);
    let over!: (ended: Promise<void>) => void;
    this.#over = new Promise((resolve) => over = resolve);
    this.#core = new QueueCore(
      use.engine,
      completionType,
      pollingType,
      new Reporter(options),
      onShutdown,
      () => over(use.end()),
    );
  }

  static {
    queueCoreOf = (queue) => {
      if (typeof queue === "object" && queue !== null && #core in queue) return queue.#core;
      throw new TypeError(`Cannot use ${describe(queue)} as a completion queue: give a CompletionQueue`);
    };
  }

  /** How events leave it. */
  get completionType(): CompletionType {
    return this.#core.completionType;
  }

  /** What a consumer that blocks polls. */
  get pollingType(): PollingType {
    return this.#core.pollingType;
  }

  /** Waits for events that were begun so far (gRPC core's num_polls, for tests). */
  get polls(): number {
    return this.#core.pollset.polls;
  }

  /** The instant `ms` milliseconds from now on the clock of this queue's engine, see `deadlineIn`. */
  deadlineIn(ms: number): Instant {
    return deadlineIn(ms, this.#core.engine);
  }

  /**
   * The first event, as soon as there is one; QUEUE_TIMEOUT at `deadline`, QUEUE_SHUTDOWN once the queue is shut down and
   * its last event was taken. What is there is taken whatever the deadline says; where it has passed and nothing is there,
   * the engine polls once more.
   *
   * @throws {TypeError} (by the promise) for queues of another type, and for what is no deadline
   * @throws {Error} (by the promise) what the engine threw, where waiting is not possible
   */
  next(deadline: Instant = Infinity): Promise<CompletionEvent<Tag>> {
    try {
      this.#check("next", "NEXT");
      checkDeadline("wait for the next event", deadline);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#core.next(deadline);
  }

  /**
   * The same as `next`, but this thread blocks until then, in the engine of the queue, and dispatches what comes there: also
   * what completes on other queues, and what asynchronous calls wait for. No promise continuation, timer or message of this
   * thread runs meanwhile.
   *
   * @throws {TypeError} for queues of another type, for what is no deadline, and where this thread cannot wait in the
   *   engine: that of "native", inside a callback of the engine, and for queues of polling type NON_POLLING
   * @throws {Error} where waiting is not possible any more, and without a deadline where nothing can end it
   */
  nextSync(deadline: Instant = Infinity): CompletionEvent<Tag> {
    this.#check("nextSync", "NEXT");
    checkDeadline("wait for the next event", deadline);
    return blockForEvent(this.#core, false, undefined, deadline);
  }

  /**
   * The same as `pluck`, but this thread blocks; see `nextSync`.
   *
   * @throws {TypeError} for queues of another type, for what is no deadline, and where this thread cannot wait in the
   *   engine: that of "native", inside a callback of the engine, and for queues of polling type NON_POLLING
   * @throws {Error} where waiting is not possible any more, and without a deadline where nothing can end it
   */
  pluckSync(tag: Tag, deadline: Instant = Infinity): CompletionEvent<Tag> {
    this.#check("pluckSync", "PLUCK");
    checkDeadline(`pluck ${describeTag(tag)}`, deadline);
    return blockForEvent(this.#core, true, tag, deadline);
  }

  /**
   * The first event if there is one now, else QUEUE_TIMEOUT or QUEUE_SHUTDOWN.
   *
   * @throws {TypeError} for queues of another type
   */
  tryNext(): CompletionEvent<Tag> {
    this.#check("tryNext", "NEXT");
    return this.#core.tryNext();
  }

  /**
   * The first event that has `tag`; those of other tags stay, in order. At most six may wait at a time: a seventh gets
   * QUEUE_TIMEOUT at once.
   *
   * @throws {TypeError} (by the promise) for queues of another type, and for what is no deadline
   * @throws {Error} (by the promise) what the engine threw, where waiting is not possible
   */
  pluck(tag: Tag, deadline: Instant = Infinity): Promise<CompletionEvent<Tag>> {
    return rejecting(() => {
      this.#check("pluck", "PLUCK");
      checkDeadline(`pluck ${describeTag(tag)}`, deadline);
      return this.#core.pluck(tag, deadline);
    });
  }

  /**
   * Runs `closure`; if that completes an operation of this queue, gives its event, past the queue, else waits as `next`
   * does. Only the first event is taken so. C++'s DoThenAsyncNext.
   *
   * @throws {TypeError} (by the promise) for queues of another type, and for what is no function or deadline
   * @throws {Error} (by the promise) what `closure` threw; its events are in the queue then
   */
  doThenAsyncNext(closure: () => void, deadline: Instant = Infinity): Promise<CompletionEvent<Tag>> {
    return rejecting(() => {
      this.#check("doThenAsyncNext", "NEXT");
      checkType("wait for the next event", "closure", closure ?? null, "function");
      checkDeadline("wait for the next event", deadline);
      return this.#core.doThenAsyncNext(closure, deadline);
    });
  }

  /**
   * Begins to drain: what is pending still comes, then QUEUE_SHUTDOWN. Shut servers down first. Idempotent.
   *
   * @throws {TypeError} where a server of the queue is not shut down
   */
  shutdown(): void {
    this.#core.shutdown();
  }

  /**
   * Shuts down a queue that is drained.
   *
   * @throws {TypeError} that names what is pending, or was not taken
   */
  destroy(): void {
    this.shutdown();
    const { pending, events } = this.#core;
    const tags = [...pending.all().map(({ tag }) => tag), ...events.all().map(({ tag }) => tag)];
    if (tags.length === 0) return;
    throw new TypeError(
      `Cannot destroy a completion queue that is not drained: of ${tags.length} tags the events were not taken: ` +
        `${listed(tags.map(describeTag))}; take them until QUEUE_SHUTDOWN`,
    );
  }

  /** The same as `destroy`, for `using`. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** For `await using`: shuts down, waits until nothing is pending, and drops the events that nobody takes. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.shutdown();
    await this.#over;
    this.#core.events.clear();
  }

  /**
   * The events, one by one, until QUEUE_SHUTDOWN. Several loops may run at once; leaving one leaves the queue as it is.
   *
   * @throws {TypeError} for queues of another type
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<OpComplete<Tag>> {
    this.#check("iterate", "NEXT");
    return new Events(this.#core);
  }

  /** What is pending, what was not taken and how many wait: some lines of text, for a program that hangs. */
  describePending(): string {
    return this.#core.describePending();
  }

  #check(method: string, wanted: CompletionType): void {
    const { completionType } = this.#core;
    if (completionType === wanted) return;
    const instead = { NEXT: "use next", PLUCK: "use pluck", CALLBACK: "its tags are called" }[completionType];
    throw new TypeError(`Cannot ${method}: the completion queue is of type ${completionType}; ${instead}`);
  }
}

/** One loop over the events of a queue. */
class Events<Tag> implements AsyncIterableIterator<OpComplete<Tag>> {
  constructor(private readonly core: QueueCore<Tag>) {}

  next(): Promise<IteratorResult<OpComplete<Tag>>> {
    const event = this.core.tryNext();
    if (event.type !== "QUEUE_TIMEOUT") return Promise.resolve(resultOf(event));
    return new Promise((resolve, reject) => this.core.wait((event) => resolve(resultOf(event)), reject));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };

function resultOf<Tag>(event: CompletionEvent<Tag>): IteratorResult<OpComplete<Tag>> {
  return event.type === "OP_COMPLETE" ? { value: event, done: false } : DONE;
}

function checkOneOf(option: string, given: unknown, known: object): void {
  if (typeof given === "string" && Object.hasOwn(known, given)) return;
  const names = Object.keys(known).join(", ");
  throw new TypeError(
    `Cannot make a completion queue: ${option} is ${describeTag(given)}; there are ${names}`,
  );
}

/** What `begin` throws, the promise rejects with. */
function rejecting<T>(begin: () => Promise<T>): Promise<T> {
  try {
    return begin();
  } catch (error) {
    return Promise.reject(error);
  }
}
