// What a service is to clients and servers: its methods with their paths, kinds and codecs, and types for both.

import type { Codec } from "./codec.ts";
import type { ProtoFile } from "./proto_file.ts";

/** Which sides of a call send a stream. */
export type MethodKind = "unary" | "serverStreaming" | "clientStreaming" | "bidiStreaming";

/** Whether clients of a method of `kind` send a stream. */
export function streamsRequests(kind: MethodKind): boolean {
  return kind === "clientStreaming" || kind === "bidiStreaming";
}

/** Whether servers of a method of `kind` send a stream. */
export function streamsResponses(kind: MethodKind): boolean {
  return kind === "serverStreaming" || kind === "bidiStreaming";
}

/** Option `idempotency_level` of a method: calls that may be repeated, or that change nothing at all. */
export type Idempotency = "IDEMPOTENT" | "NO_SIDE_EFFECTS";

/**
 * One method of a service. `Req` and `Res` are what its messages are in JavaScript where they are received; `ReqInit` and
 * `ResInit`, where they are sent.
 */
export interface MethodDescriptor<
  // deno-lint-ignore no-explicit-any
  Req = any,
  // deno-lint-ignore no-explicit-any
  Res = any,
  Kind extends MethodKind = MethodKind,
  ReqInit = Req,
  ResInit = Res,
> {
  /** As the .proto file writes it: "GetFeature". */
  readonly name: string;
  /** As stubs and handlers call it: "getFeature". */
  readonly localName: string;
  /** What `:path` carries: "/routeguide.RouteGuide/GetFeature". */
  readonly path: string;
  /** Which sides send a stream. */
  readonly kind: Kind;
  /** Codec of what clients send. */
  readonly requestCodec: Codec<Req, ReqInit>;
  /** Codec of what servers send. */
  readonly responseCodec: Codec<Res, ResInit>;
  /** Only where the .proto file says so. */
  readonly idempotency?: Idempotency;
}

/** Methods by local name. */
export type MethodMap = { readonly [localName: string]: MethodDescriptor };

/** One service. `Methods` maps local names to descriptors, so that stubs and handlers are typed by it. */
export interface ServiceDescriptor<Methods = MethodMap> {
  /** "routeguide.RouteGuide". */
  readonly fullName: string;
  /** Methods by local (lowerCamelCase) name, in the order of the .proto file. */
  readonly methods: Methods;
  /** The .proto file it is declared in, which reflection shows; services made by hand have none. */
  readonly file?: ProtoFile;
}

/** Type of a service in an interface given to `loadProto`: `ServiceOf<{ getFeature: Unary<Point, Feature> }>`. */
export type ServiceOf<Methods> = ServiceDescriptor<Methods>;
/** One request, one response. */
export type Unary<Req, Res, ReqInit = Req, ResInit = Res> = MethodDescriptor<
  Req,
  Res,
  "unary",
  ReqInit,
  ResInit
>;
/** One request, a stream of responses. */
export type ServerStreaming<Req, Res, ReqInit = Req, ResInit = Res> = MethodDescriptor<
  Req,
  Res,
  "serverStreaming",
  ReqInit,
  ResInit
>;
/** A stream of requests, one response. */
export type ClientStreaming<Req, Res, ReqInit = Req, ResInit = Res> = MethodDescriptor<
  Req,
  Res,
  "clientStreaming",
  ReqInit,
  ResInit
>;
/** A stream of requests, a stream of responses. */
export type BidiStreaming<Req, Res, ReqInit = Req, ResInit = Res> = MethodDescriptor<
  Req,
  Res,
  "bidiStreaming",
  ReqInit,
  ResInit
>;

/** The request type of a method, as a server receives it. */
export type RequestOf<M> = M extends { readonly requestCodec: Codec<infer Req, infer _Init> } ? Req : never;
/** The response type of a method, as a client receives it. */
export type ResponseOf<M> = M extends { readonly responseCodec: Codec<infer Res, infer _Init> } ? Res : never;
/** What a client may give as a request of a method. */
export type RequestInitOf<M> = M extends { readonly requestCodec: Codec<infer _Req, infer Init> } ? Init
  : never;
/** What a server may give as a response of a method. */
export type ResponseInitOf<M> = M extends { readonly responseCodec: Codec<infer _Res, infer Init> } ? Init
  : never;

/** The kind of a method from its two `stream` markers. */
export function methodKind(requestStream: boolean, responseStream: boolean): MethodKind {
  if (requestStream) return responseStream ? "bidiStreaming" : "clientStreaming";
  return responseStream ? "serverStreaming" : "unary";
}

/**
 * The lowerCamelCase of a name in a .proto file: underscores go, the letter after each becomes upper case.
 *
 * @example "route_count" is "routeCount", "line_1_a" is "line1A"
 */
export function camelCase(name: string): string {
  return name.replace(
    /_+([^_]?)/g,
    (_, letter: string, at: number) => at === 0 ? letter : letter.toUpperCase(),
  );
}

/** The local name of a method: `camelCase`, with a lower-case first letter. */
export function localMethodName(name: string): string {
  const camel = camelCase(name);
  return camel.charAt(0).toLowerCase() + camel.slice(1);
}

/**
 * Names that JavaScript calls by itself: a client with a method `then` would be taken for a promise, one with
 * `toString` would make a call where it is printed.
 */
const CALLED_BY_JAVASCRIPT = new Set([
  "then",
  "toString",
  "toLocaleString",
  "toJSON",
  "valueOf",
  "constructor",
  "__proto__",
]);

/** `name`, or where JavaScript calls it by itself `name$`, as protobuf-es has it; no .proto file has a "$" in a name. */
export function safeMethodName(name: string): string {
  return CALLED_BY_JAVASCRIPT.has(name) ? `${name}$` : name;
}

/** Whether `service` is one of this library's. */
export function isService(service: unknown): boolean {
  const { fullName, methods } = (service ?? {}) as Partial<ServiceDescriptor<unknown>>;
  if (typeof fullName !== "string" || typeof methods !== "object" || methods === null) return false;
  return Object.values(methods).every((method) => typeof method?.path === "string");
}
