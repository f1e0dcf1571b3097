// Balancing policies as features of channels.

import type { AnyPolicy } from "../channel/balancer/policies.ts";
import { type BalancingPolicy, fitted } from "../channel/balancer/extension.ts";
import { LEAST_REQUEST } from "../channel/balancer/least_request.ts";
import { OUTLIER_DETECTION } from "../channel/balancer/outlier_detection.ts";
import { RANDOM_SUBSETTING } from "../channel/balancer/random_subsetting.ts";
import { checkPolicy } from "../channel/balancer/extension.ts";
import { RING_HASH } from "../channel/balancer/ring_hash.ts";
import { ROUND_ROBIN } from "../channel/balancer/round_robin.ts";
import { WEIGHTED_ROUND_ROBIN } from "../channel/balancer/weighted_round_robin.ts";
import type { Feature, MadeFeature } from "./feature.ts";

/** The policy "round_robin": calls go to all servers in turn. */
export const roundRobin: Feature = /* @__PURE__ */ ofPolicy(ROUND_ROBIN);

/** The policy "ring_hash": calls with the same key go to the same server. */
export const ringHash: Feature = /* @__PURE__ */ ofPolicy(RING_HASH);

/** The policy "least_request": calls go to the one of some servers that has the fewest. */
export const leastRequest: Feature = /* @__PURE__ */ ofPolicy(LEAST_REQUEST);

/** The policy "outlier_detection", which has children: servers that fail too often get no calls for a while. */
export const outlierDetection: Feature = /* @__PURE__ */ ofPolicy(OUTLIER_DETECTION);

/** The policy "weighted_round_robin": servers get calls as their load reports say. */
export const weightedRoundRobin: Feature = /* @__PURE__ */ ofPolicy(WEIGHTED_ROUND_ROBIN);

/** The policy "random_subsetting", which has children: each client has connections to some of the servers. */
export const randomSubsetting: Feature = /* @__PURE__ */ ofPolicy(RANDOM_SUBSETTING);

/**
 * A policy of the application's; see `registerBalancer`.
 *
 * @throws {TypeError} for what is no policy
 */
export function balancer<Config>(policy: BalancingPolicy<Config>): Feature {
  checkPolicy("Cannot make a feature of a balancing policy", policy);
  return ofPolicy(fitted(policy));
}

function ofPolicy(policy: AnyPolicy): MadeFeature {
  return { name: policy.name, balancers: [policy] };
}
