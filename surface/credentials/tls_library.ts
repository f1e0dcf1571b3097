// Which library does the cryptography of credentials: by name, or itself.

import {
  type ClientTlsProvider,
  NODE_TLS,
  NODE_TLS_CLIENT,
  selectTlsProvider,
  type TlsProvider,
} from "../../transport/mod.ts";
import { describe } from "../options.ts";

/** A TLS library, for the option `provider`: `openssl` of "pollwire/features". */
export interface TlsLibrary {
  /** "openssl" or "node". */
  readonly name: string;
}

/** What is said of the library. */
export interface TlsLibraryOptions {
  /**
   * TLS libraries to choose from, in order: "openssl,node"; or a library itself. Default: OpenSSL, where it is found, before
   * the runtime's own. Credentials of "pollwire/lean" know the runtime's own by name, and no other.
   */
  readonly provider?: string | TlsLibrary;
}

/** What every server has. */
export const OWN_TLS_LIBRARY: readonly TlsProvider[] = [NODE_TLS];

/** What every channel has. */
export const CHANNELS_TLS_LIBRARY: readonly ClientTlsProvider[] = [NODE_TLS_CLIENT];

/**
 * The library of `options`, one of those `known` where it is named.
 *
 * @throws {TypeError} for what is no library
 * @throws {Error} that says why none can be used
 */
export function tlsLibrary<Provider extends ClientTlsProvider>(
  { provider }: TlsLibraryOptions,
  known: readonly Provider[],
): Provider {
  if (provider === undefined || typeof provider === "string") return selectTlsProvider(provider, known);
  const given = Object(provider) as Partial<TlsProvider>;
  if (typeof given.clientContext === "function") {
    return selectTlsProvider(provider as unknown as Provider, known);
  }
  throw new TypeError(`provider is ${describe(provider)}; give "openssl", "node", or a library itself`);
}
