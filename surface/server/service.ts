// What an application registers: handlers by method, typed by the service's descriptor.

import { hint } from "../nearest.ts";
import { describe } from "../options.ts";
import { isPlain, isRecord } from "../records.ts";
import type { AnyHandler, Handler } from "../promise/handlers.ts";
import { promiseStyle } from "../promise/server_calls.ts";
import type { MethodDescriptor, ServiceDescriptor } from "../proto/mod.ts";
import { RAW_CODEC } from "../proto/raw.ts";
import type { BidiStreaming } from "../proto/service.ts";
import { checkService } from "../proto/service_check.ts";
import { type BeginServerCall, type MethodStyle, type RegisteredMethod, styleOf } from "./method_style.ts";
import { streamsRequests } from "../proto/service.ts";

/** The handlers of a service: functions, or what another style's function made; methods without one answer UNIMPLEMENTED. */
export type ServiceHandlers<S> = S extends ServiceDescriptor<infer Methods> ? MethodHandlers<Methods> : never;

/** The same, by the methods of the service. */
export type MethodHandlers<Methods> = {
  [Name in keyof Methods]?: Handler<Methods[Name]> | MethodStyle<Methods[Name]>;
};

/** What a generic service is to a style: every method is a stream of octets both ways. */
export type GenericMethod = BidiStreaming<Uint8Array, Uint8Array>;

/**
 * Serves calls of any method: their requests come as octets, and what it yields is sent as the responses.
 * `call.path` and `call.authority` say what was called.
 */
export type GenericHandler = Handler<GenericMethod>;

const GENERIC: GenericMethod = {
  name: "*",
  localName: "*",
  path: "*",
  kind: "bidiStreaming",
  requestCodec: RAW_CODEC,
  responseCodec: RAW_CODEC,
};

/** What serves calls that no service has a method for. Throws TypeError where `handler` is of no style. */
export function genericStyle(handler: GenericHandler | MethodStyle<GenericMethod>): BeginServerCall {
  const begin = styleOf(handler, GENERIC) ?? functionStyle(handler, undefined, GENERIC);
  if (begin !== undefined) return begin;
  throw new TypeError(`Cannot add a generic service: its handler is ${describe(handler)}, not a function`);
}

/**
 * The methods of `service` that `handlers` serve, by path. Throws TypeError for a handler that fits no method. Of an
 * instance of a class, only members named like a method of the service are read; others are its own, unless they are
 * functions with the name that a method has in its .proto file.
 */
export function registerService<S extends ServiceDescriptor<unknown>>(
  service: S,
  handlers: ServiceHandlers<S>,
  into: Map<string, RegisteredMethod>,
): void {
  checkService("add a service", service);
  const { fullName } = service;
  if (!isRecord(handlers)) {
    throw new TypeError(`Cannot add ${fullName}: its handlers are ${describe(handlers)}, not an object`);
  }
  const methods = service.methods as Record<string, MethodDescriptor<unknown, unknown>>;
  const added = new Map<string, RegisteredMethod>();
  for (const [name, handler] of handlersOf(fullName, methods, handlers as Record<string, unknown>)) {
    const descriptor = methods[name]!;
    const begin = styleOf(handler, descriptor) ?? functionStyle(handler, handlers, descriptor);
    if (begin === undefined) {
      throw new TypeError(`Cannot add handler "${name}" to ${fullName}: it is no function`);
    }
    if (into.has(descriptor.path)) throw new TypeError(`Cannot add ${descriptor.path}: it is served already`);
    const requestStream = streamsRequests(descriptor.kind);
    added.set(descriptor.path, { descriptor, requestStream, begin });
  }
  for (const [path, method] of added) into.set(path, method);
}

function functionStyle(
  handler: unknown,
  handlers: unknown,
  descriptor: MethodDescriptor<unknown, unknown>,
): BeginServerCall | undefined {
  return typeof handler === "function"
    ? promiseStyle(descriptor, handler.bind(handlers) as AnyHandler)
    : undefined;
}

function handlersOf(
  fullName: string,
  methods: Record<string, MethodDescriptor<unknown, unknown>>,
  handlers: Record<string, unknown>,
): [name: string, handler: unknown][] {
  const names = Object.keys(methods);
  if (!isPlain(handlers)) {
    const found = names.filter((name) => handlers[name] !== undefined);
    for (const name of names) {
      const written = methods[name]!.name; // as the .proto file has it
      if (handlers[name] !== undefined || typeof handlers[written] !== "function") continue;
      throw new TypeError(`Cannot add handler "${written}" to ${fullName}: its name here is ${name}`);
    }
    if (found.length > 0) return found.map((name) => [name, handlers[name]]);
    throw new TypeError(
      `Cannot add ${fullName}: ${describe(handlers)} has none of its methods; there are ${names.join(", ")}`,
    );
  }
  for (const name of Object.keys(handlers)) {
    if (Object.hasOwn(methods, name)) continue;
    throw new TypeError(`Cannot add handler "${name}" to ${fullName}: no such method${hint(name, names)}`);
  }
  return Object.entries(handlers);
}

/** Removes the methods of `service`. Throws TypeError where there are none, and it was not `added`, by full name, without any. */
export function unregisterService(
  service: ServiceDescriptor<unknown>,
  from: Map<string, RegisteredMethod>,
  added: ReadonlyMap<string, unknown>,
): void {
  checkService("remove a service", service);
  const methods = Object.values(service.methods as Record<string, MethodDescriptor<unknown, unknown>>);
  const served = methods.filter(({ path }) => from.has(path));
  if (served.length === 0 && !added.has(service.fullName)) {
    throw new TypeError(`Cannot remove ${service.fullName}: it is not served`);
  }
  for (const { path } of served) from.delete(path);
}
