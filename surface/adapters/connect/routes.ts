// Routes of connect-es served by our server: its implementations and interceptors behind our calls.

import type { DescMethod, DescService } from "@bufbuild/protobuf";
import {
  type ConnectRouter,
  createMethodImplSpec,
  createServiceImplSpec,
  type MethodImplSpec,
} from "@connectrpc/connect";
import { isPromiseLike } from "../../promise_like.ts";
import type { AnyHandler } from "../../promise/handlers.ts";
import type { MethodDescriptor, ServiceDescriptor } from "../../proto/service.ts";
import { type Server, styledServer } from "../../server/server.ts";
import { fromGenService } from "../protobuf_es/mod.ts";
import { type HandlerOptions, RouteHandler, type RoutesOptions } from "./route_handler.ts";

/**
 * Serves what `routes` adds to a router of connect-es, by the gRPC protocol, beside what `server` serves already. Handlers
 * get connect's `HandlerContext`, and interceptors are connect's; compression and connections are the server's. What
 * `routes` says of a service or a method goes before `options`, and what it says last counts. Where something is refused,
 * nothing is added. Its router has no `handlers`, for there is no HTTP between.
 *
 * @example
 * ```ts ignore
 * import { Server } from "pollwire";
 * import { addRoutes } from "pollwire/connect";
 *
 * const server = new Server();
 * addRoutes(server, (router) => router.service(RouteGuide, { getFeature: (point) => ({ name: "here", location: point }) }));
 * await server.listen("127.0.0.1:50051");
 * ```
 *
 * @throws {TypeError} as `addService` of a server does, for what is no server, and where `routes` gives a promise
 * @throws {RangeError} for limits of messages that are none
 */
export function addRoutes(
  server: Server,
  routes: (router: ConnectRouter) => unknown,
  options: RoutesOptions = {},
): void {
  const { methods } = styledServer("add routes", server);
  const services = new Map<DescService, Map<DescMethod, RouteHandler>>();
  const add = (spec: MethodImplSpec, own: HandlerOptions | undefined): void => {
    const { parent } = spec.method;
    let handlers = services.get(parent);
    if (handlers === undefined) services.set(parent, handlers = new Map());
    handlers.set(spec.method, new RouteHandler(spec, { ...options, ...own }));
  };
  const router: ConnectRouter = {
    handlers: [],
    service(service, implementation, own) {
      for (const spec of Object.values(createServiceImplSpec(service, implementation).methods)) {
        add(spec, own);
      }
      return router as never;
    },
    rpc(method, implementation, own) {
      add(createMethodImplSpec(method, implementation), own);
      return router as never;
    },
  };
  if (isPromiseLike(routes(router))) {
    throw new TypeError(
      "Cannot add routes: the function that adds them gave a promise, and what it adds later would be lost; " +
        "await what it needs before addRoutes is called",
    );
  }
  methods.addServices(new Map([...services].map(([service, handlers]) => served(service, handlers))));
}

/** `service` with the methods that `handlers` has, and what serves them. */
function served(
  service: DescService,
  handlers: ReadonlyMap<DescMethod, RouteHandler>,
): [ServiceDescriptor<Record<string, MethodDescriptor>>, Record<string, AnyHandler>] {
  const all = fromGenService(service);
  const methods: Record<string, MethodDescriptor> = {};
  const functions: Record<string, AnyHandler> = {};
  for (const descriptor of Object.values<MethodDescriptor>(all.methods)) {
    const method = service.methods.find(({ name }) => name === descriptor.name)!;
    const handler = handlers.get(method);
    if (handler === undefined) continue;
    methods[descriptor.localName] = handler.describe(descriptor);
    functions[descriptor.localName] = handler.handler;
  }
  const described: ServiceDescriptor<Record<string, MethodDescriptor>> = { fullName: all.fullName, methods };
  return [Object.defineProperty(described, "file", { get: () => all.file }), functions];
}
