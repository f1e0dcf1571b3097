/**
 * What `pollwire/lean` has for clients, and nothing that servers need: for programs that start often, such as commands. A
 * bundle of either entry has the same; from the package, a program loads all that its entry has.
 *
 * @example
 * ```ts ignore
 * import { Channel, createClient, nativeClient, tlsClient } from "pollwire/lean/client";
 * import { Greeter } from "./gen/greeter.ts";
 *
 * const channel = new Channel("greeter.internal:443", { poller: nativeClient, credentials: tlsClient() });
 * const greeter = createClient(Greeter, channel);
 * console.log(await greeter.sayHello({ name: "you" }));
 * ```
 *
 * @module
 */

export type * from "./mod.ts";
export { Metadata } from "./call/metadata.ts";
export { RpcError } from "./call/rpc_error.ts";
export { Status, type StatusCode, type StatusName, statusName } from "./call/status.ts";
export { Channel } from "./channel/channel.ts";
export { ServiceConfigError } from "./channel/service_config/service_config_error.ts";
export { insecure } from "./credentials/insecure.ts";
export { tlsClient } from "./credentials/lean_client.ts";
export {
  bunClientFactory as bunClient,
  denoClientFactory as denoClient,
  nativeClientFactory as nativeClient,
  nodeClientFactory as nodeClient,
} from "../pollers/native/connecting.ts";
export { AddressError, PollerError } from "../pollers/mod.ts";
export { createClient } from "./promise/client.ts";
export { createInterceptedClient } from "./promise/intercepted_client.ts";
