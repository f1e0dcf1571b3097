// Where the servers of this thread listen: a thread that blocks until one of them answers waits for ever.

import {
  canonicalIpv6,
  type DnsTarget,
  type EventEngine,
  formatAddress,
  type InetAddress,
  type Target,
  unmapped,
} from "../../pollers/mod.ts";
import { localNames } from "../../pollers/native/local_names.ts";
import { isSameFile } from "../../pollers/native/socket_file.ts";

const ANY = ["0.0.0.0", "::"];
const LOOPBACK = ["localhost", "127.0.0.1", "::1"];
/** Whoever connects to one of {@linkcode ANY} comes here. */
const INSTEAD: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** With the engine that only accepts there, for servers of other threads; undefined: the server is one of this thread. */
const served = new Map<Target, EventEngine | undefined>();

/**
 * A server of this thread listens at `address`, or `accepting` does for servers of others. Returns what is to be called when
 * that is over.
 */
export function serveHere(address: Target, accepting?: EventEngine): () => void {
  served.set(address, accepting);
  return () => void served.delete(address);
}

/**
 * The address at which this thread gets connections to `target`, and does not while it blocks, in `engine` where it blocks
 * in one; undefined where there is none.
 */
export function servedHere(target: Target, engine?: EventEngine): string | undefined {
  for (const [address, accepting] of served) {
    const waits = accepting === undefined || accepting !== engine;
    if (waits && isReached(address, target)) return formatAddress(address);
  }
  return undefined;
}

/** Whether a connection to `target` may reach who listens at `address`. */
function isReached(address: Target, target: Target): boolean {
  if (address.family === "unix" && target.family === "unix") {
    return address.path === target.path || isSameFile(address.path, target.path);
  }
  if (!("port" in address) || !("port" in target)) return formatAddress(address) === formatAddress(target);
  if (address.port !== target.port) return false;
  const [bound, named] = [hostOf(address), hostOf(target)];
  if (bound === named) return true;
  const host = INSTEAD[named] ?? named;
  if (ANY.includes(bound)) return /^127(\.\d+){3}$/.test(host) || localNames().has(host);
  return bound === host || (bound === "localhost" || host === "localhost") && LOOPBACK.includes(bound) &&
      LOOPBACK.includes(host);
}

/** The one text of a host that has several. */
function hostOf(target: InetAddress | DnsTarget): string {
  if (target.family === "dns") return target.host.toLowerCase();
  const { family, host } = unmapped(target) as InetAddress;
  return family === "ipv6" ? canonicalIpv6(host) : host;
}
