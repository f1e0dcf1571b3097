// Balancing policies by name: those of this library, and what applications register.

import { messageOf } from "../../../pollers/mod.ts";
import { describe } from "../../options.ts";
import { JsonField } from "../service_config/json_field.ts";
import { WEIGHTED_ROUND_ROBIN } from "./weighted_round_robin.ts";
import { ServiceConfigError } from "../service_config/service_config_error.ts";
import type { BalancingPolicy, ConfiguredPolicy, ReadChildPolicy } from "./balancer.ts";
import { type BalancingPolicy as ApplicationPolicy, fitted } from "./extension.ts";
import { LEAST_REQUEST } from "./least_request.ts";
import { OUTLIER_DETECTION } from "./outlier_detection.ts";
import { PickFirst, type PickFirstConfig, readPickFirstConfig } from "./pick_first.ts";
import { RANDOM_SUBSETTING } from "./random_subsetting.ts";
import { readRingHashConfig, RingHash, type RingHashConfig } from "./ring_hash.ts";
import { RoundRobin } from "./round_robin.ts";

/** Names of balancing policies, as service configs have them; applications register others. */
export type LoadBalancingPolicy =
  | "pick_first"
  | "round_robin"
  | "ring_hash"
  | "least_request"
  | "weighted_round_robin"
  | (string & Record<never, never>);

/** Of any config: a policy gets what it has read itself. */
// deno-lint-ignore no-explicit-any
type AnyPolicy = BalancingPolicy<any>;

const PICK_FIRST: BalancingPolicy<PickFirstConfig> = {
  name: "pick_first",
  readConfig: readPickFirstConfig,
  make: (helper) => new PickFirst(helper),
};

const ROUND_ROBIN: BalancingPolicy = {
  name: "round_robin",
  readConfig: () => undefined,
  make: (helper) => new RoundRobin(helper),
};

const RING_HASH: BalancingPolicy<RingHashConfig> = {
  name: "ring_hash",
  readConfig: readRingHashConfig,
  make: (helper) => new RingHash(helper),
};

const OWN: readonly AnyPolicy[] = [
  PICK_FIRST,
  ROUND_ROBIN,
  RING_HASH,
  LEAST_REQUEST,
  OUTLIER_DETECTION,
  WEIGHTED_ROUND_ROBIN,
  RANDOM_SUBSETTING,
];

const POLICIES = new Map<string, AnyPolicy>(OWN.map((policy) => [policy.name, policy]));

/** Some policies of gRPC are called "ring_hash_experimental" in configs: that means them too. */
const EXPERIMENTAL = /_experimental$/;

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
  const given = Object(policy) as Partial<ApplicationPolicy<Config>>;
  const { name } = given;
  const cannot = "Cannot register a balancing policy";
  if (typeof name !== "string" || name === "") {
    throw new TypeError(`${cannot}: its name is ${describe(name)}; give a string`);
  }
  for (const method of ["readConfig", "make"] as const) {
    if (typeof given[method] === "function") continue;
    throw new TypeError(`${cannot}: ${method} of ${name} is ${describe(given[method])}; give a function`);
  }
  if (find(name) !== undefined) {
    throw new TypeError(`${cannot}: the name ${name} is taken; there are ${policyNames().join(", ")}`);
  }
  POLICIES.set(name, fitted(policy));
}

/** The names of all. */
export function policyNames(): string[] {
  return [...POLICIES.keys()];
}

/** The policy called `name`; undefined where there is none. */
function find(name: string): AnyPolicy | undefined {
  return POLICIES.get(name) ?? POLICIES.get(name.replace(EXPERIMENTAL, ""));
}

/** The policy called `name`, without anything said of it; undefined where there is none. */
export function policyNamed(name: string): ConfiguredPolicy | undefined {
  const policy = find(name);
  return policy === undefined ? undefined : { policy, config: policy.readConfig({}, readChild) };
}

/**
 * The policy that the channel option `loadBalancing` names.
 *
 * @throws {TypeError} where there is none
 */
export function balancerOf(name: LoadBalancingPolicy): ConfiguredPolicy {
  const configured = typeof name === "string" ? policyNamed(name) : undefined;
  if (configured !== undefined) return configured;
  const given = typeof name === "string" ? JSON.stringify(name) : describe(name);
  throw new TypeError(
    `Cannot make a channel: loadBalancing is ${given}; there are ${policyNames().join(", ")}`,
  );
}

/**
 * Reads a list of policies, objects of one key each: the first one known, with its config.
 *
 * @throws {ServiceConfigError} where none is known, or its config is wrong
 */
export function readPolicies(list: JsonField): ConfiguredPolicy {
  const names: string[] = [];
  for (const item of list.items()) {
    const keys = Object.keys(item.object());
    if (keys.length !== 1) {
      throw new ServiceConfigError(
        item.path,
        `has ${keys.length} names; give one policy, as {"round_robin": {}}`,
      );
    }
    const policy = find(keys[0]!);
    if (policy !== undefined) return { policy, config: readConfig(policy, item.get(keys[0]!)) };
    names.push(keys[0]!);
  }
  if (names.length === 0) {
    throw new ServiceConfigError(list.path, 'is empty; give a policy, as [{"round_robin": {}}]');
  }
  const known = policyNames().join(", ");
  throw new ServiceConfigError(
    list.path,
    `has no policy that is known: ${names.join(", ")}; there are ${known}`,
  );
}

/** Policies read their children so, because they cannot import what imports them. */
const readChild: ReadChildPolicy = (list, path) => readPolicies(new JsonField(path, list));

/** What a policy says is wrong stands below its name. */
function readConfig(policy: AnyPolicy, field: JsonField): unknown {
  const json = field.object();
  try {
    return policy.readConfig(json, readChild);
  } catch (error) {
    if (error instanceof ServiceConfigError) {
      const path = error.path === "" ? field.path : `${field.path}.${error.path}`;
      throw new ServiceConfigError(path, error.problem, { cause: error });
    }
    throw new ServiceConfigError(field.path, `is wrong: ${messageOf(error)}`, { cause: error });
  }
}
