// Reads a service config (https://github.com/grpc/grpc/blob/master/doc/service_config.md): it is used whole, or refused whole.

import type { ConfiguredPolicy } from "../balancer/balancer.ts";
import type { Policies } from "../balancer/policies.ts";
import type { JsonServiceConfig } from "./json.ts";
import { JsonField } from "./json_field.ts";
import { MAX_CALL_ATTEMPTS, type MethodConfig, NO_METHOD_CONFIG } from "./method_config.ts";
import { readMethodConfigs, type RetryOptions } from "./read_method_config.ts";
import type { RetryThrottling } from "./retry_throttling.ts";
import type { ServiceConfig } from "./service_config.ts";
import { ServiceConfigError } from "./service_config_error.ts";

/** gRFC A105: more connections to one address mean as many. */
const MAX_CONNECTIONS = 10;

/** Paths whose config is kept beside those that it names: of a generic client they may be anybody's. */
const MOST_PATHS = 1_000;

const DEFAULT_OPTIONS: RetryOptions = { enableRetries: true, maxCallAttempts: MAX_CALL_ATTEMPTS };

/** What was read. */
class ReadServiceConfig implements ServiceConfig {
  /** What calls of a path that was asked for get. */
  private readonly byPath = new Map<string, MethodConfig>();

  constructor(
    readonly loadBalancing: ConfiguredPolicy | undefined,
    readonly retryThrottling: RetryThrottling | undefined,
    readonly healthCheckService: string | undefined,
    readonly maxConnectionsPerSubchannel: number,
    private readonly byName: ReadonlyMap<string, MethodConfig>,
  ) {}

  methodConfig(path: string): MethodConfig {
    return this.byPath.get(path) ?? this.find(path);
  }

  private find(path: string): MethodConfig {
    const { byName, byPath } = this;
    const ofService = path.slice(0, path.lastIndexOf("/") + 1);
    const config = byName.get(path) ?? byName.get(ofService) ?? byName.get("") ?? NO_METHOD_CONFIG;
    if (byPath.size >= MOST_PATHS) byPath.clear();
    byPath.set(path, config);
    return config;
  }
}

/**
 * Reads `source`, an object or the text of one in JSON, for a channel that has `policies`.
 *
 * @throws {ServiceConfigError} for what cannot be used
 */
export function readServiceConfig(
  source: JsonServiceConfig | string,
  policies: Policies,
  options: RetryOptions = DEFAULT_OPTIONS,
): ServiceConfig {
  const root = new JsonField("", typeof source === "string" ? parseText(source) : source);
  return new ReadServiceConfig(
    readLoadBalancing(root, policies),
    root.get("retryThrottling").optional(readThrottling),
    root.get("healthCheckConfig").optional(readHealthCheck),
    root.get("connectionScaling").optional(readScaling) ?? 1,
    readMethodConfigs(root.get("methodConfig"), options),
  );
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ServiceConfigError("", `is no JSON: ${(error as Error).message}`, { cause: error });
  }
}

function readLoadBalancing(root: JsonField, policies: Policies): ConfiguredPolicy | undefined {
  const list = root.get("loadBalancingConfig");
  if (list.isSet) return policies.read(list.value, list.path);
  return root.get("loadBalancingPolicy").optional((name) => {
    const text = name.text();
    if (text === "") return undefined; // as protobuf says that a string is not set
    const configured = policies.named(text) ?? policies.named(text.toLowerCase()); // gRPC's own are written in capitals too
    if (configured === undefined) throw name.wrong(`there are ${policies.names().join(", ")}`);
    return configured;
  });
}

function readThrottling(field: JsonField): RetryThrottling {
  const ratio = field.get("tokenRatio");
  // What is beyond three decimals does not count; 1.005 * 1,000 is 1004.9999999999999.
  const tokenRatio = Math.floor(Math.round(ratio.number(Infinity, false) * 1e6) / 1e3) / 1e3;
  if (tokenRatio === 0) throw ratio.wrong("give 0.001 or more");
  return { maxTokens: field.get("maxTokens").number(1_000, false), tokenRatio };
}

/** "" is the health of the whole server. */
function readHealthCheck(field: JsonField): string | undefined {
  return field.get("serviceName").optional((name) => name.text());
}

function readScaling(field: JsonField): number | undefined {
  const most = field.get("maxConnectionsPerSubchannel").optional((count) => count.integer(1));
  return most === undefined ? undefined : Math.min(most, MAX_CONNECTIONS);
}
