// The methods of clients for reactors (gRFC L67): functions that give a reactor its call.

import type { RequestTemplate } from "../../transport/mod.ts";
import { pendingOf } from "../call/pending_calls.ts";
import { type CallOptions, type GivenOptions, NO_OPTIONS, readCallOptions } from "../client/call_options.ts";
import type { CallContext } from "../client/call_context.ts";
import type { CalledMethod } from "../client/typed_call.ts";
import { describe } from "../options.ts";
import type { MethodDescriptor, MethodKind, ServiceDescriptor } from "../proto/mod.ts";
import { streamsRequests } from "../proto/service.ts";
import { ClientReactorCall } from "./client_reactor_call.ts";
import {
  bindClientReactor,
  ClientBidiReactor,
  type ClientReactor,
  ClientReadReactor,
  ClientUnaryReactor,
  ClientWriteReactor,
} from "./client_reactors.ts";
import { CallbackReactor, type UnaryCallback } from "./unary_callback.ts";

/** Options of a reactor's call: metadata comes by reactions. */
export type ReactorCallOptions = Omit<CallOptions, "onHeaders" | "onTrailers">;

/** A unary method: with a reactor, whose `startCall` makes the call, or with a callback, which makes it at once. */
export interface ReactorUnaryMethod<Req, Res> {
  <R extends ClientUnaryReactor<Res>>(request: Req, reactor: R, options?: ReactorCallOptions): R;
  (request: Req, callback: UnaryCallback<Res>, options?: ReactorCallOptions): void;
}

/** A method's function, by its kind. Nothing happens before the reactor's `startCall`; the reactor is returned. */
export type ReactorClientMethod<M> = M extends MethodDescriptor<
  infer _Req,
  infer Res,
  infer Kind,
  infer Req,
  infer _Res
> ? Kind extends "unary" ? ReactorUnaryMethod<Req, Res>
  : Kind extends "serverStreaming"
    ? <R extends ClientReadReactor<Res>>(request: Req, reactor: R, options?: ReactorCallOptions) => R
  : Kind extends "clientStreaming"
    ? <R extends ClientWriteReactor<Req, Res>>(reactor: R, options?: ReactorCallOptions) => R
  : <R extends ClientBidiReactor<Req, Res>>(reactor: R, options?: ReactorCallOptions) => R
  : never;

/** A client of a service for reactors: `ReactorClient<typeof RouteGuide>`. */
export type ReactorClient<S> = S extends ServiceDescriptor<infer Methods>
  ? { readonly [Name in keyof Methods]: ReactorClientMethod<Methods[Name]> }
  : never;

/** The class of reactors for each kind of method. */
const CLASSES = {
  unary: ClientUnaryReactor,
  serverStreaming: ClientReadReactor,
  clientStreaming: ClientWriteReactor,
  bidiStreaming: ClientBidiReactor,
} as const;

/** The methods of `service`, for the calls of one channel. */
export function reactorMethods<S extends ServiceDescriptor<unknown>>(
  service: S,
  context: CallContext,
): ReactorClient<S> {
  const client: Record<string, unknown> = {};
  for (const [name, method] of Object.entries(service.methods as Record<string, MethodDescriptor>)) {
    client[name] = makeMethod(context, method, context.template(method.path));
  }
  return client as ReactorClient<S>;
}

function makeMethod(context: CallContext, method: MethodDescriptor, template: RequestTemplate): unknown {
  if (!streamsRequests(method.kind)) {
    return (request: unknown, reactor: unknown, options?: ReactorCallOptions): unknown =>
      begin(context, method, template, request, reactor, options);
  }
  return (reactor: unknown, options?: ReactorCallOptions): unknown =>
    begin(context, method, template, undefined, reactor, options);
}

/** Gives `reactor` a call, and returns it; a callback's call is started, and nothing is returned. */
export function begin(
  context: CallContext,
  method: CalledMethod,
  template: RequestTemplate,
  request: unknown,
  reactor: unknown,
  options: ReactorCallOptions | undefined,
): unknown {
  const { path } = template;
  const given = options === undefined ? NO_OPTIONS : readOptions(path, options);
  if (method.kind === "unary" && typeof reactor === "function") {
    const own = new CallbackReactor(reactor as UnaryCallback<unknown>);
    bind(context, method, template, request, own, given);
    return own.startCall();
  }
  checkReactor(path, method.kind, reactor);
  bind(context, method, template, request, reactor, given);
  return reactor;
}

function bind(
  context: CallContext,
  method: CalledMethod,
  template: RequestTemplate,
  request: unknown,
  reactor: ClientReactor,
  given: GivenOptions,
): void {
  const call = new ClientReactorCall(context, template, given, method, reactor, request);
  bindClientReactor(reactor, call, template.path);
  pendingOf(context).add(call);
}

function readOptions(path: string, options: ReactorCallOptions): GivenOptions {
  const given = readCallOptions(path, options);
  if (given.onHeaders === undefined && given.onTrailers === undefined) return given;
  throw new TypeError(
    `Cannot call ${path}: a reactor gets metadata by onReadInitialMetadataDone and onDone, not by ${
      given.onHeaders === undefined ? "onTrailers" : "onHeaders"
    }`,
  );
}

function checkReactor(path: string, kind: MethodKind, reactor: unknown): asserts reactor is ClientReactor {
  const wanted = CLASSES[kind];
  if (reactor instanceof wanted) return;
  const article = kind === "unary" ? "a callback or a" : "a";
  throw new TypeError(
    `Cannot call ${path}: it is ${kind}, so give ${article} ${wanted.name}; found ${describe(reactor)}`,
  );
}
