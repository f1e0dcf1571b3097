// A balancing policy alone: hosts in virtual time, and a channel that writes down what the policy publishes.

import { type EventEngine, formatAddress, type SocketAddress } from "../../../pollers/mod.ts";
import { Combiner } from "../../../pollers/core/combiner.ts";
import { Backoff } from "../../../surface/channel/backoff.ts";
import type {
  Balancer,
  BalancerHelper,
  ConfiguredPolicy,
} from "../../../surface/channel/balancer/balancer.ts";
import type { CallTracker } from "../../../surface/channel/call_tracker.ts";
import { ConnectSettings } from "../../../surface/channel/connect_settings.ts";
import type { ConnectivityState } from "../../../surface/channel/connectivity.ts";
import {
  type Health,
  isPicked,
  type Picked,
  type Picker,
  PickFailure,
  type PickResult,
  QUEUE,
  QUEUE_PICKER,
  TrackedPick,
} from "../../../surface/channel/picker.ts";
import type { EndpointAddresses } from "../../../surface/channel/resolver/endpoint.ts";
import { Subchannel, type SubchannelWatcher } from "../../../surface/channel/subchannel.ts";
import type { PendingCall } from "../../../surface/client/call_route.ts";
import type { ConnectOptions } from "../../../transport/mod.ts";
import { ConnectingWorld } from "../../transport/connecting_world.ts";
import { setting, SETTINGS_ACK } from "../../transport/http2/wire.ts";
import type { RawPeer } from "../../transport/raw_peer.ts";

/** From the SYN to the server's SETTINGS: SYN, SYN-ACK, preface and SETTINGS take 10 ms each. */
export const HANDSHAKE_MS = 40;

/** What a server does that speaks HTTP/2. */
export const speak = (peer: RawPeer): void => peer.send(setting(), SETTINGS_ACK);

/** A call that nothing becomes of. */
export const CALL: PendingCall = {
  isOver: false,
  waitForReady: false,
  path: "/a.B/C",
  config: undefined,
  waitsIn: undefined,
  tracker: undefined,
  metadataValue: () => undefined,
  configure: () => true,
  attach() {},
  pickAgain() {},
  onUnavailable() {},
};

/** A call that took a connection. */
export interface StartedCall {
  readonly address: string;
  readonly port: number;
  readonly tracker: CallTracker;
}

const portOf = (address: SocketAddress) => "port" in address ? address.port : -1;

/** See the head of this file. The network takes 10 ms each way, and jitter is off. */
export class BalancingWorld extends ConnectingWorld implements BalancerHelper {
  readonly engine: EventEngine = this.accounts.engine;
  /** States that the policy published, with the time; a state again has a new picker. */
  readonly states: string[] = [];
  /** When it asked for new addresses. */
  readonly reresolutions: number[] = [];
  /** Connection attempts, with the time: "0 10.0.0.2:80". */
  readonly attempts: string[] = [];
  private readonly combiner = new Combiner(this.engine);
  private readonly settings: ConnectSettings;
  private picker: Picker = QUEUE_PICKER;
  readonly balancer: Balancer;
  /** By address, what is known against its connection. */
  private readonly unhealthy = new Map<string, Health>();
  private readonly watched: Array<readonly [Subchannel, SubchannelWatcher]> = [];

  constructor(private readonly policy: ConfiguredPolicy, options: ConnectOptions = {}) {
    super();
    this.settings = new ConnectSettings(options);
    this.balancer = policy.policy.make(this);
    const connect = this.client.connect.bind(this.client);
    this.client.connect = (address, ...rest) => {
      this.attempts.push(`${this.now} ${formatAddress(address)}`);
      return connect(address, ...rest);
    };
  }

  /** `count` addresses that drop what is sent to them. */
  blackHoles(count: number): SocketAddress[] {
    return Array.from({ length: count }, () => {
      const { hostAddress } = this.simulation.host();
      this.simulation.network.blackHole(this.client.hostAddress, hostAddress);
      return { family: "ipv4", host: hostAddress, port: 80 };
    });
  }

  /** An address of the server's host at which nobody listens. */
  refusing(port: number): SocketAddress {
    return { family: "ipv4", host: this.server.hostAddress, port };
  }

  /** Gives the policy a list, each address a server of its own. */
  resolve(...addresses: SocketAddress[]): void {
    this.resolveServers(addresses.map((address) => ({ addresses: [address] })));
  }

  /** Gives the policy a list of servers. */
  resolveServers(endpoints: readonly EndpointAddresses[]): void {
    this.turn(() => this.balancer.update(endpoints, this.policy.config));
  }

  /** Has it connect, as a call does that finds it IDLE. */
  exitIdle(): void {
    this.turn(() => this.balancer.exitIdle());
  }

  /** Which address the next call goes to, which sends `metadata`; "queue", or why to none. */
  pick(metadata: Readonly<Record<string, string>> = {}): string {
    let result: PickResult = QUEUE as PickResult;
    this.turn(() => result = this.picker.pick({ ...CALL, metadataValue: (name) => metadata[name] }));
    if (isPicked(result)) {
      return formatAddress((result instanceof TrackedPick ? result.subchannel : result).address);
    }
    return result instanceof PickFailure ? result.reason : "queue";
  }

  /** What picks now. */
  get present(): Picker {
    return this.picker;
  }

  /** Picks for a call that starts, and is under way until `end`. */
  start(): StartedCall {
    const result = this.picker.pick(CALL);
    if (!(result instanceof TrackedPick)) throw new Error(`not followed: ${this.pick()}`);
    const { subchannel, tracker } = result;
    tracker.callStarted();
    return { address: formatAddress(subchannel.address), port: portOf(subchannel.address), tracker };
  }

  /** Says of the connection to `address` whether calls may take it. */
  setHealth(address: SocketAddress, health: Health): void {
    this.unhealthy.set(formatAddress(address), health);
    this.turn(() => {
      for (const [subchannel, watcher] of this.watched) {
        if (formatAddress(subchannel.address) === formatAddress(address)) {
          watcher.onSubchannelHealth(subchannel);
        }
      }
    });
  }

  turn(closure: () => void): void {
    this.client.execCtx.enter(() => this.run(closure), undefined);
  }

  runUntil(ms: number): Promise<void> {
    return this.simulation.run({ until: ms });
  }

  /** The connections that the policy has made. */
  get subchannels(): Subchannel[] {
    return this.watched.map(([subchannel]) => subchannel);
  }

  // What the policy calls.

  createSubchannel(address: SocketAddress, watcher: SubchannelWatcher): Subchannel {
    const subchannel = new Subchannel(this.engine, address, this.settings, new Backoff(() => 0.5), watcher);
    this.watched.push([subchannel, watcher]);
    return subchannel;
  }
  pickOf(subchannel: Subchannel): Picked {
    return subchannel;
  }
  healthOf(subchannel: Subchannel): Health {
    return this.unhealthy.get(formatAddress(subchannel.address)) ?? "SERVING";
  }
  updateState(state: ConnectivityState, picker: Picker): void {
    this.states.push(`${this.now} ${state}`);
    this.picker = picker;
  }
  requestReresolution(): void {
    this.reresolutions.push(this.now);
  }
  reportError(error: unknown): void {
    throw error;
  }
  run(closure: () => void): void {
    this.combiner.run(closure);
  }

  private get now(): number {
    return Math.round(this.simulation.now);
  }
}
