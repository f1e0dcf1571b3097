// Messages that an application reads with `for await`; unread ones keep the peer from sending more.

import { errorOf, rejection } from "./call_failure.ts";

/** What an inbox calls on the call that owns it. */
export interface InboxOwner {
  /** A message was taken: its octets are released to the peer's window. */
  onTaken(wireBytes: number): void;
  /** The application stopped reading before the end. */
  onAbandoned(): void;
}

/**
 * A single-use async iterator. A message that is there costs no waiting; the peer's flow-control window bounds
 * what can be here, because octets are released only as messages are taken.
 */
export class Inbox<T> implements AsyncIterableIterator<T> {
  private messages: T[] = [];
  private wireBytes: number[] = [];
  private head = 0;
  private ended = false;
  private error: unknown = undefined;
  private waiting: Array<(result: IteratorResult<T> | PromiseLike<never>) => void> = [];

  /** `owner` is called for what the reader does. */
  constructor(private readonly owner: InboxOwner) {}

  /** A message arrived. */
  push(message: T, wireBytes: number): void {
    if (this.ended) return this.owner.onTaken(wireBytes);
    const waiter = this.waiting.shift();
    if (waiter === undefined) {
      this.messages.push(message);
      this.wireBytes.push(wireBytes);
      return;
    }
    this.owner.onTaken(wireBytes);
    waiter({ value: message, done: false });
  }

  /** Nothing more will come; with `error`, or a CallFailure, reading past what is here rejects with it. */
  end(error?: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.error = error;
    for (const waiter of this.waiting.splice(0)) waiter(error === undefined ? DONE : rejection(error));
  }

  /** The next message. */
  next(): Promise<IteratorResult<T>> {
    if (this.head < this.messages.length) {
      const value = this.messages[this.head]!;
      const wireBytes = this.wireBytes[this.head++]!;
      if (this.head === this.messages.length) this.clear();
      else if (this.head >= COMPACT_AT && this.head * 2 >= this.messages.length) this.compact();
      this.owner.onTaken(wireBytes);
      return Promise.resolve({ value, done: false });
    }
    if (!this.ended) return new Promise((resolve) => this.waiting.push(resolve));
    const { error } = this;
    if (error === undefined) return Promise.resolve(DONE);
    this.error = undefined; // thrown once, as a generator would
    return Promise.reject(errorOf(error, this.next));
  }

  /** The reader is done; what is here and what comes is thrown away. */
  return(): Promise<IteratorResult<T>> {
    const abandoned = !this.ended;
    for (let i = this.head; i < this.wireBytes.length; i++) this.owner.onTaken(this.wireBytes[i]!);
    this.clear();
    this.end();
    this.error = undefined;
    if (abandoned) this.owner.onAbandoned();
    return Promise.resolve(DONE);
  }

  /** Itself: there is one pass. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  private clear(): void {
    this.messages = [];
    this.wireBytes = [];
    this.head = 0;
  }

  /** Drops what was read: a reader that is always a little behind never empties the queue. */
  private compact(): void {
    this.messages.splice(0, this.head);
    this.wireBytes.splice(0, this.head);
    this.head = 0;
  }
}

/** Messages read before the queue is compacted: rare enough to cost nothing for each. */
const COMPACT_AT = 32;

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };
