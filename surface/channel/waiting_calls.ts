// Calls that wait for a connection, or for a stream of one, in the order in which they are to have it.

import type { CallPlace, PendingCall } from "../client/call_route.ts";

/**
 * Calls whose stream a server has refused are ahead of those that had none: behind a long queue they would get one of the last
 * streams of the next connection, be refused again where that ends after some requests, and fail, for a call moves once.
 */
export class WaitingCalls implements CallPlace {
  private readonly refused = new Set<PendingCall>();
  private readonly others = new Set<PendingCall>();

  /** How many wait. */
  get size(): number {
    return this.refused.size + this.others.size;
  }

  /** `call` waits here from now on. */
  add(call: PendingCall): void {
    (call.refused ? this.refused : this.others).add(call);
    call.waitsIn = this;
  }

  /** `call` does not wait here any more. */
  delete(call: PendingCall): void {
    this.refused.delete(call);
    this.others.delete(call);
  }

  /**
   * All of them, in their order. A refused one that is added meanwhile may be left out, but no call is refused while others
   * are given their streams.
   */
  *[Symbol.iterator](): Iterator<PendingCall> {
    yield* this.refused;
    yield* this.others;
  }
}
