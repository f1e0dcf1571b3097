// Environment variables, where the runtime lets us see them.

import process from "node:process";

/** The value of `name`; undefined where it is not set, or where permission to read it is missing (Deno). */
export function environmentVariable(name: string): string | undefined {
  try {
    return process.env[name];
  } catch {
    return undefined;
  }
}
