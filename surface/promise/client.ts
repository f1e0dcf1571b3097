// A typed client of a service: a function a method.

import type { RequestTemplate } from "../../transport/mod.ts";
import { checkOptions, describe, type OptionNames } from "../options.ts";
import { callContext, type Channel } from "../channel/channel.ts";
import type { MethodDescriptor, ServiceDescriptor } from "../proto/mod.ts";
import { checkService } from "../proto/service.ts";
import { type CallOptions, NO_OPTIONS, readCallOptions } from "../client/call_options.ts";
import type { CallContext } from "../client/call_context.ts";
import { CallSites } from "./call_sites.ts";
import { type PromiseContext, SingleResponseCall, StreamingResponseCall } from "./client_calls.ts";
import { type ClientChain, clientChain, interceptedMethod } from "./intercepted_method.ts";
import type { ClientInterceptor } from "./interceptor.ts";
import { isSource, type Source } from "./producer.ts";
import { streamsRequests, streamsResponses } from "../proto/service.ts";

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

/** What a client is made with. */
export interface ClientOptions {
  /** Run around every call, the first one outermost. */
  readonly interceptors?: readonly ClientInterceptor[];
}

const NAMES: OptionNames<ClientOptions> = { interceptors: true };

/**
 * A client of `service` over `channel`; any number may be made.
 *
 * @throws {TypeError} for what is no service of this library, no channel, and no interceptor
 */
export function createClient<S extends ServiceDescriptor<unknown>>(
  service: S,
  channel: Channel,
  options: ClientOptions = {},
): Client<S> {
  return makeClient(callContext("make a client", channel), service, options);
}

/** The same, over what `calls` need of a channel. */
export function makeClient<S extends ServiceDescriptor<unknown>>(
  calls: CallContext,
  service: S,
  options: ClientOptions = {},
): Client<S> {
  checkService("make a client", service);
  const context: PromiseContext = { ...calls, sites: new CallSites() };
  const chain = chainOf("make a client", options);
  const client: Record<string, unknown> = {};
  for (const [name, method] of Object.entries(service.methods as Record<string, MethodDescriptor>)) {
    client[name] = makeMethod(context, chain, method, context.template(method.path));
  }
  return client as Client<S>;
}

/** The interceptors of a client; undefined where there are none. Throws TypeError for unknown options. */
export function chainOf(purpose: string, options: ClientOptions): ClientChain | undefined {
  checkOptions(purpose, options, NAMES as Readonly<Record<string, true>>);
  const { interceptors } = options;
  if (interceptors === undefined) return undefined;
  const chain = clientChain(purpose, interceptors);
  return interceptors.length === 0 ? undefined : chain;
}

/** The function that calls `method`. */
export function makeMethod(
  context: PromiseContext,
  chain: ClientChain | undefined,
  method: MethodDescriptor,
  template: RequestTemplate,
): unknown {
  const requestStream = streamsRequests(method.kind);
  if (chain !== undefined) {
    return interceptedMethod(context, chain, method, template, (message) => {
      if (requestStream) checkRequests(method, message);
    });
  }
  const { sites } = context;
  if (!streamsResponses(method.kind)) {
    const invoke = (request: unknown, options?: CallOptions): Promise<unknown> => {
      const given = options === undefined ? NO_OPTIONS : readCallOptions(method.path, options);
      if (requestStream) checkRequests(method, request);
      const call = new SingleResponseCall(context, method, template, request, requestStream, given);
      if (sites.wanted) call.site = sites.here(invoke);
      call.start();
      return call.response;
    };
    return invoke;
  }
  const invoke = (request: unknown, options?: CallOptions): Responses<unknown> => {
    const given = options === undefined ? NO_OPTIONS : readCallOptions(method.path, options);
    if (requestStream) checkRequests(method, request);
    const call = new StreamingResponseCall(context, method, template, request, requestStream, given);
    if (sites.wanted) call.site = sites.here(invoke);
    call.start();
    return call.responses;
  };
  return invoke;
}

/** Throws TypeError where `requests` is no stream of messages. A string is iterable, but no message. */
function checkRequests(method: MethodDescriptor, requests: unknown): void {
  if (typeof requests !== "string" && isSource(requests)) return;
  throw new TypeError(
    `Cannot call ${method.path}: it takes a stream of requests, so give an iterable or async iterable of messages, ` +
      `such as an array; found ${describe(requests)}`,
  );
}
