// What runs a handler: its stream or emitter is made when its turn comes, and fed by the call below.

import type { EventEmitter } from "../../../pollers/native/node_classes.ts";
import { callApplication } from "../../../pollers/mod.ts";
import { status as Status } from "./constants.ts";
import type { ServerMethodDefinition } from "./definitions.ts";
import type { Metadata } from "./metadata.ts";
import { ServedDuplex, ServedRequests, ServedUnary, ServedWritable } from "./served_streams.ts";
import type { sendUnaryData, UntypedHandleCall } from "./server_call.ts";
import type { InterceptingServerListener, ServerInterceptingCallInterface } from "./server_interceptors.ts";
import { withDetails } from "./error_details.ts";
import { statusOfError } from "./status.ts";

/** A method, and the function that serves it. */
export interface ServedMethod {
  // deno-lint-ignore no-explicit-any
  readonly definition: ServerMethodDefinition<any, any>;
  readonly handler: UntypedHandleCall;
  /** Gets what the handler throws. */
  readonly onThrown: (error: unknown) => void;
}

/** What all of them have. */
type Surface = ServedUnary | ServedWritable | ServedDuplex;

/** Serves `call` by `method`: its handler is called once the call has come to it through all interceptors. */
export function serve(call: ServerInterceptingCallInterface, method: ServedMethod): void {
  const { requestStream } = method.definition;
  call.start(requestStream ? new StreamedRequests(call, method) : new SingleRequest(call, method));
}

/** What gives the handler's response, or error, to the call. */
function responder(call: ServerInterceptingCallInterface): sendUnaryData<unknown> {
  return (error, value, trailer) => {
    if (error) return call.sendStatus(statusOfError(error, trailer));
    const status = { code: Status.OK, details: "OK", metadata: trailer ?? null };
    call.sendMessage(value, () => call.sendStatus(status));
  };
}

/** Calls the handler; what it throws, or its promise rejects with, ends the call. */
function begin(
  call: ServerInterceptingCallInterface,
  { definition, handler, onThrown }: ServedMethod,
  surface: Surface,
): void {
  const run = handler as (call: unknown, respond?: sendUnaryData<unknown>) => unknown;
  callApplication(() => definition.responseStream ? run(surface) : run(surface, responder(call)), (error) => {
    onThrown(error);
    call.sendStatus({ code: Status.UNKNOWN, details: withDetails("Unknown error", error), metadata: null });
  });
}

/** The call is over. */
function cancel(surface: Surface | undefined): void {
  if (surface === undefined) return;
  if (surface instanceof ServedUnary) return emitCancelled(surface);
  if (!surface.isFinishing) return leave(surface);
  // Its handler ended it: what listens for "finish" may look whether it was cancelled before.
  const finished = (): void => {
    surface.off("finish", finished).off("close", finished);
    leave(surface);
  };
  surface.on("finish", finished).on("close", finished);
}

function leave(surface: ServedWritable | ServedDuplex): void {
  emitCancelled(surface);
  surface.destroy();
}

function emitCancelled(surface: Surface): void {
  surface.cancelled = true;
  (surface as EventEmitter).emit("cancelled", "cancelled");
}

/** Of a method with one request: the handler begins when it and its end are there. */
class SingleRequest implements InterceptingServerListener {
  private metadata: Metadata | undefined = undefined;
  private request: unknown = undefined;
  private received = false;
  private surface: Surface | undefined = undefined;

  constructor(
    private readonly call: ServerInterceptingCallInterface,
    private readonly method: ServedMethod,
  ) {}

  onReceiveMetadata(metadata: Metadata): void {
    this.metadata = metadata;
    this.call.startRead();
  }

  onReceiveMessage(message: unknown): void {
    if (this.received) return this.refuse("Received a second request message for");
    this.received = true;
    this.request = message;
    this.call.startRead();
  }

  onReceiveHalfClose(): void {
    if (!this.received) return this.refuse("Received no request message for");
    const { path, responseStream } = this.method.definition;
    const surface = responseStream
      ? new ServedWritable(path, this.call, this.metadata!, this.request)
      : new ServedUnary(path, this.call, this.metadata!, this.request);
    begin(this.call, this.method, this.surface = surface);
  }

  onCancel(): void {
    cancel(this.surface);
  }

  private refuse(what: string): void {
    const { path, responseStream } = this.method.definition;
    const kind = responseStream ? "server streaming" : "unary";
    this.call.sendStatus({
      code: Status.UNIMPLEMENTED,
      details: `${what} ${kind} method ${path}`,
      metadata: null,
    });
  }
}

/** Of a method with a stream of requests: the handler begins at once. */
class StreamedRequests implements InterceptingServerListener {
  private surface: ServedDuplex | undefined = undefined;

  constructor(
    private readonly call: ServerInterceptingCallInterface,
    private readonly method: ServedMethod,
  ) {}

  onReceiveMetadata(metadata: Metadata): void {
    const { path, responseStream } = this.method.definition;
    this.surface = new (responseStream ? ServedDuplex : ServedRequests)(path, this.call, metadata);
    begin(this.call, this.method, this.surface);
  }

  onReceiveMessage(message: unknown): void {
    this.surface!.push(message);
  }

  onReceiveHalfClose(): void {
    this.surface!.push(null);
  }

  onCancel(): void {
    cancel(this.surface);
  }
}
