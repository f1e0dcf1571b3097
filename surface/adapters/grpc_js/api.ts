// All that the API of grpc-js has here.

import { CallCredentials } from "./call_credentials.ts";
import { ChannelCredentials } from "./channel_credentials.ts";
import type { ChannelInterface } from "./channel.ts";
import { Client } from "./client.ts";
import type {
  ClientDuplexStream,
  ClientReadableStream,
  ClientUnaryCall,
  ClientWritableStream,
} from "./client_call.ts";
import type { Deadline } from "./deadline.ts";

export type { AuthContext } from "./auth_context.ts";
export {
  CallCredentials,
  type CallMetadataGenerator,
  type CallMetadataOptions,
  type OAuth2Client,
} from "./call_credentials.ts";
export type { PerRequestMetricRecorder } from "./call_metrics.ts";
export type {
  Call as ChannelCall,
  FullListener,
  InterceptingCallInterface,
  InterceptingListener,
  Listener,
  MessageContext,
} from "./call_interface.ts";
export type {
  CallOptions,
  Interceptor,
  InterceptorOptions,
  InterceptorProvider,
  NextCall,
} from "./call_options.ts";
export { Channel, type ChannelInterface } from "./channel.ts";
export { ChannelCredentials, type VerifyOptions } from "./channel_credentials.ts";
export type { ChannelOptions } from "./channel_options.ts";
export {
  type CallInvocationTransformer,
  type CallProperties,
  Client,
  type ClientOptions,
  type requestCallback,
} from "./client.ts";
export type {
  ClientDuplexStream,
  ClientReadableStream,
  ClientUnaryCall,
  ClientWritableStream,
  SurfaceCall,
} from "./client_call.ts";
export { InterceptorConfigurationError } from "./client_interceptors.ts";
export { compressionAlgorithms, connectivityState, logVerbosity, propagate, status } from "./constants.ts";
export type { Deadline } from "./deadline.ts";
export type {
  AnyMethodDefinition,
  ClientMethodDefinition,
  deserialize,
  MethodDefinition,
  PackageDefinition,
  ProtobufTypeDefinition,
  serialize,
  ServerMethodDefinition,
  ServiceDefinition,
} from "./definitions.ts";
export {
  type FullRequester,
  InterceptingCall,
  ListenerBuilder,
  type Requester,
  RequesterBuilder,
} from "./intercepting_call.ts";
export {
  type GrpcObject,
  loadPackageDefinition,
  makeClientConstructor,
  makeClientConstructor as makeGenericClientConstructor,
  type ServiceClient,
  type ServiceClientConstructor,
} from "./make_client.ts";
export { type PartialLogger, setLogger, setLogVerbosity } from "./logging.ts";
export { Metadata, type MetadataOptions, type MetadataValue } from "./metadata.ts";
export { Server, type ServerOptions } from "./server.ts";
export type {
  handleBidiStreamingCall,
  HandleCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ObjectReadable,
  ObjectWritable,
  sendUnaryData,
  ServerDuplexStream,
  ServerReadableStream,
  ServerSurfaceCall,
  ServerUnaryCall,
  ServerWritableStream,
  UntypedHandleCall,
  UntypedServiceImplementation,
} from "./server_call.ts";
export { ServerMetricRecorder } from "./server_metrics.ts";
export { type KeyCertPair, ServerCredentials } from "./server_credentials.ts";
export {
  type ConnectionInfo,
  type FullResponder,
  type FullServerListener,
  type InterceptingServerListener,
  type Responder,
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  type ServerListener,
  ServerListenerBuilder,
} from "./server_interceptors.ts";
export {
  type PartialStatusObject,
  type ServerErrorResponse,
  type ServerStatusResponse,
  type ServiceError,
  StatusBuilder,
  type StatusObject,
} from "./status.ts";

/** Makes credentials of channels and calls. */
export const credentials: {
  /** A channel's credentials, with those of calls for each of its calls. */
  combineChannelCredentials(
    channelCredentials: ChannelCredentials,
    ...callCredentials: CallCredentials[]
  ): ChannelCredentials;
  /** All of them, in order. */
  combineCallCredentials(first: CallCredentials, ...additional: CallCredentials[]): CallCredentials;
  /** Plaintext. */
  createInsecure: typeof ChannelCredentials.createInsecure;
  /** TLS. */
  createSsl: typeof ChannelCredentials.createSsl;
  /** Refused: a context of Node's TLS cannot be read. */
  createFromSecureContext: typeof ChannelCredentials.createFromSecureContext;
  /** Call credentials of a function. */
  createFromMetadataGenerator: typeof CallCredentials.createFromMetadataGenerator;
  /** Call credentials of a client of google-auth-library. */
  createFromGoogleCredential: typeof CallCredentials.createFromGoogleCredential;
  /** No call credentials. */
  createEmpty: typeof CallCredentials.createEmpty;
} = {
  combineChannelCredentials: (channelCredentials, ...callCredentials) =>
    callCredentials.reduce((all, one) => all.compose(one), channelCredentials),
  combineCallCredentials: (first, ...additional) => additional.reduce((all, one) => all.compose(one), first),
  createInsecure: ChannelCredentials.createInsecure,
  createSsl: ChannelCredentials.createSsl,
  createFromSecureContext: ChannelCredentials.createFromSecureContext,
  createFromMetadataGenerator: CallCredentials.createFromMetadataGenerator,
  createFromGoogleCredential: CallCredentials.createFromGoogleCredential,
  createEmpty: CallCredentials.createEmpty,
};

/** A client's call, of any kind. */
export type Call =
  | ClientUnaryCall
  // deno-lint-ignore no-explicit-any
  | ClientReadableStream<any>
  // deno-lint-ignore no-explicit-any
  | ClientWritableStream<any>
  // deno-lint-ignore no-explicit-any
  | ClientDuplexStream<any, any>;

/** Closes a client. */
export function closeClient(client: Client): void {
  client.close();
}

/** See `Client.waitForReady`. */
export function waitForClientReady(
  client: Client,
  deadline: Deadline,
  callback: (error?: Error) => void,
): void {
  client.waitForReady(deadline, callback);
}

/** The channel of a client, whatever methods it has. */
export function getClientChannel(client: Client): ChannelInterface {
  return Client.prototype.getChannel.call(client);
}

const NOT_HERE = "Not available in this library. Use @grpc/proto-loader and loadPackageDefinition instead";

/**
 * Refused, as by grpc-js.
 *
 * @throws {Error} always
 */
export function load(_filename: unknown, _format?: unknown, _options?: unknown): never {
  throw new Error(NOT_HERE);
}

/**
 * Refused, as by grpc-js.
 *
 * @throws {Error} always
 */
export function loadObject(_value: unknown, _options?: unknown): never {
  throw new Error(NOT_HERE);
}
