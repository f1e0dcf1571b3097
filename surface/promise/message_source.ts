// Messages that an application reads with `for await`; unread ones keep the peer from sending more.

import { errorOf, rejection } from "./call_failure.ts";
import { MessageStore } from "../call/message_store.ts";

/** What a source calls on the call that owns it. */
export interface MessageSourceOwner<T> {
  /** Decodes a message that is taken; throws where that cannot be done. */
  decode(bytes: Uint8Array): T;
  /** `decode` threw `error`: the call is over. Returns what the reader gets. */
  onUndecodable(error: unknown): unknown;
  /** Messages were taken: their octets are released to the peer's window. */
  onTaken(wireBytes: number): void;
  /** The application stopped reading before the end. */
  onAbandoned(): void;
}

/**
 * A single-use async iterator. A message that is there costs no waiting; the peer's flow-control window bounds
 * what can be here, because octets are released only as messages are taken. They are kept as they came, and decoded when
 * they are taken.
 */
export class MessageSource<T> implements AsyncIterableIterator<T> {
  private readonly stored = new MessageStore();
  private ended = false;
  private error: unknown = undefined;
  private waiting: Array<(result: IteratorResult<T> | PromiseLike<never>) => void> = [];

  /** `owner` is called for what the reader does. */
  constructor(private readonly owner: MessageSourceOwner<T>) {}

  /** A message arrived. */
  push(bytes: Uint8Array, wireBytes: number): void {
    if (this.ended) return this.owner.onTaken(wireBytes);
    if (this.waiting.length === 0) return this.stored.push(bytes, wireBytes);
    let value: T;
    try {
      value = this.owner.decode(bytes);
    } catch (error) {
      this.owner.onTaken(wireBytes);
      return this.end(this.owner.onUndecodable(error));
    }
    const waiter = this.waiting.shift(); // none where a codec of the application's has ended the call
    this.owner.onTaken(wireBytes);
    waiter?.({ value, done: false });
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
    if (this.stored.size > 0) {
      try {
        return Promise.resolve({ value: this.takeStored(), done: false });
      } catch (error) {
        this.fail(this.owner.onUndecodable(error));
      }
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
    this.dropStored();
    this.end();
    this.error = undefined;
    if (abandoned) this.owner.onAbandoned();
    return Promise.resolve(DONE);
  }

  /** Itself: there is one pass. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** What is here is thrown away. */
  dropStored(): void {
    const { wireBytes } = this.stored;
    if (wireBytes > 0) this.owner.onTaken(wireBytes);
    this.stored.clear();
  }

  private takeStored(): T {
    const { stored } = this;
    const bytes = stored.shift();
    this.owner.onTaken(stored.takenBytes);
    return this.owner.decode(bytes);
  }

  /** The reader gets `error` next, whatever the call ended with. */
  private fail(error: unknown): void {
    this.dropStored();
    this.end(error);
    this.error = error;
  }
}

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };
