// What happened to a channel: its last states, as many as are kept.

import { timeOfDay } from "../../pollers/native/time_of_day.ts";
import type { ConnectivityState } from "../channel/connectivity.ts";

/** States that are kept of one channel. */
const KEPT = 32;

/** One of them. */
export interface TracedState {
  readonly state: ConnectivityState;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The states of one channel since it is watched. */
export class ChannelTrace {
  /** When it was begun. */
  readonly createdAt: number = timeOfDay();
  /** The last ones. */
  readonly states: TracedState[] = [];
  /** How many there were in all. */
  logged = 0;

  /** The channel is in `state` now. */
  add(state: ConnectivityState): void {
    this.logged++;
    this.states.push({ state, at: timeOfDay() });
    if (this.states.length > KEPT) this.states.shift();
  }
}
