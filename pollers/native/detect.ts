// Which runtime and which system this is.

import { hostProcess } from "./builtin.ts";

/** The runtimes that have an engine of their own here. */
export type Runtime = "deno" | "bun" | "node";

/** The runtime that runs this code. Deno and Bun also look like Node, so they are asked first. */
export const runtime: Runtime = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";

/** What Deno says of the system; undefined elsewhere. */
const denoBuild = (globalThis as unknown as {
  readonly Deno?: { readonly build: { readonly os: string; readonly arch: string } };
}).Deno?.build;

/** The system, as Node calls it: "linux", "win32", "darwin". */
export const platform: string = denoBuild === undefined
  ? hostProcess().platform
  : denoBuild.os === "windows"
  ? "win32"
  : denoBuild.os;

/** The processor, as Node calls it: "x64", "arm64". */
export const architecture: string = denoBuild === undefined
  ? hostProcess().arch
  : denoBuild.arch === "x86_64"
  ? "x64"
  : denoBuild.arch === "aarch64"
  ? "arm64"
  : denoBuild.arch;

/** Whether several sockets may accept connections of one port, and the system spreads these. */
export const sharesPorts: boolean = platform === "linux";
