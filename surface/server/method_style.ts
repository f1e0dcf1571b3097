// What makes the calls of one method: the seam between the server and the API styles.

import type { RequestHead, ServerStream, ServerStreamSink } from "../../transport/mod.ts";
import type { MethodDescriptor } from "../proto/mod.ts";
import type { CallHost } from "./call_host.ts";
import type { ServedConnection } from "./served_connection.ts";

/** A method, and the style that serves it. */
export interface RegisteredMethod {
  /** Undefined for a method that is served without its schema. */
  readonly descriptor: MethodDescriptor<unknown, unknown> | undefined;
  /** Requests come in any number, and the handler begins before they do. */
  readonly requestStream: boolean;
  /** Makes the call of a stream that a client opened. */
  readonly begin: BeginServerCall;
}

/** Makes a call; called within a turn. */
export type BeginServerCall = (
  host: CallHost,
  method: RegisteredMethod,
  stream: ServerStream,
  head: RequestHead,
  connection: ServedConnection,
  receivedAt: number,
) => ServerStreamSink;

/** Serves the method of `descriptor`. */
type MakeStyle = (descriptor: MethodDescriptor<unknown, unknown>) => BeginServerCall;

/** Makes what `addService` takes in a handler's place: for the functions of API styles. `M`: the methods it serves. */
export let methodStyle: <M>(make: MakeStyle) => MethodStyle<M>;

/** What serves the method of `descriptor` in the style that `handler` is of; undefined where it is none. */
export let styleOf: (
  handler: unknown,
  descriptor: MethodDescriptor<unknown, unknown>,
) => BeginServerCall | undefined;

/** What serves a method in another style than a function does. `M`: the methods it can serve. */
export class MethodStyle<M = unknown> {
  /** For the compiler. */
  declare private readonly method: (method: M) => void;

  private constructor(private readonly make: MakeStyle) {}

  static {
    methodStyle = (make) => new MethodStyle(make);
    styleOf = (handler, descriptor) => handler instanceof MethodStyle ? handler.make(descriptor) : undefined;
  }
}
