/**
 * pollwire: gRPC for Deno and Bun, on its own HTTP/2 and pluggable pollers.
 *
 * @example
 * ```ts ignore
 * import { Channel, loadProto, createClient } from "pollwire";
 * const { RouteGuide } = await loadProto(new URL("./route_guide.proto", import.meta.url));
 * const channel = new Channel("127.0.0.1:50051");
 * const feature = await createClient(RouteGuide, channel).getFeature({ latitude: 1, longitude: 2 });
 * ```
 *
 * @module
 */

export * from "./surface/mod.ts";
export {
  AddressError,
  createEngine,
  describePollers,
  type PollerDescription,
  PollerError,
  registerPoller,
  selectPoller,
} from "./pollers/mod.ts";
