// Where the servers of this thread listen: a thread that blocks until one of them answers waits for ever.

import {
  canonicalIpv6,
  type DnsTarget,
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
