// The function of a method whose client has interceptors: it runs them around the calls that the plain function makes.

import type { RequestTemplate } from "../../transport/mod.ts";
import { Metadata } from "../call/metadata.ts";
import { type CallOptions, type GivenOptions, readCallOptions } from "../client/call_options.ts";
import { describe } from "../options.ts";
import type { MethodDescriptor } from "../proto/mod.ts";
import { composed } from "../server/interceptor.ts";
import { type CallFailure, errorOf } from "./call_failure.ts";
import { type PromiseContext, SingleResponseCall } from "./client_calls.ts";
import { StreamingResponseCall } from "./streaming_calls.ts";
import { InterceptedCall } from "./intercepted_call.ts";
import { InterceptedResponses } from "./intercepted_responses.ts";
import type { ClientInterceptor, ClientResponse, InterceptedClientCall } from "./interceptor.ts";

/** Interceptors around the calls of one client. */
export type ClientChain = (call: InterceptedClientCall) => Promise<ClientResponse>;

/** Under this name the call that an interceptor gets has what its calls are made of. */
const WHOLE = Symbol("whole");

/** What `next` needs besides. */
interface Whole {
  readonly call: InterceptedCall;
  readonly template: RequestTemplate;
}

/** The first one of `list` is the outermost. Throws TypeError for what is no list of interceptors. */
export function clientChain(purpose: string, list: readonly ClientInterceptor[]): ClientChain {
  return composed<InterceptedClientCall, Promise<ClientResponse>>(purpose, list, innermost);
}

/** The function that calls `method`; `checkRequests` throws for what is no source of requests. */
export function interceptedMethod(
  context: PromiseContext,
  chain: ClientChain,
  method: MethodDescriptor,
  template: RequestTemplate,
  checkRequests: (message: unknown) => void,
): unknown {
  const { kind } = method;
  const invoke = (message: unknown, options: CallOptions = {}): unknown => {
    const given = readCallOptions(method.path, options);
    checkRequests(message);
    const whole = new InterceptedCall(context, method.path, given, context.sites.here(invoke));
    const call = requestOf(method, message, given, options.parent, { call: whole, template });
    return kind === "unary" || kind === "clientStreaming"
      ? singleResponse(whole, chain, call)
      : new InterceptedResponses(whole, () => answerOf(chain, call, "responses"));
  };
  return invoke;
}

/** What the interceptors get. */
function requestOf(
  method: MethodDescriptor,
  message: unknown,
  given: GivenOptions,
  parent: CallOptions["parent"],
  whole: Whole,
): InterceptedClientCall {
  const { kind, path } = method;
  const { headers, deadlineMs, signal, waitForReady } = given;
  const metadata = headers === undefined ? new Metadata() : Metadata.fromHeaders(headers);
  const single = kind === "unary" || kind === "serverStreaming";
  const call = { kind, method, path, metadata, deadlineMs, signal, waitForReady, parent, [WHOLE]: whole };
  return { ...call, [single ? "request" : "requests"]: message } as unknown as InterceptedClientCall;
}

function singleResponse(
  whole: InterceptedCall,
  chain: ClientChain,
  call: InterceptedClientCall,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    whole.onFailed = reject;
    whole.start();
    if (whole.isOver) return;
    answerOf(chain, call, "response").then(
      (response) => {
        whole.settle();
        resolve(response);
      },
      (thrown) => {
        if (whole.isOver) return;
        whole.settle();
        reject(whole.errorOf(thrown));
      },
    );
  });
}

/** What the interceptors leave of the response. */
async function answerOf(
  chain: ClientChain,
  call: InterceptedClientCall,
  part: "response" | "responses",
): Promise<unknown> {
  const answer = await chain(call) as unknown as Record<string, unknown> | undefined;
  if (answer?.["kind"] === call.kind) return answer[part];
  throw new TypeError(
    `Cannot answer ${call.path}: an interceptor returned ${describe(answer)}, not what next gave`,
  );
}

/** Makes a call. */
async function innermost(call: InterceptedClientCall): Promise<ClientResponse> {
  const whole = (call as { readonly [WHOLE]?: Whole } | undefined)?.[WHOLE];
  if (whole === undefined) {
    throw new TypeError(`Cannot make a call: an interceptor gave next ${describe(call)}, not its call`);
  }
  const { kind, method, path, metadata, deadlineMs, signal, waitForReady } = call;
  const { call: parent, template } = whole;
  const { compression } = parent.options;
  const requestStream = kind === "clientStreaming" || kind === "bidiStreaming";
  const message = requestStream ? call.requests : call.request;
  const answer = { kind, headers: new Metadata(), trailers: new Metadata() } as ClientResponse;
  let began = (): void => {};
  let answered = false;
  const options: CallOptions = {
    metadata,
    corked: parent.options.corked,
    ...compression === undefined ? {} : { compression },
    ...waitForReady === undefined ? {} : { waitForReady },
    ...deadlineMs === undefined ? {} : { deadlineMs },
    ...signal === undefined ? {} : { signal },
    onHeaders: (headers) => {
      answer.headers = headers;
      answered = true;
      began();
      return parent.options.onHeaders?.(headers);
    },
    onTrailers: (trailers) => {
      answer.trailers = trailers;
      began();
      return parent.options.onTrailers?.(trailers);
    },
  };
  const given: GivenOptions = {
    ...readCallOptions(path, options),
    parent,
    identity: parent.options.identity,
  };
  if (kind === "unary" || kind === "clientStreaming") {
    const inner = new SingleResponseCall(parent.context, method, template, message, requestStream, given);
    inner.site = parent.site;
    inner.start();
    return Object.assign(answer, { response: await inner.response });
  }
  const inner = new InterceptedStream(parent.context, method, template, message, requestStream, given);
  inner.site = parent.site;
  const begun = new Promise<void>((resolve) => began = resolve);
  inner.start();
  await begun;
  if (inner.outcome !== undefined && !answered) throw errorOf(inner.outcome, innermost);
  return Object.assign(answer, { responses: inner.responses });
}

/** Knows whether it failed, before anybody reads. */
class InterceptedStream extends StreamingResponseCall<unknown, unknown> {
  outcome: CallFailure | undefined = undefined;

  protected override onOutcome(failure: CallFailure | undefined): void {
    this.outcome = failure;
    super.onOutcome(failure);
  }
}
