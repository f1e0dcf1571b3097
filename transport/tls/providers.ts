// Which library does the cryptography: the first of a list that can be used here, as pollers are chosen.

import type { ClientTlsProvider } from "./config.ts";

/**
 * The first provider of `list`, a provider or names of those that are `known` ("openssl,node"), that can be used here;
 * without a list of `known`, in their order.
 *
 * @throws {Error} that says why none can be used
 */
export function selectTlsProvider<Provider extends ClientTlsProvider>(
  list: string | Provider | undefined,
  known: readonly Provider[],
): Provider {
  const asked = list === undefined ? known : typeof list === "string" ? named(list, known) : [list];
  const refusals: string[] = [];
  for (const provider of asked) {
    const probed = provider.probe();
    if (probed.usable) return provider;
    refusals.push(`${provider.name}: ${probed.because}`);
  }
  const names = asked.map(({ name }) => name).join(",");
  throw new Error(`No TLS provider of "${names}" can be used here: ${refusals.join("; ")}`);
}

function named<Provider extends ClientTlsProvider>(list: string, known: readonly Provider[]): Provider[] {
  return list.split(",").map((one) => {
    const provider = known.find(({ name }) => name === one.trim());
    if (provider !== undefined) return provider;
    const names = known.map(({ name }) => name).join(", ");
    throw new TypeError(
      `There is no TLS provider "${one.trim()}"; there are ${names}, and others may be given themselves`,
    );
  });
}
