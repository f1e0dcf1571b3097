// Raw calls: made for one method and one queue, driven by batches.

import type { Instant } from "../../pollers/mod.ts";
import { parentOf } from "../call/parent.ts";
import type { ErrorStatusCode, ErrorStatusName } from "../call/status.ts";
import { callContext, type Channel } from "../channel/channel.ts";
import { type CallIdentityOptions, readIdentity } from "../client/call_identity.ts";
import { checkedCompression, type Compression } from "../compression.ts";
import { checkOptions, describe, type OptionNames } from "../options.ts";
import type { MethodDescriptor, MethodKind } from "../proto/mod.ts";
import { RAW_CODEC } from "../proto/raw.ts";
import type { ServedCall } from "../server/server_call.ts";
import { QueueClientCall } from "./client_call.ts";
import { type CompletionQueue, queueCoreOf } from "./completion_queue.ts";
import { checkDeadline } from "./deadline.ts";
import type { ClientOperation } from "./operations.ts";

/** A client's call: gRPC core's grpc_call. */
export interface Call<Req = Uint8Array, Res = Uint8Array, Tag = unknown> {
  /** "/package.Service/Method". */
  readonly path: string;
  /** The server's address; the channel's target before there is a connection. */
  readonly peer: string;
  /** Whether the call failed, where a received message is undefined: it is not the end of the server's messages. */
  readonly failedBeforeRecvMessage: boolean;
  /**
   * Starts `operations`, at most one of each kind, in any order. When all of them are done the call's queue gives one event
   * with `tag`; without operations it is there at once.
   *
   * @throws {CallError} that says which operation breaks which rule; nothing has changed then, and no event comes
   * @throws {TypeError} for a tag that is no function, where the queue calls them
   */
  startBatch(operations: ReadonlyArray<ClientOperation<Req, Res>>, tag: Tag): void;
  /**
   * Ends the call with CANCELLED, where it has no status yet. The server gets RST_STREAM. What is pending completes; what was
   * not received is dropped.
   */
  cancel(): void;
  /**
   * The same, with a status for this side; the server does not get it.
   *
   * @throws {TypeError} for what is no status of an error
   */
  cancelWithStatus(code: ErrorStatusCode | ErrorStatusName, details: string): void;
}

/** What a call is made with. */
export interface CreateCallOptions<Tag> extends CallIdentityOptions {
  /** The queue of all its events. */
  readonly queue: CompletionQueue<Tag>;
  /** When the call ends with DEADLINE_EXCEEDED: an instant, see `deadlineIn`. Default Infinity: never. */
  readonly deadline?: Instant;
  /** What requests are compressed with. Default: as the channel says. */
  readonly compression?: Compression;
  /** The call that a handler serves and makes this one for: its deadline and its end hold for this one too. */
  readonly parent?: ServedCall;
}

const NAMES: OptionNames<CreateCallOptions<unknown>> = {
  queue: true,
  deadline: true,
  compression: true,
  parent: true,
  callCredentials: true,
  authority: true,
};

/**
 * Makes a call of `method`; it begins with the batch that has `sendInitialMetadata()`. Messages are those of the method.
 *
 * @example
 * ```ts
 * import { Channel, CompletionQueue, createCall, deadlineIn, receiveInitialMetadata, receiveMessage,
 *   receiveStatusOnClient, sendCloseFromClient, sendInitialMetadata, sendMessage } from "pollwire";
 *
 * async function call(channel: Channel, request: Uint8Array): Promise<Uint8Array | undefined> {
 *   const queue = new CompletionQueue<string>();
 *   const call = createCall(channel, "/a.B/C", { queue, deadline: deadlineIn(500) });
 *   const [response, status] = [receiveMessage<Uint8Array>(), receiveStatusOnClient()];
 *   call.startBatch([
 *     sendInitialMetadata(), sendMessage(request), sendCloseFromClient(),
 *     receiveInitialMetadata(), response, status,
 *   ], "done");
 *   await queue.next();
 *   if (status.status?.error !== undefined) throw status.status.error;
 *   return response.message;
 * }
 * ```
 *
 * @throws {TypeError} for what is no channel, method, queue or deadline, and for unknown options
 */
export function createCall<Req, Res, Tag>(
  channel: Channel,
  method: MethodDescriptor<unknown, Res, MethodKind, Req, unknown>,
  options: CreateCallOptions<Tag>,
): Call<Req, Res, Tag>;
/** The same, without a schema: messages are octets, and `method` is a path. */
export function createCall<Tag>(channel: Channel, method: string, options: CreateCallOptions<Tag>): Call<
  Uint8Array,
  Uint8Array,
  Tag
>;
export function createCall<Tag>(
  channel: Channel,
  method: MethodDescriptor<unknown, unknown> | string,
  options: CreateCallOptions<Tag>,
): Call<unknown, unknown, Tag> {
  const descriptor = typeof method === "string" ? untyped(method) : method;
  const path = descriptor?.path;
  if (typeof path !== "string") {
    throw new TypeError(`Cannot make a call of ${describe(method)}: give a method of a service, or a path`);
  }
  const purpose = `make a call of ${path}`;
  checkOptions(purpose, options, NAMES);
  const { queue, deadline = Infinity, parent } = options;
  checkDeadline(purpose, deadline);
  const context = callContext(purpose, channel);
  const parentCall = parent === undefined ? undefined : parentOf(parent);
  if (parent !== undefined && parentCall === undefined) {
    throw new TypeError(`Cannot ${purpose}: parent is ${describe(parent)}, not the call that a handler gets`);
  }
  return new QueueClientCall(
    context,
    descriptor,
    queueCoreOf(queue),
    deadline,
    parentCall,
    readIdentity(purpose, options),
    checkedCompression(purpose, options.compression),
  );
}

/** A method of which only the path is known. */
function untyped(path: string): MethodDescriptor<Uint8Array, Uint8Array> {
  const [, service, name, ...more] = path.split("/");
  if (!path.startsWith("/") || !service || !name || more.length > 0 || /[^!-~]/.test(path)) {
    throw new TypeError(`Cannot make a call of ${JSON.stringify(path)}: a path is "/package.Service/Method"`);
  }
  return {
    name,
    localName: name,
    path,
    kind: "bidiStreaming",
    requestCodec: RAW_CODEC,
    responseCodec: RAW_CODEC,
  };
}
