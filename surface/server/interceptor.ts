// Interceptors of a server: functions around every call, which look at its metadata, refuse it, or wrap its messages.
//
// Interceptors are promise functions, whatever the style of the method. What one does before `next` is the call's
// admission: in every style the handler begins after it. Messages pass through it where the method is served in the
// promise style; calls of other styles have the kind "unseen", and there `next` resolves when the call has ended.
// Apart from this file nothing of a server waits for a promise.

import { headersOf, type Metadata, type MetadataInit } from "../call/metadata.ts";
import { RpcError } from "../call/rpc_error.ts";
import { Status, type StatusCode } from "../call/status.ts";
import { describe } from "../options.ts";
import { handled } from "../promise_like.ts";
import type { MethodDescriptor, MethodKind, RequestOf, ResponseInitOf } from "../proto/mod.ts";
import type { CallAdmission } from "./call_host.ts";
import { type ServerCall, ServerCallHandle } from "./server_call.ts";
import type { ServerCallCore } from "./server_call_core.ts";

/** Messages in any number. */
export type ServerMessages<T> = Iterable<T> | AsyncIterable<T>;

/** The requests of a call, by its kind. */
export type RequestsOfKind<Req, Kind extends MethodKind> = Kind extends "unary" | "serverStreaming" ? {
    /** Of the method's kind. */
    readonly kind: Kind;
    /** The request; another one may be put in its place before `next`. */
    request: Req;
  }
  : {
    /** Of the method's kind. */
    readonly kind: Kind;
    /** The requests; another source may be put in their place before `next`. */
    requests: AsyncIterable<Req>;
  };

/** What a call is answered with, by its kind. */
export type ResponsesOfKind<Res, Kind extends MethodKind> = Kind extends "unary" | "clientStreaming" ? {
    /** Of the method's kind. */
    readonly kind: Kind;
    /** The handler's response; another one may be put in its place. */
    response: Res;
  }
  : {
    /** Of the method's kind. */
    readonly kind: Kind;
    /** The handler's responses; another source may be put in their place. */
    responses: ServerMessages<Res>;
  };

/** A call of a style that has its messages to itself, or the end of one. */
export interface UnseenMessages {
  /** Not of the promise style. */
  readonly kind: "unseen";
}

/** A call that a server's interceptor gets; `M`: the methods that it may be of. */
export type InterceptedServerCall<M = MethodDescriptor<unknown, unknown>> =
  & ServerCall
  & (M extends MethodDescriptor ? RequestsOfKind<RequestOf<M>, M["kind"]> | UnseenMessages : never);

/** What a server's call is answered with. */
export type ServerResponse<M = MethodDescriptor<unknown, unknown>> = M extends MethodDescriptor
  ? ResponsesOfKind<ResponseInitOf<M>, M["kind"]> | UnseenMessages
  : never;

/** What follows an interceptor: the next one, or the handler. It may be called once. */
export type ServerNext<M = MethodDescriptor<unknown, unknown>> = (
  call: InterceptedServerCall<M>,
) => Promise<ServerResponse<M>>;

/**
 * A function around every call of a server. It is called once with what follows, and what it returns is called with
 * each call. An RpcError that it throws is the call's status.
 *
 * @example
 * ```ts
 * import { RpcError, type ServerInterceptor } from "pollwire";
 * const authorized: ServerInterceptor = (next) => async (call) => {
 *   if (call.metadata.get("authorization") !== "Bearer letmein") throw new RpcError("UNAUTHENTICATED", "who is it?");
 *   return await next(call);
 * };
 * ```
 */
export type ServerInterceptor<M = MethodDescriptor<unknown, unknown>> = (
  next: ServerNext<M>,
) => ServerNext<M>;

/** The call as an object: interceptors and, in the promise style, the handler get the same. */
export class InterceptedCall extends ServerCallHandle {
  /** The interceptors that run around it: those that there were when it began. */
  chain: readonly ServerNext[] = [];
  private isRun = false;

  /** `message`: the request, or the source of requests. `handle` begins the handler. */
  constructor(
    private readonly core: ServerCallCore,
    readonly kind: MethodKind | "unseen",
    message: unknown,
    private readonly handle: (call: InterceptedCall) => Promise<ServerResponse>,
  ) {
    super(core);
    if (kind === "unary" || kind === "serverStreaming") this.request = message;
    else if (kind !== "unseen") this.requests = message;
  }

  /** See {@linkcode InterceptedServerCall}. */
  declare request: unknown;
  declare requests: unknown;

  /** Of a style that does not know of this one, and sends its own with its first message. */
  override sendMetadata(metadata: Metadata | MetadataInit): void {
    if (this.kind === "unseen") this.core.sendEarlyMetadata(headersOf(metadata));
    else super.sendMetadata(metadata);
  }

