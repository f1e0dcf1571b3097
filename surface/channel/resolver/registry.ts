// The resolvers that applications register for all channels.

import { etcdResolver } from "../../etcd/etcd_scheme.ts";
import type { ResolverFactory } from "./resolver.ts";
import { checkFactory, schemeNames } from "./resolvers.ts";

/** By scheme: what the library has beside the resolvers of every channel, and what was registered. */
export const REGISTERED: Record<string, ResolverFactory> = { etcd: /* @__PURE__ */ etcdResolver() };

/**
 * Has targets "`scheme`:path" and "`scheme`://authority/path" be resolved by what `factory` makes, in all channels that are
 * made from now on.
 *
 * @example
 * ```ts
 * import { Channel, parseAddress, registerResolver } from "pollwire";
 * const SERVERS = { greeter: ["127.0.0.1:50051", "127.0.0.1:50052"] };
 * registerResolver("table", {
 *   make: ({ target }, sink) => ({
 *     start() {
 *       const servers = SERVERS[target.path as "greeter"];
 *       if (servers === undefined) sink.onResolveFailed(`the table has no ${target.path}`);
 *       else sink.onResolved(servers.map((address) => ({ addresses: [parseAddress(address)] })));
 *     },
 *     requestReresolution() {},
 *     resetBackoff() {},
 *     describeWait: () => `the servers of ${target.path}`,
 *     close() {},
 *   }),
 * });
 * new Channel("table:greeter", { loadBalancing: "round_robin" }).close();
 * ```
 *
 * @throws {TypeError} for what is no scheme or no factory, and for a scheme that is taken
 */
export function registerResolver(scheme: string, factory: ResolverFactory): void {
  const cannot = "Cannot register a resolver";
  checkFactory(cannot, scheme, factory);
  const known = schemeNames([REGISTERED]);
  if (known.includes(scheme)) {
    throw new TypeError(`${cannot}: the scheme ${scheme} is taken; there are ${known.join(", ")}`);
  }
  REGISTERED[scheme] = factory;
}
