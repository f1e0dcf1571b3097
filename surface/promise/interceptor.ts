// Interceptors of a client: functions around its calls, which see and change what is sent and what comes.

import type { Metadata } from "../call/metadata.ts";
import type { CallOptions } from "../client/call_options.ts";
import type { MethodDescriptor, MethodKind, RequestInitOf, ResponseOf } from "../proto/mod.ts";

import type { Source } from "./producer.ts";

/** What a client's call sends, by its kind. */
export type SentMessages<Req, Kind extends MethodKind> = Kind extends "unary" | "serverStreaming" ? {
    /** Of the method's kind. */
    readonly kind: Kind;
    /** The request; another one may be put in its place before `next`. */
    request: Req;
  }
  : {
    /** Of the method's kind. */
    readonly kind: Kind;
    /** The requests; another source may be put in their place before `next`. */
    requests: Source<Req>;
  };

/** What a client's call gives, by its kind. */
export type ReceivedMessages<Res, Kind extends MethodKind> = Kind extends "unary" | "clientStreaming" ? {
    /** Of the method's kind. */
    readonly kind: Kind;
    /** The response; another one may be put in its place. */
    response: Res;
  }
  : {
    /** Of the method's kind. */
    readonly kind: Kind;
    /** The responses, to be read once; another source may be put in their place. */
    responses: AsyncIterable<Res>;
  };

/** What an interceptor may read and change of a call before `next`. */
export interface ClientCallRequest {
  /** The method that is called. */
  readonly method: MethodDescriptor<unknown, unknown>;
  /** "/package.Service/Method". */
  readonly path: string;
  /** What is sent before the messages. */
  readonly metadata: Metadata;
  /** Milliseconds from `next` until that call ends with DEADLINE_EXCEEDED. The caller's own deadline holds besides. */
  deadlineMs: number | undefined;
  /** Cancels the call that `next` makes. The caller's own signal holds besides. */
  signal: AbortSignal | undefined;
  /** Whether it waits through failures to connect; undefined where the caller did not say it. */
  waitForReady: boolean | undefined;
  /** The server's call that the caller makes it for. */
  readonly parent: CallOptions["parent"];
}

/** What comes beside the messages of a response. */
export interface ClientCallResponse {
  /** Initial metadata, empty where there was none. */
  headers: Metadata;
  /** Trailing metadata: empty until the call has ended, and where there was none. */
  trailers: Metadata;
}

/** A call that a client's interceptor gets; `M`: the methods that it may be of. */
export type InterceptedClientCall<M = MethodDescriptor<unknown, unknown>> =
  & ClientCallRequest
  & (M extends MethodDescriptor ? SentMessages<RequestInitOf<M>, M["kind"]> : never);

/** What an interceptor's `next` gives: when the one response came, or when a stream of them began. */
export type ClientResponse<M = MethodDescriptor<unknown, unknown>> =
  & ClientCallResponse
  & (M extends MethodDescriptor ? ReceivedMessages<ResponseOf<M>, M["kind"]> : never);

/** What follows an interceptor: the next one, or the call itself. It makes a call each time it is called. */
export type ClientNext<M = MethodDescriptor<unknown, unknown>> = (
  call: InterceptedClientCall<M>,
) => Promise<ClientResponse<M>>;

/**
 * A function around the calls of a client. It is called once with what follows, when the client is made, and what it
 * returns is called with each call. What `next` rejects with is the call's RpcError.
 *
 * @example
 * ```ts
 * import type { ClientInterceptor } from "pollwire";
 * const authorized = (token: () => Promise<string>): ClientInterceptor => (next) => async (call) => {
 *   call.metadata.set("authorization", `Bearer ${await token()}`);
 *   return await next(call);
 * };
 * ```
 */
export type ClientInterceptor<M = MethodDescriptor<unknown, unknown>> = (
  next: ClientNext<M>,
) => ClientNext<M>;

/**
 * An interceptor for one method, with the types of its messages; calls of other methods pass it by.
 *
 * @example
 * ```ts ignore
 * const rounded = clientInterceptorFor(RouteGuide.methods.getFeature, (next) => async (call) => {
 *   call.request.latitude = Math.round(call.request.latitude);
 *   return await next(call);
 * });
 * ```
 */
export function clientInterceptorFor<M extends MethodDescriptor>(
  method: M,
  interceptor: ClientInterceptor<M>,
): ClientInterceptor {
  return (next) => {
    const typed = interceptor(next as unknown as ClientNext<M>) as unknown as ClientNext;
    return (call) => call.path === method.path ? typed(call) : next(call);
  };
}
