// Resolvers by the scheme of their targets: those that every channel has, and those that are given to one.

import { describe } from "../../options.ts";
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

/** Those that every channel has. */
const OWN: Resolvers = {
  dns: DNS,
  ipv4: FIXED,
  ipv6: FIXED,
  unix: FIXED,
  "unix-abstract": FIXED,
  npipe: FIXED,
  inprocess: FIXED,
};

/** Read as the target that follows it, whose resolver is that one's. */
const PASSTHROUGH = "passthrough";

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

/** Throws TypeError for what is no scheme, and no factory of resolvers. */
export function checkFactory(cannot: string, scheme: unknown, factory: unknown): void {
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

/** The factory for `scheme`: of the first of `given` that has one, else that of every channel; undefined where there is none. */
export function resolverFactory(scheme: string, given: readonly Resolvers[]): ResolverFactory | undefined {
  return [...given, OWN].find((resolvers) => Object.hasOwn(resolvers, scheme))?.[scheme];
}

/** All schemes. */
export function schemeNames(given: readonly Resolvers[]): string[] {
  return [...new Set([OWN, ...given].flatMap((resolvers) => Object.keys(resolvers))), PASSTHROUGH];
}
