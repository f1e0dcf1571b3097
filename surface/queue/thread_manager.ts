// How many consumers poll a queue, and which of them work: gRPC's thread manager, whose threads are consumers here that
// wait asynchronously.
//
// A consumer polls. When it has found work it starts another one where fewer than `minPollers` are left that poll, works,
// and polls again while fewer than `maxPollers` do; else it ends. One that has found nothing for `queueTimeoutMs` ends
// where more than `maxPollers` poll. A quota, which queues may share, limits consumers: where it allows no other one and
// nobody polls any more, the work is done without resources, which is to fail.

import { Reporter, type ReportOptions } from "../../pollers/mod.ts";
import { isPromiseLike } from "../promise_like.ts";
import { checkNumber, checkOptions, checkReport, checkType, describe, type OptionNames } from "../options.ts";
import { type CompletionQueue, queueCoreOf } from "./completion_queue.ts";

/** Consumers that may run, of all queues that share it: gRPC's thread quota. */
export class ThreadQuota {
  #left: number;

  /**
   * At most `maxThreads` run; 1,500 is gRFC L30's. Infinity: as many as are wanted.
   *
   * @throws {RangeError} where that is no whole number of 1 or more
   */
  constructor(maxThreads: number = 1_500) {
    if (!isCount(maxThreads)) {
      throw new RangeError(
        `Cannot make a thread quota of ${describe(maxThreads)}: give a whole number of 1 or more`,
      );
    }
    this.#left = maxThreads;
  }

  /**
   * Takes `count` of it; false where less is left.
   *
   * @throws {RangeError} where that is no whole number of 1 or more
   */
  reserve(count: number): boolean {
    checkConsumers("reserve", count);
    if (count > this.#left) return false;
    this.#left -= count;
    return true;
  }

  /**
   * Returns what was reserved.
   *
   * @throws {RangeError} where that is no whole number of 1 or more
   */
  release(count: number): void {
    checkConsumers("release", count);
    this.#left += count;
  }
}

/** Consumers are started and reserved by ones: half of one would be reserved, and a whole one returned. */
function isCount(given: unknown): given is number {
  return given === Infinity || (Number.isSafeInteger(given) && (given as number) >= 1);
}

/** What is no number would leave a quota that is none: it would allow everything, or nothing. */
function checkConsumers(what: string, count: number): void {
  if (isCount(count) && count !== Infinity) return;
  throw new RangeError(
    `Cannot ${what} ${describe(count)} of a thread quota: give a whole number of 1 or more`,
  );
}

/** How many consumers poll one queue. */
export interface ThreadManagerOptions extends ReportOptions {
  /** Where fewer are left polling, a consumer that has found work starts another. Default 1. */
  readonly minPollers?: number;
  /** Where as many poll, a consumer that has worked ends. Default 2. */
  readonly maxPollers?: number;
  /** Milliseconds that a consumer polls before it looks whether it should end. Default 10,000. */
  readonly queueTimeoutMs?: number;
  /** Limits the consumers of all that share it. Default: one of 1,500 of its own. */
  readonly quota?: ThreadQuota;
}

/** The names of its own options. */
export const THREAD_OPTION_NAMES: OptionNames<Omit<ThreadManagerOptions, keyof ReportOptions>> = {
  minPollers: true,
  maxPollers: true,
  queueTimeoutMs: true,
  quota: true,
};

const NAMES: OptionNames<ThreadManagerOptions> = { ...THREAD_OPTION_NAMES, onError: true, logger: true };

/** Three years: the deadline of a longer wait would look like a time of day, and be refused, when nobody polls yet. */
const MOST_TIMEOUT_MS = 1e11;

/** The same, with what holds by default. Throws for what they cannot be; `purpose` says what was tried. */
export function readThreads(
  purpose: string,
  options: Omit<ThreadManagerOptions, keyof ReportOptions>,
): Required<Omit<ThreadManagerOptions, keyof ReportOptions>> {
  const { minPollers = 1, maxPollers = 2, queueTimeoutMs = 10_000, quota = new ThreadQuota() } = options;
  for (const [name, given] of Object.entries({ minPollers, maxPollers })) {
    if (isCount(given) && (given !== Infinity || name === "maxPollers")) continue;
    throw new RangeError(
      `Cannot ${purpose}: ${name} is ${describe(given)}; give a whole number of 1 or more`,
    );
  }
  checkNumber(purpose, "queueTimeoutMs", queueTimeoutMs, 1, "a positive number");
  if (queueTimeoutMs > MOST_TIMEOUT_MS && queueTimeoutMs !== Infinity) {
    throw new RangeError(
      `Cannot ${purpose}: queueTimeoutMs is ${
        describe(queueTimeoutMs)
      }; give ${MOST_TIMEOUT_MS} at most, or Infinity`,
    );
  }
  if (minPollers > maxPollers) {
    throw new RangeError(
      `Cannot ${purpose}: minPollers, ${minPollers}, is above maxPollers, ${maxPollers}`,
    );
  }
  if (!(quota instanceof ThreadQuota)) {
    throw new TypeError(`Cannot ${purpose}: quota is ${describe(quota)}; give a ThreadQuota`);
  }
  return { minPollers, maxPollers, queueTimeoutMs, quota };
}

/** Works on what a consumer found. `resources`: false where it has to fail, for nobody polls meanwhile. */
export type DoWork<Tag> = (tag: Tag, success: boolean, resources: boolean) => void | Promise<void>;

/** Consumers of one queue of type NEXT. */
export class ThreadManager<Tag = unknown> {
  readonly #queue: CompletionQueue<Tag>;
  readonly #doWork: DoWork<Tag>;
  readonly #reporter: Reporter;
  readonly #min: number;
  readonly #max: number;
  readonly #timeoutMs: number;
  readonly #quota: ThreadQuota;
  #pollers = 0;
  #threads = 0;
  #mostThreads = 0;
  #isShutDown = false;
  #waiting: Array<() => void> = [];

