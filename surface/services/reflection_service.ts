// The reflection services as clients and servers know them: grpc.reflection.v1.ServerReflection, and v1alpha with the same
// messages (https://github.com/grpc/grpc/blob/master/doc/server-reflection.md).

import type { ServiceOf } from "../proto/service.ts";
import * as v1 from "../protos/grpc/reflection/v1/reflection.ts";
import * as v1alpha from "../protos/grpc/reflection/v1alpha/reflection.ts";

export type {
  ErrorResponse as ReflectionErrorResponse,
  ExtensionNumberResponse as ReflectionExtensionNumberResponse,
  ExtensionRequest as ReflectionExtensionRequest,
  FileDescriptorResponse as ReflectionFileDescriptorResponse,
  ListServiceResponse as ReflectionListServiceResponse,
  ServerReflection as ReflectionMethods,
  ServerReflectionRequest as ReflectionRequest,
  ServerReflectionResponse as ReflectionResponse,
  ServiceResponse as ReflectionServiceResponse,
} from "../protos/grpc/reflection/v1/reflection.ts";

/** Which of the two services: "v1alpha" is what there was before 2022, and what many servers and tools have alone. */
export type ReflectionVersion = "v1" | "v1alpha";

/** `grpc.reflection.v1.ServerReflection`, or that of v1alpha, for clients. */
export function reflectionService(version: ReflectionVersion = "v1"): ServiceOf<v1.ServerReflection> {
  return version === "v1" ? v1.ServerReflection : v1alpha.ServerReflection;
}
