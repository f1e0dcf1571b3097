// The executor: jobs that take long run on threads of their own, so that nothing else of this thread waits for them.
//
// A job is a function that a module exports, since only data can go to a thread. A thread runs one job at a time, and no
// job is given to a thread that has one: nothing is ever queued behind a long job. What finds all threads at work waits in
// one queue, from which the first thread that is free takes the oldest. Short jobs run on the thread that schedules them.

import { checkNames } from "../core/option_names.ts";
import { ProcessHold } from "../core/process_hold.ts";
import { textOf } from "../log/describe.ts";
import { propertyOf } from "../log/values.ts";
import { runtimeLoop } from "../native/runtime_loop.ts";
import { hardwareThreads } from "../native/thread.ts";
import { ExecutorThread, type ThreadSink, whyNoExecutorThread } from "./executor_thread.ts";
import { describeJob, errorOf, type JobCall, type Outcome, runJob } from "./job.ts";
import type { Transferable } from "../native/transferable.ts";

export type { Transferable };

/** Jobs that wait on an executor's threads: some seconds of work, while memory holds their arguments. */
const MAX_QUEUED_JOBS = 1_000;

/** How many threads an executor has. */
export interface ExecutorOptions {
  /** Threads at most, started one by one when jobs need them. Default: twice the cores. 0: every job runs inline. */
  readonly maxThreads?: number;
  /** Jobs that wait at most, while all threads are at work. Default: 1,000. */
  readonly maxQueuedJobs?: number;
}

/** How a job is run. */
export interface JobOptions {
  /** Cancels the job: its promise rejects with the signal's reason, and a thread that runs it is terminated. */
  readonly signal?: AbortSignal;
  /** What of the arguments is moved, not copied. */
  readonly transfer?: readonly Transferable[];
  /** Short jobs, of less than 50 us or so, run on this thread, since sending them costs as much. Default: "long". */
  readonly length?: "short" | "long";
}

const EXECUTOR_NAMES: Readonly<Record<keyof ExecutorOptions, true>> = {
  maxThreads: true,
  maxQueuedJobs: true,
};
const JOB_NAMES: Readonly<Record<keyof JobOptions, true>> = { signal: true, transfer: true, length: true };

/**
 * Why an executor did not end a job: "full", its queue is; "crashed", the thread ended while it ran the job; "closed", it
 * was shut down; "no-thread", no thread can start.
 */
export type ExecutorErrorReason = "full" | "crashed" | "closed" | "no-thread";

/** A job was not run, or not to its end, and not by what it threw itself. */
export class ExecutorError extends Error {
  /** "ExecutorError". */
  override readonly name = "ExecutorError";

  /** `reason` as a word, and as a sentence. */
  constructor(readonly reason: ExecutorErrorReason, message: string) {
    super(message);
  }
}

/** A job that was accepted and has not ended. */
interface Job {
  call: JobCall;
  transfer: readonly Transferable[];
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
  settled: boolean;
}

/**
 * Runs functions that modules export.
 *
 * @example
 * ```ts ignore
 * import { Executor } from "pollwire";
 * const executor = new Executor();
 * const sum = await executor.run<number>(new URL("./sums.ts", import.meta.url), "sumUpTo", [1e9]);
 * await executor.shutdown();
 * ```
 */
export class Executor {
  private readonly maxThreads: number;
  private readonly maxQueuedJobs: number;
  /** Jobs for threads, the oldest first. */
  private readonly waiting = new Set<Job>();
  /** Jobs for this thread, in the next iterations of its loop. */
  private readonly inline = new Set<Job>();
  /** Threads that are not gone, and what they run. */
  private readonly running = new Map<ExecutorThread, Job | undefined>();
  private readonly idle: ExecutorThread[] = [];
  private readonly processHold = new ProcessHold(() => runtimeLoop.anchor());
  /** Jobs that have not ended. */
  private pending = 0;
  private closing: Promise<void> | undefined = undefined;
  private onDrained: () => void = () => {};
  private readonly sink: ThreadSink = {
    onReady: (thread) => this.free(thread),
    onOutcome: (thread, outcome) => {
      const job = this.running.get(thread);
      if (job === undefined) return;
      this.running.set(thread, undefined);
      this.end(job, outcome);
      this.free(thread);
    },
    onEnded: (thread, reason) => this.threadEnded(thread, reason),
  };

