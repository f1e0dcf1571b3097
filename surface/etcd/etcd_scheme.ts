// The scheme etcd: of channels' targets, "etcd://10.0.0.1:2379,10.0.0.2:2379/services/guide".

import type { ResolverFactory } from "../channel/resolver/resolver.ts";
import { checkEtcdOptions, type EtcdOptions, readEtcdOptions } from "./etcd_options.ts";
import { resolveByEtcd } from "./etcd_resolver.ts";

/**
 * Makes what finds the servers of "etcd:" targets, where TLS or a user is needed, or the target is not to say which etcd it
 * is: for a channel's option `resolvers`, or `registerResolver` under a scheme of its own. Without it, "etcd:" targets say
 * their endpoints, and etcd is one of this machine.
 *
 * Keys "<path of the target>/..." are the servers; `announce` sets them. `:authority` is the last segment of the path.
 *
 * @example
 * ```ts
 * import { Channel, etcdResolver, tls } from "pollwire";
 * const etcd = etcdResolver({
 *   endpoints: ["https://etcd1.internal:2379", "https://etcd2.internal:2379"],
 *   credentials: tls.client({}),
 *   user: { name: "reader", password: "..." },
 * });
 * new Channel("etcd:///services/guide", { resolvers: { etcd }, loadBalancing: "round_robin" }).close();
 * ```
 *
 * @throws {TypeError} for unknown options and values of a wrong type
 * @throws {AddressError} for an endpoint that is none
 */
export function etcdResolver(options: EtcdOptions = {}): ResolverFactory {
  const purpose = "find servers in etcd";
  checkEtcdOptions(purpose, options);
  return {
    authorityOf: ({ path }) => path.replace(/\/+$/, "").split("/").at(-1)!,
    make({ target: { authority, path, text }, engine, reporter, makeBackoff, defaultPort }, sink) {
      const prefix = path.replace(/\/+$/, "");
      if (prefix === "") {
        throw new TypeError(`Cannot ${purpose}: ${text} says no prefix; write "etcd:///services/guide"`);
      }
      const endpoints = authority === "" ? options.endpoints ?? [] : authority.split(",");
      const settings = readEtcdOptions(purpose, { ...options, endpoints });
      return resolveByEtcd(engine, settings, { prefix, defaultPort }, makeBackoff(), reporter, sink);
    },
  };
}
