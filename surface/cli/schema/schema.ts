// What a server has: its services and types, of .proto files, descriptor sets or reflection.

import { hint, nearest } from "../../nearest.ts";
import type { Assembled } from "../../proto/assemble.ts";
import type { FileNode, Named } from "../../proto/language/nodes.ts";
import type { MethodDescriptor, ServiceDescriptor } from "../../proto/service.ts";
import { CommandError, UsageError } from "../exit_codes.ts";

/** Services and types, wherever they come from. */
export interface Schema {
  /** Where they come from, for messages: "shop.proto", "the server's reflection". */
  readonly origin: string;
  /** Full names of all services, in order. */
  services(): Promise<readonly string[]>;
  /** The declaration of a full name, or the file of that path; undefined where there is none. */
  find(symbol: string): Promise<Named | FileNode | undefined>;
  /** Services and codecs of all files that `symbol` needs. */
  types(symbol: string): Promise<Assembled>;
}

/** A method and its service. */
export interface FoundMethod {
  readonly service: ServiceDescriptor;
  readonly method: MethodDescriptor;
}

/** The service `name`; throws CommandError with the nearest name where there is none. */
export async function findService(schema: Schema, name: string): Promise<ServiceDescriptor> {
  const node = await schema.find(name);
  if (node?.kind !== "service") {
    throw new CommandError(
      `There is no service ${JSON.stringify(name)} in ${schema.origin}${near(name, await schema.services())}`,
    );
  }
  return serviceOf(await schema.types(name), name);
}

/** The method "pkg.Service/Method" or "pkg.Service.Method"; throws CommandError with the nearest name, and UsageError where it is no such name. */
export async function findMethod(schema: Schema, text: string): Promise<FoundMethod> {
  const path = text.replace(/^\//, "");
  const cut = path.includes("/") ? path.lastIndexOf("/") : path.lastIndexOf(".");
  const services = cut < 0 || !path.includes("/") ? await schema.services() : [];
  if (cut <= 0 || cut === path.length - 1 || services.includes(path)) {
    const service = services.includes(path) ? path : "pkg.Service";
    throw new UsageError(`Cannot read ${JSON.stringify(text)}: a method is written ${service}/Method`);
  }
  const [serviceName, methodName] = [path.slice(0, cut), path.slice(cut + 1)];
  const service = await findService(schema, serviceName);
  const methods = Object.values(service.methods);
  const method = methods.find(({ name }) => name === methodName);
  if (method === undefined) {
    const names = methods.map(({ name }) => name);
    throw new CommandError(
      `There is no method ${JSON.stringify(methodName)} in ${serviceName}${near(methodName, names)}`,
    );
  }
  return { service, method };
}

/** As `hint`; a name without its package, or with another one, is meant to be the one that ends so. */
export function near(wrong: string, names: readonly string[]): string {
  if (nearest(wrong, names) !== undefined) return hint(wrong, names);
  const meant = nearest(lastOf(wrong), names.map(lastOf));
  const whole = names.find((name) => lastOf(name) === meant);
  return whole === undefined ? hint(wrong, names) : `; did you mean ${whole}?`;
}

function lastOf(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

/** A service of what was assembled; `messages` and such have a "$" there. */
function serviceOf(types: Assembled, fullName: string): ServiceDescriptor {
  const service = types[fullName] as ServiceDescriptor | undefined;
  return service?.fullName === fullName ? service : types[`${fullName}$`]!;
}