  /**
   * No thread starts before a job needs it.
   *
   * @throws {TypeError} for unknown options
   * @throws {RangeError} for a number that is negative or no integer
   */
  constructor(options: ExecutorOptions = {}) {
    checkNames("make an executor", options, EXECUTOR_NAMES);
    this.maxThreads = options.maxThreads ?? 2 * Math.max(1, hardwareThreads());
    this.maxQueuedJobs = options.maxQueuedJobs ?? MAX_QUEUED_JOBS;
    for (
      const [name, value] of [["maxThreads", this.maxThreads], ["maxQueuedJobs", this.maxQueuedJobs]] as const
    ) {
      if (Number.isSafeInteger(value) && value >= 0) continue;
      throw new RangeError(
        `Cannot make an executor: ${name} is ${textOf(value)}, not an integer of 0 or more`,
      );
    }
  }

  /** Threads that are not gone. */
  get threads(): number {
    return this.running.size;
  }

  /** Jobs that wait for a thread. */
  get queuedJobs(): number {
    return this.waiting.size + this.inline.size;
  }

  /**
   * Calls the export `exportName` of `module` with `args`, and resolves with what it returns, or what its promise
   * resolves with. Arguments and result are structured clones, inline too. It rejects with what the job threw, with the
   * reason of `signal`, or with an {@linkcode ExecutorError}.
   *
   * @throws {TypeError} where `module` is no URL, for unknown options, and values of a wrong type
   */
  run<R = unknown>(
    module: URL | string,
    exportName = "default",
    args: readonly unknown[] = [],
    options: JobOptions = {},
  ): Promise<R> {
    const href = hrefOf(module);
    checkJob(`run ${textOf(exportName)} of ${href}`, exportName, args, options);
    const call: JobCall = { module: href, exportName, args };
    const { signal, transfer = [], length = "long" } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const inline = this.maxThreads === 0 || length === "short";
    const refused = this.refusal(call, inline);
    if (refused !== undefined) return Promise.reject(refused);
    return new Promise<unknown>((resolve, reject) => {
      const onAbort = (): void => this.cancel(job);
      const job: Job = { call, transfer, resolve, reject, signal, onAbort, settled: false };
      signal?.addEventListener("abort", onAbort);
      this.pending++;
      this.processHold.hold();
      if (!inline && this.idle.length > 0) this.give(this.idle.pop()!, job);
      else if (this.keepArguments(job)) this.enqueue(job, inline);
    }) as Promise<R>;
  }

  /** Runs what is queued, then ends the threads; settles once they are gone. Later jobs are refused. */
  shutdown(): Promise<void> {
    return this.closing ??= this.close();
  }

  /** {@linkcode shutdown}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  /** Waits for every job, then for every thread. */
  private async close(): Promise<void> {
    if (this.pending > 0) await new Promise<void>((resolve) => this.onDrained = resolve);
    await Promise.all([...this.running.keys()].map((thread) => thread.join()));
    this.processHold.end();
  }

  /** Why a job cannot be accepted now. */
  private refusal(call: JobCall, inline: boolean): ExecutorError | undefined {
    const what = `Cannot run ${describeJob(call)}`;
    if (this.closing !== undefined) return new ExecutorError("closed", `${what}: the executor was shut down`);
    if (!inline) {
      const reason = this.running.size === 0 ? whyNoExecutorThread() : undefined;
      if (reason !== undefined) return new ExecutorError("no-thread", `${what}: ${reason}`);
      if (this.idle.length > 0 || this.running.size < this.maxThreads) return undefined;
    }
    // Jobs for which a thread is on its way do not wait for another job.
    const queued = inline ? this.inline.size : this.waiting.size - this.starting();
    if (queued < this.maxQueuedJobs) return undefined;
    return new ExecutorError(
      "full",
      `${what}: ${queued} jobs are queued, and maxQueuedJobs is ${this.maxQueuedJobs}; wait for some of them`,
    );
  }

  /** The caller may change its arguments while the job waits. False: the job is over, as where they cannot be cloned. */
  private keepArguments(job: Job): boolean {
    const { call: { args }, transfer } = job;
    try {
      const kept = structuredClone({ args, transfer }, { transfer: [...transfer] });
      job.call = { ...job.call, args: kept.args };
      job.transfer = kept.transfer;
      return !job.settled; // by a getter among them
    } catch (error) {
      this.settle(job, job.reject, error);
      return false;
    }
  }

  /** The job waits, for a thread or for its turn here. */
  private enqueue(job: Job, inline: boolean): void {
    if (inline) {
      this.inline.add(job);
      runtimeLoop.soon(() => this.runInline(job));
    } else {
      this.waiting.add(job);
      this.startThreads();
    }
  }

  /** Runs the job on this thread. */
  private runInline(job: Job): void {
    if (!this.inline.delete(job)) return; // cancelled
    void runJob(job.call, (outcome, transfer) => {
      this.end(job, structuredClone(outcome, { transfer: [...transfer] }));
    });
  }

