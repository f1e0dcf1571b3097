// A client's call with interceptors around it: what the caller waits for, whatever an interceptor does meanwhile.
//
// Interceptors run between the caller and the calls that `next` makes: none, one, or several. Deadline, signal and parent
// that the caller gave are of the whole: the calls that `next` makes are its children, and they end with it. It ends by its
// deadline even where an interceptor waits for something else.

import { type EventEngine, messageOf, propertyOf, type TaskHandle } from "../../pollers/mod.ts";
import { formatDestination } from "../channel/destination.ts";
import { CallCore, CallEvent } from "../call/call_core.ts";
import type { ChildCall, ParentCall } from "../call/parent.ts";
import { type Frames, isRpcError, makeCallError, type RpcErrorOptions } from "../call/rpc_error.ts";
import { Status, type StatusCode } from "../call/status.ts";
import { abortDetails, type GivenOptions } from "../client/call_options.ts";
import type { PromiseContext } from "./client_calls.ts";

const { STARTED, ENDED } = CallEvent;

/**
 * A call of `next` has the deadline and the signal of the whole, and ends by them with an error that says more. After so
 * many milliseconds the whole ends by itself: an interceptor waits for something else.
 */
const PATIENCE_MS = 1;

/** See the head of this file. */
export class InterceptedCall extends CallCore implements ParentCall, ChildCall {
  /** Called where the whole fails otherwise than by the interceptors' own promise. */
  onFailed: (error: unknown) => void = () => {};
  /** Whether the caller waits for it; a caller of responses may do something else between two of them. */
  isAwaited: () => boolean = () => true;
  private readonly children = new Set<ChildCall>();
  private holds = false;
  private hasBegun = false;
  private ending: TaskHandle | undefined = undefined;
  private onAbort: (() => void) | undefined = undefined;

  /** Nothing happens before {@linkcode start}. `site`: where the call was made. */
  constructor(
    readonly context: PromiseContext,
    readonly path: string,
    readonly options: GivenOptions,
    readonly site: Frames,
  ) {
    super();
  }

  /** The whole begins: the process stays until it is over. */
  start(): void {
    this.advance(STARTED);
    this.engine.hold();
    this.holds = true;
    try {
      this.ask();
    } catch (error) { // of a signal that is the application's
      const { path: method } = this;
      this.context.reporter.report(error, { where: "options", level: "info", method });
      this.fail(Status.INTERNAL, `cannot start the call: ${messageOf(error)}`, "user", error);
    }
  }

  /** The interceptors have answered: from here on the calls that they made keep the process, or nothing does. */
  begun(): void {
    this.hasBegun = true;
    if (this.holds) this.engine.release();
    this.holds = false;
    if (this.children.size === 0) this.detach();
  }

  /** The caller has what it wanted, or wants nothing more. */
  settle(): void {
    if (!this.advance(ENDED)) return;
    const { parent } = this.options;
    this.begun();
    this.detach();
    if (this.ending !== undefined) this.engine.cancel(this.ending);
    parent?.removeChild(this);
    for (const child of [...this.children]) child.onParentOver();
  }

  /** The error for the caller of what an interceptor threw: the RpcError, or one that says so. */
  errorOf(thrown: unknown): unknown {
    if (isRpcError(thrown)) return thrown;
    const { path: method } = this;
    this.context.reporter.report(thrown, { where: "interceptor", level: "info", method });
    return this.error(Status.UNKNOWN, `an interceptor threw: ${messageOf(thrown)}`, "user", thrown);
  }

  addChild(child: ChildCall): void {
    this.children.add(child);
  }

  removeChild(child: ChildCall): void {
    this.children.delete(child);
    if (this.hasBegun && this.children.size === 0) this.detach();
  }

  onParentOver(): void {
    this.fail(Status.CANCELLED, "the call that it was made for is over", "library", undefined);
  }

  /** What ends many calls at once ends them in turn, and each frees a stream for the next. */
  get isEnding(): boolean {
    return this.isOver || this.ending !== undefined || this.options.parent?.isEnding === true;
  }

  protected override get engine(): EventEngine {
    return this.context.engine;
  }

  /** To the caller it is one call with what the interceptors make of it. */
  get whoseDeadline(): string | undefined {
    const { deadlineMs, parent } = this.options;
    return deadlineMs === undefined || parent?.deadlineAt === this.deadlineAt
      ? undefined
      : `deadline of ${deadlineMs} ms`;
  }

  protected override onDeadline(): void {
    const whose = this.whoseDeadline ?? "the deadline of its parent";
    this.endSoon(() => {
      const when = this.hasBegun && !this.isAwaited()
        ? "before the responses were read"
        : "while an interceptor ran";
      this.fail(Status.DEADLINE_EXCEEDED, `${whose} exceeded ${when}`, "library", undefined);
    });
  }

  private ask(): void {
    const { deadlineMs = Infinity, parent, signal } = this.options;
    const at = Math.min(this.engine.now() + deadlineMs, parent?.deadlineAt ?? Infinity);
    this.armDeadline(at);
    if (signal?.aborted) return this.aborted();
    if (signal !== undefined) {
      const onAbort = (): void => {
        this.onAbort = undefined;
        this.endSoon(() => this.aborted());
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.onAbort = onAbort;
    }
    if (parent?.isEnding) this.onParentOver();
    else parent?.addChild(this);
  }

  /** Nothing is under way: deadline and signal are those of what is made later, and nobody may ever read what there is. */
  private detach(): void {
    this.disarmDeadline();
    if (this.onAbort !== undefined) this.options.signal!.removeEventListener("abort", this.onAbort);
    this.onAbort = undefined;
  }

  /** The calls that were made end now as well, and their errors are on their way to the caller. */
  private endSoon(end: () => void): void {
    if (this.isOver || this.ending !== undefined) return;
    this.ending = this.engine.runAt(this.engine.now() + PATIENCE_MS, () => {
      this.ending = undefined;
      end();
    });
  }

  private aborted(): void {
    const reason = propertyOf(this.options.signal, "reason");
    this.fail(Status.CANCELLED, abortDetails(reason), "user", reason);
  }

  private fail(code: StatusCode, details: string, endedBy: "user" | "library", cause: unknown): void {
    if (this.isOver) return;
    const error = this.error(code, details, endedBy, cause);
    this.settle();
    this.context.failures.add(() => this.onFailed(error));
  }

  private error(code: StatusCode, details: string, endedBy: "user" | "library", cause: unknown): unknown {
    const peer = formatDestination(this.context.target);
    const options: RpcErrorOptions = { endedBy, cause, method: this.path, peer };
    return makeCallError(code, details, options, this.site, this.error);
  }
}
