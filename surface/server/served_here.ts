// Where the servers of this thread listen: a thread that blocks until one of them answers waits for ever.

import { formatAddress, type Target } from "../../pollers/mod.ts";
import { localNames } from "../../pollers/native/local_names.ts";

const ANY = ["0.0.0.0", "::"];
const LOOPBACK = ["localhost", "127.0.0.1", "::1"];

const served = new Set<Target>();

/** A server of this thread listens at `address`. Returns what is to be called when it does not any more. */
export function serveHere(address: Target): () => void {
  served.add(address);
  return () => void served.delete(address);
}

/** The address at which a server of this thread gets connections to `target`; undefined where none does. */
export function servedHere(target: Target): string | undefined {
  for (const address of served) {
    if (isReached(address, target)) return formatAddress(address);
  }
  return undefined;
}

/** Whether a connection to `target` may reach who listens at `address`. */
function isReached(address: Target, target: Target): boolean {
  if (!("port" in address) || !("port" in target)) return formatAddress(address) === formatAddress(target);
  if (address.port !== target.port) return false;
  if (address.host === target.host) return true;
  if (ANY.includes(address.host)) return localNames().has(target.host) || ANY.includes(target.host);
  const named = address.host === "localhost" || target.host === "localhost";
  return named && LOOPBACK.includes(address.host) && LOOPBACK.includes(target.host);
}
