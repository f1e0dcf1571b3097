// Implementations of connect's, and the interceptors around them: what one call of theirs gives.

import { create, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type HandlerContext,
  type Interceptor,
  type MethodImplSpec,
  type StreamRequest,
  type StreamResponse,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";

/** A message of protobuf-es. */
export type Message = MessageShape<DescMessage>;
type AnyRequest = UnaryRequest | StreamRequest;
type AnyResponse = UnaryResponse | StreamResponse;

/** An implementation, of whatever kind. */
type Implementation = (input: unknown, context: HandlerContext) => unknown;

/** The response of a unary method. */
export async function respond(
  spec: MethodImplSpec,
  context: HandlerContext,
  request: Message,
  interceptors: readonly Interceptor[],
): Promise<Message> {
  const implementation = spec.impl as Implementation;
  const { method } = spec;
  const answer = async (input: unknown, its: HandlerContext): Promise<Message> =>
    create(method.output, await implementation(input, its) as Message);
  if (interceptors.length === 0) return await answer(request, context);
  const response = await intercepted(interceptors, async (asked) => ({
    ...responseOf(spec, context),
    stream: false,
    method,
    message: await answer(asked.message, contextOf(asked, context)),
  } as UnaryResponse))(
    { ...requestOf(spec, context), stream: false, method, message: request } as UnaryRequest,
  );
  takeOver(response.header, context.responseHeader);
  takeOver(response.trailer, context.responseTrailer);
  return response.message as Message;
}

/** The responses of a method that streams requests, responses, or both. */
export async function* respondMany(
  spec: MethodImplSpec,
  context: HandlerContext,
  requests: AsyncIterable<Message>,
  interceptors: readonly Interceptor[],
): AsyncGenerator<Message> {
  const { method } = spec;
  if (interceptors.length === 0) return yield* await responses(spec, requests, context);
  const response = await intercepted(interceptors, async (asked) => ({
    ...responseOf(spec, context),
    stream: true,
    method,
    message: await responses(spec, asked.message as AsyncIterable<Message>, contextOf(asked, context)),
  } as StreamResponse))(
    { ...requestOf(spec, context), stream: true, method, message: requests } as StreamRequest,
  );
  takeOver(response.header, context.responseHeader);
  yield* response.message as AsyncIterable<Message>;
  takeOver(response.trailer, context.responseTrailer);
}

/** Interceptors have the response when an implementation has its one request, or has given its one response. */
async function responses(
  { kind, impl, method }: MethodImplSpec,
  requests: AsyncIterable<Message>,
  context: HandlerContext,
): Promise<AsyncIterable<Message>> {
  const implementation = impl as Implementation;
  if (kind === "client_streaming") {
    return made(method.output, [await implementation(requests, context) as Message]);
  }
  const input = kind === "server_streaming" ? await onlyOne(requests) : requests;
  return made(method.output, implementation(input, context) as AsyncIterable<Message>);
}

/** Messages of what implementations give, which may be inits. */
async function* made(
  type: DescMessage,
  given: Iterable<Message> | AsyncIterable<Message>,
): AsyncGenerator<Message> {
  for await (const message of given) yield create(type, message);
}

/** Interceptors may have made none of the one request, or several. */
async function onlyOne(requests: AsyncIterable<Message>): Promise<Message> {
  let only: Message | undefined;
  for await (const request of requests) {
    if (only !== undefined) {
      throw new ConnectError(
        "protocol error: received extra input message for server-streaming method",
        Code.Unimplemented,
      );
    }
    only = request;
  }
  if (only !== undefined) return only;
  throw new ConnectError(
    "protocol error: missing input message for server-streaming method",
    Code.Unimplemented,
  );
}

/** `last` within `interceptors`, the first one outermost. */
function intercepted(
  interceptors: readonly Interceptor[],
  last: (request: AnyRequest) => Promise<AnyResponse>,
): (request: AnyRequest) => Promise<AnyResponse> {
  return interceptors.reduceRight((next, interceptor) => interceptor(next), last);
}

function requestOf(
  { method }: MethodImplSpec,
  context: HandlerContext,
): Omit<AnyRequest, "stream" | "message" | "method"> {
  const { requestMethod, url, signal, requestHeader, values } = context;
  return { requestMethod, url, signal, header: requestHeader, service: method.parent, contextValues: values };
}

function responseOf(
  { method }: MethodImplSpec,
  context: HandlerContext,
): Omit<AnyResponse, "stream" | "message" | "method"> {
  return { service: method.parent, header: context.responseHeader, trailer: context.responseTrailer };
}

/** The context as interceptors leave it. */
function contextOf(
  { service, header, signal, contextValues }: AnyRequest,
  context: HandlerContext,
): HandlerContext {
  return { ...context, service, requestHeader: header, signal, values: contextValues };
}

/** What an interceptor put in the place of headers is all there is. */
function takeOver(from: Headers, to: Headers): void {
  if (from === to) return;
  for (const name of [...to.keys()]) to.delete(name);
  from.forEach((value, name) => to.set(name, value));
}
