// Client classes made of service definitions, and all of those that a .proto file has.

import type { ChannelCredentials } from "./channel_credentials.ts";
import { Client, type ClientOptions } from "./client.ts";
import type {
  MethodDefinition,
  PackageDefinition,
  ProtobufTypeDefinition,
  ServiceDefinition,
} from "./definitions.ts";

/** A client with a method for each of its service, by its name, and by its original name. */
export interface ServiceClient extends Client {
  /** One of them. */
  // deno-lint-ignore no-explicit-any
  [methodName: string]: any;
}

/** The class of such a client. */
export interface ServiceClientConstructor {
  /** A client of the server at `address`. */
  new (address: string, credentials: ChannelCredentials, options?: Partial<ClientOptions>): ServiceClient;
  /** What it was made of, for `Server.addService`. */
  service: ServiceDefinition;
  /** The service's name. */
  serviceName: string;
}

/** What was loaded, by package: clients, types, and packages inside. */
export interface GrpcObject {
  /** One of them. */
  [index: string]: GrpcObject | ServiceClientConstructor | ProtobufTypeDefinition;
}

/** Names that would change what all objects are. */
const UNSAFE: readonly string[] = ["__proto__", "prototype", "constructor"];

/** The method of `Client` for each kind, by whether requests and responses are streams. */
const MAKERS = {
  "false false": "makeUnaryRequest",
  "true false": "makeClientStreamRequest",
  "false true": "makeServerStreamRequest",
  "true true": "makeBidiStreamRequest",
} as const;

/**
 * A class of clients with `methods`.
 *
 * @throws {Error} for a method whose name begins with "$"
 */
export function makeClientConstructor(
  methods: ServiceDefinition,
  serviceName: string,
  _classOptions?: object,
): ServiceClientConstructor {
  class ServiceClientImpl extends Client {
    static service = methods;
    static serviceName = serviceName;
  }
  // deno-lint-ignore no-explicit-any
  const prototype = ServiceClientImpl.prototype as Record<string, any>;
  for (const [name, definition] of Object.entries(methods)) {
    if (UNSAFE.includes(name)) continue;
    if (name.startsWith("$")) throw new Error("Method names cannot start with $");
    prototype[name] = methodOf(definition);
    const { originalName } = definition;
    if (originalName && !UNSAFE.includes(originalName)) prototype[originalName] = prototype[name];
  }
  return ServiceClientImpl as unknown as ServiceClientConstructor;
}

// deno-lint-ignore no-explicit-any
function methodOf(definition: MethodDefinition<any, any>): object {
  const { path, requestStream, responseStream, requestSerialize, responseDeserialize } = definition;
  const maker = MAKERS[`${Boolean(requestStream)} ${Boolean(responseStream)}`];
  // deno-lint-ignore no-explicit-any
  const make = Client.prototype[maker] as (...all: any[]) => unknown;
  const method = function (this: Client, ...rest: unknown[]): unknown {
    return make.call(this, path, requestSerialize, responseDeserialize, ...rest);
  };
  return Object.assign(method, definition);
}

/** The clients and types of `packageDef`, in objects by package. */
export function loadPackageDefinition(packageDef: PackageDefinition): GrpcObject {
  const all: GrpcObject = {};
  for (const [fullName, definition] of Object.entries(packageDef)) {
    const names = fullName.split(".");
    if (names.some((name) => UNSAFE.includes(name))) continue;
    const name = names.pop()!;
    let inside = all;
    for (const one of names) inside = (inside[one] ??= {}) as GrpcObject;
    // A service may have a method that is called "format".
    inside[name] = typeof definition["format"] === "string"
      ? definition as ProtobufTypeDefinition
      : makeClientConstructor(definition as ServiceDefinition, name, {});
  }
  return all;
}
