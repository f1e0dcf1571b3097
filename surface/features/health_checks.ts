// Client-side health checking as a feature of channels.

import { HealthChecks } from "../channel/health_checks.ts";
import type { Feature, MadeFeature } from "./feature.ts";

const FEATURE: MadeFeature = {
  name: "healthChecks",
  makeHealthChecker: (engine, makeBackoff, options) => new HealthChecks(engine, makeBackoff, options),
};

/** A channel asks its servers for their health where a service config says so (gRFC A17). */
export const healthChecks: Feature = FEATURE;
