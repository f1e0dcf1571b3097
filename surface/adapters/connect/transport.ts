// A Transport of connect-es over a channel: its clients and interceptors as they are, and our HTTP/2 below them.

import type { DescMessage, DescMethod, MessageShape } from "@bufbuild/protobuf";
import {
  createContextValues,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
  type Transport,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import { createMethodUrl, runStreamingCall, runUnaryCall } from "@connectrpc/connect/protocol";
import { callContext, type Channel as AnyChannel } from "../../channel/channel.ts";
import { formatDestination } from "../../channel/destination.ts";
import type { Metadata } from "../../call/metadata.ts";
import type { CallOptions } from "../../client/call_options.ts";
import type { Compression } from "../../compression.ts";
import { CallSites } from "../../promise/call_sites.ts";
import { makeMethod, type Responses } from "../../promise/client.ts";
import type { PromiseContext } from "../../promise/client_calls.ts";
import { STREAMS } from "../../promise/streaming_calls.ts";
import type { Source } from "../../promise/producer.ts";
import type { MethodKind } from "../../proto/mod.ts";
import { connectError } from "./errors.ts";
import { addMetadata, metadataOf, timeoutField, timeoutOf } from "./headers.ts";
import { LimitedCodec, type MessageLimits } from "./limited_codec.ts";
import { type GrpcTransportOptions, type ReadOptions, readOptions } from "./transport_options.ts";

/** A transport, with the channel that its calls go over. */
export interface GrpcTransport extends Transport {
  /** Closed by whoever made it: the application, or with `baseUrl` the transport, whose it is then until the program ends. */
  readonly channel: AnyChannel;
}

type Message = MessageShape<DescMessage>;
type UnaryMethod = (request: Message, options: CallOptions) => Promise<Message>;
type StreamingMethod = (requests: Source<Message>, options: CallOptions) => Responses<Message>;

/** Connect has a timer of the runtime's for a timeout, and one that is set for longer fires at once. The call's own holds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Connect's timer aborts a signal, which to a call is its user: observers would see CANCELLED. So it fires behind the
 * call's own deadline, for interceptors that have not come to their call, or wait for something else.
 */
const TIMER_DELAY_MS = 20;

/**
 * A Transport for the gRPC protocol, as `createGrpcTransport` of `@connectrpc/connect-node` is one; options are the same,
 * where they are not of Node's http2. Calls behave as connect's: their signals and timeouts end them, and leaving a loop
 * over responses does from connect 2.2 on.
 *
 * @example
 * ```ts ignore
 * import { createClient } from "@connectrpc/connect";
 * import { createGrpcTransport } from "pollwire/connect";
 * import { RouteGuide } from "./gen/route_guide_pb.ts";
 *
 * const transport = createGrpcTransport({ baseUrl: "http://127.0.0.1:50051" });
 * const feature = await createClient(RouteGuide, transport).getFeature({ latitude: 1, longitude: 2 });
 * ```
 *
 * @throws {TypeError} for unknown options and values of a wrong type, and as the constructor of `Channel` does
 * @throws {RangeError} for values out of their range
 */
export function createGrpcTransport(options: GrpcTransportOptions): GrpcTransport {
  return new ChannelTransport(readOptions(options));
}

class ChannelTransport implements GrpcTransport {
  readonly channel: AnyChannel;
  private readonly context: PromiseContext;
  private readonly baseUrl: string;
  private readonly basePath: string;
  private readonly interceptors: Interceptor[];
  private readonly limits: MessageLimits;
  private readonly defaultTimeoutMs: number | undefined;
  private readonly compression: Compression | undefined;
  private readonly methods = new WeakMap<DescMethod, unknown>();

  constructor(options: ReadOptions) {
    const { channel, limits, interceptors, defaultTimeoutMs } = options;
    this.channel = channel;
    this.context = { ...callContext("make a transport", channel), sites: new CallSites(), streams: STREAMS };
    const { isSecure, target } = this.context;
    this.baseUrl = options.baseUrl ?? `${isSecure ? "https" : "http"}://${formatDestination(target)}`;
    this.basePath = options.basePath;
    this.interceptors = interceptors;
    this.limits = limits;
    this.defaultTimeoutMs = defaultTimeoutMs;
    this.compression = options.compression;
  }

  // Of the type of `Transport` the generics are left out: whoever calls it has them.

  unary: Transport["unary"] = async (method, signal, timeoutMs, header, message, contextValues) => {
    const timeout = this.timeoutFor(timeoutMs);
    return await runUnaryCall({
      interceptors: this.interceptors,
      ...(signal === undefined ? {} : { signal }),
      ...timerOf(timeout),
      req: {
        stream: false,
        service: method.parent,
        method,
        requestMethod: "POST",
        url: createMethodUrl(this.baseUrl, method),
        header: requestHeader(timeout, header),
        contextValues: contextValues ?? createContextValues(),
        message,
      },
      next: (request) => this.callUnary(request as UnaryRequest) as never,
    });
  };

  stream: Transport["stream"] = (...given) => {
    const response = this.begin(...given);
    response.catch(() => {}); // connect's clients look at it when their responses are read, and a process would end before
    return response;
  };

  /** An async function: headers that cannot be, and interceptors, may throw, and connect's users learn of it as they read. */
  private readonly begin: Transport["stream"] = async (
    method,
    signal,
    timeoutMs,
    header,
    input,
    contextValues,
  ) => {
    const timeout = this.timeoutFor(timeoutMs);
    return await runStreamingCall({
      interceptors: this.interceptors,
      ...(signal === undefined ? {} : { signal }),
      ...timerOf(timeout),
      req: {
        stream: true,
        service: method.parent,
        method,
        requestMethod: "POST",
        url: createMethodUrl(this.baseUrl, method),
        header: requestHeader(timeout, header),
        contextValues: contextValues ?? createContextValues(),
        message: input,
      },
      next: (request) => this.callStream(request as StreamRequest) as never,
    });
  };

  /** A timeout of 0 is none, also where there is a default. */
  private timeoutFor(timeoutMs: number | undefined): number | undefined {
    if (timeoutMs === undefined) return this.defaultTimeoutMs;
    return timeoutMs <= 0 ? undefined : timeoutMs;
  }

  private async callUnary({ method, header, signal, message }: UnaryRequest): Promise<UnaryResponse> {
    const response = new ResponseMetadata();
    try {
      const call = this.method<UnaryMethod>(method, "unary");
      const answer = await call(message, response.callOptions(header, signal, this.compression));
      response.succeeded();
      return {
        stream: false,
        service: method.parent,
        method,
        header: response.header,
        message: answer,
        trailer: response.trailer,
      };
    } catch (error) {
      throw connectError(error, response.header);
    }
  }

  private async callStream(request: StreamRequest): Promise<StreamResponse> {
    const { method, header, signal, message } = request;
    const response = new ResponseMetadata();
    try {
      // Connect counts the messages of every kind itself.
      const call = this.method<StreamingMethod>(method, "bidiStreaming");
      const begun = new Promise<void>((resolve) => response.onBegun = resolve);
      const responses = call(message, response.callOptions(header, signal, this.compression));
      await begun;
      const messages = new StreamedMessages(responses, response);
      // A call that ended without a response header section failed, unless it had nothing to say.
      if (!response.hasHeader) await messages.peek();
      return { ...request, header: response.header, trailer: response.trailer, message: messages };
    } catch (error) {
      throw connectError(error, response.header);
    }
  }

  /** The function that calls `method` as one of the kind `kind`. */
  private method<Method>(method: DescMethod, kind: MethodKind): Method {
    let made = this.methods.get(method);
    if (made === undefined) {
      const path = `${this.basePath}/${method.parent.typeName}/${method.name}`;
      const descriptor = {
        name: method.name,
        localName: method.localName,
        path,
        kind,
        requestCodec: new LimitedCodec(method.input, this.limits),
        responseCodec: new LimitedCodec(method.output, this.limits),
      };
      made = makeMethod(this.context, undefined, descriptor, this.context.template(path));
      this.methods.set(method, made);
    }
    return made as Method;
  }
}

/** Connect's timer for a call. */
function timerOf(timeoutMs: number | undefined): { readonly timeoutMs?: number } {
  if (timeoutMs === undefined) return {};
  const delayed = timeoutMs + TIMER_DELAY_MS;
  return delayed > LONGEST_TIMER_MS ? {} : { timeoutMs: delayed };
}

/** What interceptors see of a request beside what the caller gave, as connect's own transport has it. */
function requestHeader(timeoutMs: number | undefined, given: HeadersInit | undefined): Headers {
  const header = new Headers(given);
  header.set("content-type", "application/grpc+proto");
  if (timeoutMs !== undefined) header.set("grpc-timeout", timeoutField(timeoutMs));
  header.set("te", "trailers");
  return header;
}

/** What comes beside the messages of one call. */
class ResponseMetadata {
  readonly header = new Headers();
  readonly trailer = new Headers();
  hasHeader = false;
  onBegun: () => void = () => {};

  callOptions(header: Headers, signal: AbortSignal, compression: Compression | undefined): CallOptions {
    const deadlineMs = timeoutOf(header);
    return {
      metadata: metadataOf(header),
      signal,
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
      ...(compression === undefined ? {} : { compression }),
      onHeaders: (metadata) => this.onHeaders(metadata),
      onTrailers: (metadata) => this.onTrailers(metadata),
    };
  }

  /** The status of a call that did not fail is among its trailers, as connect has it. */
  succeeded(): void {
    this.trailer.set("grpc-status", "0");
  }

  private onHeaders(metadata: Metadata): void {
    this.hasHeader = true;
    addMetadata(this.header, metadata);
    this.onBegun();
  }

  private onTrailers(metadata: Metadata): void {
    addMetadata(this.trailer, metadata);
    this.onBegun();
  }
}

/** The responses of a call. They can be read once, and not be left: connect ends calls by their signals. */
class StreamedMessages implements AsyncIterableIterator<Message> {
  private first: IteratorResult<Message> | undefined = undefined;

  constructor(private readonly responses: Responses<Message>, private readonly response: ResponseMetadata) {}

  /** Waits for what comes first, and leaves it there. */
  async peek(): Promise<void> {
    this.first = await this.next();
  }

  next(): Promise<IteratorResult<Message>> {
    const { first } = this;
    if (first !== undefined) {
      this.first = undefined;
      return Promise.resolve(first);
    }
    return this.responses.next().then((result) => {
      if (result.done === true) this.response.succeeded();
      return result;
    }, (error) => {
      throw connectError(error, this.response.header);
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
