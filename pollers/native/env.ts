// Environment variables, where the runtime lets us see them.

import process from "node:process";
import { isGranted } from "./permission.ts";

/**
 * The value of `name`. Undefined where it is not set, where it is empty, and where Deno has not been given permission to
 * read it; no prompt for permission is shown.
 */
export function environmentVariable(name: string): string | undefined {
  return isGranted({ name: "env", variable: name }) ? process.env[name] || undefined : undefined;
}
