// A balancing policy: it makes connections to the servers of a target, and says which of them calls take.

import type { EventEngine, SocketAddress } from "../../../pollers/mod.ts";
import type { ConnectivityState } from "../connectivity.ts";
import type { Health, Picked, Picker } from "../picker.ts";
import type { EndpointAddresses } from "../resolver/endpoint.ts";
import type { Subchannel, SubchannelWatcher } from "../subchannel.ts";

/** What a policy needs of its channel, or of the policy that it is a child of. */
export interface BalancerHelper {
  readonly engine: EventEngine;
  /** A connection to `address`, not begun, whose states `watcher` receives; who made it ends it. */
  createSubchannel(address: SocketAddress, watcher: SubchannelWatcher): Subchannel;
  /** What picks of `subchannel` are to give: itself, or itself with what follows its calls. Asked when it takes the calls. */
  pickOf(subchannel: Subchannel): Picked;
  /**
   * Whether calls may take the connection of `subchannel`, which is READY, where they have another one. It is said again
   * by `onSubchannelHealth` of its watcher.
   */
  healthOf(subchannel: Subchannel): Health;
  /** Publishes a state, and what picks from now on. */
  updateState(state: ConnectivityState, picker: Picker): void;
  /** The addresses may be out of date. */
  requestReresolution(): void;
  /** What an application's policy threw where nothing can come of it any more goes to whom the channel reports to. */
  reportError(error: unknown): void;
  /** Runs `closure` when no other control work of the channel runs: what timers and subchannels call is given to it. */
  run(closure: () => void): void;
}

/** Balances the calls of one channel. All of it is called as control work of the channel. */
export interface Balancer<Config = unknown> {
  /** The servers that there are now, and what is said of the policy; the first list has it connect as it sees fit. */
  update(endpoints: readonly EndpointAddresses[], config: Config): void;
  /** Where it is IDLE it connects, at least one connection. */
  exitIdle(): void;
  /** Every wait after a failure is over now. */
  resetBackoff(): void;
  /** Ends its connections. */
  close(): void;
}

/**
 * Reads the list that names the policy of a child: the value of the field at `path`, as "childPolicy". Throws
 * ServiceConfigError where it names none that is known.
 */
export type ReadChildPolicy = (list: unknown, path: string) => ConfiguredPolicy;

/** A kind of balancing, as channels and service configs name it. */
export interface BalancingPolicy<Config = unknown> {
  readonly name: string;
  /**
   * Reads what a service config says of it, a JSON object; throws where that cannot be used, best ServiceConfigError with
   * the path of the field below this object. `readChild` reads the policy of a child.
   */
  readConfig(json: Readonly<Record<string, unknown>>, readChild: ReadChildPolicy): Config;
  /** Makes the balancer of one channel. */
  make(helper: BalancerHelper): Balancer<Config>;
}

/** A policy, and what is said of it. */
export interface ConfiguredPolicy<Config = unknown> {
  readonly policy: BalancingPolicy<Config>;
  readonly config: Config;
}
