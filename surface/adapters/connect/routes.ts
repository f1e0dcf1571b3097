// Routes of connect-es served by our server: connect's own handlers, between messages of ours.

import {
  type ConnectRouter,
  type ConnectRouterOptions,
  type ContextValues,
  createConnectRouter,
} from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerResponse } from "@connectrpc/connect/protocol";
import { RpcError } from "../../call/rpc_error.ts";
import { type RawMethod, rawMethod } from "../../proto/raw.ts";
import type { ServiceDescriptor } from "../../proto/service.ts";
import type { Handler } from "../../promise/handlers.ts";
import type { Server } from "../../server/server.ts";
import type { ServerCall } from "../../server/server_call.ts";
import { protoFile } from "../protobuf_es/mod.ts";
import { addMetadata, metadataOf } from "./headers.ts";

/** What handlers are made with; see `ConnectRouterOptions`. */
export interface RoutesOptions extends
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
  /** Context values of a call; none by default. */
  readonly contextValues?: (call: ServerCall) => ContextValues;
}

type BidiMethod = RawMethod<"bidiStreaming">;

/** What a message has before it in connect's body: a flag, and its length in 4 octets. */
const PREFIX_BYTES = 5;

/**
 * Serves what `routes` adds to a router of connect-es, by the gRPC protocol, beside what `server` serves already. Handlers
 * get connect's `HandlerContext`, and interceptors are connect's; compression and the size of connections are the server's.
 *
 * @example
 * ```ts ignore
 * import { Server } from "pollwire";
 * import { addRoutes } from "pollwire/connect";
 *
 * const server = new Server();
 * addRoutes(server, (router) => router.service(RouteGuide, { getFeature: (point) => ({ name: "here", location: point }) }));
 * await server.listen("127.0.0.1:50051");
 * ```
 *
 * @throws {TypeError} as `addService` of a server does
 */
export function addRoutes(
  server: Pick<Server, "addService">,
  routes: (router: ConnectRouter) => unknown,
  options: RoutesOptions = {},
): void {
  const { contextValues, ...routerOptions } = options;
  const router = createConnectRouter({
    ...routerOptions,
    grpc: true,
    grpcWeb: false,
    connect: false,
    acceptCompression: [], // what comes here is inflated, and what goes is compressed behind it
  });
  routes(router);
  for (const [service, handlers] of byService(router.handlers)) {
    const methods: Record<string, BidiMethod> = {};
    const functions: Record<string, Handler<BidiMethod>> = {};
    for (const handler of handlers) {
      const { localName } = handler.method;
      methods[localName] = { ...rawMethod(handler.requestPath, "bidiStreaming"), localName };
      functions[localName] = (requests, call) => serve(handler, requests, call, contextValues);
    }
    const descriptor: ServiceDescriptor<Record<string, BidiMethod>> = {
      fullName: service.typeName,
      methods,
      file: protoFile(service.file),
    };
    server.addService(descriptor, functions);
  }
}

function byService(
  handlers: readonly UniversalHandler[],
): Map<UniversalHandler["service"], UniversalHandler[]> {
  const services = new Map<UniversalHandler["service"], UniversalHandler[]>();
  for (const handler of handlers) {
    const others = services.get(handler.service);
    if (others === undefined) services.set(handler.service, [handler]);
    else others.push(handler);
  }
  return services;
}

async function* serve(
  handler: UniversalHandler,
  requests: AsyncIterable<Uint8Array>,
  call: ServerCall,
  contextValues: RoutesOptions["contextValues"],
): AsyncGenerator<Uint8Array> {
  const response = await handler({
    httpVersion: "2.0",
    method: "POST",
    url: `${call.security === undefined ? "http" : "https"}://${call.authority}${call.path}`,
    header: requestHeader(call),
    body: enveloped(requests),
    signal: call.signal,
    ...(contextValues === undefined ? {} : { contextValues: contextValues(call) }),
  });
  const initial = metadataOf(response.header ?? new Headers());
  if (initial.size > 0) call.sendMetadata(initial);
  for await (const chunk of response.body ?? []) yield* messagesOf(chunk);
  finish(response, call);
}

/** The request header section as connect reads it. */
function requestHeader(call: ServerCall): Headers {
  const header = new Headers();
  addMetadata(header, call.metadata);
  header.set("content-type", "application/grpc+proto");
  const { timeRemainingMs } = call;
  if (timeRemainingMs !== undefined) header.set("grpc-timeout", `${Math.ceil(timeRemainingMs)}m`);
  return header;
}

async function* enveloped(messages: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const message of messages) {
    const { length } = message;
    const bytes = new Uint8Array(PREFIX_BYTES + length);
    new DataView(bytes.buffer).setUint32(1, length);
    bytes.set(message, PREFIX_BYTES);
    yield bytes;
  }
}

/** A chunk of connect's is one message, or several. */
function* messagesOf(chunk: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  for (let at = 0; at < chunk.length;) {
    const end = at + PREFIX_BYTES + view.getUint32(at + 1);
    yield chunk.subarray(at + PREFIX_BYTES, end);
    at = end;
  }
}

/** Ends the call as connect's trailers say. */
function finish({ trailer = new Headers() }: UniversalServerResponse, call: ServerCall): void {
  const code = Number(trailer.get("grpc-status") ?? 0);
  const metadata = metadataOf(trailer);
  if (code === 0) return call.trailers.appendAll(metadata);
  throw new RpcError(code, decodeURIComponent(trailer.get("grpc-message") ?? ""), { metadata });
}
