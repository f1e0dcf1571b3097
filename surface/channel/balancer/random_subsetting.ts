// random_subsetting: a channel connects to some of the servers only, and another policy balances its calls over those
// (gRFC A68).
//
// Which ones is by rendezvous hashing: each server has a hash with the channel's own seed, and the lowest are taken. A
// server that comes or goes changes one of them at most, and over many channels servers have about as many each.

import { type EventEngine, formatAddress } from "../../../pollers/mod.ts";
import { type EndpointAddresses, serverName } from "../resolver/endpoint.ts";
import { JsonField } from "../service_config/json_field.ts";
import type { Balancer, BalancerHelper, BalancingPolicy, ConfiguredPolicy } from "./balancer.ts";
import { GracefulSwitch } from "./graceful_switch.ts";
import { Xxh64 } from "./xxh64.ts";

/** What is said of random_subsetting. */
export interface RandomSubsettingConfig {
  /** How many servers a channel connects to. */
  readonly subsetSize: number;
  /** Balances over them. */
  readonly child: ConfiguredPolicy;
}

/** See the head of this file. */
export const RANDOM_SUBSETTING: BalancingPolicy<RandomSubsettingConfig> = {
  name: "random_subsetting",
  readConfig: (json, readChild) => ({
    subsetSize: new JsonField("", json).get("subsetSize").integer(1),
    child: readChild(json.childPolicy, "childPolicy"),
  }),
  make: (helper) => new RandomSubsetting(helper),
};

/** Gives its child a part of each list. */
export class RandomSubsetting implements Balancer<RandomSubsettingConfig> {
  private readonly child: GracefulSwitch;
  private readonly seedHigh: number;
  private readonly seedLow: number;

  constructor(helper: BalancerHelper) {
    this.child = new GracefulSwitch(helper);
    this.seedHigh = randomWord(helper.engine);
    this.seedLow = randomWord(helper.engine);
  }

  update(endpoints: readonly EndpointAddresses[], { subsetSize, child }: RandomSubsettingConfig): void {
    const servers = distinct(endpoints);
    this.child.update(servers.length <= subsetSize ? servers : this.lowest(servers, subsetSize), child);
  }

  exitIdle(): void {
    this.child.exitIdle();
  }

  resetBackoff(): void {
    this.child.resetBackoff();
  }

  close(): void {
    this.child.close();
  }

  private lowest(endpoints: readonly EndpointAddresses[], count: number): EndpointAddresses[] {
    const hash = new Xxh64();
    const encoder = new TextEncoder();
    const hashed = endpoints.map((endpoint) => {
      const name = encoder.encode(formatAddress(endpoint.addresses[0]!));
      hash.hash(name, name.length, this.seedHigh, this.seedLow);
      return { endpoint, high: hash.high, low: hash.low };
    });
    hashed.sort((a, b) => a.high - b.high || a.low - b.low);
    return hashed.slice(0, count).map(({ endpoint }) => endpoint);
  }
}

/** Each server once, in their order: a server that is there twice would be several of the subset. */
function distinct(endpoints: readonly EndpointAddresses[]): EndpointAddresses[] {
  const servers = new Map<string, EndpointAddresses>();
  for (const endpoint of endpoints) {
    const name = serverName(endpoint);
    if (!servers.has(name)) servers.set(name, endpoint);
  }
  return [...servers.values()];
}

function randomWord(engine: EventEngine): number {
  return Math.floor(engine.random() * 2 ** 32);
}
