// What a promise-style client needs for methods that stream: given to it where it has such methods.

import type { ExecCtx } from "../../pollers/mod.ts";
import type { RequestTemplate } from "../../transport/mod.ts";
import type { Frames } from "../call/rpc_error.ts";
import type { MethodDescriptor } from "../proto/mod.ts";
import type { GivenOptions } from "./call_options.ts";

/** Where messages go. */
export interface ProducerSink<T> {
  /** Whether the producer should wait for `resume`. */
  readonly writeBlocked: boolean;
  /** Sends one message; throws what is wrong with it. */
  send(message: T): void;
  /** The iterable ended, or threw, or was none. Must not throw. */
  onProduced(error?: unknown): void;
  /** The iterable threw after it was left, or while it was. Must not throw. */
  onLate(error: unknown): void;
  /** The last call: nothing of the iterable runs any more, not its `finally` either. Must not throw. */
  onOver(): void;
}

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
  /** Begins the call. */
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
