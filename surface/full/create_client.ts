// The client that applications make: of the promise style, with one that blocks beside it. No style knows the other.

import { createSyncClient, type SyncClient } from "../blocking/sync_client.ts";
import type { Channel } from "../channel/channel.ts";
import type { Client } from "../promise/client.ts";
import { type ClientOptions, createInterceptedClient } from "../promise/intercepted_client.ts";
import type { ServiceDescriptor } from "../proto/mod.ts";

/** A client of a service, and the same methods as calls that block. */
export type ServiceClient<S> = Client<S> & {
  /** Its calls block this thread, see `createSyncClient`. Where the service has a method of this name it is that. */
  readonly sync: SyncClient<S>;
};

/**
 * A client of `service` over `channel`; any number may be made. `client.sync` has the same methods as calls that block.
 *
 * @throws {TypeError} for what is no service of this library, no channel, and no interceptor
 */
export function createClient<S extends ServiceDescriptor<unknown>>(
  service: S,
  channel: Channel,
  options: ClientOptions = {},
): ServiceClient<S> {
  const client = createInterceptedClient(service, channel, options);
  if (Object.hasOwn(client, "sync")) return client as ServiceClient<S>;
  let made: SyncClient<S> | undefined = undefined;
  const sync = (): SyncClient<S> => {
    if ((options.interceptors ?? []).length > 0) {
      throw new TypeError(
        `Cannot call ${service.fullName} and block: the client has interceptors, which nobody continues while the ` +
          "thread is blocked; make one without them, or a createSyncClient",
      );
    }
    return made ??= createSyncClient(service, channel);
  };
  return Object.defineProperty(client, "sync", { get: sync }) as ServiceClient<S>;
}
