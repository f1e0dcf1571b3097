/**
 * pollwire/connect: clients of connect-es over channels of this library.
 *
 * @module
 */

export { createGrpcTransport, type GrpcTransport } from "./transport.ts";
export type {
  ChannelTransportOptions,
  ConnectOptions,
  GrpcTransportOptions,
  NamedCompression,
  NodeOptions,
  UrlTransportOptions,
} from "./transport_options.ts";
