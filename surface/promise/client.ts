// A typed client of a service: a function a method.

import type { RequestTemplate } from "../../transport/mod.ts";
import { describe } from "../options.ts";
import { callContext, type Channel } from "../channel/channel.ts";
import type { MethodDescriptor, ServiceDescriptor } from "../proto/mod.ts";
import { type CallOptions, NO_OPTIONS, readCallOptions } from "../client/call_options.ts";
import type { CallContext } from "../client/call_context.ts";
import { CallSites } from "./call_sites.ts";
import { type PromiseContext, SingleResponseCall } from "./client_calls.ts";
import type { Source } from "./producer.ts";
import { isService, streamsRequests, streamsResponses } from "../proto/service.ts";

// Local: see docs/STYLE.md, "Hot paths".
const NONE_GIVEN = NO_OPTIONS;
const SingleResponse = SingleResponseCall;

/** Responses of a call, to be read once; leaving the loop early cancels the call. */
export type Responses<Res> = AsyncIterableIterator<Res>;

/** A method's function, by its kind. */
export type ClientMethod<M> = M extends MethodDescriptor<
  infer _Req,
  infer Res,
  infer Kind,
  infer Req,
  infer _Res
> ? Kind extends "unary" ? (request: Req, options?: CallOptions) => Promise<Res>
  : Kind extends "serverStreaming" ? (request: Req, options?: CallOptions) => Responses<Res>
  : Kind extends "clientStreaming" ? (requests: Source<Req>, options?: CallOptions) => Promise<Res>
  : (requests: Source<Req>, options?: CallOptions) => Responses<Res>
  : never;

/** A client of a service: `Client<typeof RouteGuide>`. */
export type Client<S> = S extends ServiceDescriptor<infer Methods>
  ? { readonly [Name in keyof Methods]: ClientMethod<Methods[Name]> }
  : never;

/** Makes the function of a method whose calls something runs around; `checkRequests` throws for what is no source of requests. */
export type AroundMethod = (
  context: PromiseContext,
  method: MethodDescriptor,
  template: RequestTemplate,
  checkRequests: (message: unknown) => void,
) => unknown;

/**
 * A client of `service` over `channel`; any number may be made. Its methods that stream need a channel of "pollwire", or
 * the feature `streams`: without it they throw a TypeError. It has no options, which `createInterceptedClient` takes.
 *
 * @throws {TypeError} for what is no service of this library, no channel, and for options
 */
export function createClient<S extends ServiceDescriptor<unknown>>(
  service: S,
  channel: Channel,
  options?: undefined,
): Client<S> {
  if (options !== undefined) {
    throw new TypeError("Cannot make a client: createInterceptedClient takes options");
  }
  return makeClient(callContext("make a client", channel), service);
}

/** The same, over what `calls` need of a channel; `around`: of a client with interceptors. */
export function makeClient<S extends ServiceDescriptor<unknown>>(
  calls: CallContext,
  service: S,
  around?: AroundMethod,
): Client<S> {
  if (!isService(service)) {
    throw new TypeError(`Cannot make a client: expected a service, found ${describe(service)}`);
  }
  const context: PromiseContext = { ...calls, sites: new CallSites() };
  const client: Record<string, unknown> = {};
  for (const [name, method] of Object.entries(service.methods as Record<string, MethodDescriptor>)) {
    client[name] = makeMethod(context, around, method, context.template(method.path));
  }
  return client as Client<S>;
}

/** The function that calls `method`. */
export function makeMethod(
  context: PromiseContext,
  around: AroundMethod | undefined,
  method: MethodDescriptor,
  template: RequestTemplate,
): unknown {
  const requestStream = streamsRequests(method.kind);
  const { sites, streams } = context;
  if (streams === undefined && method.kind !== "unary") {
    return () => {
      throw noStreams(method);
    };
  }
  if (around !== undefined) {
    return around(context, method, template, (message) => {
      if (requestStream) streams!.checkRequests(method, message);
    });
  }
  if (!streamsResponses(method.kind)) {
    const invoke = (request: unknown, options?: CallOptions): Promise<unknown> => {
      const given = options === undefined ? NONE_GIVEN : readCallOptions(method.path, options);
      if (requestStream) streams!.checkRequests(method, request);
      const call = new SingleResponse(context, method, template, request, requestStream, given);
      if (sites.wanted) call.site = sites.here(invoke);
      call.start();
      return call.response;
    };
    return invoke;
  }
  const invoke = (request: unknown, options?: CallOptions): Responses<unknown> => {
    const given = options === undefined ? NONE_GIVEN : readCallOptions(method.path, options);
    if (requestStream) streams!.checkRequests(method, request);
    const call = streams!.callOf(context, method, template, request, requestStream, given);
    if (sites.wanted) call.site = sites.here(invoke);
    call.start();
    return call.responses;
  };
  return invoke;
}

function noStreams({ path, kind }: MethodDescriptor): TypeError {
  return new TypeError(`Cannot call ${path}: give the channel the feature streams, since it is ${kind}`);
}
