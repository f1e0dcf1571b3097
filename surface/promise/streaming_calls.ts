// Calls of the promise style that stream: an async iterator for many responses, and requests from an iterable.

import type { StreamingCalls } from "../client/streaming.ts";
import { type CallStatus, endedBy } from "../call/call_status.ts";
import { Status } from "../call/status.ts";
import { describe } from "../options.ts";
import type { CallFailure } from "./call_failure.ts";
import { PromiseCall, type PromiseContext } from "./client_calls.ts";
import { MessageSource, type MessageSourceOwner } from "./message_source.ts";
import { isSource, Producer, type Source } from "./producer.ts";

/** A call with a stream of responses: server streaming, or bidirectional. */
export class StreamingResponseCall<Req, Res> extends PromiseCall<Req, Res>
  implements MessageSourceOwner<Res> {
  /** The responses, to be read once; leaving the loop cancels the call. */
  readonly responses: MessageSource<Res> = new MessageSource<Res>(this);

  /** From the source: a response was taken. */
  onTaken(wireBytes: number): void {
    this.release(wireBytes);
  }

  /** From the source: the loop was left. */
  onAbandoned(): void {
    this.cancel(Status.CANCELLED, "responses are not read any further");
  }

  protected override onMessageBytes(bytes: Uint8Array, wireBytes: number): void {
    this.responses.push(bytes, wireBytes);
  }

  protected override onEnd(status: CallStatus): void {
    if (endedBy(status) === "user") this.responses.dropStored(); // who ended the call wants no more of it
    super.onEnd(status);
  }

  protected override onOutcome(failure: CallFailure | undefined): void {
    this.responses.end(failure);
  }
}

/** For clients whose methods stream. */
export const STREAMS: StreamingCalls<PromiseContext> = {
  checkRequests(method, requests) {
    if (isSource(requests)) return;
    throw new TypeError(
      `Cannot call ${method.path}: it takes a stream of requests, so give an iterable or async iterable of messages, ` +
        `such as an array; found ${describe(requests)}`,
    );
  },
  producerOf: (source, sink, execCtx) => new Producer(source as Source<unknown>, sink, execCtx),
  callOf: (context, method, template, request, requestStream, options) =>
    new StreamingResponseCall(context, method, template, request, requestStream, options),
};
