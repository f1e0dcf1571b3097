// Channels, servers, calls and .proto files: what applications use.

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
} from "../pollers/mod.ts";
export {
  Executor,
  ExecutorError,
  type ExecutorErrorReason,
  type ExecutorOptions,
  type JobOptions,
  type PollerChoice,
  type Transferable,
  transferring,
} from "../pollers/mod.ts";
export type {
  ConnectionLifetimeOptions,
  ConnectionSecurity,
  Field,
  FieldName,
  GrpcStatus,
  HandshakeOptions,
  HeaderList,
  Initiator,
  KeepaliveOptions,
  LocalSettings,
  MessageEncoding,
  MessageEncodings,
  MessageLimitOptions,
  PeerCertificate,
  Reading,
  ServerKeepaliveOptions,
  SubjectNames,
  TransportOptions,
} from "../transport/mod.ts";
export type { PolicyData, PolicyFile, PolicySource } from "./authorization/authorizer.ts";
export type {
  AuthorizationHeader,
  AuthorizationPolicy,
  AuthorizationRequest,
  AuthorizationRule,
  AuthorizationSource,
} from "./authorization/policy.ts";
export type { CallObserver, EndedCall, ObservedCall } from "./call/call_observer.ts";
export type { SyncStream } from "./blocking/responses.ts";
export {
  createSyncClient,
  type SyncClient,
  type SyncClientMethod,
  type SyncClientOptions,
} from "./blocking/sync_client.ts";
export { Metadata, type MetadataInit, type MetadataValue } from "./call/metadata.ts";
export {
  type BadRequest,
  type DebugInfo,
  type ErrorDetails,
  errorDetails,
  type ErrorInfo,
  type FieldViolation,
  type Help,
  type HelpLink,
  type LocalizedMessage,
  type PreconditionFailure,
  type PreconditionViolation,
  type QuotaFailure,
  type QuotaViolation,
  type RequestInfo,
  type ResourceInfo,
  type RetryInfo,
} from "./call/error_details.ts";
export { RpcError, type RpcErrorOptions } from "./call/rpc_error.ts";
export {
  type DetailTypes,
  type KnownDetail,
  type StatusDetail,
  statusDetail,
  type TypedDetail,
  type UnknownDetail,
} from "./call/status_details.ts";
export {
  type ErrorStatusCode,
  type ErrorStatusName,
  Status,
  type StatusCode,
  type StatusName,
  statusName,
} from "./call/status.ts";
export { Channel as AnyChannel } from "./channel/channel.ts";
export type { ChannelOptions } from "./channel/channel_options.ts";
export { Channel } from "./full/channel.ts";
export { parseAddress, type TargetUri } from "./channel/destination.ts";
export { registerResolver } from "./channel/resolver/registry.ts";
export type { Resolvers } from "./channel/resolver/resolvers.ts";
export type {
  Resolver,
  ResolverBackoff,
  ResolverContext,
  ResolverFactory,
  ResolverSink,
} from "./channel/resolver/resolver.ts";
export type { EndpointAddresses } from "./channel/resolver/endpoint.ts";
export type { ResolvedConfig } from "./channel/service_config/config_in_use.ts";
export { registerBalancer } from "./channel/balancer/registry.ts";
export type { LoadBalancingPolicy } from "./channel/balancer/policies.ts";
export {
  type Balancer,
  type BalancerHelper,
  type BalancingPolicy,
  type ChildBalancer,
  type ChildPolicy,
  type PickedCall,
  type Picker,
  pickFailure,
  pickLater,
  type PickResult,
} from "./channel/balancer/extension.ts";
export { type CallFollower, followPick } from "./channel/balancer/follow_picks.ts";
export type {
  JsonDuration,
  JsonHedgingPolicy,
  JsonMethodConfig,
  JsonMethodName,
  JsonRetryPolicy,
  JsonServiceConfig,
  JsonStatus,
} from "./channel/service_config/json.ts";
export { ServiceConfigError } from "./channel/service_config/service_config_error.ts";
export type { ConnectivityState } from "./channel/connectivity.ts";
export type { CallIdentityOptions } from "./client/call_identity.ts";
export { Health } from "./services/health.ts";
export {
  type HealthCheckRequest,
  type HealthCheckResponse,
  type HealthListRequest,
  type HealthListResponse,
  type HealthMethods,
  healthService,
  type ServingStatus,
} from "./services/health_service.ts";
export { Reflection } from "./services/reflection.ts";
export { ReflectionClient } from "./services/reflection_client.ts";
export {
  type ReflectionErrorResponse,
  type ReflectionExtensionNumberResponse,
  type ReflectionExtensionRequest,
  type ReflectionFileDescriptorResponse,
  type ReflectionListServiceResponse,
  type ReflectionMethods,
  type ReflectionRequest,
  type ReflectionResponse,
  reflectionService,
  type ReflectionServiceResponse,
  type ReflectionVersion,
} from "./services/reflection_service.ts";
export { LoadReports, type LoadReportsOptions, type ReportedCall } from "./services/load_reports.ts";
export {
  type LoadReport,
  type LoadReportMethods,
  type LoadReportRequest,
  loadReportService,
} from "./services/load_report_service.ts";
export { Channelz } from "./services/channelz.ts";
export {
  type ChannelzAddress,
  type ChannelzChannel,
  type ChannelzChannelData,
  type ChannelzChannelRef,
  type ChannelzConnectivityState,
  type ChannelzGetChannelRequest,
  type ChannelzGetChannelResponse,
  type ChannelzGetServerRequest,
  type ChannelzGetServerResponse,
  type ChannelzGetServerSocketsRequest,
  type ChannelzGetServerSocketsResponse,
  type ChannelzGetServersRequest,
  type ChannelzGetServersResponse,
  type ChannelzGetSocketRequest,
  type ChannelzGetSocketResponse,
  type ChannelzGetSubchannelRequest,
  type ChannelzGetSubchannelResponse,
  type ChannelzGetTopChannelsRequest,
  type ChannelzGetTopChannelsResponse,
  type ChannelzMethods,
  type ChannelzOtherAddress,
  type ChannelzSecurity,
  type ChannelzServer,
  type ChannelzServerData,
  type ChannelzServerRef,
  channelzService,
  type ChannelzSeverity,
  type ChannelzSocket,
  type ChannelzSocketData,
  type ChannelzSocketRef,
  type ChannelzState,
  type ChannelzSubchannel,
  type ChannelzSubchannelRef,
  type ChannelzTcpIpAddress,
  type ChannelzTls,
  type ChannelzTrace,
  type ChannelzTraceEvent,
  type ChannelzUdsAddress,
} from "./channelz/service.ts";
export type { CallOptions } from "./client/call_options.ts";
export { type Compression, type CompressionOptions, uncompressed } from "./compression.ts";
export type { UserConnectOptions } from "./connect_options.ts";
export { createClient, type ServiceClient } from "./full/create_client.ts";
export type { PollerList } from "./engines.ts";
export { announce, type Announcement, type AnnounceOptions } from "./etcd/announce.ts";
export type { EtcdOptions, EtcdUser } from "./etcd/etcd_options.ts";
export { etcdResolver } from "./etcd/etcd_scheme.ts";
export type { Client, ClientMethod, Responses } from "./promise/client.ts";
export type { ClientOptions } from "./promise/intercepted_client.ts";
export { type GenericClient, genericClient } from "./promise/generic_client.ts";
export type { Handler } from "./promise/handlers.ts";
export {
  type ClientCallRequest,
  type ClientCallResponse,
  type ClientInterceptor,
  clientInterceptorFor,
  type ClientNext,
  type ClientResponse,
  type InterceptedClientCall,
  type ReceivedMessages,
  type SentMessages,
} from "./promise/interceptor.ts";
export { raw, type RawHandler } from "./promise/raw.ts";
export type { Source } from "./promise/producer.ts";
export * from "./proto/mod.ts";
export { Alarm, type AlarmOptions } from "./queue/alarm.ts";
export { CallError, type CallErrorCode } from "./queue/call_error.ts";
export { CompletionQueue, type CompletionQueueOptions } from "./queue/completion_queue.ts";
export type {
  AsyncReads,
  AsyncResponse,
  AsyncStart,
  AsyncWrites,
  ClientAsyncCall,
  ClientAsyncReader,
  ClientAsyncReaderWriter,
  ClientAsyncResponseReader,
  ClientAsyncWriter,
  QueueCallOptions,
} from "./queue/async_call.ts";
export {
  createQueueClient,
  type PrepareAsync,
  type QueueClient,
  type StartAsync,
} from "./queue/queue_client.ts";
export { type Call, createCall, type CreateCallOptions } from "./queue/create_call.ts";
export {
  type ClientOperation,
  OpFlags,
  type ReceiveCloseOnServer,
  receiveCloseOnServer,
  type ReceivedStatus,
  type ReceiveInitialMetadata,
  receiveInitialMetadata,
  type ReceiveMessage,
  receiveMessage,
  type ReceiveStatusOnClient,
  receiveStatusOnClient,
  type SendCloseFromClient,
  sendCloseFromClient,
  type SendInitialMetadata,
  sendInitialMetadata,
  type SendMessage,
  sendMessage,
  type SendStatusFromServer,
  sendStatusFromServer,
  type ServerOperation,
} from "./queue/operations.ts";
export { watchConnectivityState } from "./queue/connectivity_watch.ts";
export { deadlineIn } from "./queue/deadline.ts";
export type {
  CompletionEvent,
  CompletionEventType,
  OpComplete,
  QueueShutdown,
  QueueTimeout,
} from "./queue/event.ts";
export type { CompletionType } from "./queue/queue_core.ts";
export { AcceptedCall, RequestedCall } from "./queue/accepted_call.ts";
export {
  queueMethod,
  QueueServer,
  type QueueServerOptions,
  type RegisterMethodOptions,
  type RequestOptions,
} from "./queue/queue_server.ts";
export type { PolledHandler, PolledReader, PolledWriter } from "./queue/polled_call.ts";
export { PolledMethods, type PolledMethodsOptions } from "./queue/polled_methods.ts";
export { ServerContext } from "./queue/server_context.ts";
export type { PayloadHandling } from "./queue/server_requests.ts";
export {
  ServerAsyncReader,
  ServerAsyncReaderWriter,
  ServerAsyncResponseWriter,
  ServerAsyncWriter,
  type ServerResponder,
  type ServerResponderOf,
  type ServerStatus,
  type SingleResponder,
  type StreamResponder,
} from "./queue/server_streams.ts";
export {
  type DoWork,
  ThreadManager,
  type ThreadManagerOptions,
  ThreadQuota,
} from "./queue/thread_manager.ts";
export type { PollingType } from "./queue/queue_poller.ts";
export { type ExecutorCall, onExecutor, type OnExecutorOptions } from "./promise/on_executor.ts";
export {
  ClientBidiReactor,
  ClientReactor,
  ClientReadReactor,
  ClientStreamReactor,
  ClientUnaryReactor,
  ClientWriteReactor,
} from "./reactor/client_reactors.ts";
export { DoneStatus } from "./reactor/done_status.ts";
export { type GenericReactorClient, genericReactorClient } from "./reactor/generic_reactor_client.ts";
export { createReactorClient } from "./reactor/reactor_client.ts";
export type {
  ReactorCallOptions,
  ReactorClient,
  ReactorClientMethod,
  ReactorUnaryMethod,
} from "./reactor/reactor_methods.ts";
export { reactor, type ReactorHandler } from "./reactor/reactor.ts";
export type { ReactorContext } from "./reactor/reactor_context.ts";
export {
  DefaultReactor,
  ServerBidiReactor,
  ServerReactor,
  ServerReadReactor,
  ServerUnaryReactor,
  ServerWriteReactor,
  type UnaryReactorContext,
} from "./reactor/server_reactors.ts";
export type { UnaryCallback } from "./reactor/unary_callback.ts";
export type { WriteOptions } from "./reactor/write_options.ts";
export {
  type InterceptedServerCall,
  type RequestsOfKind,
  type ResponsesOfKind,
  type ServerInterceptor,
  serverInterceptorFor,
  type ServerMessages,
  type ServerNext,
  type ServerResponse,
  type UnseenMessages,
} from "./server/interceptor.ts";
export {
  CallCredentials,
  callCredentials,
  type CallCredentialsRequest,
  type CallCredentialsSink,
  type ChannelCredentials,
  type ExpiringToken,
  type ExpiringTokenSource,
  type FilesOf,
  type Identity,
  type Insecure,
  insecure,
  type MetadataPlugin,
  type OptionsSource,
  type Pem,
  pemFiles,
  type ServerCredentials,
  tls,
  type TlsClientOptions,
  type TlsLibrary,
  type TlsLibraryOptions,
  type TlsServerOptions,
  type TokenSource,
  type VerifyPeer,
} from "./credentials/mod.ts";
export type { AdmissionOptions } from "./server/admission.ts";
export { Server as AnyServer } from "./server/server.ts";
export type { ServerOptions, ShutdownOptions } from "./server/server_options.ts";
export { Server } from "./full/server.ts";
export type { Feature } from "./features/feature.ts";
export type { ServedCall, ServerCall } from "./server/server_call.ts";
export type { MethodStyle } from "./server/method_style.ts";
export type { GenericHandler, GenericMethod, MethodHandlers, ServiceHandlers } from "./server/service.ts";
export { VERSION } from "./version.ts";
export {
  type ReactorWorkers,
  type ReactorWorkersOptions,
  startReactorWorkers,
  type WorkerEnd,
} from "./workers/reactor_workers.ts";
export type { ServiceSetup, WorkerContext, WorkerServerOptions } from "./workers/service_module.ts";
