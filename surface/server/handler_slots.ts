// How many handlers one connection may have running at once: as many as it may have streams.
//
// A stream that ends does not end its handler, which may take no notice of its signal; a client whose calls have
// deadlines of 1 ms would have any number of handlers run. So a handler counts from its start to its end, however its
// stream ended, and a call beyond the limit waits for its turn. A call that waits has an open stream, so that the
// limit of streams bounds how many can wait; what is beyond that is refused by HTTP/2.

/** A call that waits for its handler's turn. */
export interface WaitingCall {
  /** Runs the handler now. */
  runHandler(): void;
}

/** The handlers of one connection. */
export class HandlerSlots {
  /** Handlers that run now. */
  running = 0;
  /**
   * Calls that wait, in their order; a set, for those whose streams end leave it from the middle. Undefined while there
   * are none: asking a set for its size costs more than all else here.
   */
  private waiting: Set<WaitingCall> | undefined = undefined;
  private starting = false;
  private warned = false;

  /** At most `limit` at once. `onWaiting` is called when the first call has to wait. */
  constructor(private readonly limit: number, private readonly onWaiting: () => void) {}

  /** Whether `call` may run its handler now; if not, `runHandler` is called when it may. */
  take(call: WaitingCall): boolean {
    if (this.running < this.limit && this.waiting === undefined) {
      this.running++;
      return true;
    }
    (this.waiting ??= new Set()).add(call);
    if (!this.warned) this.onWaiting();
    this.warned = true;
    return false;
  }

  /** The stream of `call` ended while it waited. */
  withdraw(call: WaitingCall): void {
    this.waiting?.delete(call);
    if (this.waiting?.size === 0) this.waiting = undefined;
  }

  /** A handler is through. */
  release(): void {
    this.running--;
    if (this.waiting !== undefined && !this.starting) this.startWaiting();
  }

  /** A loop: a handler that ends at once calls this again before it returns. */
  private startWaiting(): void {
    this.starting = true;
    try {
      while (this.waiting !== undefined && this.running < this.limit) {
        const call = this.waiting.values().next().value!;
        this.withdraw(call);
        this.running++;
        call.runHandler();
      }
    } finally {
      this.starting = false;
    }
  }
}
