// Calls on the connections of a subchannel, those that are over too. Of one that it leaves to other channels, and uses again
// later, each call counts once.

import type { ClientTransport, TransportCounters } from "../../transport/mod.ts";

/** On a connection that is shared, those of all that share it. */
export interface SubchannelCalls {
  /** Those that had a stream. */
  started: number;
  /** Of them, those that ended with OK. */
  succeeded: number;
  /** And with another status. */
  failed: number;
}

/** A subchannel, as far as its calls are counted. */
export interface CountedSubchannel {
  /** Its connections. */
  readonly transports: readonly ClientTransport[];
}

/** Told that `subchannel` does not use `transport` any more, which may be over. */
export type ConnectionLeft = (subchannel: CountedSubchannel, transport: ClientTransport) => void;

/** Of the connections that one subchannel has left. */
class PastCalls {
  readonly sum: SubchannelCalls = { started: 0, succeeded: 0, failed: 0 };
  private readonly counted = new WeakMap<ClientTransport, TransportCounters>();

  /** `transport` is left: it is used again later, or is over. */
  take(transport: ClientTransport): void {
    this.addTo(this.sum, transport);
    this.counted.set(transport, transport.counters());
  }

  /** Adds to `sum` the calls of `transport` that were not taken before. */
  addTo(sum: SubchannelCalls, transport: ClientTransport): void {
    const { streamsStarted, callsSucceeded, callsFailed } = transport.counters();
    const before = this.counted.get(transport);
    sum.started += streamsStarted - (before?.streamsStarted ?? 0);
    sum.succeeded += callsSucceeded - (before?.callsSucceeded ?? 0);
    sum.failed += callsFailed - (before?.callsFailed ?? 0);
  }
}

const past = new WeakMap<CountedSubchannel, PastCalls>();

function pastOf(subchannel: CountedSubchannel): PastCalls {
  let calls = past.get(subchannel);
  if (calls === undefined) past.set(subchannel, calls = new PastCalls());
  return calls;
}

/** See {@linkcode ConnectionLeft}. */
export const connectionLeft: ConnectionLeft = (subchannel, transport) => pastOf(subchannel).take(transport);

/** Those of the connections of `subchannel` until now. */
export function callsOf(subchannel: CountedSubchannel): SubchannelCalls {
  const before = pastOf(subchannel);
  const sum = { ...before.sum };
  for (const transport of subchannel.transports) before.addTo(sum, transport);
  return sum;
}
