// Every balancing policy by name: those of this library, and what applications register.

import { type BalancingPolicy as ApplicationPolicy, checkPolicy, fitted } from "./extension.ts";
import { LEAST_REQUEST } from "./least_request.ts";
import { OUTLIER_DETECTION } from "./outlier_detection.ts";
import { PICK_FIRST } from "./pick_first.ts";
import { type AnyPolicy, Policies } from "./policies.ts";
import { RANDOM_SUBSETTING } from "./random_subsetting.ts";
import { readPolicies } from "./read_policies.ts";
import { RING_HASH } from "./ring_hash.ts";
import { ROUND_ROBIN } from "./round_robin.ts";
import { WEIGHTED_ROUND_ROBIN } from "./weighted_round_robin.ts";

/** Those of this library beside pick_first, which every channel has. */
export const OWN: readonly AnyPolicy[] = [
  ROUND_ROBIN,
  RING_HASH,
  LEAST_REQUEST,
  OUTLIER_DETECTION,
  WEIGHTED_ROUND_ROBIN,
  RANDOM_SUBSETTING,
];

/** Those of applications. */
export const REGISTERED: AnyPolicy[] = [];

/** Those of a channel that has all of them. */
export const EVERY_POLICY: Policies = new Policies([[PICK_FIRST], OWN, REGISTERED], readPolicies);

/**
 * Adds a policy of the application's, for all channels that are made from now on.
 *
 * @example
 * ```ts
 * import { type Balancer, type BalancingPolicy, type ChildPolicy, registerBalancer } from "pollwire";
 *
 * // Only servers of one zone get calls, as `metadata` of their endpoints says it.
 * const policy: BalancingPolicy<{ zone: unknown; child: ChildPolicy }> = {
 *   name: "zone",
 *   readConfig: (json, readChild) => ({
 *     zone: json.zone,
 *     child: readChild(json.childPolicy ?? [{ round_robin: {} }], "childPolicy"),
 *   }),
 *   make(helper): Balancer<{ zone: unknown; child: ChildPolicy }> {
 *     const child = helper.makeChild((state, picker) => helper.updateState(state, picker));
 *     return {
 *       update(endpoints, config) {
 *         child.update(endpoints.filter(({ metadata }) => metadata === config.zone), config.child);
 *       },
 *       exitIdle: () => child.exitIdle(),
 *       resetBackoff: () => child.resetBackoff(),
 *       close: () => child.close(),
 *     };
 *   },
 * };
 * registerBalancer(policy);
 * ```
 *
 * @throws {TypeError} for what is no policy, and for a name that is taken
 */
export function registerBalancer<Config>(policy: ApplicationPolicy<Config>): void {
  const cannot = "Cannot register a balancing policy";
  checkPolicy(cannot, policy);
  const { name } = policy;
  if (EVERY_POLICY.find(name) !== undefined) {
    throw new TypeError(`${cannot}: the name ${name} is taken; there are ${EVERY_POLICY.names().join(", ")}`);
  }
  REGISTERED.push(fitted(policy));
}
