// Service configs as a feature of channels.

import { readPolicies } from "../channel/balancer/read_policies.ts";
import { readServiceConfig } from "../channel/service_config/read_service_config.ts";
import { ConfigLookups } from "../channel/resolver/config_lookup.ts";
import { DnsResolver } from "../channel/resolver/dns_resolver.ts";
import type { ResolverFactory } from "../channel/resolver/resolver.ts";
import type { Feature, MadeFeature } from "./feature.ts";

/** As that of every channel, and asks for service configs where the channel wants that. */
const DNS: ResolverFactory = {
  make: (context, sink) => new DnsResolver(context, sink, (engine) => new ConfigLookups(engine)),
};

const FEATURE: MadeFeature = {
  name: "serviceConfigs",
  resolvers: { dns: DNS },
  serviceConfigs: { read: readServiceConfig, readPolicies },
};

/**
 * A channel follows service configs, of its option `serviceConfig`, of its resolver and of DNS: timeouts, sizes, balancing
 * policies. What they say of retries needs {@linkcode retries} too, and of health {@linkcode healthChecks}; where these are
 * missing that is read and not followed.
 */
export const serviceConfigs: Feature = FEATURE;
