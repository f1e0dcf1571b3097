// Environment variables, where the runtime lets us see them.

import { hostProcess } from "./builtin.ts";
import { isGranted } from "./permission.ts";

/** Deno's own: its `process` takes 14 ms to load. */
const denoEnv = (globalThis as unknown as {
  readonly Deno?: { readonly env: { get(name: string): string | undefined } };
}).Deno?.env;

/**
 * The value of `name`. Undefined where it is not set, where it is empty, and where Deno has not been given permission to
 * read it; no prompt for permission is shown.
 */
export function environmentVariable(name: string): string | undefined {
  if (!isGranted({ name: "env", variable: name })) return undefined;
  const value = denoEnv === undefined ? hostProcess().env[name] : denoEnv.get(name);
  return value === "" ? undefined : value;
}
