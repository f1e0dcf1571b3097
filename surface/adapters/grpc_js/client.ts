// grpc-js's Client: four kinds of calls by path, with functions that turn messages into octets and back.

import type { InterceptingCallInterface, InterceptingListener } from "./call_interface.ts";
import type { CallOptions, Interceptor, InterceptorProvider } from "./call_options.ts";
import { Channel, type ChannelInterface } from "./channel.ts";
import type { ChannelCredentials } from "./channel_credentials.ts";
import type { ChannelOptions } from "./channel_options.ts";
import {
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  DuplexCall,
  ReadableCall,
  type SurfaceCall,
  UnaryCall,
  WritableCall,
} from "./client_call.ts";
import { interceptedCall, type InterceptorLists, interceptorLists } from "./client_interceptors.ts";
import { connectivityState, status as Status } from "./constants.ts";
import type { Deadline } from "./deadline.ts";
import type { ClientMethodDefinition, deserialize, serialize } from "./definitions.ts";
import { later } from "./later.ts";
import { Metadata } from "./metadata.ts";
import { CallSites, type ServiceError, type StatusObject } from "./status.ts";

/** Gets the response, or why there is none. */
export type requestCallback<ResponseType> = (err: ServiceError | null, value?: ResponseType) => void;

/** A call before it is made, for {@linkcode CallInvocationTransformer}. */
export interface CallProperties<RequestType, ResponseType> {
  /** The one request. */
  argument?: RequestType;
  /** What is sent before messages. */
  metadata: Metadata;
  /** What the application gets. */
  call: SurfaceCall;
  /** What it is made on. */
  channel: ChannelInterface;
  /** What is called. */
  methodDefinition: ClientMethodDefinition<RequestType, ResponseType>;
  /** Its options. */
  callOptions: CallOptions;
  /** Gets the one response. */
  callback?: requestCallback<ResponseType>;
}

/** Changes calls before they are made. */
export type CallInvocationTransformer = (
  // deno-lint-ignore no-explicit-any
  callProperties: CallProperties<any, any>,
  // deno-lint-ignore no-explicit-any
) => CallProperties<any, any>;

/** Options of a client, and of the channel that it makes. */
export type ClientOptions = Partial<ChannelOptions> & {
  /** The channel, where it is not to make one. */
  channelOverride?: ChannelInterface;
  /** Makes the channel. */
  channelFactoryOverride?: (
    address: string,
    credentials: ChannelCredentials,
    options: ClientOptions,
  ) => ChannelInterface;
  /** Stand before every call. */
  interceptors?: Interceptor[];
  /** Give what stands before calls of a method. */
  interceptor_providers?: InterceptorProvider[];
  /** See {@linkcode CallInvocationTransformer}. */
  callInvocationTransformer?: CallInvocationTransformer;
};

/** What stands between the request and the callback in an application's call. */
interface Arguments<ResponseType> {
  readonly metadata: Metadata;
  readonly options: CallOptions;
  readonly callback: requestCallback<ResponseType> | undefined;
}

/** Names that generated clients may have as methods are not taken: what is private to the language is not seen by them. */
export class Client {
  readonly #channel: ChannelInterface;
  readonly #interceptors: InterceptorLists;
  readonly #transform: CallInvocationTransformer | undefined;
  readonly #sites = new CallSites();

  /**
   * A client of the server at `address`.
   *
   * @throws {Error} for both interceptors and interceptor_providers, and as the channel does
   */
  constructor(address: string, credentials: ChannelCredentials, options?: ClientOptions | null) {
    const given = options ?? {};
    const { channelOverride, channelFactoryOverride, callInvocationTransformer, ...rest } = given;
    const { interceptors: _interceptors, interceptor_providers: _providers, ...ofChannel } = rest;
    this.#interceptors = interceptorLists(given as CallOptions, "options to the client constructor");
    this.#transform = callInvocationTransformer;
    this.#channel = channelOverride ??
      channelFactoryOverride?.(address, credentials, ofChannel) ??
      new Channel(address, credentials, ofChannel);
  }

