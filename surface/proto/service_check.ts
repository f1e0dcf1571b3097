// What is said where something else than a service was given.

import { describe } from "../options.ts";
import { isService, type ServiceDescriptor } from "./service.ts";

/** Throws TypeError where `service` is none of this library's. `purpose`: what was tried with it. */
export function checkService(purpose: string, service: unknown): void {
  if (isService(service)) return;
  throw new TypeError(
    `Cannot ${purpose}: expected a service that loadProto or parseProto made, found ${kindOf(service)}`,
  );
}

/** What other libraries have for services, by name: they are what was probably given. */
function kindOf(service: unknown): string {
  if (typeof service === "function" && "service" in service) {
    return "a client class of grpc-js: load its .proto file";
  }
  if (typeof service !== "object" || service === null) return describe(service);
  if ("typeName" in service && "methods" in service) {
    return `${service.typeName} of protobuf-es: give what fromGenService of "pollwire/protobuf-es" makes of it`;
  }
  const [method] = Object.values(service) as Record<string, unknown>[];
  if (typeof method?.["requestSerialize"] === "function") return "a service of grpc-js: load its .proto file";
  if (typeof method?.["path"] === "string") return "its methods alone";
  const inside = Object.entries(service).find(([, one]) =>
    typeof (one as ServiceDescriptor | null)?.fullName === "string"
  );
  return inside === undefined ? describe(service) : `all that was loaded: take one service, as .${inside[0]}`;
}