  /**
   * Nothing polls before `start`. What `doWork` throws goes to `onError`.
   *
   * @throws {TypeError} for what is no queue of type NEXT or no function, unknown options and values of a wrong type
   * @throws {RangeError} for numbers that are none, and where more must poll than may
   */
  constructor(queue: CompletionQueue<Tag>, doWork: DoWork<Tag>, options: ThreadManagerOptions = {}) {
    const purpose = "make a thread manager";
    checkOptions(purpose, options, NAMES);
    checkReport(purpose, options);
    const { minPollers, maxPollers, queueTimeoutMs, quota } = readThreads(purpose, options);
    queueCoreOf(queue);
    if (queue.completionType !== "NEXT") {
      throw new TypeError(
        `Cannot ${purpose}: its completion queue is of type ${queue.completionType}; give one of type NEXT`,
      );
    }
    checkType(purpose, "doWork", doWork ?? null, "function");
    this.#queue = queue;
    this.#doWork = doWork;
    this.#reporter = new Reporter(options);
    this.#min = minPollers;
    this.#max = maxPollers;
    this.#timeoutMs = queueTimeoutMs;
    this.#quota = quota;
  }

  /** Consumers that poll now. */
  get pollers(): number {
    return this.#pollers;
  }

  /** Consumers that poll or work now. */
  get threads(): number {
    return this.#threads;
  }

  /** The most of them that there were at a time. */
  get mostThreads(): number {
    return this.#mostThreads;
  }

  /**
   * Starts `minPollers` consumers.
   *
   * @throws {Error} where the quota does not allow them
   */
  start(): void {
    if (!this.#quota.reserve(this.#min)) {
      throw new Error(`Cannot start ${this.#min} pollers of a completion queue: the thread quota is used up`);
    }
    for (let i = 0; i < this.#min; i++) this.#spawn();
  }

  /** Consumers end when they have worked, or at their timeout. Idempotent. */
  shutdown(): void {
    this.#isShutDown = true;
  }

  /** Resolves when no consumer is left. Shut the queue down for that; events that are left then are worked on. */
  async wait(): Promise<void> {
    if (this.#threads > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (!this.#isShutDown) return;
    for (;;) {
      const event = await this.#queue.next();
      if (event.type !== "OP_COMPLETE") return;
      await this.#work(event.tag, event.success, true);
    }
  }

  #spawn(): void {
    this.#pollers++;
    this.#threads++;
    this.#mostThreads = Math.max(this.#mostThreads, this.#threads);
    void this.#run();
  }

  async #run(): Promise<void> {
    const queue = this.#queue;
    try {
      do {
        const event = await queue.next(queue.deadlineIn(this.#timeoutMs));
        this.#pollers--;
        if (event.type === "QUEUE_SHUTDOWN") break;
        if (event.type === "OP_COMPLETE") {
          const work = this.#work(event.tag, event.success, this.#leaveOthers());
          if (work !== undefined) await work;
        } else if (this.#pollers > this.#max) break;
      } while (this.#pollsOn());
    } catch (error) { // the engine of the queue threw
      this.#pollers--;
      this.#reporter.report(error, { where: "queue callback", level: "error" });
    }
    this.#threads--;
    this.#quota.release(1);
    if (this.#threads > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Whether a consumer that has worked polls again, or has found nothing and waits on. */
  #pollsOn(): boolean {
    if (this.#isShutDown || this.#pollers >= this.#max) return false;
    this.#pollers++;
    return true;
  }

  /** Has enough others poll while this one works; false where there is nobody. */
  #leaveOthers(): boolean {
    if (this.#isShutDown || this.#pollers >= this.#min) return true;
    if (!this.#quota.reserve(1)) return this.#pollers > 0;
    this.#spawn();
    return true;
  }

  /** What is to be waited for; it does not reject. */
  #work(tag: Tag, success: boolean, resources: boolean): Promise<void> | undefined {
    const report = (error: unknown): void =>
      this.#reporter.report(error, { where: "queue callback", level: "error" });
    try {
      const work = this.#doWork(tag, success, resources);
      return isPromiseLike(work) ? Promise.resolve(work).catch(report) : undefined;
    } catch (error) {
      report(error);
      return undefined;
    }
  }
}
