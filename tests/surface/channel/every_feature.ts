// What routes of tests are made with: the features of the full entry.

import { EVERY_POLICY } from "../../../surface/channel/balancer/registry.ts";
import type { RouteOptions } from "../../../surface/channel/channel_route.ts";
import { HealthChecks } from "../../../surface/channel/health_checks.ts";
import type { JsonServiceConfig } from "../../../surface/channel/service_config/json.ts";
import type { RetryOptions } from "../../../surface/channel/service_config/read_method_config.ts";
import { readServiceConfig } from "../../../surface/channel/service_config/read_service_config.ts";
import type { ServiceConfig } from "../../../surface/channel/service_config/service_config.ts";
import { headerMemory, keepalives, refusalOf } from "../../../transport/mod.ts";

/** Reads a service config for a channel that has every policy. */
export function readConfig(source: JsonServiceConfig | string, options?: RetryOptions): ServiceConfig {
  return readServiceConfig(source, EVERY_POLICY, options);
}

/** Of a route without resolvers of its own. */
export const ROUTE_FEATURES: Pick<
  RouteOptions,
  "readConfig" | "resolvers" | "makeHealthChecker" | "keepalives" | "headerMemory" | "explainRefusal"
> = {
  readConfig: (source) => readConfig(source),
  resolvers: [],
  keepalives,
  headerMemory,
  explainRefusal: refusalOf,
  makeHealthChecker: (engine, makeBackoff, options) => new HealthChecks(engine, makeBackoff, options),
};
