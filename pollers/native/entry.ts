/**
 * The pollers on the runtime's own sockets, for those who give a channel or server its poller instead of a name.
 *
 * @example
 * ```ts ignore
 * import { Channel } from "pollwire/lean";
 * import { native } from "pollwire/pollers/native";
 * const channel = new Channel("127.0.0.1:50051", { poller: native });
 * ```
 *
 * @module
 */

export * from "../contract/types.ts";
export {
  bunClientFactory as bunClient,
  denoClientFactory as denoClient,
  nativeClientFactory as nativeClient,
  nodeClientFactory as nodeClient,
} from "./connecting.ts";
export { nativeFactory as native, nodeFactory as node } from "./mod.ts";
