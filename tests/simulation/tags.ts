// One completion queue, its consumers, and the operations that are pending on it.
import { Alarm, CallError, type CompletionEvent, CompletionQueue, type CompletionType } from "pollwire";
import type { EventEngine } from "../../pollers/mod.ts";
import type { SeededRandom } from "../../pollers/simulated/mod.ts";
import { Duties, type Duty } from "./duties.ts";
import { ModelError } from "./model_error.ts";
import { type Process, run, wait } from "./process.ts";

/** Tags of queues that are called are functions. */
export type Tag = Duty<boolean | undefined> | ((success: boolean) => void);

/** What comes of an operation: its success; undefined where the queue was shut down, and refused it. */
export type Done = boolean | undefined;

/** What a queue is used in. */
export interface TagsOptions {
  readonly engine: EventEngine;
  readonly completionType: CompletionType;
  readonly name: string;
  /** What every choice is made by. */
  readonly choices: SeededRandom;
  /** What must not be. */
  readonly problem: (error: unknown) => void;
}

/** Waits with deadlines, which end without an event; the later ones have none, so that a simulation comes to its end. */
const TIMED_WAITS = 8;

/** See the head of this file. */
export class Tags {
  readonly queue: CompletionQueue<Tag>;
  readonly name: string;
  /** Resolves at QUEUE_SHUTDOWN. */
  readonly over: Promise<void>;
  private readonly duties = new Duties();
  private readonly options: TagsOptions;
  private isShutDown = false;
  private isOver = false;
  private ended!: () => void;
  /** Plucks that wait for others to be over. */
  private readonly waiting: Array<() => void> = [];

  constructor(options: TagsOptions) {
    this.options = options;
    this.name = options.name;
    const { completionType, engine, choices } = options;
    this.over = new Promise((resolve) => this.ended = resolve);
    this.queue = new CompletionQueue<Tag>({
      completionType,
      pollingType: choices.pick(["DEFAULT_POLLING", "NON_LISTENING", "NON_POLLING"]),
      poller: engine,
      onError: options.problem,
      ...(completionType === "CALLBACK" ? { onShutdown: (success) => this.onShutdown(success) } : {}),
    });
    if (completionType !== "NEXT") return;
    for (let consumers = choices.between(1, 3); consumers > 0; consumers--) {
      this.consume().catch(options.problem);
    }
  }

  /** Starts an operation, and waits for its event. */
  *run(what: string, start: (tag: Tag) => void): Process<Done> {
    return yield* wait<Done>((resume) => void this.begin(what, start, resume));
  }

  /** Starts an operation; `resume` is called with what comes of it. Throws what `start` throws, but for a refusal. */
  begin(what: string, start: (tag: Tag) => void, resume: (done: Done) => void): Duty<Done> {
    const duty = this.duties.begin<Done>(`${what} on ${this.name}`, resume);
    const isCalled = this.options.completionType === "CALLBACK";
    const tag: Tag = isCalled ? (success) => this.settle(duty, success) : duty;
    if (!this.isTaken(what, () => start(tag))) {
      duty.refuse();
      resume(undefined);
      return duty;
    }
    if (this.options.completionType === "PLUCK") this.pluck(duty).catch(this.options.problem);
    return duty;
  }

  /** Starts what has no event of its own; false where the queue was shut down, and refused it. */
  isTaken(what: string, start: () => void): boolean {
    try {
      start();
      return true;
    } catch (error) {
      if (!(error instanceof CallError) || error.code !== "COMPLETION_QUEUE_SHUTDOWN") throw error;
      if (!this.isShutDown) throw new ModelError(`${what}: refused by a queue that was not shut down`);
      return false;
    }
  }

  /** Waits by an alarm of the queue, which is cancelled before its time where `cancelled`. */
  *sleep(ms: number, cancelled = false): Process<void> {
    const alarm = new Alarm();
    const fired = wait<Done>((resume) => {
      this.begin("alarm", (tag) => alarm.set(this.queue, this.queue.deadlineIn(ms), tag), resume);
      if (cancelled) alarm.cancel();
    });
    const expired = yield* fired;
    if (expired === cancelled && ms > 0) throw new ModelError(`an alarm of ${ms} ms has fired: ${expired}`);
  }

