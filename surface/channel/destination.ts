// Where a channel connects to: what a target string names, several addresses among them.

import {
  AddressError,
  formatAddress,
  type InetAddress,
  parseTarget,
  type SocketAddress,
  type Target,
} from "../../pollers/mod.ts";

/** Several addresses, as "ipv4:10.0.0.1:80,10.0.0.2:80" lists them. */
export interface AddressList {
  /** "list". */
  readonly family: "list";
  /** Two or more. */
  readonly addresses: readonly InetAddress[];
}

/** A target of a scheme that a resolver is registered for: "scheme:path", "scheme://authority/path". */
export interface TargetUri {
  /** "uri". */
  readonly family: "uri";
  /** "etcd". */
  readonly scheme: string;
  /** Who is asked, as the resolver understands it: what stands between "//" and the next slash; "" where nothing does. */
  readonly authority: string;
  /** What it is asked for, without a slash at its beginning, decoded where it had "%2F" and the like. */
  readonly path: string;
  /** What follows a question mark, as it was written; "" where there is none. */
  readonly query: string;
  /** The whole. */
  readonly text: string;
}

/** What a channel's target names. */
export type Destination = Target | AddressList | TargetUri;

/** The port of a name or an address without one (gRPC naming): that of https:, or of http: where connections are plaintext. */
export function defaultPort(isSecure: boolean): number {
  return isSecure ? 443 : 80;
}

/** The text that {@linkcode parseDestination} reads as `destination`. */
export function formatDestination(destination: Destination): string {
  if (destination.family === "uri") return destination.text;
  if (destination.family !== "list") return formatAddress(destination);
  const { addresses } = destination;
  return `${addresses[0]!.family}:${addresses.map(formatAddress).join(",")}`;
}

/** What {@linkcode parseTarget} reads. */
const OWN_SCHEMES = ["dns", "ipv4", "ipv6", "unix", "unix-abstract", "npipe", "inprocess"];

/** The address behind it is read as if it were not there: grpc-go has it for addresses that no resolver is to see. */
const PASSTHROUGH = "passthrough";

/** Schemes of other implementations, that nobody means as the name of a host. */
const FOREIGN_SCHEMES = ["xds", "google-c2p", "consul", "etcd"];

/**
 * Reads what {@linkcode parseTarget} reads, lists of addresses (https://github.com/grpc/grpc/blob/master/doc/naming.md):
 * "ipv4:10.0.0.1:80,10.0.0.2:80", "ipv6:///[::1]:80,[::2]:80", and URIs of the schemes that are `known` beside those.
 *
 * @throws {AddressError} where the text names none
 */
export function parseDestination(
  text: string,
  defaultPort: number,
  known: readonly string[] = OWN_SCHEMES,
): Destination {
  const scheme = typeof text === "string" ? /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1] : undefined;
  if (scheme === undefined || OWN_SCHEMES.includes(scheme)) return parseOwn(scheme, text, defaultPort);
  if (scheme === PASSTHROUGH) {
    return parseDestination(text.slice(PASSTHROUGH.length + 1).replace(/^\/\/\//, ""), defaultPort, known);
  }
  if (known.includes(scheme)) return parseUri(scheme, text);
  if (
    FOREIGN_SCHEMES.includes(scheme) ||
    (text.startsWith("//", scheme.length + 1) && !/^https?$/i.test(scheme))
  ) {
    const names = [...new Set([...known, PASSTHROUGH])].map((name) => `${name}:`).join(", ");
    throw cannotParse(text, `${scheme}: is no scheme of an address; there are "host:port", ${names}`);
  }
  return parseTarget(text, defaultPort);
}

function parseOwn(scheme: string | undefined, text: string, defaultPort: number): Destination {
  if (!/^ipv[46]$/.test(scheme ?? "")) return parseTarget(text, defaultPort);
  const path = text.slice(scheme!.length + 1).replace(/^\/\/\//, ""); // of a URI without an authority
  if (!path.includes(",")) return parseTarget(`${scheme}:${path}`, defaultPort);
  const addresses: InetAddress[] = [];
  for (const part of path.split(",")) {
    if (part === "") throw cannotParse(text, "a comma without an address");
    addresses.push(parseTarget(`${scheme}:${part}`, defaultPort) as InetAddress);
  }
  return { family: "list", addresses };
}

function parseUri(scheme: string, text: string): TargetUri {
  const [, authority = "", path = "", query = ""] = /^(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?/.exec(
    text.slice(scheme.length + 1),
  )!;
  try {
    return {
      family: "uri",
      scheme,
      authority,
      path: decodeURIComponent(path).replace(/^\//, ""),
      query,
      text,
    };
  } catch {
    throw cannotParse(
      text,
      `${JSON.stringify(path)} is no path of a URI: "%" stands before two hexadecimal digits`,
    );
  }
}

function cannotParse(text: string, why: string): AddressError {
  return new AddressError(`Cannot parse address ${JSON.stringify(text.slice(0, 300))}: ${why}`);
}

/** `destination` as resolvers get it. */
export function targetUri(destination: Destination): TargetUri {
  if (destination.family === "uri") return destination;
  const text = formatDestination(destination);
  const scheme = destination.family === "list" ? destination.addresses[0]!.family : destination.family;
  const path = text.startsWith(`${scheme}:`) ? text.slice(scheme.length + 1) : text;
  return { family: "uri", scheme, authority: "", path, query: "", text };
}

/**
 * The address that `text` says: "10.0.0.1:80", "[::1]:80", "unix:/run/app.sock"; for resolvers.
 *
 * @throws {AddressError} for a name, which would have to be looked up, and for what is none
 */
export function parseAddress(text: string): SocketAddress {
  const target = parseTarget(text);
  if (target.family !== "dns") return target;
  throw cannotParse(text, "it is a name; give an address");
}

/** The addresses that `destination` says; undefined where they have to be found. */
export function addressesOf(destination: Destination): readonly SocketAddress[] | undefined {
  if (destination.family === "dns" || destination.family === "uri") return undefined;
  return destination.family === "list" ? destination.addresses : [destination];
}
