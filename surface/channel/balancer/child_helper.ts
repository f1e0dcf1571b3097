// What the child of a policy gets: all of it is its parent's, but for what becomes of the states that it publishes.

import type { EventEngine, SocketAddress } from "../../../pollers/mod.ts";
import type { ConnectivityState } from "../connectivity.ts";
import type { Health, Picked, Picker } from "../picker.ts";
import type { Subchannel, SubchannelWatcher } from "../subchannel.ts";
import type { BalancerHelper } from "./balancer.ts";

/** See the head of this file. */
export abstract class ChildHelper implements BalancerHelper {
  /** `helper`: that of the parent. */
  constructor(protected readonly helper: BalancerHelper) {}

  abstract updateState(state: ConnectivityState, picker: Picker): void;

  get engine(): EventEngine {
    return this.helper.engine;
  }
  createSubchannel(address: SocketAddress, watcher: SubchannelWatcher): Subchannel {
    return this.helper.createSubchannel(address, watcher);
  }
  pickOf(subchannel: Subchannel): Picked {
    return this.helper.pickOf(subchannel);
  }
  healthOf(subchannel: Subchannel): Health {
    return this.helper.healthOf(subchannel);
  }
  requestReresolution(): void {
    this.helper.requestReresolution();
  }
  reportError(error: unknown): void {
    this.helper.reportError(error);
  }
  run(closure: () => void): void {
    this.helper.run(closure);
  }
}
