// The responses of a call with interceptors around it, as its caller reads them.

import { describe } from "../options.ts";
import type { InterceptedCall } from "./intercepted_call.ts";
import { isSource } from "./producer.ts";

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };

/** Somebody who waits for the next response. */
interface Reader {
  readonly resolve: (result: IteratorResult<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

/** A single-use async iterator. Leaving the loop cancels what the interceptors have made. */
export class InterceptedResponses implements AsyncIterableIterator<unknown> {
  /** Undefined where the call was over before anything ran. */
  private readonly started: Promise<AsyncIterator<unknown> | Iterator<unknown>> | undefined;
  private readonly readers = new Set<Reader>();
  private isOver = false;
  private failure: { readonly error: unknown } | undefined = undefined;

  /** `answer` runs the interceptors, and gives what is to be read. */
  constructor(private readonly whole: InterceptedCall, answer: () => Promise<unknown>) {
    whole.onFailed = (error) => this.failed(error);
    whole.isAwaited = () => this.readers.size > 0;
    whole.start();
    if (whole.isOver) return;
    this.started = this.start(answer);
    this.started.catch(() => {}); // a reader gets it, if there is one
  }

  next(): Promise<IteratorResult<unknown>> {
    const { failure } = this;
    this.failure = undefined; // thrown once, as a generator would
    if (failure !== undefined) return Promise.reject(failure.error);
    if (this.isOver) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => {
      const reader = { resolve, reject };
      this.readers.add(reader);
      this.started?.then((iterator) => iterator.next()).then((result) => {
        if (!this.readers.delete(reader)) return;
        if (result.done) this.end();
        resolve(result.done ? DONE : result);
      }, (thrown) => {
        if (!this.readers.delete(reader)) return;
        this.end();
        reject(this.whole.errorOf(thrown));
      });
    });
  }

  /** The reader is done. */
  return(): Promise<IteratorResult<unknown>> {
    const wasOver = this.isOver;
    this.failure = undefined;
    this.end();
    if (!wasOver) this.leave();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private async start(answer: () => Promise<unknown>): Promise<AsyncIterator<unknown> | Iterator<unknown>> {
    try {
      const responses = await answer();
      if (!isSource(responses)) {
        const { path } = this.whole;
        throw new TypeError(
          `Cannot read responses of ${path}: an interceptor put ${describe(responses)} there`,
        );
      }
      return Symbol.asyncIterator in responses
        ? responses[Symbol.asyncIterator]()
        : responses[Symbol.iterator]();
    } finally {
      this.whole.begun();
    }
  }

  private failed(error: unknown): void {
    if (this.isOver) return; // the reader has left it since
    this.isOver = true;
    const [first, ...others] = this.readers;
    this.readers.clear();
    if (first === undefined) this.failure = { error };
    else first.reject(error);
    for (const { resolve } of others) resolve(DONE);
    this.leave();
  }

  /** What the interceptors have made of the responses is read no further: its `finally` runs. */
  private leave(): void {
    const late = (error: unknown): void => void this.whole.errorOf(error);
    this.started?.then((iterator) => iterator.return?.(), () => {}).then(undefined, late);
  }

  private end(): void {
    this.isOver = true;
    for (const { resolve } of this.readers) resolve(DONE);
    this.readers.clear();
    this.whole.settle();
  }
}
