// The balancing policies of one channel, by name.

import { describe } from "../../options.ts";
import { ServiceConfigError } from "../service_config/service_config_error.ts";
import type { BalancingPolicy, ConfiguredPolicy, ReadChildPolicy } from "./balancer.ts";

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
export type AnyPolicy = BalancingPolicy<any>;

/** Some policies of gRPC are called "ring_hash_experimental" in configs: that means them too. */
const EXPERIMENTAL = "_experimental";

/** Reads the list of policies at `path` of a service config; see {@linkcode Policies.read}. */
export type ReadPolicyList = (list: unknown, path: string, policies: Policies) => ConfiguredPolicy;

/** See the head of this file. */
export class Policies {
  /** Policies read their children so, because they cannot import what imports them. */
  readonly readChild: ReadChildPolicy = (list, path) => this.read(list, path);

  /**
   * Those of all `lists`, which may grow. `readList` is undefined where there are no service configs. `others`: where there
   * are more of them, for an error.
   */
  constructor(
    private readonly lists: ReadonlyArray<readonly AnyPolicy[]>,
    private readonly readList: ReadPolicyList | undefined,
    private readonly others: string = "",
  ) {}

  /** The names of all. */
  names(): string[] {
    return this.lists.flatMap((list) => list.map(({ name }) => name));
  }

  /** The policy called `name`; undefined where there is none. */
  find(name: string): AnyPolicy | undefined {
    const bare = name.endsWith(EXPERIMENTAL) ? name.slice(0, -EXPERIMENTAL.length) : name;
    for (const list of this.lists) {
      for (const policy of list) if (policy.name === name || policy.name === bare) return policy;
    }
    return undefined;
  }

  /** The policy called `name`, without anything said of it; undefined where there is none. */
  named(name: string): ConfiguredPolicy | undefined {
    const policy = this.find(name);
    return policy === undefined ? undefined : { policy, config: policy.readConfig({}, this.readChild) };
  }

  /**
   * The policy that the channel option `loadBalancing` names.
   *
   * @throws {TypeError} where there is none
   */
  chosen(name: LoadBalancingPolicy): ConfiguredPolicy {
    const configured = typeof name === "string" ? this.named(name) : undefined;
    if (configured !== undefined) return configured;
    const given = typeof name === "string" ? JSON.stringify(name) : describe(name);
    throw new TypeError(
      `Cannot make a channel: loadBalancing is ${given}; there are ${this.names().join(", ")}${this.others}`,
    );
  }

  /**
   * Reads the list of policies at `path`, objects of one key each: the first one known, with its config.
   *
   * @throws {ServiceConfigError} where none is known, or its config is wrong
   */
  read(list: unknown, path: string): ConfiguredPolicy {
    if (this.readList !== undefined) return this.readList(list, path, this);
    throw new ServiceConfigError(path, "cannot be read: give the channel the feature serviceConfigs");
  }
}
