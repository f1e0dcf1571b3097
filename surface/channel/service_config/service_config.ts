// What the owner of a service says of how it is called: gRPC's service config, read
// (https://github.com/grpc/grpc/blob/master/doc/service_config.md).

import type { ConfiguredPolicy } from "../balancer/balancer.ts";
import type { MethodConfig } from "./method_config.ts";
import type { RetryThrottling } from "./retry_throttling.ts";

/** See the head of this file. */
export interface ServiceConfig {
  /** Which servers calls go to; undefined: as the channel's options say. */
  readonly loadBalancing: ConfiguredPolicy | undefined;
  readonly retryThrottling: RetryThrottling | undefined;
  /** The service whose health servers are asked for, before they get calls; undefined: they are not asked. */
  readonly healthCheckService: string | undefined;
  /** Connections that one address may have at once. */
  readonly maxConnectionsPerSubchannel: number;
  /** What it says of calls of `path`, "/package.Service/Method". */
  methodConfig(path: string): MethodConfig;
}
