// Resolvers by the scheme of their targets: those of this library, and what applications register.

import { describe } from "../../options.ts";
import { etcdResolver } from "../../etcd/etcd_scheme.ts";
import { addressesOf, parseDestination } from "../destination.ts";
import { DnsResolver } from "./dns_resolver.ts";
import { FixedResolver } from "./fixed_resolver.ts";
import type { ResolverFactory } from "./resolver.ts";

/** Resolvers of one channel by scheme, beside and before those that are registered. */
export type Resolvers = Readonly<Record<string, ResolverFactory>>;

const FIXED: ResolverFactory = {
  make: ({ target }, sink) => new FixedResolver(addressesOf(parseDestination(target.text, 0))!, sink),
};

const DNS: ResolverFactory = {
  make: (context, sink) => new DnsResolver(context, sink),
};

const FACTORIES = new Map<string, ResolverFactory>([
  ["dns", DNS],
  ["etcd", etcdResolver()],
  ...["ipv4", "ipv6", "unix", "unix-abstract", "npipe", "inprocess"].map((scheme) =>
    [scheme, FIXED] as const
  ),
]);

/** Read as the target that follows it, whose resolver is that one's. */
const PASSTHROUGH = "passthrough";

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
  if (scheme === PASSTHROUGH || FACTORIES.has(scheme)) {
    throw new TypeError(`${cannot}: the scheme ${scheme} is taken; there are ${schemeNames().join(", ")}`);
  }
  FACTORIES.set(scheme, factory);
}

/** Throws TypeError where `resolvers` of the channel's options cannot be used. */
export function checkResolvers(resolvers: Resolvers | undefined): void {
  if (resolvers === undefined) return;
  if (Object(resolvers) !== resolvers) {
    throw new TypeError(
      `Cannot make a channel: resolvers is ${describe(resolvers)}; give factories by schemes`,
    );
  }
  for (const [scheme, factory] of Object.entries(resolvers)) {
    checkFactory("Cannot make a channel: resolvers", scheme, factory);
  }
}

function checkFactory(cannot: string, scheme: unknown, factory: unknown): void {
  if (typeof scheme !== "string" || !/^[a-z][a-z0-9+.-]*$/.test(scheme)) {
    throw new TypeError(
      `${cannot}: ${describe(scheme)} is no scheme; write letters in lower case, as "table"`,
    );
  }
  if (typeof (factory as Partial<ResolverFactory> | null)?.make === "function") return;
  throw new TypeError(
    `${cannot}: the factory of ${scheme} is ${describe(factory)}; give an object with make()`,
  );
}

/** The factory for `scheme`; undefined where there is none. */
export function resolverFactory(scheme: string, own: Resolvers | undefined): ResolverFactory | undefined {
  return own !== undefined && Object.hasOwn(own, scheme) ? own[scheme] : FACTORIES.get(scheme);
}

/** All schemes. */
export function schemeNames(own: Resolvers = {}): string[] {
  return [...new Set([...FACTORIES.keys(), PASSTHROUGH, ...Object.keys(own)])];
}
