// The health service as clients and servers know it: its methods and messages
// (https://github.com/grpc/grpc/blob/master/doc/health-checking.md).

import type { ServiceOf } from "../proto/service.ts";
import { Health } from "../protos/grpc/health/v1/health.ts";

export type {
  Health as HealthMethods,
  HealthCheckRequest,
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthListRequest,
  HealthListResponse,
} from "../protos/grpc/health/v1/health.ts";

/** `grpc.health.v1.Health`, for clients: `createClient(healthService(), channel)`. */
export function healthService(): ServiceOf<Health> {
  return Health;
}
