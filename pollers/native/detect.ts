// Which runtime this is, and what the system below it can do.

import process from "node:process";

/** The runtimes that have an engine of their own here. */
export type Runtime = "deno" | "bun" | "node";

/** The runtime that runs this code. Deno and Bun also look like Node, so they are asked first. */
export const runtime: Runtime = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";

/** Whether several sockets may accept connections of one port, and the system spreads these. */
export const sharesPorts: boolean = process.platform === "linux";