  /** What the handler gets. */
  get message(): unknown {
    return this.kind === "unary" || this.kind === "serverStreaming" ? this.request : this.requests;
  }

  /** Goes on with interceptor `at`, or after the last one with the handler. */
  follow(at: number): Promise<ServerResponse> {
    const interceptor = this.chain[at];
    // Who calls it may wait for something else first.
    return handled(interceptor === undefined ? this.run() : interceptor(this as never));
  }

  private run(): Promise<ServerResponse> {
    if (this.isRun) {
      return Promise.reject(
        new TypeError(`Cannot serve ${this.path} twice: an interceptor called next before`),
      );
    }
    this.isRun = true;
    return this.handle(this);
  }
}

/** The interceptors of one server. */
export class ServerInterceptors implements CallAdmission {
  /** What each of them returned, once: more may be put inside them, while calls run. */
  private readonly made: readonly ServerNext[];

  /**
   * The first one of the list is the outermost, inside all of `outer`. Throws TypeError for what is no interceptor.
   */
  constructor(list: readonly ServerInterceptor[], outer?: ServerInterceptors) {
    const purpose = "make a server";
    checkList(purpose, list);
    const before = outer?.made ?? [];
    const made = Array.from(list, (interceptor, i) => {
      const at = before.length + i;
      return makeOne(purpose, interceptor, at, (call) => following(call, at + 1));
    });
    this.made = [...before, ...made];
  }

  /** Runs all of them around `call`; what they throw is rejected with. */
  async run(call: InterceptedCall): Promise<unknown> {
    call.chain = this.made;
    return await call.follow(0);
  }

  /** For calls of any other style than the promise style. */
  admit(core: ServerCallCore, admitted: () => void, refused: (error: unknown) => void): void {
    let isAdmitted = false;
    let status: unknown = undefined;
    const call = new InterceptedCall(core, "unseen", undefined, () => {
      return new Promise<ServerResponse>((resolve, reject) => {
        const ended = (code: StatusCode, details: string): void => {
          if (code === Status.OK) return resolve({ kind: "unseen" });
          status = new RpcError(code, details);
          reject(status);
        };
        isAdmitted = true;
        if (core.isOver) ended(Status.CANCELLED, "call is over");
        else core.whenEnded(ended);
        admitted();
      });
    });
    this.run(call).then(
      () => {
        if (!isAdmitted) {
          refused(new TypeError(`Cannot answer ${call.path}: an interceptor did not call next`));
        }
      },
      (error) => {
        if (!isAdmitted) refused(error);
        else if (error !== status) core.onInterceptorThrew(error);
      },
    );
  }
}

/**
 * An interceptor for one method, with the types of its messages; calls of other methods pass it by.
 *
 * @example
 * ```ts ignore
 * const rounded = serverInterceptorFor(RouteGuide.methods.getFeature, (next) => async (call) => {
 *   if (call.kind === "unary") call.request.latitude = Math.round(call.request.latitude);
 *   return await next(call);
 * });
 * ```
 */
export function serverInterceptorFor<M extends MethodDescriptor>(
  method: M,
  interceptor: ServerInterceptor<M>,
): ServerInterceptor {
  return (next) => {
    const typed = interceptor(next as unknown as ServerNext<M>) as unknown as ServerNext;
    return (call) => call.path === method.path ? typed(call) : next(call);
  };
}

/** What `list` makes around `innermost`, the first one outside. Throws TypeError for what is no list of interceptors. */
export function composed<Call, Answer>(
  purpose: string,
  list: readonly ((next: (call: Call) => Answer) => (call: Call) => Answer)[],
  innermost: (call: Call) => Answer,
): (call: Call) => Answer {
  checkList(purpose, list);
  return list.reduceRight(
    (next, interceptor, i) => makeOne(purpose, interceptor, i, (call: Call) => handled(next(call))),
    innermost,
  );
}

function checkList(purpose: string, list: unknown): void {
  if (Array.isArray(list)) return;
  throw new TypeError(`Cannot ${purpose}: interceptors are ${describe(list)}, not an array of functions`);
}

/** What interceptor `i` of a list makes around `next`. */
function makeOne<Next>(purpose: string, interceptor: (next: Next) => Next, i: number, next: Next): Next {
  const made: unknown = typeof interceptor === "function" ? interceptor(next) : undefined;
  if (typeof made === "function") return made as Next;
  const what = typeof interceptor === "function"
    ? `returned ${describe(made)}`
    : `is ${describe(interceptor)}`;
  throw new TypeError(
    `Cannot ${purpose}: interceptor ${i} ${what}; it is a function that takes next and returns a function of a call`,
  );
}

function following(call: unknown, at: number): Promise<ServerResponse> {
  if (call instanceof InterceptedCall) return call.follow(at);
  return Promise.reject(
    new TypeError(`Cannot serve a call: an interceptor gave next ${describe(call)}, not its call`),
  );
}
