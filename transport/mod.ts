// Streams of gRPC messages over HTTP/2, on any event engine.

export * from "../pollers/contract/types.ts";
export type {
  ErrorContext,
  ErrorHandler,
  ErrorPlace,
  Logger,
  LogLevel,
  Reporter,
  ReportOptions,
  TraceName,
  Traces,
} from "../pollers/log/mod.ts";
export { type AcceptOptions, type ClientOfThread, TransportAcceptor } from "./accept.ts";
export { certificateNames } from "../pollers/native/certificate.ts";
export type { ClientTransportOptions, TransportOptions } from "./client_transport.ts";
export { binaryField, binaryValue, binaryValues, decodeBinary, encodeBinary } from "./grpc/binary_header.ts";
export {
  acceptedNames,
  type CompressedStreams,
  IDENTITY,
  markUncompressed,
  type MessageEncoding,
  type MessageEncodings,
  MessageMark,
  type StreamEncodings,
} from "./grpc/compression.ts";
export { compressedStreams } from "./grpc/compressed_client_streams.ts";
export { isReserved, NO_HEADERS, requestTemplate, withAuthority } from "./grpc/headers.ts";
export {
  type MessageLimitOptions,
  type MessageLimits,
  messageLimits,
  type MessageSizes,
} from "./grpc/message_limits.ts";
export { MESSAGE_PREFIX_BYTES } from "./grpc/message_prefix.ts";
export { GrpcStatus, type StatusCode, type StatusName, statusName } from "./grpc/status_mapping.ts";
export { type ClientPart, headerMemory, keepalives } from "./client_parts.ts";
export { beginConnect } from "./connect.ts";
export * from "./handshake.ts";
export { type FrameNotes, type NoteFrames, noteFrames } from "./http2/frame_trace.ts";
export {
  connectInProcess,
  InProcessClient,
  InProcessListener,
  listenInProcess,
  type TakenConnection,
} from "./in_process/listener.ts";
export { type OpenTunnel, openTunnel, type TunnelOwner, type TunnelTarget } from "./tunnel.ts";
export { copyBytes } from "./hpack/copy_bytes.ts";
export { Field, PRINTABLE } from "./hpack/field.ts";
export { FieldName, fieldName, protocolName } from "./hpack/field_name.ts";
export { HeaderList, type Reading } from "./hpack/header_list.ts";
export {
  ErrorCode,
  type ErrorCodeName,
  errorCodeName,
  type ErrorScope,
  Http2Error,
  type Initiator,
} from "./http2/error.ts";
export { DEFAULT_LOCAL_SETTINGS, type LocalSettings, localSettings } from "./http2/settings.ts";
export {
  type ConnectionLifetimeOptions,
  type KeepaliveOptions,
  serverEndpoint,
  type ServerKeepaliveOptions,
} from "./keepalive.ts";
export type { ServerTransportOptions } from "./server_transport.ts";
export type {
  AcceptSecurity,
  ClientTlsProvider,
  ConnectSecurity,
  KeyPair,
  PeerCheck,
  TlsClientConfig,
  TlsContext,
  TlsProvider,
  TlsServerConfig,
} from "./tls/config.ts";
export { refusalOf } from "./tls/server_hello.ts";
export { coversHost, type HostNames, isFor, withoutDot } from "./tls/host_names.ts";
export { NODE_TLS_CLIENT } from "./tls/node/client_context.ts";
export { NODE_TLS } from "./tls/node/context.ts";
export { freeHoldings, shareHoldings } from "./tls/openssl/holdings.ts";
export { OPENSSL } from "./tls/openssl/provider.ts";
export { selectTlsProvider } from "./tls/providers.ts";
export { type AcceptanceOwner, SecureAcceptance } from "./tls/secure_acceptance.ts";
export { Handshakes, type HandshakeUnderWay } from "./tls/handshakes.ts";
export { type HandshakeChecks, type HandshakeDone, SecureEndpoint } from "./tls/secure_endpoint.ts";
export type { ConnectionSecurity, PeerCertificate, SubjectNames } from "./tls/security.ts";
export type { OnProgress, TlsSession, TlsState } from "./tls/session.ts";
export * from "./transport.ts";
