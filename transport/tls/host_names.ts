// For which hosts a certificate is (RFC 9525): by its alternative names alone, and "*" stands for a whole label.

import { inetAddress } from "../../pollers/contract/address.ts";
import { canonicalIpv6 } from "../../pollers/contract/ipv6.ts";

/** Names that a message lists. */
const MOST_SHOWN = 5;

/** Names of a certificate that may be hosts. */
export interface HostNames {
  /** Host names; the first label may be "*". */
  readonly dns: readonly string[];
  /** Addresses. */
  readonly ip: readonly string[];
}

/** A host without the dot that ends a full name: neither certificates nor SNI have it (RFC 5280, section 4.2.1.6; RFC 6066, section 3). */
export function withoutDot(host: string): string {
  return host.replace(/(?<=.)\.$/, "");
}

/** Whether a certificate with these names is for `host`, a name or an address. */
export function coversHost(names: HostNames | undefined, host: string): boolean {
  if (names === undefined) return false;
  const { dns, ip } = names;
  const address = plain(host);
  if (address !== undefined) return ip.some((one) => plain(one) === address);
  const name = withoutDot(host).toLowerCase();
  return dns.some((pattern) => isFor(pattern, name));
}

/**
 * Whether the name `pattern` of a certificate is for `name`, in lower case: "*" stands for the whole first label, of three or
 * more, as to OpenSSL and gRPC's core.
 */
export function isFor(pattern: string, name: string): boolean {
  if (!pattern.startsWith("*.")) return pattern.toLowerCase() === name;
  const dot = name.indexOf(".");
  return dot > 0 && name.includes(".", dot + 1) && pattern.slice(1).toLowerCase() === name.slice(dot);
}

/** Throws Error that says why a certificate with these names is refused for `host`; nothing where it is for it. */
export function checkHost(names: HostNames, host: string): void {
  if (coversHost(names, host)) return;
  const all = [...names.dns, ...names.ip].slice(0, MOST_SHOWN);
  const has = all.length === 0
    ? "no host name and no address"
    : all.map((one) => JSON.stringify(one)).join(", ");
  const what = plain(host) === undefined ? "hostname" : "IP address";
  throw new Error(
    `the peer's certificate is not accepted: ${what} mismatch: it is for ${has}, not for ${
      JSON.stringify(host)
    }`,
  );
}

/** An address in its one way of being written; undefined for a name. */
function plain(host: string): string | undefined {
  const address = inetAddress(host, 0);
  if (address === undefined) return undefined;
  return address.family === "ipv4" ? host : canonicalIpv6(host);
}
