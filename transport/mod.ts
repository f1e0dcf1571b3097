// Streams of gRPC messages over HTTP/2, on any event engine.

export * from "./transport.ts";
export * from "./connector.ts";
export * from "./handshake.ts";
export type { TransportOptions } from "./client_transport.ts";
export { type MessageLimitOptions, messageLimits } from "./grpc/message_limits.ts";
export { requestTemplate } from "./grpc/headers.ts";
export { GrpcStatus, statusName } from "./grpc/status_mapping.ts";
export { HeaderList } from "./hpack/header_list.ts";
export { ErrorCode, errorCodeName, Http2Error } from "./http2/error.ts";
export { DEFAULT_LOCAL_SETTINGS, type LocalSettings, localSettings } from "./http2/settings.ts";
