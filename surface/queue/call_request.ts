// A request for one call: an operation of the queue that is notified, and of another one's where the call gets its own.

import type { QueueCore } from "./queue_core.ts";
import type { QueueOperation } from "./queue_operation.ts";
import type { QueueServerCall } from "./server_call.ts";

/** Who wants the call. */
export interface CallRequester {
  /** Set before the request: ends with the call, in the call's queue. */
  readonly whenDone: QueueOperation | undefined;
  /** There is one: what it came with can be read when the event comes. */
  onCall(call: QueueServerCall): void;
}

/** See the head of this file. */
export class CallRequest implements QueueOperation {
  /** Owned by the queue. */
  nextOperation: QueueOperation | undefined = undefined;
  /** Owned by the queue. */
  previousOperation: QueueOperation | undefined = undefined;
  /** `home`: number of the queue that is notified. `bound`: the queue of the call's batches. */
  constructor(
    readonly tag: unknown,
    readonly home: number,
    private readonly what: string,
    private readonly notified: QueueCore<unknown>,
    private readonly bound: QueueCore<unknown>,
    private readonly requester: CallRequester,
  ) {}

  /** Throws CallError where one of the queues is over; nothing has changed then. */
  begin(): void {
    const purpose = `request a call of ${this.what}`;
    const { bound, notified, requester } = this;
    const { whenDone } = requester;
    if (whenDone === undefined) bound.checkOpen(purpose); // the tag comes out of the other queue
    else bound.check(whenDone.tag, purpose);
    notified.begin(this, purpose);
    if (whenDone !== undefined) bound.begin(whenDone, purpose);
  }

  /** `call` is what was requested. */
  match(call: QueueServerCall): void {
    call.handOut(this.bound, this.requester.whenDone);
    this.requester.onCall(call);
    this.notified.end(this, true);
  }

  /** There will be none: the server shuts down. */
  fail(): void {
    const { whenDone } = this.requester;
    this.notified.end(this, false);
    if (whenDone !== undefined) this.bound.end(whenDone, false);
  }

  describe(): string {
    return `request for a call of ${this.what}`;
  }
}
