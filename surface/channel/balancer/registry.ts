// Balancing policies by name.

import type { BalancerFactory } from "./balancer.ts";
import { PickFirst } from "./pick_first.ts";
import { RoundRobin } from "./round_robin.ts";

const BALANCERS = {
  pick_first: (helper) => new PickFirst(helper),
  round_robin: (helper) => new RoundRobin(helper),
} satisfies Record<string, BalancerFactory>;

/** Names of balancing policies, as service configs have them. */
export type LoadBalancingPolicy = keyof typeof BALANCERS;

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
