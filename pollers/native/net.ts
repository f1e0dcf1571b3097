// node:net, loaded at its first use: a server on Deno and Bun never needs it, and loading it takes some milliseconds.

import type * as Net from "node:net";
import { builtin } from "./builtin.ts";

/** The module; the runtime keeps it. */
export function net(): typeof Net {
  return builtin("node:net");
}
