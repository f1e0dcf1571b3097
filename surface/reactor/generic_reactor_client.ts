// A client without a service whose methods take reactors: calls of any path, whose messages are octets.

import { callContext, type Channel } from "../channel/channel.ts";
import { refuseOptions } from "../client/no_options.ts";
import type { MethodKind } from "../proto/mod.ts";
import { rawMethod } from "../proto/raw.ts";
import type {
  ClientBidiReactor,
  ClientReadReactor,
  ClientUnaryReactor,
  ClientWriteReactor,
} from "./client_reactors.ts";
import { begin, type ReactorCallOptions } from "./reactor_methods.ts";
import type { UnaryCallback } from "./unary_callback.ts";

/** Calls by path: "/package.Service/Method". Messages are octets, without the prefix that gRPC adds. */
export interface GenericReactorClient {
  /** One request, one response; nothing happens before the reactor's `startCall`. */
  unary<R extends ClientUnaryReactor<Uint8Array>>(
    path: string,
    request: Uint8Array,
    reactor: R,
    options?: ReactorCallOptions,
  ): R;
  /** One request, one response; the call is made at once. */
  unary(
    path: string,
    request: Uint8Array,
    callback: UnaryCallback<Uint8Array>,
    options?: ReactorCallOptions,
  ): void;
  /** One request, a stream of responses. */
  serverStreaming<R extends ClientReadReactor<Uint8Array>>(
    path: string,
    request: Uint8Array,
    reactor: R,
    options?: ReactorCallOptions,
  ): R;
  /** A stream of requests, one response. */
  clientStreaming<R extends ClientWriteReactor<Uint8Array, Uint8Array>>(
    path: string,
    reactor: R,
    options?: ReactorCallOptions,
  ): R;
  /** A stream of requests, a stream of responses: every method can be called so. */
  bidiStreaming<R extends ClientBidiReactor<Uint8Array, Uint8Array>>(
    path: string,
    reactor: R,
    options?: ReactorCallOptions,
  ): R;
}

/**
 * A client of every method that the server of `channel` has, for reactors; any number may be made. It has no options.
 *
 * @example
 * ```ts ignore
 * import { Channel, genericReactorClient } from "pollwire";
 * const client = genericReactorClient(new Channel("127.0.0.1:50051"));
 * client.unary("/routeguide.RouteGuide/GetFeature", octets, (status, response) => show(status, response));
 * ```
 *
 * @throws {TypeError} for what is no channel, and for options
 */
export function genericReactorClient(channel: Channel, options?: undefined): GenericReactorClient {
  refuseOptions("genericReactorClient", options);
  const context = callContext("make a generic client", channel);
  const make = <T>(
    kind: MethodKind,
    path: string,
    request: unknown,
    reactor: T,
    options: ReactorCallOptions | undefined,
  ): T => begin(context, rawMethod(path, kind), context.template(path), request, reactor, options) as T;
  return {
    unary: <T>(path: string, request: Uint8Array, reactor: T, options?: ReactorCallOptions): T =>
      make("unary", path, request, reactor, options),
    serverStreaming: (path, request, reactor, options) =>
      make("serverStreaming", path, request, reactor, options),
    clientStreaming: (path, reactor, options) => make("clientStreaming", path, undefined, reactor, options),
    bidiStreaming: (path, reactor, options) => make("bidiStreaming", path, undefined, reactor, options),
  };
}
