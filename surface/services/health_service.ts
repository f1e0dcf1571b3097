// The health service as clients and servers know it: its methods and messages
// (https://github.com/grpc/grpc/blob/master/doc/health-checking.md).

import { parseProto } from "../proto/mod.ts";
import type { ServerStreaming, ServiceOf, Unary } from "../proto/service.ts";

/** grpc/health/v1/health.proto, without its comments. */
const HEALTH_PROTO = `
  syntax = "proto3";
  package grpc.health.v1;
  message HealthCheckRequest { string service = 1; }
  message HealthCheckResponse {
    enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
    ServingStatus status = 1;
  }
  message HealthListRequest {}
  message HealthListResponse { map<string, HealthCheckResponse> statuses = 1; }
  service Health {
    rpc Check(HealthCheckRequest) returns (HealthCheckResponse);
    rpc Watch(HealthCheckRequest) returns (stream HealthCheckResponse);
    rpc List(HealthListRequest) returns (HealthListResponse);
  }
`;

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
  return loaded ??=
    parseProto<{ Health: ServiceOf<HealthMethods> }>(HEALTH_PROTO, "grpc/health/v1/health.proto").Health;
}

/** Made at first use. */
let loaded: ServiceOf<HealthMethods> | undefined;
