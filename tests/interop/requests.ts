// A request stream that is written message by message, as interop cases do between one response and the next.

/** An async iterable of what is pushed, until `end`. */
export class Requests<T> implements AsyncIterable<T> {
  readonly #pushed: T[] = [];
  #ended = false;
  #wake = (): void => {};

  /** Sends `messages` first. */
  constructor(...messages: T[]) {
    this.#pushed.push(...messages);
  }

  /** Sends one more message. */
  push(message: T): void {
    this.#pushed.push(message);
    this.#wake();
  }

  /** Half-closes. */
  end(): this {
    this.#ended = true;
    this.#wake();
    return this;
  }

  /** Waits for what is pushed. */
  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    while (true) {
      while (this.#pushed.length > 0) yield this.#pushed.shift()!;
      if (this.#ended) return;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}
