// What a balancing policy publishes: it says for each call which connection the call takes.

import type { PendingCall } from "../client/call_route.ts";
import { BothTrackers, type CallTracker } from "./call_tracker.ts";
import { Subchannel } from "./subchannel.ts";

/** The call waits for the next picker. */
export const QUEUE: unique symbol = Symbol("queue");

/** There is no connection for the call. */
export class PickFailure {
  /** `why` may be a function, which is asked once, when it is first read. `drop`: calls that are waitForReady fail too. */
  constructor(private why: string | (() => string), readonly drop: boolean = false) {}

  /** Why, for the status of the call. */
  get reason(): string {
    if (typeof this.why === "function") this.why = this.why();
    return this.why;
  }
}

/** A connection whose calls a policy follows. Made once for a connection, not for each call. */
export class TrackedPick {
  constructor(readonly subchannel: Subchannel, readonly tracker: CallTracker) {}

  /** As {@linkcode Subchannel.isConnected}. */
  get isConnected(): boolean {
    return this.subchannel.isConnected;
  }

  /** As {@linkcode Subchannel.attach}. */
  attach(call: PendingCall): boolean {
    if (!this.subchannel.canAttach) return false;
    this.track(call);
    return this.subchannel.attach(call);
  }

  /** As {@linkcode Subchannel.submit}. */
  submit(call: PendingCall): void {
    this.track(call);
    this.subchannel.submit(call);
  }

  private track(call: PendingCall): void {
    call.tracker = this.tracker;
    this.tracker.callStarted();
  }
}

/** A connection that a call takes. */
export type Picked = Subchannel | TrackedPick;

/** The connection that a call takes, or why it takes none. */
export type PickResult = Picked | typeof QUEUE | PickFailure;

/** Whether calls may take a connection that is READY: "SERVING", it is not known yet (they wait), or why not. */
export type Health = "SERVING" | typeof QUEUE | PickFailure;

/** Immutable, but for what counts the calls that it sees; a policy replaces it whenever the state changes. */
export interface Picker {
  /** Chooses for one attempt of `call`; called again when what it chose turns out to be lost. */
  pick(call: PendingCall): PickResult;
}

/** Picks the same for every call. */
export class FixedPicker implements Picker {
  constructor(private readonly result: PickResult) {}

  pick(): PickResult {
    return this.result;
  }
}

/** Calls wait. */
export const QUEUE_PICKER: Picker = new FixedPicker(QUEUE);

/** Calls wait, and the first one has the policy connect. */
export class IdlePicker implements Picker {
  constructor(private readonly exitIdle: () => void) {}

  pick(): PickResult {
    this.exitIdle();
    return QUEUE;
  }
}

/** Whether a pick gave a connection. */
export function isPicked(result: PickResult): result is Picked {
  return result instanceof Subchannel || result instanceof TrackedPick;
}

/** The same connection, with `tracker` following its calls beside those that do already. */
export function tracked(picked: Picked, tracker: CallTracker): TrackedPick {
  if (picked instanceof Subchannel) return new TrackedPick(picked, tracker);
  return new TrackedPick(picked.subchannel, new BothTrackers(picked.tracker, tracker));
}
