// What serialisers of the application give: octets, or they are at fault as if they had thrown.

import type { Buffer } from "../../../pollers/native/node_classes.ts";
import { describe } from "../../options.ts";
import type { serialize } from "./definitions.ts";

/** `message` in octets. Throws what `serialize` throws, and TypeError where it gives none. */
export function serialized<T>(serialize: serialize<T>, message: T): Buffer {
  const octets: unknown = serialize(message);
  if (octets instanceof Uint8Array) return octets as Buffer;
  throw new TypeError(`its serializer gave ${describe(octets)}, not a Buffer`);
}
