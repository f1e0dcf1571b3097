// What a balancing policy publishes: it says for each call which connection the call takes.

import type { PendingCall } from "../client/call_route.ts";
import { Subchannel } from "./subchannel.ts";

/** The call waits for the next picker. */
export const QUEUE: unique symbol = Symbol("queue");

/** There is no connection for the call. */
export class PickFailure {
  /** `drop`: calls that are waitForReady fail too. */
  constructor(
    /** Why, for the status of the call. */
    readonly reason: string,
    readonly drop: boolean = false,
  ) {}
}

/** The connection that a call takes, or why it takes none. */
export type PickResult = Subchannel | typeof QUEUE | PickFailure;

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
export function isSubchannel(result: PickResult): result is Subchannel {
  return result instanceof Subchannel;
}
