// Clients whose methods take a reactor (gRFC L67), of a service.

import { callContext, type Channel } from "../channel/channel.ts";
import { refuseOptions } from "../client/no_options.ts";
import type { ServiceDescriptor } from "../proto/mod.ts";
import { checkService } from "../proto/service_check.ts";
import { type ReactorClient, reactorMethods } from "./reactor_methods.ts";

/**
 * A client of `service` over `channel` whose methods take reactors; any number may be made. It has no options.
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
 * @throws {TypeError} for what is no service of this library, no channel, and for options
 */
export function createReactorClient<S extends ServiceDescriptor<unknown>>(
  service: S,
  channel: Channel,
  options?: undefined,
): ReactorClient<S> {
  refuseOptions("createReactorClient", options);
  const context = callContext("make a client", channel);
  checkService("make a client", service);
  return reactorMethods(service, context);
}
