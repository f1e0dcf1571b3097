// A balancing policy: it makes connections to the servers of a target, and says which of them calls take.

import type { EventEngine, SocketAddress } from "../../../pollers/mod.ts";
import type { ConnectivityState } from "../connectivity.ts";
import type { Picker } from "../picker.ts";
import type { EndpointAddresses } from "../resolver/resolver.ts";
import type { Subchannel, SubchannelWatcher } from "../subchannel.ts";

/** What a policy needs of its channel, or of the policy that it is a child of. */
export interface BalancerHelper {
  readonly engine: EventEngine;
  /** A connection to `address`, not begun, whose states `watcher` receives; who made it ends it. */
  createSubchannel(address: SocketAddress, watcher: SubchannelWatcher): Subchannel;
  /** Publishes a state, and what picks from now on. */
  updateState(state: ConnectivityState, picker: Picker): void;
  /** The addresses may be out of date. */
  requestReresolution(): void;
  /** Runs `closure` when no other control work of the channel runs: what timers and subchannels call is given to it. */
  run(closure: () => void): void;
}

/** Balances the calls of one channel. All of it is called as control work of the channel. */
export interface Balancer {
  /** The servers that there are now; the first list has the policy connect as it sees fit. */
  updateEndpoints(endpoints: readonly EndpointAddresses[]): void;
  /** Where it is IDLE it connects, at least one connection. */
  exitIdle(): void;
  /** Every wait after a failure is over now. */
  resetBackoff(): void;
  /** Ends its connections. */
  close(): void;
}

/** Makes the balancer of one channel. */
export type BalancerFactory = (helper: BalancerHelper) => Balancer;
