// Balancing policies by name.

import type { BalancingPolicy, ConfiguredPolicy } from "./balancer.ts";
import { PickFirst } from "./pick_first.ts";
import { RoundRobin } from "./round_robin.ts";

/** Names of balancing policies, as service configs have them. */
export type LoadBalancingPolicy = "pick_first" | "round_robin";

const PICK_FIRST: BalancingPolicy = {
  name: "pick_first",
  readConfig: () => undefined,
  make: (helper) => new PickFirst(helper),
};

const ROUND_ROBIN: BalancingPolicy = {
  name: "round_robin",
  readConfig: () => undefined,
  make: (helper) => new RoundRobin(helper),
};

const POLICIES = new Map([PICK_FIRST, ROUND_ROBIN].map((policy) => [policy.name, policy]));

/**
 * The policy that `name` says, without anything said of it.
 *
 * @throws {TypeError} where there is none
 */
export function balancerOf(name: LoadBalancingPolicy): ConfiguredPolicy {
  const policy = POLICIES.get(name);
  if (policy !== undefined) return { policy, config: policy.readConfig({}) };
  throw new TypeError(
    `Cannot make a channel: loadBalancing is ${JSON.stringify(name) ?? String(name)}; there are ${
      [...POLICIES.keys()].join(" and ")
    }`,
  );
}
