// The service of gRPC's interop tests: its types, and the handlers that its description asks of a server
// (https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md#server).
import {
  type BidiStreaming,
  type ClientStreaming,
  loadProto,
  RpcError,
  type Server,
  type ServerCall,
  type ServerStreaming,
  type ServiceHandlers,
  type ServiceOf,
  Status,
  type Unary,
  uncompressed,
} from "pollwire";

/** No field. */
export type Empty = Record<string, never>;

/** A name, or the number of a type that the .proto file does not have. */
type PayloadType = "COMPRESSABLE" | number;

/** What large messages are made of. */
export interface Payload {
  type?: PayloadType;
  body?: Uint8Array;
}

/** Tells false from nothing. */
export interface BoolValue {
  value?: boolean;
}

/** The status a server is to answer with. */
export interface EchoStatus {
  code?: number;
  message?: string;
}

/** Request of UnaryCall. */
export interface SimpleRequest {
  responseType?: PayloadType;
  responseSize?: number;
  payload?: Payload;
  responseStatus?: EchoStatus;
  /** Whether the response is to be compressed. */
  responseCompressed?: BoolValue;
  /** Whether this request is compressed, as its sender believes. */
  expectCompressed?: BoolValue;
}

/** Response of UnaryCall. */
export interface SimpleResponse {
  payload?: Payload;
}

/** Request of StreamingInputCall. */
export interface InputRequest {
  payload?: Payload;
  expectCompressed?: BoolValue;
}

/** Response of StreamingInputCall. */
export interface InputResponse {
  aggregatedPayloadSize?: number;
}

/** Request of StreamingOutputCall and FullDuplexCall. */
export interface OutputRequest {
  responseType?: PayloadType;
  responseParameters?: Array<{ size?: number; intervalUs?: number; compressed?: BoolValue }>;
  payload?: Payload;
  responseStatus?: EchoStatus;
}

/** Response of StreamingOutputCall and FullDuplexCall. */
export interface OutputResponse {
  payload?: Payload;
}

interface InteropProto {
  TestService: ServiceOf<{
    emptyCall: Unary<Empty, Empty>;
    unaryCall: Unary<SimpleRequest, SimpleResponse>;
    streamingOutputCall: ServerStreaming<OutputRequest, OutputResponse>;
    streamingInputCall: ClientStreaming<InputRequest, InputResponse>;
    fullDuplexCall: BidiStreaming<OutputRequest, OutputResponse>;
    unimplementedCall: Unary<Empty, Empty>;
  }>;
  UnimplementedService: ServiceOf<{ unimplementedCall: Unary<Empty, Empty> }>;
}

/** The descriptors of both services. */
export const { TestService, UnimplementedService } = await loadProto<InteropProto>(
  new URL("./test.proto", import.meta.url),
);

/** Request metadata that a server sends back, before the responses and with the status. */
export const ECHO_INITIAL = "x-grpc-test-echo-initial";
/** See {@linkcode ECHO_INITIAL}. */
export const ECHO_TRAILING = "x-grpc-test-echo-trailing-bin";

/**
 * Requests that came, each with whether it was compressed, which no handler can see: of the call that began last. So the
 * cases that ask for it are run one at a time.
 */
const arrivals: boolean[] = [];

/** Has `server` see how its requests come; without it every request counts as uncompressed. */
export function watchCompression(server: Server): void {
  server.observe({
    onCallBegin: () => void arrivals.splice(0),
    onMessageReceived: (_call, bytes, wireBytes) => void arrivals.push(bytes !== wireBytes),
  });
}

/** The next request came as its sender says. */
function checkCompression(expected: BoolValue | undefined): void {
  const isCompressed = arrivals.shift() ?? false;
  if (expected === undefined || (expected.value ?? false) === isCompressed) return;
  const found = isCompressed ? "is compressed" : "is not compressed";
  throw new RpcError("INVALID_ARGUMENT", `the request ${found}, which expect_compressed contradicts`);
}

/** What a server answers; UnimplementedCall has no handler. */
export const handlers: ServiceHandlers<typeof TestService> = {
  emptyCall: () => ({}),
  unaryCall(request: SimpleRequest, call: ServerCall): SimpleResponse {
    const { responseType, responseSize, responseStatus, responseCompressed, expectCompressed } = request;
    checkCompression(expectCompressed);
    if (responseCompressed?.value) call.compression = "gzip";
    echoMetadata(call);
    endAs(responseStatus);
    return { payload: makePayload(responseType, responseSize) };
  },
  async *streamingOutputCall(request: OutputRequest, call: ServerCall): AsyncGenerator<OutputResponse> {
    if (request.responseParameters?.some(({ compressed }) => compressed?.value)) call.compression = "gzip";
    echoMetadata(call);
    yield* responsesTo(request, call);
  },
  async streamingInputCall(
    requests: AsyncIterable<InputRequest>,
    call: ServerCall,
  ): Promise<InputResponse> {
    echoMetadata(call);
    let aggregatedPayloadSize = 0;
    for await (const { payload, expectCompressed } of requests) {
      checkCompression(expectCompressed);
      aggregatedPayloadSize += payload?.body?.length ?? 0;
    }
    return { aggregatedPayloadSize };
  },
  async *fullDuplexCall(
    requests: AsyncIterable<OutputRequest>,
    call: ServerCall,
  ): AsyncGenerator<OutputResponse> {
    echoMetadata(call);
    for await (const request of requests) yield* responsesTo(request, call);
  },
};

function echoMetadata(call: ServerCall): void {
  const initial = call.metadata.getAll(ECHO_INITIAL);
  if (initial.length > 0) call.sendMetadata({ [ECHO_INITIAL]: initial });
  for (const value of call.metadata.getAll(ECHO_TRAILING)) call.trailers.append(ECHO_TRAILING, value);
}

async function* responsesTo(request: OutputRequest, call: ServerCall): AsyncGenerator<OutputResponse> {
  endAs(request.responseStatus);
  for (const { size, intervalUs = 0, compressed } of request.responseParameters ?? []) {
    if (intervalUs > 0) await pause(intervalUs / 1000, call.signal);
    if (call.cancelled) return;
    const response = { payload: makePayload(request.responseType, size) };
    yield compressed === undefined || compressed.value ? response : uncompressed(response);
  }
}

/** Ends the call with the status that the request asks for, if it does. */
function endAs(status: EchoStatus | undefined): void {
  const { code = 0, message = "" } = status ?? {};
  if (code === 0) return;
  throw new RpcError(code > 0 && code <= 16 ? code : Status.UNKNOWN, message);
}

function makePayload(type: PayloadType = "COMPRESSABLE", size = 0): Payload {
  if (typeof type === "number") {
    throw new RpcError("INVALID_ARGUMENT", `payload type ${type} is unknown; there is COMPRESSABLE`);
  }
  if (size < 0) throw new RpcError("INVALID_ARGUMENT", `a payload cannot have ${size} bytes`);
  return { type, body: new Uint8Array(size) };
}

/** Resolves after `ms`, or when `signal` is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
