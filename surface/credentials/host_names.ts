// For which hosts a certificate is (RFC 6125, RFC 9525).

import { formatIpv6, inetAddress, parseIpv6 } from "../../pollers/mod.ts";
import type { PeerCertificate } from "../../transport/mod.ts";

/** The host of an authority: "[::1]:50051" gives "::1". */
export function hostOf(authority: string): string {
  const host = authority.replace(/:\d+$/, "");
  return host.startsWith("[") ? host.slice(1, -1) : host;
}

/** Whether `certificate` is for `host`, a name or an address. */
export function coversHost(certificate: PeerCertificate | undefined, host: string): boolean {
  if (certificate === undefined) return false;
  const { dns, ip } = certificate.names;
  const address = plain(host);
  if (address !== undefined) return ip.some((one) => plain(one) === address);
  const name = host.toLowerCase().replace(/\.$/, "");
  return dns.some((pattern) => isFor(pattern, name));
}

/** Whether the name `pattern` of a certificate is for `name`, in lower case: "*" stands for the whole first label. */
export function isFor(pattern: string, name: string): boolean {
  if (!pattern.startsWith("*.")) return pattern.toLowerCase() === name;
  const dot = name.indexOf(".");
  return dot > 0 && pattern.slice(1).toLowerCase() === name.slice(dot);
}

/** An address in its one way of being written; undefined for a name. */
function plain(host: string): string | undefined {
  const address = inetAddress(host, 0);
  if (address === undefined) return undefined;
  return address.family === "ipv4" ? host : formatIpv6(parseIpv6(host).bytes);
}
