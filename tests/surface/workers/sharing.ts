// How connections can be shared between workers here.
import process from "node:process";
import type { ReactorWorkersOptions } from "pollwire";
import { runtime } from "../../harness.ts";
import { whyNoHandover } from "../../pollers/powers.ts";

/** See `ReactorWorkersOptions.sharing`. */
export type Sharing = NonNullable<ReactorWorkersOptions["sharing"]>;

/** Why workers of `poller` cannot share connections in this way here; undefined where they can. */
export function whyNot(sharing: Sharing, poller: string): string | undefined {
  if (sharing === "boss") return whyNoHandover(poller);
  if (process.platform === "win32") return "sockets of Windows cannot share a port";
  return poller === "native" && runtime === "deno" ? "Deno shares ports only with --unstable-net" : undefined;
}
