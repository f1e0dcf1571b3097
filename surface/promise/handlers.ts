// Handlers as functions, typed by the kind of their method.

import type { MethodDescriptor } from "../proto/mod.ts";
import type { ServerCall } from "../server/server_call.ts";
import type { Source } from "./producer.ts";

/** A handler's shape, by the kind of its method. */
export type Handler<M> = M extends MethodDescriptor<
  infer Req,
  infer _Res,
  infer Kind,
  infer _Req,
  infer Res
> ? Kind extends "unary" ? (request: Req, call: ServerCall) => Res | Promise<Res>
  : Kind extends "serverStreaming" ? (request: Req, call: ServerCall) => Source<Res> | Promise<Source<Res>>
  : Kind extends "clientStreaming" ? (requests: AsyncIterable<Req>, call: ServerCall) => Res | Promise<Res>
  : (requests: AsyncIterable<Req>, call: ServerCall) => Source<Res> | Promise<Source<Res>>
  : never;

/** A handler of any kind. */
export type AnyHandler = (request: unknown, call: ServerCall) => unknown;
