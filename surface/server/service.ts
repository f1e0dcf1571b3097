// What an application registers: handlers by method, typed by the service's descriptor.

import { hint } from "../nearest.ts";
import { describe } from "../options.ts";
import type { MethodDescriptor, RequestOf, ResponseOf, ServiceDescriptor } from "../proto/mod.ts";
import { checkService } from "../proto/service.ts";
import type { Source } from "../call/producer.ts";
import type { ServerCall } from "./server_call.ts";

/** A handler's shape, by the kind of its method. */
export type Handler<M> = M extends MethodDescriptor<infer Req, infer Res, infer Kind>
  ? Kind extends "unary" ? (request: Req, call: ServerCall) => Res | Promise<Res>
  : Kind extends "serverStreaming" ? (request: Req, call: ServerCall) => Source<Res> | Promise<Source<Res>>
  : Kind extends "clientStreaming" ? (requests: AsyncIterable<Req>, call: ServerCall) => Res | Promise<Res>
  : (requests: AsyncIterable<Req>, call: ServerCall) => Source<Res> | Promise<Source<Res>>
  : never;

/** The handlers of a service; methods without one answer UNIMPLEMENTED. */
export type ServiceHandlers<S> = S extends ServiceDescriptor<infer Methods>
  ? { [Name in keyof Methods]?: Handler<Methods[Name]> }
  : never;

/** A handler of any kind. */
export type AnyHandler = (
  request: unknown,
  call: ServerCall,
) => unknown;

/** A method and what serves it. */
export interface RegisteredMethod {
  readonly descriptor: MethodDescriptor<unknown, unknown>;
  readonly handler: AnyHandler;
  /** Its service was removed: who remembers it looks again. */
  removed: boolean;
}

/** The methods of `service` that `handlers` serve, by path. Throws TypeError for a handler that fits no method. */
export function registerService<S extends ServiceDescriptor<unknown>>(
  service: S,
  handlers: ServiceHandlers<S>,
  into: Map<string, RegisteredMethod>,
): void {
  checkService("add a service", service);
  if (typeof handlers !== "object" || handlers === null) {
    throw new TypeError(
      `Cannot add ${service.fullName}: its handlers are ${describe(handlers)}, not an object`,
    );
  }
  const methods = service.methods as Record<string, MethodDescriptor<unknown, unknown>>;
  for (const [name, handler] of Object.entries(handlers as Record<string, unknown>)) {
    const descriptor = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (descriptor === undefined) {
      const meant = hint(name, Object.keys(methods));
      throw new TypeError(`Cannot add handler "${name}" to ${service.fullName}: no such method${meant}`);
    }
    if (typeof handler !== "function") {
      throw new TypeError(`Cannot add handler "${name}" to ${service.fullName}: it is no function`);
    }
    if (into.has(descriptor.path)) throw new TypeError(`Cannot add ${descriptor.path}: it is served already`);
    into.set(descriptor.path, { descriptor, handler: handler.bind(handlers) as AnyHandler, removed: false });
  }
}

/** Removes the methods of `service`. Throws TypeError where there are none. */
export function unregisterService(
  service: ServiceDescriptor<unknown>,
  from: Map<string, RegisteredMethod>,
): void {
  checkService("remove a service", service);
  const methods = Object.values(service.methods as Record<string, MethodDescriptor<unknown, unknown>>);
  const served = methods.filter(({ path }) => from.has(path));
  if (served.length === 0) throw new TypeError(`Cannot remove ${service.fullName}: it is not served`);
  for (const { path } of served) {
    from.get(path)!.removed = true;
    from.delete(path);
  }
}

/** Request and response types, for whoever writes generic handlers. */
export type { RequestOf, ResponseOf };
