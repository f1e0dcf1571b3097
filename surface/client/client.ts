// A typed client of a service: a function a method.

import type { RequestTemplate } from "../../transport/mod.ts";
import type { Source } from "../call/producer.ts";
import type { MethodDescriptor, ServiceDescriptor } from "../proto/mod.ts";
import { checkService } from "../proto/service.ts";
import { type CallOptions, checkRequests, NO_OPTIONS, readCallOptions } from "./call_options.ts";
import { type CallContext, SingleResponseCall, StreamingResponseCall } from "./client_call.ts";

/** Responses of a call, to be read once; leaving the loop early cancels the call. */
export type Responses<Res> = AsyncIterableIterator<Res>;

/** A method's function, by its kind. */
export type ClientMethod<M> = M extends MethodDescriptor<infer Req, infer Res, infer Kind>
  ? Kind extends "unary" ? (request: Req, options?: CallOptions) => Promise<Res>
  : Kind extends "serverStreaming" ? (request: Req, options?: CallOptions) => Responses<Res>
  : Kind extends "clientStreaming" ? (requests: Source<Req>, options?: CallOptions) => Promise<Res>
  : (requests: Source<Req>, options?: CallOptions) => Responses<Res>
  : never;

/** A client of a service: `Client<typeof RouteGuide>`. */
export type Client<S> = S extends ServiceDescriptor<infer Methods>
  ? { readonly [Name in keyof Methods]: ClientMethod<Methods[Name]> }
  : never;

/** The client of `service` over the channel behind `context`; `templateFor` gives what calls of a path begin with. */
export function makeClient<S extends ServiceDescriptor<unknown>>(
  context: CallContext,
  service: S,
  templateFor: (path: string) => RequestTemplate,
): Client<S> {
  checkService("make a client", service);
  const client: Record<string, unknown> = {};
  for (const [name, method] of Object.entries(service.methods as Record<string, MethodDescriptor>)) {
    client[name] = makeMethod(context, method, templateFor(method.path));
  }
  return client as Client<S>;
}

function makeMethod(context: CallContext, method: MethodDescriptor, template: RequestTemplate): unknown {
  const requestStream = method.kind === "clientStreaming" || method.kind === "bidiStreaming";
  const { sites } = context;
  if (method.kind === "unary" || method.kind === "clientStreaming") {
    const invoke = (request: unknown, options?: CallOptions): Promise<unknown> => {
      const given = options === undefined ? NO_OPTIONS : readCallOptions(method, options);
      if (requestStream) checkRequests(method, request);
      const call = new SingleResponseCall(context, method, template, request, requestStream, given);
      if (sites.wanted) call.site = sites.here(invoke);
      call.start();
      return call.response;
    };
    return invoke;
  }
  const invoke = (request: unknown, options?: CallOptions): Responses<unknown> => {
    const given = options === undefined ? NO_OPTIONS : readCallOptions(method, options);
    if (requestStream) checkRequests(method, request);
    const call = new StreamingResponseCall(context, method, template, request, requestStream, given);
    if (sites.wanted) call.site = sites.here(invoke);
    call.start();
    return call.responses;
  };
  return invoke;
}
