// One method of connect's router: how a call of ours becomes one of its implementation.

import {
  Code,
  ConnectError,
  type ConnectRouterOptions,
  type ContextValues,
  createHandlerContext,
  type HandlerContext,
  type Interceptor,
  type MethodImplSpec,
} from "@connectrpc/connect";
import { isRpcError } from "../../call/rpc_error.ts";
import type { AnyHandler } from "../../promise/handlers.ts";
import { checkOptions, checkType, type OptionNames } from "../../options.ts";
import { withoutSchema } from "../../proto/raw.ts";
import type { MethodDescriptor } from "../../proto/service.ts";
import type { ServerCall } from "../../server/server_call.ts";
import { abortReason, rpcError } from "./errors.ts";
import { addMetadata, metadataOf, timeoutField } from "./headers.ts";
import { type Message, respond, respondMany } from "./implementation.ts";
import { bytesOption, LimitedCodec } from "./limited_codec.ts";

/** What of a router's options counts: the others are of connect's own protocols, and of HTTP. */
export interface HandlerOptions extends
  Pick<
    ConnectRouterOptions,
    | "interceptors"
    | "binaryOptions"
    | "jsonOptions"
    | "readMaxBytes"
    | "writeMaxBytes"
    | "maxTimeoutMs"
    | "shutdownSignal"
  > {
  /**
   * Is asked before a request is decoded, and before interceptors: the call ends with what it throws. An option of connect
   * from 2.2 on, which counts with older ones too. The one request of a method that has one has been received by then.
   */
  readonly requestGate?: ((context: HandlerContext) => void | Promise<void>) | undefined;
}

/** What handlers are made with; see `ConnectRouterOptions`. */
export interface RoutesOptions extends HandlerOptions {
  /** Context values of a call; none by default. */
  readonly contextValues?: (call: ServerCall) => ContextValues;
}

type Context = ReturnType<typeof createHandlerContext>;

const PURPOSE = "add routes";

/** Those of a router that change nothing here are taken. One that nobody knows may be a safeguard, so it is refused. */
const NAMES: OptionNames<RoutesOptions & ConnectRouterOptions> = {
  interceptors: true,
  binaryOptions: true,
  jsonOptions: true,
  readMaxBytes: true,
  writeMaxBytes: true,
  maxTimeoutMs: true,
  shutdownSignal: true,
  requestGate: true,
  contextValues: true,
  acceptCompression: true,
  compressMinBytes: true,
  requireConnectProtocolHeader: true,
  grpc: true,
  grpcWeb: true,
  connect: true,
};

/** See the head of this file. Messages are coded here, for what is wrong with them is said in connect's words. */
export class RouteHandler {
  private readonly requests: LimitedCodec;
  private readonly responses: LimitedCodec;
  private readonly interceptors: readonly Interceptor[];
  private readonly gate: RoutesOptions["requestGate"];

  /** For the method of `spec`. */
  constructor(private readonly spec: MethodImplSpec, private readonly options: RoutesOptions) {
    checkOptions(PURPOSE, options, NAMES);
    const { binaryOptions, interceptors = [], requestGate } = options;
    checkType(PURPOSE, "requestGate", requestGate, "function");
    const readMaxBytes = bytesOption(PURPOSE, "readMaxBytes", options.readMaxBytes);
    const writeMaxBytes = bytesOption(PURPOSE, "writeMaxBytes", options.writeMaxBytes);
    const limits = { readMaxBytes, writeMaxBytes, binaryOptions, compressMinBytes: 0 };
    this.requests = new LimitedCodec(spec.method.input, limits);
    this.responses = new LimitedCodec(spec.method.output, limits);
    this.interceptors = interceptors;
    this.gate = requestGate;
  }

  /** `method` as the server has it: its messages are octets. Interceptors may make several responses of one. */
  describe(method: MethodDescriptor): MethodDescriptor {
    const { kind } = method;
    return { ...withoutSchema(method), kind: kind === "clientStreaming" ? "bidiStreaming" : kind };
  }

  /** What serves the method that `describe` describes. */
  get handler(): AnyHandler {
    if (this.spec.kind === "unary") return (octets, call) => this.serveOne(octets as Uint8Array, call);
    return (octets, call) => this.serveMany(octets as Uint8Array | AsyncIterable<Uint8Array>, call);
  }

