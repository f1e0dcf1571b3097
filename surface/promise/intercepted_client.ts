// A typed client whose calls interceptors run around.

import { callContext, type Channel } from "../channel/channel.ts";
import { checkOptions, type OptionNames } from "../options.ts";
import type { ServiceDescriptor } from "../proto/mod.ts";
import { checkService } from "../proto/service_check.ts";
import { type AroundMethod, type Client, makeClient } from "./client.ts";
import { clientChain, interceptedMethod } from "./intercepted_method.ts";
import { STREAMS } from "./streaming_calls.ts";
import type { ClientInterceptor } from "./interceptor.ts";

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
export function createInterceptedClient<S extends ServiceDescriptor<unknown>>(
  service: S,
  channel: Channel,
  options: ClientOptions = {},
): Client<S> {
  const purpose = "make a client";
  const context = { ...callContext(purpose, channel), streams: STREAMS };
  const around = aroundBy(purpose, options);
  checkService(purpose, service);
  return makeClient(context, service, around);
}

/** What runs around the methods of a client; undefined where nothing does. Throws TypeError for unknown options. */
export function aroundBy(purpose: string, options: ClientOptions): AroundMethod | undefined {
  checkOptions(purpose, options, NAMES);
  const { interceptors } = options;
  if (interceptors === undefined) return undefined;
  const chain = clientChain(purpose, interceptors);
  if (interceptors.length === 0) return undefined;
  return (context, method, template, checkRequests) =>
    interceptedMethod(context, chain, method, template, checkRequests);
}
