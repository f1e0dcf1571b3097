/**
 * Channels, servers and clients of which a bundle has what the application uses: pollers are given, not named, and what not
 * every application needs comes from `pollwire/features`.
 *
 * @example
 * ```ts ignore
 * import { Channel, createClient, tlsClient } from "pollwire/lean";
 * import { nativeClient } from "pollwire/pollers/native";
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
export { insecure } from "./credentials/insecure.ts";
export { tlsClient } from "./credentials/lean_client.ts";
export { tlsServer } from "./credentials/lean_server.ts";
export { ServiceConfigError } from "./channel/service_config/service_config_error.ts";
export { AddressError, PollerError } from "../pollers/mod.ts";
export { createClient } from "./promise/client.ts";
export { createInterceptedClient } from "./promise/intercepted_client.ts";
export { Server } from "./server/server.ts";
