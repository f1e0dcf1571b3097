// When handlers of response streams begin: some in each iteration of the loop, of all connections of a server in turns.
// One that ends gives its place to the next: so many more may run after an iteration than before it, and calls that are
// answered at once wait for nothing.
//
// What such a handler sends comes only after it has begun. A client that asks for a hundred streams at once and reads nothing
// would have a hundred first messages made before it is known that none can be sent; and a hundred such clients would have
// the loop make all of them before anybody else has a turn.

import type { ApplicationCallback } from "../../pollers/mod.ts";

/** Handlers that begin in one iteration and have not ended, at most; at least half as many. */
const GROUP = 16;

/** One connection's calls that wait for it. */
export interface Waiting {
  /** Begins the next handler, which {@linkcode Beginnings.take} may refuse, and none after it. */
  resume(): void;
}

/** The handlers of one server. */
export class Beginnings implements ApplicationCallback {
  /** Owned by the turn. */
  callbackScheduled = false;
  /** Handlers that have begun since the last group, less those that have ended since. */
  private begun = 0;
  private isDue = false;
  private resuming = false;
  private readonly waiting = new Set<Waiting>();
  private readonly nextGroup = (): void => {
    this.isDue = false;
    this.begun = 0;
    this.resumeWaiting();
    if (this.waiting.size > 0) this.awaitNext();
  };

  /**
   * `later` calls its closure when what runs now has had its turn, and its promises too; `schedule` runs a callback
   * outermost, and not on the caller's stack.
   */
  constructor(
    private readonly later: (closure: () => void) => void,
    private readonly schedule: (callback: ApplicationCallback) => void,
  ) {}

  /** Whether one more may begin now, which it then has. */
  take(): boolean {
    if (this.begun === GROUP) return false;
    if (++this.begun === GROUP >> 1) this.awaitNext();
    return true;
  }

  /** A handler of a response stream has ended. */
  ended(): void {
    if (this.begun > 0) this.begun--;
    if (this.waiting.size > 0 && !this.resuming) this.schedule(this);
  }

  /** A handler has ended, and gives its place to the next one. */
  runCallback(): void {
    this.resumeWaiting();
  }

  /** Has `one` resumed in its turn. */
  enqueue(one: Waiting): void {
    this.waiting.add(one);
    this.awaitNext();
  }

  /** The one that comes first begins one handler, and then waits behind the others. Some end at once. */
  private resumeWaiting(): void {
    if (this.resuming) return;
    this.resuming = true;
    try {
      for (const one of this.waiting) {
        if (this.begun === GROUP) break;
        this.waiting.delete(one);
        one.resume();
      }
    } finally {
      this.resuming = false;
    }
  }

  private awaitNext(): void {
    if (this.isDue) return;
    this.isDue = true;
    this.later(this.nextGroup);
  }
}
