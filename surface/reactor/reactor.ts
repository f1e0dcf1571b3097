// Methods that are served by reactors: what `addService` takes in a handler's place.

import { type MethodStyle, methodStyle } from "../server/method_style.ts";
import type { MethodDescriptor, MethodKind } from "../proto/mod.ts";
import { describe } from "../options.ts";
import type { ReactorContext } from "./reactor_context.ts";
import { type AnyReactorHandler, ServerReactorCall } from "./server_reactor_call.ts";
import type {
  ServerBidiReactor,
  ServerReadReactor,
  ServerUnaryReactor,
  ServerWriteReactor,
  UnaryReactorContext,
} from "./server_reactors.ts";

/** Makes the reactor of one call, by the kind of its method. */
export type ReactorHandler<Req, Res, Kind extends MethodKind> = Kind extends "unary"
  ? (context: UnaryReactorContext<Res>, request: Req) => ServerUnaryReactor<Res>
  : Kind extends "serverStreaming" ? (context: ReactorContext, request: Req) => ServerWriteReactor<Res>
  : Kind extends "clientStreaming" ? (context: ReactorContext) => ServerReadReactor<Req, Res>
  : (context: ReactorContext) => ServerBidiReactor<Req, Res>;

/**
 * Serves a method by reactors (gRFC L67): `handler` makes one for each call, with the call's context. Methods of one service
 * may be served in different styles.
 *
 * @example
 * ```ts ignore
 * class Chat extends ServerBidiReactor<RouteNote, RouteNote> {
 *   constructor(context: ReactorContext) {
 *     super(context);
 *     this.startRead();
 *   }
 *   override onReadDone(ok: boolean) {
 *     if (ok) this.startWrite(reply(this.message));
 *     else this.finish(Status.OK);
 *   }
 *   override onWriteDone() {
 *     this.startRead();
 *   }
 * }
 * server.addService(RouteGuide, {
 *   routeChat: reactor((context) => new Chat(context)),
 *   getFeature: reactor((context, point) => context.defaultReactor().respond(lookup(point))),
 * });
 * ```
 *
 * @throws {TypeError} where `handler` is no function
 */
export function reactor<Req, Res, Kind extends MethodKind>(
  handler: ReactorHandler<Req, Res, Kind>,
): MethodStyle<MethodDescriptor<Req, unknown, Kind, unknown, Res>> {
  if (typeof handler !== "function") {
    throw new TypeError(
      `Cannot serve a method by reactors: ${describe(handler)} is no function that makes them`,
    );
  }
  return methodStyle((descriptor) => (host, method, stream, head, connection, receivedAt) =>
    new ServerReactorCall(
      host,
      method,
      stream,
      head,
      connection,
      receivedAt,
      descriptor,
      handler as AnyReactorHandler,
    )
  );
}
