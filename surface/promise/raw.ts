// Handlers that get and give octets: of one method of a service, or of all methods that no service has.

import { type RawMethod, withoutSchema } from "../proto/raw.ts";
import type { MethodKind } from "../proto/mod.ts";
import { type MethodStyle, methodStyle } from "../server/method_style.ts";
import type { AnyHandler, Handler } from "./handlers.ts";
import { promiseStyle } from "./server_calls.ts";

/** A handler of octets, by the kind of the method `M`. */
export type RawHandler<M> = M extends { readonly kind: infer Kind extends MethodKind }
  ? Handler<RawMethod<Kind>>
  : never;

/**
 * Serves one method of a service without decoding its requests and encoding its responses: they are octets, and their
 * number is as the method's kind has it.
 *
 * @example
 * ```ts
 * import { parseProto, raw, Server, type ServiceOf, type Unary } from "pollwire";
 * interface EchoProto { Echo: ServiceOf<{ say: Unary<{ text?: string }, { text?: string }> }> }
 * const { Echo } = parseProto<EchoProto>(`
 *   syntax = "proto3";
 *   message Text { string text = 1; }
 *   service Echo { rpc Say(Text) returns (Text); }
 * `);
 * const server = new Server();
 * server.addService(Echo, { say: raw((octets) => octets) });
 * ```
 */
export function raw<M>(handler: RawHandler<M>): MethodStyle<M> {
  if (typeof handler !== "function") {
    throw new TypeError(`Cannot serve octets by ${typeof handler}: give a function, as for any other method`);
  }
  return methodStyle<M>((descriptor) => promiseStyle(withoutSchema(descriptor), handler as AnyHandler));
}
