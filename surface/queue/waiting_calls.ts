// The calls of one method that nobody has requested yet, in their order: linked, since those that end leave from the
// middle, and a set that as many calls come to and leave costs more than all else of matching them.
//
// What a call came with is a view of receive memory. Mostly the application requests the call in the same iteration of
// the loop; a call that waits longer is copied out of it.

import type { EventEngine } from "../../pollers/mod.ts";

/** A call that may wait. It is a member of one list, which owns its links: start them as undefined. */
export interface RequestableCall<C> {
  /** The member after it. */
  nextWaiting: C | undefined;
  /** The member before it; itself where it is the first one; undefined: it does not wait. */
  previousWaiting: C | undefined;
  /** It waits for long: what it has is kept without the receive memory that it came with. */
  keep(): void;
}

/** See the head of this file. */
export class WaitingCalls<C extends RequestableCall<C>> {
  /** How many wait. */
  size = 0;
  private head: C | undefined = undefined;
  private last: C | undefined = undefined;
  /** Those that came in this iteration of the loop. */
  private readonly recent: C[] = [];
  private readonly keepRecent = (): void => {
    for (const call of this.recent) if (call.previousWaiting !== undefined) call.keep();
    this.recent.length = 0;
  };

  /** `engine`: whose loop it is. */
  constructor(private readonly engine: Pick<EventEngine, "run">) {}

  /** The one that waits longest. */
  get first(): C | undefined {
    return this.head;
  }

  /** `call` waits from here on. */
  add(call: C): void {
    const { last } = this;
    if (last !== undefined) last.nextWaiting = call;
    else this.head = call;
    call.previousWaiting = last ?? call;
    this.last = call;
    this.size++;
    if (this.recent.push(call) === 1) this.engine.run(this.keepRecent);
  }

  /** `call` waits no longer; nothing happens where it does not. */
  delete(call: C): void {
    const { nextWaiting: next, previousWaiting } = call;
    if (previousWaiting === undefined) return;
    const previous = previousWaiting === call ? undefined : previousWaiting;
    if (previous !== undefined) previous.nextWaiting = next;
    else this.head = next;
    if (next !== undefined) next.previousWaiting = previous ?? next;
    else this.last = previous;
    call.nextWaiting = call.previousWaiting = undefined;
    this.size--;
  }
}
