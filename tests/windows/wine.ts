// What the runtimes' own sockets do not do on Wine, for tests that would blame us for it.
import process from "node:process";
import { runtime } from "../harness.ts";

/** Whether this is a Windows program on Wine, run by tests/windows/run.mjs. */
export const onWine: boolean = process.env.POLLWIRE_WINE !== undefined;

/** Why a refused connect of Bun's own sockets is not heard as one; undefined where it is. */
export const refusalMissed: string | undefined = onWine && runtime === "bun"
  ? "on Wine Bun's own socket takes a refused connect for a connection"
  : undefined;

/** Why a reset is not heard as one by the runtime's own sockets; undefined where it is. */
export const resetMissed: string | undefined = onWine
  ? "on Wine the runtime's own socket gives the end of the stream where it was reset"
  : undefined;

/** Why what watches folders is not tried; undefined where it is. */
export const watcherStays: string | undefined = onWine && runtime === "deno"
  ? "on Wine Deno's watchers hold their folders, and the process, after they are closed"
  : undefined;

/**
 * Whether a process that exits may stay. Of a program on Deno that starts a worker and nothing else, Wine's server killed 3
 * of 130 half a second after they had exited; one of the contract's was still there after 10 s.
 */
export const staysAtExit: boolean = onWine && runtime === "deno";

/** Why "::" is no address for IPv4 with the runtime's own sockets; undefined where it is. */
export const ipv6Alone: string | undefined = process.platform === "win32" && runtime === "deno"
  ? "Deno's own sockets leave Windows' default, IPV6_V6ONLY, on"
  : undefined;
