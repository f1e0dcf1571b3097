// Balancing policies by name.

import type { BalancerFactory } from "./balancer.ts";
import { PickFirst } from "./pick_first.ts";
import { RoundRobin } from "./round_robin.ts";

/** Names of balancing policies, as service configs have them. */
export type LoadBalancingPolicy = "pick_first" | "round_robin";

const BALANCERS: Record<LoadBalancingPolicy, BalancerFactory> = {
  pick_first: (helper) => new PickFirst(helper),
  round_robin: (helper) => new RoundRobin(helper),
};

/**
 * The policy that `name` says.
 *
 * @throws {TypeError} where there is none
 */
export function balancerOf(name: LoadBalancingPolicy): BalancerFactory {
  if (typeof name === "string" && Object.hasOwn(BALANCERS, name)) return BALANCERS[name];
  throw new TypeError(
    `Cannot make a channel: loadBalancing is ${JSON.stringify(name) ?? String(name)}; there are ${
      Object.keys(BALANCERS).join(" and ")
    }`,
  );
}
