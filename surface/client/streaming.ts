// What a promise-style client needs for methods that stream: given to it where it has such methods.

import type { ExecCtx } from "../../pollers/mod.ts";
import type { RequestTemplate } from "../../transport/mod.ts";
import type { Frames } from "../call/rpc_error.ts";
import type { ProducerSink } from "../promise/producer.ts";
import type { MethodDescriptor } from "../proto/mod.ts";
import type { GivenOptions } from "./call_options.ts";

/** What sends the requests of one call; see `Producer`. */
export interface RunningProducer {
  /** Begins to read, soon. */
  start(): void;
  /** The call can take more. */
  resume(): void;
  /** The requests are not wanted any more. */
  stop(): void;
}

/** A call with a stream of responses, not begun. */
export interface StreamingCall {
  /** Where it was made, if it remembers. */
  site: Frames | undefined;
  readonly responses: AsyncIterableIterator<unknown>;
  start(): void;
}

/** See the head of this file. `Context` is what the calls of one client have in common. */
export interface StreamingCalls<Context> {
  /** Throws TypeError where `requests` is no stream of messages. */
  checkRequests(method: MethodDescriptor, requests: unknown): void;
  /** Sends what `source` yields to `sink`, in turns of `execCtx`. */
  producerOf(source: unknown, sink: ProducerSink<unknown>, execCtx: ExecCtx): RunningProducer;
  /** A call of `method`; `request`: one message, or their source where `requestStream`. */
  callOf(
    context: Context,
    method: MethodDescriptor,
    template: RequestTemplate,
    request: unknown,
    requestStream: boolean,
    options: GivenOptions,
  ): StreamingCall;
}
