// Service configs as a feature of channels.

import { readPolicies } from "../channel/balancer/read_policies.ts";
import { readServiceConfig } from "../channel/service_config/read_service_config.ts";
import type { Feature, MadeFeature } from "./feature.ts";

const FEATURE: MadeFeature = {
  name: "serviceConfigs",
  serviceConfigs: { read: readServiceConfig, readPolicies },
};

/**
 * A channel follows service configs, of its option `serviceConfig` and of its resolver: timeouts, sizes, balancing
 * policies. What they say of retries needs {@linkcode retries} too, and of health {@linkcode healthChecks}; where these are
 * missing that is read and not followed.
 */
export const serviceConfigs: Feature = FEATURE;
