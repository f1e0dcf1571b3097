// What callers of grpc-js's clients may say of a call, and what interceptors are.

import type { CallCredentials } from "./call_credentials.ts";
import type { InterceptingCallInterface } from "./call_interface.ts";
import type { Deadline } from "./deadline.ts";
import type { ClientMethodDefinition } from "./definitions.ts";
import type { InterceptingCall } from "./intercepting_call.ts";
import type { ServerSurfaceCall } from "./server_call.ts";

/** Options of one call. */
export interface CallOptions {
  /** When it ends with DEADLINE_EXCEEDED, at the latest. */
  deadline?: Deadline;
  /** What it calls the server. */
  host?: string;
  /** The call that it is made for: its deadline and its end hold for this one too. */
  parent?: ServerSurfaceCall;
  /** Bits of `propagate`: what holds for it of its parent. Default: all. */
  propagate_flags?: number;
  /** What it shows of itself. */
  credentials?: CallCredentials;
  /** Instead of the client's. */
  interceptors?: Interceptor[];
  /** Instead of the client's. */
  interceptor_providers?: InterceptorProvider[];
}

/** The same, and the method. */
export interface InterceptorOptions extends CallOptions {
  /** The method that is called. */
  // deno-lint-ignore no-explicit-any
  method_definition: ClientMethodDefinition<any, any>;
}

/** Makes the call below an interceptor. */
export type NextCall = (options: InterceptorOptions) => InterceptingCallInterface;

/** Makes a call of its own over the next one. */
export type Interceptor = (options: InterceptorOptions, nextCall: NextCall) => InterceptingCall;

/** Gives an interceptor for a method, or nothing. */
export type InterceptorProvider = (
  // deno-lint-ignore no-explicit-any
  methodDefinition: ClientMethodDefinition<any, any>,
) => Interceptor;
