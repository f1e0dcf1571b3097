// Which runtime this is.

/** The runtimes that have an engine of their own here. */
export type Runtime = "deno" | "bun" | "node";

/** The runtime that runs this code. Deno and Bun also look like Node, so they are asked first. */
export const runtime: Runtime = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";
