// Clients whose methods take a reactor (gRFC L67): of a service, or of any path with messages as octets.

import type { RequestTemplate } from "../../transport/mod.ts";
import { callContext, type Channel } from "../channel/channel.ts";
import { type CallOptions, type GivenOptions, NO_OPTIONS, readCallOptions } from "../client/call_options.ts";
import type { CallContext } from "../client/call_route.ts";
import type { CalledMethod } from "../client/typed_call.ts";
import { describe } from "../options.ts";
import type { MethodDescriptor, MethodKind, ServiceDescriptor } from "../proto/mod.ts";
import { checkService } from "../proto/service.ts";
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
import { streamsRequests } from "../proto/service.ts";

/** Options of a reactor's call: metadata comes by reactions. */
export type ReactorCallOptions = Omit<CallOptions, "onHeaders" | "onTrailers">;

/** A unary method: with a reactor, whose `startCall` makes the call, or with a callback, which makes it at once. */
export interface ReactorUnaryMethod<Req, Res> {
  <R extends ClientUnaryReactor<Res>>(request: Req, reactor: R, options?: ReactorCallOptions): R;
  (request: Req, callback: UnaryCallback<Res>, options?: ReactorCallOptions): void;
}

/** A method's function, by its kind. Nothing happens before the reactor's `startCall`; the reactor is returned. */
export type ReactorClientMethod<M> = M extends MethodDescriptor<infer Req, infer Res, infer Kind>
  ? Kind extends "unary" ? ReactorUnaryMethod<Req, Res>
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

/**
 * A client of `service` over `channel` whose methods take reactors; any number may be made.
 *
 * @example
 * ```ts ignore
 * class Chat extends ClientBidiReactor<RouteNote, RouteNote> {
 *   override onReadDone(ok: boolean) {
 *     if (!ok) return;
 *     show(this.message);
 *     this.startRead();
 *   }
 *   override onDone(status: DoneStatus) {
 *     console.log(`${status}`);
 *   }
 * }
 * const guide = createReactorClient(RouteGuide, channel);
 * const chat = guide.routeChat(new Chat(), { deadlineMs: 5_000 });
 * chat.startRead();
 * chat.startWriteLast(note);
 * chat.startCall();
 * guide.getFeature(point, (status, feature) => show(status.ok ? feature : status.details));
 * ```
 *
 * @throws {TypeError} for what is no service of this library, and no channel
 */
export function createReactorClient<S extends ServiceDescriptor<unknown>>(
  service: S,
  channel: Channel,
): ReactorClient<S> {
  const context = callContext("make a client", channel);
  checkService("make a client", service);
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
  context.pending.add(call);
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
