// What the target of a channel says: where it connects to, and with https: and http: also how.

import { AddressError, parseTarget } from "../../pollers/mod.ts";
import { defaultPort, type Destination, parseDestination } from "./destination.ts";
import { ChannelCredentials } from "../credentials/channel_credentials.ts";
import { checkCredentials, type Insecure, insecure } from "../credentials/insecure.ts";

/** Where a channel connects to, and how; `credentials` are undefined where neither options nor target say that. */
export interface ChannelTarget {
  readonly target: Destination;
  readonly credentials: ChannelCredentials | Insecure | undefined;
}

/**
 * Reads `text`: what `parseDestination` reads, where a port that is missing is 443 with TLS and else 80, and
 * "https://host:port" for TLS, or "http://host:port" for plaintext. https: without `given` is `secure`.
 *
 * @throws {AddressError} for what names no target
 * @throws {TypeError} for `given` that are no credentials, and that contradict the scheme
 */
export function parseChannelTarget(
  text: string,
  given: unknown,
  secure: () => ChannelCredentials,
  schemes?: readonly string[],
): ChannelTarget {
  checkCredentials("make a channel", given, isTls, "tls.client(...)");
  const credentials = given as ChannelTarget["credentials"];
  const scheme = typeof text === "string" ? /^https?(?=:\/\/)/i.exec(text)?.[0].toLowerCase() : undefined;
  if (scheme === undefined) {
    return { target: parseDestination(text, defaultPort(isTls(credentials)), schemes), credentials };
  }
  const isPlaintext = scheme === "http";
  const target = parseTarget(hostAndPort(text), defaultPort(!isPlaintext));
  if (credentials !== undefined && isPlaintext !== (credentials === insecure)) {
    const found = credentials === insecure ? "insecure" : "those of TLS";
    const meant = isPlaintext ? '"https:" for TLS' : '"http:" for plaintext';
    throw new TypeError(
      `Cannot make a channel to ${
        JSON.stringify(text)
      }: its credentials are ${found}; write ${meant}, or leave one of the ` +
        "two out",
    );
  }
  return { target, credentials: credentials ?? (isPlaintext ? insecure : secure()) };
}

function isTls(given: unknown): boolean {
  return given instanceof ChannelCredentials;
}

/** "https://host:443/" gives "host:443"; what follows the host can mean nothing. A user is not shown, for its password. */
function hostAndPort(url: string): string {
  if (url.includes("@")) { // somewhere, for a password may have a slash
    throw new AddressError("Cannot parse address: it has a user in it; give callCredentials, or metadata");
  }
  const [, authority, rest] = /^[^:]*:\/\/([^/?#]*)(.*)$/s.exec(url)!;
  if (rest === "" || rest === "/") return authority!;
  const why = `calls have paths of their own: leave ${JSON.stringify(rest)} out`;
  throw new AddressError(`Cannot parse address ${JSON.stringify(authority!.slice(0, 300))}: ${why}`);
}
