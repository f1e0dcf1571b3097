// A request for one call: an operation of the queue that is notified, and of another one's where the call gets its own. What
// the call is put into, its subclasses say.

import type { QueueCore } from "./queue_core.ts";
import type { QueueOperation } from "./queue_operation.ts";
import type { QueueServerCall } from "./server_call.ts";

/** See the head of this file. */
export abstract class CallRequest implements QueueOperation {
  /** Owned by the queue. */
  declare nextOperation: QueueOperation | undefined;
  /** Owned by the queue. */
  declare previousOperation: QueueOperation | undefined;
  abstract readonly tag: unknown;
  declare readonly notified: QueueCore<unknown>;
  /** Number of the queue that is notified; set when the call is requested. */
  declare home: number;
  /** Of which method: "/a.B/C"; set when the call is requested. */
  declare what: string;
  declare private readonly bound: QueueCore<unknown>;
  declare private readonly whenDone: QueueOperation | undefined;

  /** `bound`: the queue of the call's batches. `whenDone` ends with the call, in that queue. */
  constructor(
    notified: QueueCore<unknown>,
    bound: QueueCore<unknown>,
    whenDone: QueueOperation | undefined,
  ) {
    this.nextOperation = undefined;
    this.previousOperation = undefined;
    this.notified = notified;
    this.home = 0;
    this.what = "";
    this.bound = bound;
    this.whenDone = whenDone;
  }

  /** There is a call: what it came with can be read when the event comes. */
  protected abstract onCall(call: QueueServerCall): void;

  /** Throws CallError where one of the queues is over; nothing has changed then. */
  begin(): void {
    const { bound, notified, whenDone } = this;
    if (whenDone !== undefined) bound.check(whenDone);
    else if (bound.isOver) bound.refuse(this.purpose); // the tag comes out of the other queue
    notified.begin(this);
    if (whenDone !== undefined) bound.begin(whenDone);
  }

  /** `call` is what was requested. */
  match(call: QueueServerCall): void {
    call.handOut(this.bound, this.whenDone);
    this.onCall(call);
    this.notified.end(this, true);
  }

  /** There will be none: the server shuts down. */
  fail(): void {
    this.notified.end(this, false);
    if (this.whenDone !== undefined) this.bound.end(this.whenDone, false);
  }

  /** "request a call of /a.B/C". */
  get purpose(): string {
    return `request a call of ${this.what}`;
  }

  describe(): string {
    return `request for a call of ${this.what}`;
  }
}
