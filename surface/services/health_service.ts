// The health service as clients and servers know it: its methods and messages
// (https://github.com/grpc/grpc/blob/master/doc/health-checking.md).

import type { ServerStreaming, ServiceDescriptor, ServiceOf, Unary } from "../proto/service.ts";
import { Health } from "../protos/grpc/health/v1/health.ts";

/** What the health service says of a service. */
export type ServingStatus = "UNKNOWN" | "SERVING" | "NOT_SERVING" | "SERVICE_UNKNOWN";

/** Asks for one service; "" is the whole server. */
export interface HealthCheckRequest {
  /** "routeguide.RouteGuide". */
  readonly service?: string;
}

/** What it is. */
export interface HealthCheckResponse {
  /** "SERVING", "NOT_SERVING"; of `Watch` "SERVICE_UNKNOWN" too. */
  readonly status?: ServingStatus;
}

/** Every service that has a status. */
export interface HealthListResponse {
  /** By name. */
  readonly statuses?: Record<string, HealthCheckResponse>;
}

/** The methods of `grpc.health.v1.Health`. */
export interface HealthMethods {
  /** The status now; NOT_FOUND for a service that has none. */
  readonly check: Unary<HealthCheckRequest, HealthCheckResponse>;
  /** The status now and each one that follows; it ends with the server. */
  readonly watch: ServerStreaming<HealthCheckRequest, HealthCheckResponse>;
  /** All of them. */
  readonly list: Unary<Record<never, never>, HealthListResponse>;
}

/** `grpc.health.v1.Health`, for clients: `createClient(healthService(), channel)`. */
export function healthService(): ServiceOf<HealthMethods> {
  return Health as ServiceDescriptor<unknown> as ServiceOf<HealthMethods>;
}
