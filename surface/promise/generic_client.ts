// A client without a service: calls of any path, whose messages are octets.

import type { CallOptions } from "../client/call_options.ts";
import { callContext, type Channel } from "../channel/channel.ts";
import type { MethodKind } from "../proto/mod.ts";
import { rawMethod } from "../proto/raw.ts";
import { CallSites } from "./call_sites.ts";
import { makeMethod, type Responses } from "./client.ts";
import { aroundBy, type ClientOptions } from "./intercepted_client.ts";
import type { PromiseContext } from "./client_calls.ts";
import { STREAMS } from "./streaming_calls.ts";
import type { Source } from "./producer.ts";

/** Methods whose functions are kept; which they are may be somebody else's choice, as in a proxy. */
const MOST_METHODS = 1_000;

/** Calls by path: "/package.Service/Method". Messages are octets, without the prefix that gRPC adds. */
export interface GenericClient {
  /** One request, one response. */
  unary(path: string, request: Uint8Array, options?: CallOptions): Promise<Uint8Array>;
  /** One request, a stream of responses. */
  serverStreaming(path: string, request: Uint8Array, options?: CallOptions): Responses<Uint8Array>;
  /** A stream of requests, one response. */
  clientStreaming(path: string, requests: Source<Uint8Array>, options?: CallOptions): Promise<Uint8Array>;
  /** A stream of requests, a stream of responses: every method can be called so. */
  bidiStreaming(path: string, requests: Source<Uint8Array>, options?: CallOptions): Responses<Uint8Array>;
}

/**
 * A client of every method that the server of `channel` has; any number may be made.
 *
 * @example
 * ```ts ignore
 * import { Channel, genericClient } from "pollwire";
 * const client = genericClient(new Channel("127.0.0.1:50051"));
 * const octets = await client.unary("/routeguide.RouteGuide/GetFeature", new Uint8Array([8, 1, 16, 2]));
 * ```
 *
 * @throws {TypeError} for what is no channel, and no interceptor
 */
export function genericClient(channel: Channel, options: ClientOptions = {}): GenericClient {
  const context: PromiseContext = {
    ...callContext("make a generic client", channel),
    sites: new CallSites(),
    streams: STREAMS,
  };
  const around = aroundBy("make a generic client", options);
  const methods = new Map<string, unknown>();
  const method = <Request, Result>(kind: MethodKind, path: string) => {
    const key = `${kind} ${path}`;
    let made = methods.get(key);
    if (made === undefined) {
      made = makeMethod(context, around, rawMethod(path, kind), context.template(path));
      if (methods.size >= MOST_METHODS) methods.clear();
      methods.set(key, made);
    }
    return made as (request: Request, options?: CallOptions) => Result;
  };
  return {
    unary: (path, request, options) =>
      method<Uint8Array, Promise<Uint8Array>>("unary", path)(request, options),
    serverStreaming: (path, request, options) =>
      method<Uint8Array, Responses<Uint8Array>>("serverStreaming", path)(request, options),
    clientStreaming: (path, requests, options) =>
      method<Source<Uint8Array>, Promise<Uint8Array>>("clientStreaming", path)(requests, options),
    bidiStreaming: (path, requests, options) =>
      method<Source<Uint8Array>, Responses<Uint8Array>>("bidiStreaming", path)(requests, options),
  };
}
