// The bench's service, typed.
import { loadProto, type ServiceOf, type Unary } from "pollwire";

/** What is sent, and what comes back. */
export interface Payload {
  body: Uint8Array;
}

/** Its unary method alone is called here. */
export const { Echo } = await loadProto<{ Echo: ServiceOf<{ unary: Unary<Payload, Payload> }> }>(
  new URL("../echo.proto", import.meta.url),
);
