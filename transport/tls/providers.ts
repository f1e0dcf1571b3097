// Which library does the cryptography: the first of a list that can be used here, as pollers are chosen.

import type { TlsProvider } from "./config.ts";
import { NODE_TLS } from "./node/context.ts";
import { OPENSSL } from "./openssl/context.ts";

const PROVIDERS: readonly TlsProvider[] = [OPENSSL, NODE_TLS];

/** OpenSSL is faster, resumes sessions and tells a cut from an end; the runtime's own is everywhere, and needs no permission. */
const DEFAULT_PROVIDERS = "openssl,node";

/**
 * The first provider of `list` ("openssl,node") that can be used here.
 *
 * @throws {Error} that says why none can be used
 */
export function selectTlsProvider(list: string = DEFAULT_PROVIDERS): TlsProvider {
  const refusals: string[] = [];
  for (const name of list.split(",").map((one) => one.trim())) {
    const provider = PROVIDERS.find((one) => one.name === name);
    if (provider === undefined) {
      const known = PROVIDERS.map((one) => one.name).join(", ");
      throw new TypeError(`There is no TLS provider "${name}"; there are ${known}`);
    }
    const probed = provider.probe();
    if (probed.usable) return provider;
    refusals.push(`${name}: ${probed.because}`);
  }
  throw new Error(`No TLS provider of "${list}" can be used here: ${refusals.join("; ")}`);
}
