// A typed client over a completion queue: for each method a function that starts a call, and one that prepares it.

import { parentOf } from "../call/parent.ts";
import { callContext, type Channel } from "../channel/channel.ts";
import type { CallContext } from "../client/call_context.ts";
import { refuseOptions } from "../client/no_options.ts";
import { checkOptions, checkType, describe, type OptionNames } from "../options.ts";
import type { MethodDescriptor, ServiceDescriptor } from "../proto/mod.ts";
import { checkService } from "../proto/service_check.ts";
import {
  AsyncCall,
  type ClientAsyncReader,
  type ClientAsyncReaderWriter,
  type ClientAsyncResponseReader,
  type ClientAsyncWriter,
  type QueueCallOptions,
} from "./async_call.ts";
import { type CompletionQueue, queueCoreOf } from "./completion_queue.ts";
import { checkDeadline } from "./deadline.ts";
import type { QueueCore } from "./queue_core.ts";
import { streamsRequests } from "../proto/service.ts";

/** Starts a call at once; where its start has an event, `tag` is that of it. */
export type StartAsync<M, Tag> = M extends MethodDescriptor<
  infer _Req,
  infer Res,
  infer Kind,
  infer Req,
  infer _Res
> ? Kind extends "unary" ? (request: Req, options?: QueueCallOptions) => ClientAsyncResponseReader<Res, Tag>
  : Kind extends "serverStreaming"
    ? (request: Req, tag: Tag, options?: QueueCallOptions) => ClientAsyncReader<Res, Tag>
  : Kind extends "clientStreaming"
    ? (tag: Tag, options?: QueueCallOptions) => ClientAsyncWriter<Req, Res, Tag>
  : (tag: Tag, options?: QueueCallOptions) => ClientAsyncReaderWriter<Req, Res, Tag>
  : never;

/** Prepares a call, which begins with its `startCall`. */
export type PrepareAsync<M, Tag> = M extends MethodDescriptor<
  infer _Req,
  infer Res,
  infer Kind,
  infer Req,
  infer _Res
> ? Kind extends "unary" ? (request: Req, options?: QueueCallOptions) => ClientAsyncResponseReader<Res, Tag>
  : Kind extends "serverStreaming" ? (request: Req, options?: QueueCallOptions) => ClientAsyncReader<Res, Tag>
  : Kind extends "clientStreaming" ? (options?: QueueCallOptions) => ClientAsyncWriter<Req, Res, Tag>
  : (options?: QueueCallOptions) => ClientAsyncReaderWriter<Req, Res, Tag>
  : never;

/** A client over a queue: `asyncGetFeature` and `prepareAsyncGetFeature` for the method `getFeature`. */
export type QueueClient<S, Tag = unknown> = S extends ServiceDescriptor<infer Methods> ?
    & {
      readonly [Name in keyof Methods & string as `async${Capitalize<Name>}`]: StartAsync<Methods[Name], Tag>;
    }
    & {
      readonly [Name in keyof Methods & string as `prepareAsync${Capitalize<Name>}`]: PrepareAsync<
        Methods[Name],
        Tag
      >;
    }
  : never;

const NAMES: OptionNames<QueueCallOptions> = {
  deadline: true,
  metadata: true,
  waitForReady: true,
  parent: true,
  compression: true,
  corked: true,
  callCredentials: true,
  authority: true,
};

/**
 * A client of `service` over `channel`, whose events come out of `queue`. It has no options.
 *
 * @example
 * ```ts
 * import { type Channel, CompletionQueue, createQueueClient, type ServiceOf, type Unary } from "pollwire";
 *
 * interface Note {
 *   text: string;
 * }
 *
 * async function ask(Trial: ServiceOf<{ one: Unary<Note, Note> }>, channel: Channel): Promise<Note | undefined> {
 *   const queue = new CompletionQueue<string>();
 *   const client = createQueueClient(Trial, channel, queue);
 *   const call = client.asyncOne({ text: "hello" });
 *   call.finish("one");
 *   await queue.next(); // { type: "OP_COMPLETE", success: true, tag: "one" }
 *   return call.response;
 * }
 * ```
 *
 * @throws {TypeError} for what is no service, channel or queue, and for options
 */
export function createQueueClient<S extends ServiceDescriptor<unknown>, Tag>(
  service: S,
  channel: Channel,
  queue: CompletionQueue<Tag>,
  options?: undefined,
): QueueClient<S, Tag> {
  refuseOptions("createQueueClient", options);
  const purpose = "make a client";
  checkService(purpose, service);
  const context = callContext(purpose, channel);
  const core = queueCoreOf(queue);
  const client: Record<string, unknown> = {};
  for (const [name, method] of Object.entries(service.methods as Record<string, MethodDescriptor>)) {
    const capitalized = `${name[0]!.toUpperCase()}${name.slice(1)}`;
    client[`prepareAsync${capitalized}`] = prepareFor(context, core, method);
    client[`async${capitalized}`] = startFor(context, core, method);
  }
  return client as QueueClient<S, Tag>;
}

type Made<Tag> = AsyncCall<unknown, unknown, Tag>;

function prepareFor<Tag>(context: CallContext, core: QueueCore<Tag>, method: MethodDescriptor): unknown {
  if (!hasRequest(method)) {
    return (options?: QueueCallOptions): Made<Tag> => make(context, core, method, options);
  }
  return (request: unknown, options?: QueueCallOptions): Made<Tag> =>
    make(context, core, method, options, request);
}

function startFor<Tag>(context: CallContext, core: QueueCore<Tag>, method: MethodDescriptor): unknown {
  const started = (call: Made<Tag>, tag?: Tag): Made<Tag> => {
    call.startCall(tag);
    return call;
  };
  if (method.kind === "unary") {
    return (request: unknown, options?: QueueCallOptions) =>
      started(make(context, core, method, options, request));
  }
  if (method.kind === "serverStreaming") {
    return (request: unknown, tag: Tag, options?: QueueCallOptions) =>
      started(make(context, core, method, options, request), tag);
  }
  return (tag: Tag, options?: QueueCallOptions) => started(make(context, core, method, options), tag);
}

function hasRequest({ kind }: MethodDescriptor): boolean {
  return !streamsRequests(kind);
}

const NO_OPTIONS: QueueCallOptions = {};

function make<Tag>(
  context: CallContext,
  core: QueueCore<Tag>,
  method: MethodDescriptor,
  options: QueueCallOptions = NO_OPTIONS,
  request?: unknown,
): Made<Tag> {
  if (options === NO_OPTIONS) return new AsyncCall(context, method, core, options, undefined, request);
  const purpose = `call ${method.path}`;
  checkOptions(purpose, options, NAMES);
  const { deadline = Infinity, parent, waitForReady, corked } = options;
  checkDeadline(purpose, deadline);
  checkType(purpose, "waitForReady", waitForReady, "boolean");
  checkType(purpose, "corked", corked, "boolean");
  const parentCall = parent === undefined ? undefined : parentOf(parent);
  if (parent !== undefined && parentCall === undefined) {
    throw new TypeError(`Cannot ${purpose}: parent is ${describe(parent)}, not the call that a handler gets`);
  }
  return new AsyncCall(context, method, core, options, parentCall, request);
}
