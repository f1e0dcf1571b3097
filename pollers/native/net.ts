// node:net, loaded at its first use: a server on Deno and Bun never needs it, and loading it takes some milliseconds.

import type * as Net from "node:net";
import process from "node:process";

/** The module; the runtime keeps it. */
export function net(): typeof Net {
  return process.getBuiltinModule("node:net");
}
