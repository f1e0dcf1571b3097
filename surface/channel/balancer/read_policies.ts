// Reads the policies that a service config lists.

import { messageOf } from "../../../pollers/mod.ts";
import { JsonField } from "../service_config/json_field.ts";
import { ServiceConfigError } from "../service_config/service_config_error.ts";
import type { ConfiguredPolicy, ReadChildPolicy } from "./balancer.ts";
import type { AnyPolicy, Policies } from "./policies.ts";

/** See `Policies.read`. */
export function readPolicies(list: unknown, path: string, policies: Policies): ConfiguredPolicy {
  const names: string[] = [];
  for (const item of new JsonField(path, list).items()) {
    const keys = Object.keys(item.object());
    if (keys.length !== 1) {
      throw new ServiceConfigError(
        item.path,
        `has ${keys.length} names; give one policy, as {"round_robin": {}}`,
      );
    }
    const policy = policies.find(keys[0]!);
    if (policy !== undefined) {
      return { policy, config: readConfig(policy, item.get(keys[0]!), policies.readChild) };
    }
    names.push(keys[0]!);
  }
  if (names.length === 0) {
    throw new ServiceConfigError(path, 'is empty; give a policy, as [{"round_robin": {}}]');
  }
  const known = policies.names().join(", ");
  throw new ServiceConfigError(
    path,
    `has no policy that is known: ${names.join(", ")}; there are ${known}`,
  );
}

/** What a policy says is wrong stands below its name. */
function readConfig(policy: AnyPolicy, field: JsonField, readChild: ReadChildPolicy): unknown {
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
