// outlier_detection: servers of which more calls fail than of the others get none for a while (gRFC A50).
//
// It is the parent of a policy that balances, whose calls it follows. Once in an interval it judges the servers by how
// their calls ended, and ejects those that stand out: their connections stay, but to the child they are in
// TRANSIENT_FAILURE. A server is ejected the longer the more often it was, and an interval in which it is not makes it one
// time less. Every status but OK is a failure, also one that this side made: a cancellation, a deadline.

import {
  type EventEngine,
  formatAddress,
  type SocketAddress,
  type TaskHandle,
} from "../../../pollers/mod.ts";
import type { ConnectivityState } from "../connectivity.ts";
import { type Health, type Picked, type Picker, PickFailure, tracked } from "../picker.ts";
import { type EndpointAddresses, serverName } from "../resolver/endpoint.ts";
import type { Subchannel, SubchannelWatcher } from "../subchannel.ts";
import type { Balancer, BalancerHelper, BalancingPolicy } from "./balancer.ts";
import { GracefulSwitch } from "./graceful_switch.ts";
import { type OutlierConfig, readOutlierConfig } from "./outlier_config.ts";
import { FollowedEndpoint, highFailurePercentages, lowSuccessRates } from "./outlier_statistics.ts";

/** A connection of the child, and the server that it is judged with; undefined where that is not in the list. */
class FollowedSubchannel implements SubchannelWatcher {
  constructor(
    private readonly owner: OutlierDetection,
    private readonly watcher: SubchannelWatcher,
    public endpoint: FollowedEndpoint | undefined,
  ) {}

  onSubchannelState(subchannel: Subchannel, state: ConnectivityState): void {
    if (state === "SHUTDOWN") this.owner.subchannelOver(subchannel);
    this.watcher.onSubchannelState(subchannel, state);
  }
  onSubchannelHealth(subchannel: Subchannel): void {
    this.watcher.onSubchannelHealth(subchannel);
  }
  onSubchannelMoved(subchannel: Subchannel): void {
    this.watcher.onSubchannelMoved?.(subchannel);
  }
  onSubchannelThrew(error: unknown): void {
    this.watcher.onSubchannelThrew(error);
  }
}

/** See the head of this file. To its child it is the helper. */
class OutlierDetection implements Balancer<OutlierConfig>, BalancerHelper {
  private readonly child = new GracefulSwitch(this);
  private config!: OutlierConfig;
  /** By their addresses. */
  private endpoints = new Map<string, FollowedEndpoint>();
  private byAddress = new Map<string, FollowedEndpoint>();
  private readonly subchannels = new Map<Subchannel, FollowedSubchannel>();
  /** Ends the interval. */
  private timer: TaskHandle | undefined = undefined;
  /** When the interval began. */
  private since = 0;
  private closed = false;

  constructor(private readonly helper: BalancerHelper) {}

  update(endpoints: readonly EndpointAddresses[], config: OutlierConfig): void {
    const counted = this.counts;
    this.config = config;
    this.takeEndpoints(endpoints);
    if (!this.counts) this.stopCounting();
    else if (!counted) this.begin();
    else this.awaitEnd();
    if (counted !== this.counts) this.pickAgain();
    this.child.update(endpoints, config.child);
  }

  exitIdle(): void {
    this.child.exitIdle();
  }

  resetBackoff(): void {
    this.child.resetBackoff();
  }

  close(): void {
    this.closed = true;
    this.cancelTimer();
    this.child.close();
  }

  // What the child calls.

