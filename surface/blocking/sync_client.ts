// A client whose calls block their thread: the response is what the method returns.

import { SYNC_WAIT } from "../../pollers/mod.ts";
import type { RequestTemplate } from "../../transport/mod.ts";
import { callContext, type Channel } from "../channel/channel.ts";
import { type CallOptions, type GivenOptions, NO_OPTIONS, readCallOptions } from "../client/call_options.ts";
import type { CallContext } from "../client/call_context.ts";
import { checkOptions, describe, type OptionNames } from "../options.ts";
import type { MethodDescriptor, ServiceDescriptor } from "../proto/mod.ts";
import { checkService } from "../proto/service_check.ts";
import { HelpedCall } from "./helped_call.ts";
import { LocalCall } from "./local_call.ts";
import { whyNoSyncCall } from "./refusal.ts";
import { SyncStream, TypedCall } from "./responses.ts";
import type { SyncCall } from "./sync_call.ts";

/** How a client blocks. */
export interface SyncClientOptions {
  /**
   * Milliseconds for which the thread polls after each event before it blocks in the system. It takes a processor for
   * itself meanwhile, and saves being woken. Default 0.
   */
  readonly spinMs?: number;
}

const NAMES: OptionNames<SyncClientOptions> = { spinMs: true };

/** A method's function, by its kind. Where requests are a stream of a bidirectional method and not given, they are written. */
export type SyncClientMethod<M> = M extends MethodDescriptor<
  infer _Req,
  infer Res,
  infer Kind,
  infer Req,
  infer _Res
> ? Kind extends "unary" ? (request: Req, options?: CallOptions) => Res
  : Kind extends "serverStreaming" ? (request: Req, options?: CallOptions) => SyncStream<never, Res>
  : Kind extends "clientStreaming" ? (requests: Iterable<Req>, options?: CallOptions) => Res
  : (requests?: Iterable<Req>, options?: CallOptions) => SyncStream<Req, Res>
  : never;

/** A client whose calls block: `SyncClient<typeof RouteGuide>`. */
export type SyncClient<S> = S extends ServiceDescriptor<infer Methods>
  ? { readonly [Name in keyof Methods]: SyncClientMethod<Methods[Name]> }
  : never;

/**
 * A client of `service` over `channel` whose calls block this thread, for scripts and tools. Events of the channel's engine
 * are dispatched meanwhile, those of other calls too, but no promise continuation, timer or message of this thread runs.
 *
 * Calls throw RpcError where they end otherwise than with OK, and TypeError where blocking would never end: inside a
 * callback of the engine, and where the server is one of this thread.
 *
 * @example
 * ```ts ignore
 * const guide = createSyncClient(RouteGuide, new Channel("127.0.0.1:50051", { poller: "epoll" }));
 * const feature = guide.getFeature({ latitude: 1, longitude: 2 }, { deadlineMs: 500 });
 * for (const one of guide.listFeatures(rectangle)) console.log(one.name);
 * ```
 *
 * @throws {TypeError} for what is no service of this library, and no channel
 * @throws {RangeError} for a `spinMs` that is negative
 */
export function createSyncClient<S extends ServiceDescriptor<unknown>>(
  service: S,
  channel: Channel,
  options: SyncClientOptions = {},
): SyncClient<S> {
  const context = callContext("make a client", channel);
  checkService("make a client", service);
  checkOptions("make a client", options, NAMES);
  const { spinMs = 0 } = options;
  if (!(spinMs >= 0)) {
    throw new RangeError(`Cannot make a client: spinMs is ${describe(spinMs)}, not 0 or more`);
  }
  const client: Record<string, unknown> = {};
  for (const [name, method] of Object.entries(service.methods as Record<string, MethodDescriptor>)) {
    client[name] = makeMethod(new Caller(context, method, context.template(method.path), spinMs));
  }
  return client as SyncClient<S>;
}

/** Makes the calls of one method. */
class Caller {
  constructor(
    private readonly context: CallContext,
    readonly method: MethodDescriptor,
    private readonly template: RequestTemplate,
    private readonly spinMs: number,
  ) {}

  /** Begins a call; `request`: the one there is. */
  begin(
    request: unknown,
    requestStream: boolean,
    options: CallOptions | undefined,
    below: (...args: never[]) => unknown,
  ): TypedCall<unknown, unknown> {
    const { context, method } = this;
    const given = options === undefined ? NO_OPTIONS : readCallOptions(method.path, options);
    const why = whyNoSyncCall(context);
    if (why !== undefined) throw new TypeError(`Cannot call ${method.path} and block: ${why}`);
    const call = this.make(request, requestStream, given);
    call.begin();
    return new TypedCall(call, method, context, given, below);
  }

  private make(request: unknown, requestStream: boolean, given: GivenOptions): SyncCall {
    const { context, method, template, spinMs } = this;
    const engine = context.engine.extension(SYNC_WAIT);
    if (engine === undefined || context.needsLoop) {
      return new HelpedCall(context, method, requestStream, request, given, spinMs);
    }
    return new LocalCall(context, method, template, requestStream, request, given, { engine, spinMs });
  }
}

function makeMethod(caller: Caller): unknown {
  const { method } = caller;
  switch (method.kind) {
    case "unary": {
      const invoke = (request: unknown, options?: CallOptions): unknown => {
        const typed = caller.begin(request, false, options, invoke);
        typed.finish();
        return typed.response; // no tail call: JavaScriptCore would drop the frame below which the caller's stack is
      };
      return invoke;
    }
    case "serverStreaming": {
      const invoke = (request: unknown, options?: CallOptions): unknown =>
        new SyncStream(caller.begin(request, false, options, invoke), "none");
      return invoke;
    }
    case "clientStreaming": {
      const invoke = (requests: unknown, options?: CallOptions): unknown => {
        checkRequests(method, requests);
        const typed = caller.begin(undefined, true, options, invoke);
        typed.writeAll(requests);
        typed.finish();
        return typed.response;
      };
      return invoke;
    }
    case "bidiStreaming": {
      const invoke = (requests?: unknown, options?: CallOptions): unknown => {
        if (requests !== undefined) checkRequests(method, requests);
        return new SyncStream(caller.begin(undefined, true, options, invoke), requests);
      };
      return invoke;
    }
  }
}

/** Throws TypeError where `requests` cannot be iterated without waiting for a promise. */
function checkRequests(method: MethodDescriptor, requests: unknown): asserts requests is Iterable<unknown> {
  if (typeof requests === "object" && requests !== null && Symbol.iterator in requests) return;
  const found = typeof requests === "object" && requests !== null && Symbol.asyncIterator in requests
    ? "an async iterable, whose promises nobody continues while this thread is blocked"
    : describe(requests);
  throw new TypeError(
    `Cannot call ${method.path} and block: it takes a stream of requests, so give an iterable of messages, such as an ` +
      `array; found ${found}`,
  );
}
