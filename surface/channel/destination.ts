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

/** What a channel's target names. */
export type Destination = Target | AddressList;

/** The text that {@linkcode parseDestination} reads as `destination`. */
export function formatDestination(destination: Destination): string {
  if (destination.family !== "list") return formatAddress(destination);
  const { addresses } = destination;
  return `${addresses[0]!.family}:${addresses.map(formatAddress).join(",")}`;
}

/**
 * Reads what {@linkcode parseTarget} reads, and lists of addresses (https://github.com/grpc/grpc/blob/master/doc/naming.md):
 * "ipv4:10.0.0.1:80,10.0.0.2:80", "ipv6:[::1]:80,[::2]:80".
 *
 * @throws {AddressError} where the text names none
 */
export function parseDestination(text: string, defaultPort: number): Destination {
  const scheme = typeof text === "string" && text.includes(",") ? /^ipv[46]:/.exec(text)?.[0] : undefined;
  if (scheme === undefined) return parseTarget(text, defaultPort);
  const addresses: InetAddress[] = [];
  for (const part of text.slice(scheme.length).split(",")) {
    if (part === "") {
      throw new AddressError(`Cannot parse address ${JSON.stringify(text)}: a comma without an address`);
    }
    addresses.push(parseTarget(scheme + part) as InetAddress);
  }
  return { family: "list", addresses };
}

/** The addresses that `destination` says; undefined where it is a name. */
export function addressesOf(destination: Destination): readonly SocketAddress[] | undefined {
  if (destination.family === "dns") return undefined;
  return destination.family === "list" ? destination.addresses : [destination];
}