  /** Ends its channel. */
  close(): void {
    this.#channel.close();
  }

  /** What it makes its calls on. */
  getChannel(): ChannelInterface {
    return this.#channel;
  }

  /** Connects, and calls `callback` when that is done, or with an error when it is not by `deadline`. */
  waitForReady(deadline: Deadline, callback: (error?: Error) => void): void {
    const channel = this.#channel;
    const check = (error?: Error): void => {
      if (error !== undefined) return callback(new Error("Failed to connect before the deadline"));
      let state: connectivityState;
      try {
        state = channel.getConnectivityState(true);
        if (state !== connectivityState.READY) channel.watchConnectivityState(state, deadline, check);
      } catch {
        return callback(new Error("The channel has been closed"));
      }
      if (state === connectivityState.READY) callback();
    };
    later(check);
  }

  /** One request, one response; the arguments after the request may be metadata, options, and the callback. */
  makeUnaryRequest<RequestType, ResponseType>(
    method: string,
    serialize: serialize<RequestType>,
    deserialize: deserialize<ResponseType>,
    argument: RequestType,
    metadata: Metadata | CallOptions | requestCallback<ResponseType>,
    options?: CallOptions | requestCallback<ResponseType>,
    callback?: requestCallback<ResponseType>,
  ): ClientUnaryCall {
    const given = withCallback<ResponseType>(metadata, options, callback);
    const definition = definitionOf(method, serialize, deserialize, false, false);
    const { properties, call } = this.#begin(definition, given, new UnaryCall(), argument);
    startSingle(properties, call, this.#sites);
    call.sendMessage(properties.argument);
    call.halfClose();
    return properties.call;
  }

  /** A stream of requests, one response. */
  makeClientStreamRequest<RequestType, ResponseType>(
    method: string,
    serialize: serialize<RequestType>,
    deserialize: deserialize<ResponseType>,
    metadata: Metadata | CallOptions | requestCallback<ResponseType>,
    options?: CallOptions | requestCallback<ResponseType>,
    callback?: requestCallback<ResponseType>,
  ): ClientWritableStream<RequestType> {
    const given = withCallback<ResponseType>(metadata, options, callback);
    const definition = definitionOf(method, serialize, deserialize, true, false);
    const { properties, call } = this.#begin(definition, given, new WritableCall(serialize));
    startSingle(properties, call, this.#sites);
    return properties.call as ClientWritableStream<RequestType>;
  }

  /** One request, a stream of responses. */
  makeServerStreamRequest<RequestType, ResponseType>(
    method: string,
    serialize: serialize<RequestType>,
    deserialize: deserialize<ResponseType>,
    argument: RequestType,
    metadata?: Metadata | CallOptions | null,
    options?: CallOptions,
  ): ClientReadableStream<ResponseType> {
    const given = withoutCallback<ResponseType>(metadata, options);
    const definition = definitionOf(method, serialize, deserialize, false, true);
    const { properties, call } = this.#begin(definition, given, new ReadableCall(deserialize), argument);
    startStream(properties, call, this.#sites);
    call.sendMessage(properties.argument);
    call.halfClose();
    return properties.call as ClientReadableStream<ResponseType>;
  }

  /** Streams both ways. */
  makeBidiStreamRequest<RequestType, ResponseType>(
    method: string,
    serialize: serialize<RequestType>,
    deserialize: deserialize<ResponseType>,
    metadata?: Metadata | CallOptions | null,
    options?: CallOptions,
  ): ClientDuplexStream<RequestType, ResponseType> {
    const given = withoutCallback<ResponseType>(metadata, options);
    const definition = definitionOf(method, serialize, deserialize, true, true);
    const { properties, call } = this.#begin(definition, given, new DuplexCall(serialize, deserialize));
    startStream(properties, call, this.#sites);
    return properties.call as ClientDuplexStream<RequestType, ResponseType>;
  }

  #begin<RequestType, ResponseType>(
    methodDefinition: ClientMethodDefinition<RequestType, ResponseType>,
    { metadata, options, callback }: Arguments<ResponseType>,
    surface: SurfaceCall,
    argument?: RequestType,
  ): { properties: CallProperties<RequestType, ResponseType>; call: InterceptingCallInterface } {
    let properties: CallProperties<RequestType, ResponseType> = {
      ...(argument === undefined ? {} : { argument }),
      metadata,
      call: surface,
      channel: this.#channel,
      methodDefinition,
      callOptions: options,
      ...(callback === undefined ? {} : { callback }),
    };
    if (this.#transform !== undefined) properties = this.#transform(properties);
    const { channel, callOptions } = properties;
    const call = interceptedCall(channel, properties.methodDefinition, callOptions, this.#interceptors);
    properties.call.call = call;
    return { properties, call };
  }
}

function definitionOf<RequestType, ResponseType>(
  path: string,
  requestSerialize: serialize<RequestType>,
  responseDeserialize: deserialize<ResponseType>,
  requestStream: boolean,
  responseStream: boolean,
): ClientMethodDefinition<RequestType, ResponseType> {
  return { path, requestStream, responseStream, requestSerialize, responseDeserialize };
}

/** Whether `given` is metadata: also that of another copy of the library, or of grpc-js itself. */
function isMetadata(given: unknown): given is Metadata {
  return given instanceof Metadata ||
    (typeof given === "object" && given !== null && "getMap" in given && "toHttp2Headers" in given);
}

function withCallback<ResponseType>(
  first: Metadata | CallOptions | requestCallback<ResponseType>,
  second?: CallOptions | requestCallback<ResponseType>,
  third?: requestCallback<ResponseType>,
): Arguments<ResponseType> {
  if (typeof first === "function") return { metadata: new Metadata(), options: {}, callback: first };
  if (typeof second === "function") {
    return isMetadata(first)
      ? { metadata: first, options: {}, callback: second }
      : { metadata: new Metadata(), options: first as CallOptions, callback: second };
  }
  if (isMetadata(first) && second instanceof Object && typeof third === "function") {
    return { metadata: first, options: second, callback: third };
  }
  throw new Error("Incorrect arguments passed");
}

function withoutCallback<ResponseType>(
  first?: Metadata | CallOptions | null,
  second?: CallOptions,
): Arguments<ResponseType> {
  return isMetadata(first) ? { metadata: first, options: second ?? {}, callback: undefined } : {
    metadata: new Metadata(),
    options: (first as CallOptions | null | undefined) ?? {},
    callback: undefined,
  };
}

/** Starts a call with one response, which its callback gets. */
function startSingle<Req, Res>(
  { call: emitter, callback, metadata }: CallProperties<Req, Res>,
  call: InterceptingCallInterface,
  sites: CallSites,
): void {
  const site = sites.next();
  let response: Res | null = null;
  let ended = false;
  call.start(metadata, {
    onReceiveMetadata: (received) => void emitter.emit("metadata", received),
    onReceiveMessage: (message: Res | null) => void (response = message),
    onReceiveStatus(status) {
      if (ended) return;
      ended = true;
      if (status.code !== Status.OK) callback!(sites.failure(status, site));
      else if (response !== null) callback!(null, response);
      else callback!(sites.failure({ ...status, ...NO_RESPONSE }, site));
      emitter.emit("status", status);
    },
  });
}

const NO_RESPONSE = { code: Status.UNIMPLEMENTED, details: "No message received" };

/** Starts a call with a stream of responses, which it pushes. */
function startStream<Req, Res>(
  { call: surface, metadata }: CallProperties<Req, Res>,
  call: InterceptingCallInterface,
  sites: CallSites,
): void {
  const site = sites.next();
  const stream = surface as ClientReadableStream<Res>;
  let ended = false;
  const listener: InterceptingListener = {
    onReceiveMetadata: (received) => void stream.emit("metadata", received),
    onReceiveMessage: (message) => void stream.push(message),
    onReceiveStatus(status: StatusObject) {
      if (ended) return;
      ended = true;
      stream.push(null);
      if (status.code !== Status.OK) stream.emit("error", sites.failure(status, site));
      stream.emit("status", status);
    },
  };
  call.start(metadata, listener);
}