  get engine(): EventEngine {
    return this.helper.engine;
  }
  createSubchannel(address: SocketAddress, watcher: SubchannelWatcher): Subchannel {
    const followed = new FollowedSubchannel(this, watcher, this.byAddress.get(formatAddress(address)));
    const subchannel = this.helper.createSubchannel(address, followed);
    this.subchannels.set(subchannel, followed);
    return subchannel;
  }
  pickOf(subchannel: Subchannel): Picked {
    const picked = this.helper.pickOf(subchannel);
    const endpoint = this.subchannels.get(subchannel)?.endpoint;
    return endpoint === undefined || !this.counts ? picked : tracked(picked, endpoint);
  }
  healthOf(subchannel: Subchannel): Health {
    const endpoint = this.subchannels.get(subchannel)?.endpoint;
    if (endpoint?.ejectedAt === undefined) return this.helper.healthOf(subchannel);
    return new PickFailure(
      `${formatAddress(subchannel.address)}: no calls for a while, because too many failed`,
    );
  }
  updateState(state: ConnectivityState, picker: Picker): void {
    this.helper.updateState(state, picker);
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

  /** From a connection. */
  subchannelOver(subchannel: Subchannel): void {
    this.subchannels.delete(subchannel);
  }

  /** Whether there is anything that servers are judged by. */
  private get counts(): boolean {
    return this.config?.successRate !== undefined || this.config?.failurePercentage !== undefined;
  }

  private takeEndpoints(endpoints: readonly EndpointAddresses[]): void {
    const before = this.endpoints;
    this.endpoints = new Map();
    this.byAddress = new Map();
    for (const server of endpoints) {
      const name = serverName(server);
      const endpoint = this.endpoints.get(name) ?? before.get(name) ?? new FollowedEndpoint();
      this.endpoints.set(name, endpoint);
      for (const address of server.addresses) this.byAddress.set(formatAddress(address), endpoint);
    }
    for (const [{ address }, followed] of this.subchannels) {
      followed.endpoint = this.byAddress.get(formatAddress(address));
    }
  }

  /** Counting begins. */
  private begin(): void {
    for (const endpoint of this.endpoints.values()) endpoint.swap();
    this.since = this.engine.now();
    this.awaitEnd();
  }

  private awaitEnd(): void {
    this.cancelTimer();
    const { engine } = this;
    this.timer = engine.runAt(this.since + this.config.intervalMs, () => {
      this.timer = undefined;
      this.helper.run(() => this.intervalOver());
    });
  }

  private cancelTimer(): void {
    if (this.timer !== undefined) this.engine.cancel(this.timer);
    this.timer = undefined;
  }

  /** Nobody is judged any more, and what was is forgotten. */
  private stopCounting(): void {
    this.cancelTimer();
    for (const endpoint of this.endpoints.values()) {
      endpoint.multiplier = 0;
      this.uneject(endpoint);
    }
  }

  /** It may have had to wait for its turn: a config that judges nobody, or the end of the policy, came before. */
  private intervalOver(): void {
    if (this.counts && !this.closed) this.judge();
  }

  /** An interval is over. */
  private judge(): void {
    const { successRate, failurePercentage } = this.config;
    const now = this.since = this.engine.now();
    const endpoints = [...this.endpoints.values()];
    for (const endpoint of endpoints) endpoint.swap();
    if (successRate !== undefined) {
      this.eject(lowSuccessRates(endpoints, successRate), successRate.enforcementPercentage);
    }
    if (failurePercentage !== undefined) {
      this.eject(
        highFailurePercentages(endpoints, failurePercentage),
        failurePercentage.enforcementPercentage,
      );
    }
    for (const endpoint of endpoints) {
      if (endpoint.ejectedAt === undefined) endpoint.multiplier = Math.max(0, endpoint.multiplier - 1);
      else if (now > endpoint.ejectedAt + this.ejectionTimeMs(endpoint)) this.uneject(endpoint);
    }
    this.awaitEnd();
  }

  private ejectionTimeMs({ multiplier }: FollowedEndpoint): number {
    const { baseEjectionTimeMs, maxEjectionTimeMs } = this.config;
    return Math.min(baseEjectionTimeMs * multiplier, Math.max(baseEjectionTimeMs, maxEjectionTimeMs));
  }

  /** As many of `outliers` as may be ejected. */
  private eject(outliers: readonly FollowedEndpoint[], enforcementPercentage: number): void {
    const { engine } = this;
    for (const endpoint of outliers) {
      if (this.ejectedPercent >= this.config.maxEjectionPercent) return;
      if (endpoint.ejectedAt !== undefined || engine.random() * 100 >= enforcementPercentage) continue;
      endpoint.ejectedAt = this.since;
      endpoint.multiplier++;
      this.healthChanged(endpoint);
    }
  }

  private get ejectedPercent(): number {
    let ejected = 0;
    for (const { ejectedAt } of this.endpoints.values()) if (ejectedAt !== undefined) ejected++;
    return 100 * ejected / this.endpoints.size;
  }

  private uneject(endpoint: FollowedEndpoint): void {
    if (endpoint.ejectedAt === undefined) return;
    endpoint.ejectedAt = undefined;
    this.healthChanged(endpoint);
  }

  private healthChanged(endpoint: FollowedEndpoint): void {
    for (const [subchannel, followed] of this.subchannels) {
      if (followed.endpoint === endpoint) followed.onSubchannelHealth(subchannel);
    }
  }

  /** What is picked is followed from now on, or not any more. */
  private pickAgain(): void {
    for (const [subchannel, followed] of this.subchannels) followed.onSubchannelHealth(subchannel);
  }
}

/** See the head of this file. */
export const OUTLIER_DETECTION: BalancingPolicy<OutlierConfig> = {
  name: "outlier_detection",
  readConfig: readOutlierConfig,
  make: (helper) => new OutlierDetection(helper),
};