  private async serveOne(octets: Uint8Array, call: ServerCall): Promise<Uint8Array> {
    const context = this.contextOf(call);
    try {
      if (this.gate !== undefined) await this.gate(context);
      this.checkTimeout(call);
      const response = await respond(this.spec, context, decode(this.requests, octets), this.interceptors);
      const encoded = encode(this.responses, response);
      call.trailers.appendAll(metadataOf(context.responseTrailer));
      sendHeader(context, call);
      context.abort();
      return encoded;
    } catch (error) {
      context.abort(error);
      sendHeader(context, call);
      throw rpcError(error, context.responseTrailer);
    }
  }

  private async *serveMany(
    octets: Uint8Array | AsyncIterable<Uint8Array>,
    call: ServerCall,
  ): AsyncGenerator<Uint8Array> {
    const context = this.contextOf(call);
    let begun = false;
    try {
      if (this.gate !== undefined) await this.gate(context);
      this.checkTimeout(call);
      for await (
        const response of respondMany(this.spec, context, this.decodeAll(octets), this.interceptors)
      ) {
        const encoded = encode(this.responses, response);
        if (!begun) sendHeader(context, call);
        begun = true;
        yield encoded;
      }
      call.trailers.appendAll(metadataOf(context.responseTrailer));
      if (!begun) sendHeader(context, call);
    } catch (error) {
      context.abort(error);
      if (!begun) sendHeader(context, call);
      throw rpcError(error, context.responseTrailer);
    } finally {
      context.abort(); // also where the call was cancelled, and nothing more is asked for
    }
  }

  private async *decodeAll(octets: Uint8Array | AsyncIterable<Uint8Array>): AsyncGenerator<Message> {
    if (octets instanceof Uint8Array) return yield decode(this.requests, octets);
    try {
      for await (const one of octets) yield decode(this.requests, one);
    } catch (error) {
      throw isRpcError(error) ? abortReason(error) : error; // as the signal has it
    }
  }

  private contextOf(call: ServerCall): Context {
    const { spec: { method }, options: { shutdownSignal, contextValues } } = this;
    const requestHeader = new Headers();
    addMetadata(requestHeader, call.metadata);
    requestHeader.set("content-type", "application/grpc+proto");
    const timeoutMs = timeoutOf(call);
    if (timeoutMs !== undefined) requestHeader.set("grpc-timeout", timeoutField(timeoutMs));
    const context = createHandlerContext({
      service: method.parent,
      method,
      protocolName: "grpc",
      requestMethod: "POST",
      url: `${call.security === undefined ? "http" : "https"}://${call.authority}${call.path}`,
      requestSignal: signalOf(call),
      requestHeader,
      ...(shutdownSignal === undefined ? {} : { shutdownSignal }),
      ...(contextValues === undefined ? {} : { contextValues: contextValues(call) }),
    });
    // The call has a timer; connect's would be one more, and fires at once where it is set for more than 24 days.
    return Object.assign(context, { timeoutMs: () => timeoutOf(call) });
  }

  private checkTimeout(call: ServerCall): void {
    const { maxTimeoutMs = Infinity } = this.options;
    const timeoutMs = timeoutOf(call) ?? 0;
    if (timeoutMs <= maxTimeoutMs) return;
    throw new ConnectError(`timeout ${timeoutMs}ms must be <= ${maxTimeoutMs}`, Code.InvalidArgument);
  }
}

/** Whole milliseconds, as clients say them. */
function timeoutOf({ timeRemainingMs }: ServerCall): number | undefined {
  return timeRemainingMs === undefined ? undefined : Math.ceil(timeRemainingMs);
}

/** The signal of `call`, with a reason as connect's have it. */
function signalOf({ signal }: ServerCall): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort(abortReason(signal.reason));
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return controller.signal;
}

function decode(codec: LimitedCodec, octets: Uint8Array): Message {
  try {
    return codec.decode(octets);
  } catch (error) {
    throw (error as Error).cause;
  }
}

function encode(codec: LimitedCodec, message: Message): Uint8Array {
  try {
    return codec.encode(message);
  } catch (error) {
    throw (error as Error).cause;
  }
}

function sendHeader({ responseHeader }: HandlerContext, call: ServerCall): void {
  const metadata = metadataOf(responseHeader);
  if (metadata.size > 0) call.sendMetadata(metadata);
}
