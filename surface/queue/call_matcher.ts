// Matches the calls of one method with requests for them: whichever comes first waits, in order.
//
// A connection has a home queue. Its calls are matched with a request of that queue first, then with those of the other
// queues, round: so a queue that nobody waits in has none of the others starve.

import type { EventEngine } from "../../pollers/mod.ts";
import { Status } from "../call/status.ts";
import type { CallRequest } from "./call_request.ts";
import type { CallQueue, QueueServerCall } from "./server_call.ts";
import { WaitingCalls } from "./waiting_calls.ts";

/** See the head of this file. */
export class CallMatcher implements CallQueue {
  /** Requests by the number of their queue. */
  private readonly requests: CallRequest[][] = [];
  private readonly waiting: WaitingCalls<QueueServerCall>;
  /** Whether the server takes no more calls. */
  isShutDown = false;

  /** `what`: "/a.B/C". At most `limit` calls wait. */
  constructor(readonly what: string, private readonly limit: number, engine: EventEngine) {
    this.waiting = new WaitingCalls(engine);
  }

  /** A call has come. */
  arrived(call: QueueServerCall): void {
    if (this.nextRequest(call.home) !== undefined && !call.prepare()) return;
    // That called a codec, which is the application's: the server may be shut down, or the request another call's.
    if (this.isShutDown) return call.cancelWith(Status.UNAVAILABLE, "server is shutting down");
    const request = this.nextRequest(call.home);
    if (request !== undefined) {
      this.requests[request.home]!.shift(); // it is the first one
      return request.match(call);
    }
    if (this.waiting.size >= this.limit) {
      return call.cancelWith(
        Status.RESOURCE_EXHAUSTED,
        `${this.limit} calls of ${this.what} wait for the application to request them, and no more may`,
      );
    }
    this.waiting.add(call);
  }

  /** A call has ended before it was matched. */
  withdraw(call: QueueServerCall): void {
    this.waiting.delete(call);
  }

  /** The application requests a call, with a queue of the number `queue`. */
  request(request: CallRequest): void {
    for (let call = this.waiting.first; call !== undefined; call = this.waiting.first) {
      this.waiting.delete(call);
      if (call.prepare()) return request.match(call);
    }
    if (this.isShutDown) return request.fail(); // perhaps by who was told that a call could not be decoded
    (this.requests[request.home] ??= []).push(request);
  }

  /** Requests fail, and calls that wait for one end. */
  shutdown(): void {
    this.isShutDown = true;
    const requests = this.requests.flat();
    this.requests.length = 0;
    for (const request of requests) request.fail();
    for (let call = this.waiting.first; call !== undefined; call = this.waiting.first) {
      this.waiting.delete(call);
      call.cancelWith(Status.UNAVAILABLE, "server is shutting down");
    }
  }

  /** What waits, a line each. */
  describePending(): string[] {
    const requests = this.requests.flat().length;
    const lines = requests === 0 ? [] : [`${this.what}: ${requests} requests wait for calls`];
    if (this.waiting.size > 0) lines.push(`${this.what}: ${this.waiting.size} calls wait for requests`);
    return lines;
  }

  private nextRequest(home: number): CallRequest | undefined {
    const { requests } = this;
    for (let i = 0; i < requests.length; i++) {
      const request = requests[(home + i) % requests.length]?.[0];
      if (request !== undefined) return request;
    }
    return undefined;
  }
}
