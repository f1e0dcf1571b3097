// Alarms: events of a completion queue, or calls of a function, at an instant.

import {
  type ApplicationCallback,
  callApplication,
  type EventEngine,
  type Instant,
  Reporter,
  type ReportOptions,
  type TaskHandle,
} from "../../pollers/mod.ts";
import type { EngineUse, PollerList } from "../engines.ts";
import { useEngine } from "../full/engines.ts";
import { checkOptions, checkReport, type OptionNames } from "../options.ts";
import { type CompletionQueue, queueCoreOf } from "./completion_queue.ts";
import { checkDeadline } from "./deadline.ts";
import { describeTag, type OpComplete } from "./event.ts";
import type { QueueCore } from "./queue_core.ts";
import type { QueueOperation } from "./queue_operation.ts";

/** What an alarm is made with. */
export interface AlarmOptions extends ReportOptions {
  /** For alarms that call a function: pollers to choose from, in order; else POLLWIRE_POLLER, else "native". */
  readonly poller?: PollerList;
}

const NAMES: OptionNames<AlarmOptions> = { poller: true, onError: true, logger: true };

/** What an alarm is set to: it ends once, expired or cancelled. */
abstract class Setting {
  private task: TaskHandle | undefined = undefined;
  private holds = false;
  /** Whether it has neither expired nor been cancelled. */
  active = true;

  constructor(protected readonly engine: EventEngine, protected readonly deadline: Instant) {}

  /** What has to come before the alarm can be set again; undefined: nothing. */
  abstract awaited(): string | undefined;

  /** The last call, once. */
  protected abstract ended(expired: boolean): void;

  /** What expires one day holds the process. */
  begin(): void {
    const { engine, deadline } = this;
    if (deadline <= engine.now()) return this.end(true);
    this.holds = deadline !== Infinity;
    if (this.holds) engine.hold();
    this.task = engine.runAt(deadline, () => this.end(true));
  }

  end(expired: boolean): void {
    if (!this.active) return;
    this.active = false;
    if (this.task !== undefined && !expired) this.engine.cancel(this.task);
    if (this.holds) this.engine.release();
    this.ended(expired);
  }
}

/** An event of a queue. */
class QueuedSetting<Tag> extends Setting implements QueueOperation<Tag> {
  /** Owned by the queue. */
  nextOperation: QueueOperation<Tag> | undefined = undefined;
  /** Owned by the queue. */
  previousOperation: QueueOperation<Tag> | undefined = undefined;
  private event: OpComplete<Tag> | undefined = undefined;

  /** For errors. */
  get purpose(): string {
    return "set an alarm";
  }

  constructor(private readonly core: QueueCore<Tag>, deadline: Instant, readonly tag: Tag) {
    super(core.engine, deadline);
    core.begin(this);
  }

  override awaited(): string | undefined {
    const { event } = this;
    if (event !== undefined && !this.core.events.has(event)) return undefined;
    return `the event of tag ${describeTag(this.tag)} was not taken yet`;
  }

  protected override ended(expired: boolean): void {
    this.event = this.core.end(this, expired);
  }

  describe(): string {
    const inMs = Math.max(0, Math.ceil(this.deadline - this.engine.now()));
    return `alarm, due in ${inMs} ms`;
  }
}

/** A call of a function. */
class CalledSetting extends Setting implements ApplicationCallback {
  callbackScheduled = false;
  private expired = false;
  private called = false;

  constructor(
    private readonly use: EngineUse,
    deadline: Instant,
    private readonly callback: (expired: boolean) => void,
    private readonly reporter: Reporter,
  ) {
    super(use.engine, deadline);
  }

  override awaited(): string | undefined {
    return this.called ? undefined : "its function was not called yet";
  }

  protected override ended(expired: boolean): void {
    this.expired = expired;
    this.engine.execCtx.schedule(this);
  }

  runCallback(): void {
    this.called = true;
    callApplication(
      () => this.callback(this.expired),
      (error) => this.reporter.report(error, { where: "queue callback", level: "error" }),
    );
    void this.use.end();
  }
}

/**
 * An alarm of gRPC's core. Set on a queue it gives its tag there, set with a function it calls that: with `true` when it
 * expires, with `false` when it was cancelled, exactly once. A deadline that has passed expires at once, which is how to
 * put a tag into a queue. It keeps the process alive until then.
 */
export class Alarm {
  readonly #options: AlarmOptions;
  readonly #reporter: Reporter;
  #setting: Setting | undefined = undefined;

  /**
   * It is set to nothing yet.
   *
   * @throws {TypeError} for unknown options and values of a wrong type
   */
  constructor(options: AlarmOptions = {}) {
    checkOptions("make an alarm", options, NAMES);
    checkReport("make an alarm", options);
    this.#options = options;
    this.#reporter = new Reporter(options);
  }

  /**
   * Gives `tag` to `queue` at `deadline`, an instant (see `deadlineIn`). It may be set again once the event was taken.
   *
   * @throws {TypeError} for what is no deadline, and where it is set already
   * @throws {CallError} COMPLETION_QUEUE_SHUTDOWN
   */
  set<Tag>(queue: CompletionQueue<Tag>, deadline: Instant, tag: Tag): void;
  /**
   * Calls `callback` at `deadline`, never on the caller's stack. It may be set again once that was called.
   *
   * @throws {TypeError} for what is no deadline or function, and where it is set already
   * @throws {PollerError} where no poller of the alarm's list can be used
   */
  set(deadline: Instant, callback: (expired: boolean) => void): void;
  set<Tag>(
    first: CompletionQueue<Tag> | Instant,
    second: Instant | ((expired: boolean) => void),
    tag?: Tag,
  ): void {
    const awaited = this.#setting?.awaited();
    if (awaited !== undefined) throw new TypeError(`Cannot set an alarm that is set: ${awaited}`);
    this.#setting = typeof second === "function"
      ? this.#calling(first as Instant, second)
      : queued(first as CompletionQueue<Tag>, second, tag as Tag);
    this.#setting.begin();
  }

  /** Ends it at once, with `false`; no effect where it has expired, was cancelled or was never set. */
  cancel(): void {
    this.#setting?.end(false);
  }

  /** The same as `cancel`, for `using`. */
  [Symbol.dispose](): void {
    this.cancel();
  }

  #calling(deadline: Instant, callback: (expired: boolean) => void): Setting {
    checkDeadline("set an alarm", deadline);
    return new CalledSetting(useEngine(this.#options.poller), deadline, callback, this.#reporter);
  }
}

function queued<Tag>(queue: CompletionQueue<Tag>, deadline: Instant, tag: Tag): Setting {
  checkDeadline("set an alarm", deadline);
  return new QueuedSetting(queueCoreOf(queue), deadline, tag);
}
