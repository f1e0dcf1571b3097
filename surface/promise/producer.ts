// Sends what an application's iterable yields, no faster than the peer takes it. The iterable is read outermost in the
// turn: never on the stack of the call that it is given to, nor on that of what made room for more.

import type { ApplicationCallback, ExecCtx } from "../../pollers/mod.ts";
import type { ProducerSink } from "../client/streaming.ts";
import { describe } from "../options.ts";

export type { ProducerSink } from "../client/streaming.ts";

/** Messages of an application: any iterable, or async iterable. */
export type Source<T> = Iterable<T> | AsyncIterable<T>;

/** Whether `value` can be read as messages. A string is iterable, but holds no messages. */
export function isSource(value: unknown): value is Source<unknown> {
  const source = value as Partial<Iterable<unknown> & AsyncIterable<unknown>> | null | undefined;
  const iterate = source?.[Symbol.asyncIterator] ?? source?.[Symbol.iterator];
  return typeof iterate === "function" && typeof value !== "string";
}

/** Runs one iterable to its end, until it throws, or until `stop`. */
export class Producer<T> implements ApplicationCallback {
  callbackScheduled = false;
  private iterator: Iterator<T> | AsyncIterator<T> | undefined = undefined;
  private isAsync = false;
  /** An async iterator's `next` has not settled. */
  private pending = false;
  /** It has no `return`: when `next` settles nothing of it runs any more. */
  private endsWithNext = false;
  private left = false;
  private state: "new" | "blocked" | "running" | "over" = "new";
  private readonly onNext = (result: IteratorResult<T>): void => {
    this.pending = false;
    if (this.take(result)) this.advance();
  };
  private readonly onError = (error: unknown): void => {
    this.pending = false;
    this.failed(error);
  };

  /** Nothing is read before {@linkcode start}. `leavesUnread`: what is stopped before it was read is left too. */
  constructor(
    private readonly source: Source<T>,
    private readonly sink: ProducerSink<T>,
    private readonly execCtx: ExecCtx,
    private readonly leavesUnread: boolean = false,
  ) {}

  /** Begins to read, soon. */
  start(): void {
    this.state = "blocked";
    this.execCtx.schedule(this);
  }

  /** The sink can take more. */
  resume(): void {
    if (this.state === "blocked") this.execCtx.schedule(this);
  }

  runCallback(): void {
    if (this.state !== "blocked") return;
    if (this.iterator === undefined) this.open();
    if (this.iterator === undefined) return;
    this.state = "running";
    this.advance();
  }

  private open(): void {
    const { source } = this;
    try {
      if (!isSource(source)) {
        throw new TypeError("Cannot send messages: expected an iterable or async iterable");
      }
      this.isAsync = Symbol.asyncIterator in source;
      const iterator = this.isAsync
        ? (source as AsyncIterable<T>)[Symbol.asyncIterator]()
        : (source as Iterable<T>)[Symbol.iterator]();
      if (Object(iterator) !== iterator) {
        throw new TypeError(`Cannot send messages: the iterable gave ${describe(iterator)} as its iterator`);
      }
      this.iterator = iterator;
    } catch (error) {
      this.failed(error);
    }
  }

  /** The messages are not wanted any more: the iterable's `finally` runs. */
  stop(): void {
    if (this.state === "over") return;
    this.state = "over";
    this.leave();
  }

  private leave(): void {
    try {
      const leaving = this.iterator !== undefined ? this.iterator.return?.() : this.leaveUnread();
      if (leaving === undefined && this.pending) {
        this.endsWithNext = true;
        return;
      }
      // A generator that is waiting for something of its own runs its `finally` when that settles.
      Promise.resolve(leaving).then(() => this.over(), (error) => this.failed(error));
    } catch (error) {
      this.failed(error);
    }
  }

  /** An iterator of the application's or a ReadableStream is left; an iterable is not begun for that. */
  private leaveUnread(): unknown {
    if (!this.leavesUnread) return undefined;
    const source = this.source as Partial<Iterator<T> & { cancel(): unknown; readonly locked: boolean }>;
    if (source.locked === true) return undefined; // it has a reader, who leaves it
    return source.return !== undefined ? source.return() : source.cancel?.();
  }

  private over(): void {
    if (this.left) return;
    this.left = true;
    this.sink.onOver();
  }

  private advance(): void {
    while (this.state === "running") {
      if (this.sink.writeBlocked) {
        this.state = "blocked";
        return;
      }
      try {
        if (this.isAsync) {
          this.pending = true;
          (this.iterator as AsyncIterator<T>).next().then(this.onNext, this.onError);
          return;
        }
        if (!this.take((this.iterator as Iterator<T>).next())) return;
      } catch (error) {
        return this.failed(error);
      }
    }
  }

  private take(result: IteratorResult<T>): boolean {
    if (this.state === "over") {
      // It was stopped from inside its own `next`, where a generator cannot be left.
      if (!this.isAsync && !result.done) this.leave();
      else if (this.endsWithNext) this.over();
      return false;
    }
    try {
      if (!result.done) { // which throws where an iterator of the application gives no object
        this.sink.send(result.value);
        return true;
      }
    } catch (error) {
      this.stop();
      this.sink.onProduced(error);
      return false;
    }
    this.finish(undefined);
    return false;
  }

  /** `throw undefined` is a failure too. */
  private failed(error: unknown): void {
    this.finish(error ?? new Error(`iterable threw ${error}`));
  }

  private finish(error: unknown): void {
    if (this.state === "over") {
      if (error !== undefined) this.sink.onLate(error);
      return this.over();
    }
    this.state = "over";
    this.sink.onProduced(error);
    this.over();
  }
}