  /** Threads that have not taken their first job. */
  private starting(): number {
    let count = 0;
    for (const thread of this.running.keys()) if (!thread.ready && !thread.ending) count++;
    return count;
  }

  /** One for each job that waits, up to the limit. */
  private startThreads(): void {
    let starting = this.starting();
    while (starting < this.waiting.size && this.running.size < this.maxThreads) {
      try {
        this.running.set(new ExecutorThread(this.sink), undefined);
        starting++;
      } catch (error) {
        if (this.running.size > 0) return; // one of them will take it
        this.failOldest((error as Error).message);
      }
    }
  }

  /** No thread can start: the job that it would have run is refused. */
  private failOldest(reason: string): void {
    const [job] = this.waiting;
    if (job === undefined) return;
    this.waiting.delete(job);
    const message = `Cannot run ${describeJob(job.call)}: its thread cannot start: ${reason}`;
    this.settle(job, job.reject, new ExecutorError("no-thread", message));
  }

  /** The thread has nothing to do. */
  private free(thread: ExecutorThread): void {
    const [job] = this.waiting;
    if (job === undefined) {
      this.idle.push(thread);
      return;
    }
    this.waiting.delete(job);
    this.give(thread, job);
  }

  /** Has an idle thread run the job. */
  private give(thread: ExecutorThread, job: Job): void {
    this.running.set(thread, job); // first: a getter among the arguments may cancel it
    try {
      thread.run(job.call, job.transfer);
    } catch (error) { // what cannot be cloned
      this.settle(job, job.reject, error);
      if (thread.ending) return;
      this.running.set(thread, undefined);
      this.free(thread);
    }
  }

  /** A thread is gone: by a crash, or since its job was cancelled. Another one starts where jobs wait. */
  private threadEnded(thread: ExecutorThread, reason: string): void {
    const job = this.running.get(thread);
    this.running.delete(thread);
    const at = this.idle.indexOf(thread);
    if (at >= 0) this.idle.splice(at, 1);
    if (job !== undefined) {
      const message = `${describeJob(job.call)} failed: its thread ended while it ran: ${reason}`;
      this.settle(job, job.reject, new ExecutorError("crashed", message));
    } else if (!thread.ready && !thread.ending) this.failOldest(reason);
    this.startThreads();
  }

  /** The signal of a job that has not ended is aborted. */
  private cancel(job: Job): void {
    if (!this.waiting.delete(job) && !this.inline.delete(job)) {
      for (const [thread, its] of this.running) {
        if (its !== job) continue;
        this.running.set(thread, undefined);
        thread.terminate();
      }
    }
    this.settle(job, job.reject, job.signal!.reason);
  }

  /** The job has ended by itself. */
  private end(job: Job, outcome: Outcome): void {
    if (outcome.ok) this.settle(job, job.resolve, outcome.value);
    else this.settle(job, job.reject, errorOf(outcome.thrown));
  }

  /** Settles the promise of a job, once. */
  private settle(job: Job, how: (value: unknown) => void, value: unknown): void {
    if (job.settled) return; // cancelled while it ran inline
    job.settled = true;
    how(value);
    try {
      job.signal?.removeEventListener("abort", job.onAbort);
    } catch {
      // A signal of another make, which calls what is settled already.
    }
    this.pending--;
    this.processHold.release();
    if (this.pending === 0) this.onDrained();
  }
}

function hrefOf(module: URL | string): string {
  try {
    return new URL(module).href;
  } catch {
    throw new TypeError(
      `Cannot run a job: its module "${module}" is no URL; new URL(path, import.meta.url) makes one`,
    );
  }
}

/** What a thread or a signal would fail with otherwise, where nobody knows what was given. */
function checkJob(purpose: string, exportName: unknown, args: unknown, options: JobOptions): void {
  checkNames(purpose, options, JOB_NAMES);
  const { signal, transfer = [], length = "long" } = options;
  const wrong = typeof exportName !== "string"
    ? ["its function", exportName, "the name of an export"]
    : !Array.isArray(args)
    ? ["args", args, "an array"]
    : signal !== undefined && !isSignal(signal)
    ? ["signal", signal, "an AbortSignal"]
    : !Array.isArray(transfer)
    ? ["transfer", transfer, "an array"]
    : length !== "short" && length !== "long"
    ? ["length", length, '"short" or "long"']
    : undefined;
  if (wrong === undefined) return;
  throw new TypeError(`Cannot ${purpose}: ${wrong[0]} is ${textOf(wrong[1])}; give ${wrong[2]}`);
}

function isSignal(given: unknown): boolean {
  return typeof propertyOf(given, "addEventListener") === "function" &&
    typeof propertyOf(given, "removeEventListener") === "function";
}