  /** Shuts the queue down; what is pending still comes. */
  shutdown(): void {
    this.isShutDown = true;
    this.queue.shutdown();
    if (this.options.completionType === "PLUCK") this.pluckEnd().catch(this.options.problem);
  }

  private settle(duty: Duty<Done>, success: boolean): void {
    if (this.isOver) this.options.problem(new ModelError(`${duty.what}: an event after QUEUE_SHUTDOWN`));
    try {
      duty.settle(success);
    } catch (error) {
      this.options.problem(error);
    }
    for (const again of this.waiting.splice(0)) again();
  }

  private async consume(): Promise<void> {
    const { choices } = this.options;
    for (let waits = 0;; waits++) {
      const isTimed = waits < TIMED_WAITS && choices.chance(0.5);
      const deadline = isTimed ? this.queue.deadlineIn(choices.pick([-1, 0, 1, 40])) : Infinity;
      const event = await this.queue.next(deadline);
      if (event.type === "OP_COMPLETE") this.settle(event.tag as Duty<Done>, event.success);
      else if (event.type === "QUEUE_SHUTDOWN") break;
      else if (!isTimed) throw new ModelError(`${this.name}: a wait without a deadline gave ${event.type}`);
    }
    this.onShutdown(true);
    checkShutdown(await this.queue.next());
    checkShutdown(this.queue.tryNext());
  }

  /** Six may pluck at a time: a seventh gets QUEUE_TIMEOUT, and asks again with the next event. */
  private async pluck(duty: Duty<Done>): Promise<void> {
    for (;;) {
      const event = await this.queue.pluck(duty, Infinity);
      if (event.type === "OP_COMPLETE") {
        if (event.tag !== duty) throw new ModelError(`${duty.what}: plucked another tag`);
        return this.settle(duty, event.success);
      }
      if (event.type === "QUEUE_SHUTDOWN") {
        throw new ModelError(`${duty.what}: QUEUE_SHUTDOWN before its event`);
      }
      await this.nextEvent();
    }
  }

  private nextEvent(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private async pluckEnd(): Promise<void> {
    const nothing = this.duties.begin<Done>("nothing", () => {});
    nothing.refuse();
    const { queue } = this;
    for (;;) {
      const event = await queue.pluck(nothing, Infinity);
      if (event.type === "QUEUE_SHUTDOWN") break;
      if (event.type === "OP_COMPLETE") throw new ModelError(`${this.name}: a tag that was never given`);
      await this.nextEvent();
    }
    // An event that was taken before may be about to be settled.
    await Promise.resolve();
    this.onShutdown(true);
    checkShutdown(await queue.pluck(nothing, -1));
  }

  private onShutdown(success: boolean): void {
    const { problem, completionType } = this.options;
    if (!success || !this.isShutDown) {
      problem(new ModelError(`${this.name}: QUEUE_SHUTDOWN without a shutdown`));
    }
    if (this.isOver) {
      if (completionType === "CALLBACK") problem(new ModelError(`${this.name}: onShutdown was called twice`));
      return;
    }
    this.isOver = true;
    try {
      this.duties.checkNone(`${this.name} is shut down, and`);
      this.queue.destroy();
    } catch (error) {
      problem(error);
    }
    this.ended();
  }

  /** Throws ModelError where an operation has had no event, or QUEUE_SHUTDOWN has not come. */
  checkOver(): void {
    this.duties.checkNone("At the end");
    if (!this.isOver) {
      throw new ModelError(`${this.name}: no QUEUE_SHUTDOWN; ${this.queue.describePending()}`);
    }
  }
}

function checkShutdown(event: CompletionEvent<Tag>): void {
  if (event.type !== "QUEUE_SHUTDOWN") throw new ModelError(`${event.type} after QUEUE_SHUTDOWN`);
}

/** Runs a process of which nobody waits for the end. */
export function detach(process: Process<unknown>, failed: (error: unknown) => void): void {
  run(process, () => {}, failed);
}
