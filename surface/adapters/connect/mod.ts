/**
 * pollwire/connect: clients of connect-es over channels of this library, and its routes on our servers.
 *
 * @module
 */

export type { HandlerOptions, RoutesOptions } from "./route_handler.ts";
export { addRoutes } from "./routes.ts";
export { createGrpcTransport, type GrpcTransport } from "./transport.ts";
export type {
  ChannelTransportOptions,
  ConnectOptions,
  GrpcTransportOptions,
  NamedCompression,
  NodeOptions,
  UrlTransportOptions,
} from "./transport_options.ts";
