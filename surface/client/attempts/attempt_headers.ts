// What clients and servers say of attempts in metadata (gRFC A6): how many were made before this one, and when the server
// wants the next one.

import { Field, HeaderList, protocolName } from "../../../transport/mod.ts";

const PREVIOUS_ATTEMPTS = protocolName("grpc-previous-rpc-attempts");
const PUSHBACK = "grpc-retry-pushback-ms";

/** A server's word that the call is not to be made again. */
export const NO_RETRY = -1;

/** `headers`, and that `before` attempts were made; the same list for the first attempt. */
export function attemptHeaders(headers: HeaderList | undefined, before: number): HeaderList | undefined {
  if (before === 0) return headers;
  const own = headers === undefined ? [] : headers.entries.filter(({ name }) => name !== PREVIOUS_ATTEMPTS);
  return new HeaderList([...own, Field.of(PREVIOUS_ATTEMPTS, String(before))]);
}

/** Milliseconds after which the server wants the next attempt; undefined where it says nothing, or {@linkcode NO_RETRY}. */
export function pushbackOf(trailers: HeaderList): number | undefined {
  if (trailers.length === 0) return undefined;
  const said = trailers.getAll(PUSHBACK);
  if (said.length === 0) return undefined;
  return said.length === 1 && /^[0-9]{1,10}$/.test(said[0]!) ? Number(said[0]) : NO_RETRY;
}
