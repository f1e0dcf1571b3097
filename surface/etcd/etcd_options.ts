// How etcd is reached: endpoints, TLS and a user of etcd's.

import { AddressError, formatAddress, parseTarget } from "../../pollers/mod.ts";
import type { ChannelCredentials } from "../credentials/channel_credentials.ts";
import type { Insecure } from "../credentials/insecure.ts";
import { checkOptions, describe, type OptionNames } from "../options.ts";
import { isRecord } from "../records.ts";

/** Where etcd listens for clients. */
const ETCD_PORT = 2379;

/** A user of etcd's, where its authentication is on. */
export interface EtcdUser {
  /** The user's name. */
  readonly name: string;
  /** The user's password. */
  readonly password: string;
}

/** How etcd is reached. */
export interface EtcdOptions {
  /**
   * The members of the cluster: "10.0.0.1:2379", "etcd.internal" (port 2379), "https://etcd.internal" for TLS. One is used
   * at a time, and the next one when it fails.
   */
  readonly endpoints?: readonly string[];
  /** How connections to etcd are secured, as a channel's: default is plaintext, inside this machine. */
  readonly credentials?: ChannelCredentials | Insecure;
  /** Whom calls to etcd are made for. Default: nobody. */
  readonly user?: EtcdUser;
}

/** Options that were read. */
export interface EtcdSettings {
  /** At least one: targets of channels. */
  readonly endpoints: readonly string[];
  readonly credentials: ChannelCredentials | Insecure | undefined;
  readonly user: EtcdUser | undefined;
}

const NAMES: OptionNames<EtcdOptions> = { endpoints: true, credentials: true, user: true };
const USER_NAMES: OptionNames<EtcdUser> = { name: true, password: true };

/** Throws TypeError for what are no options of etcd, and AddressError for an endpoint that is none. */
export function checkEtcdOptions(purpose: string, options: EtcdOptions): void {
  checkOptions(purpose, options, NAMES);
  const { endpoints = [], user } = options;
  if (!Array.isArray(endpoints)) {
    throw new TypeError(`Cannot ${purpose}: endpoints is ${describe(endpoints)}, not a list of addresses`);
  }
  for (const endpoint of endpoints) readEndpoint(endpoint);
  if (user === undefined) return;
  if (!isRecord(user) || typeof user.name !== "string" || typeof user.password !== "string") {
    const found = typeof user === "string" ? "a string" : describe(user); // not shown: it may be a password
    throw new TypeError(`Cannot ${purpose}: user is ${found}; give { name, password }`);
  }
  checkOptions(`${purpose}, user`, user, USER_NAMES);
}

/** Throws as {@linkcode checkEtcdOptions}; TypeError too where no endpoint is given. */
export function readEtcdOptions(purpose: string, options: EtcdOptions): EtcdSettings {
  checkEtcdOptions(purpose, options);
  const { endpoints = [], credentials, user } = options;
  if (endpoints.length === 0) {
    throw new TypeError(
      `Cannot ${purpose}: no endpoint of etcd is given; give endpoints: ["host:${ETCD_PORT}"]`,
    );
  }
  return { endpoints: endpoints.map(readEndpoint), credentials, user };
}

/** The target of a channel to `endpoint`. */
function readEndpoint(endpoint: string): string {
  if (typeof endpoint !== "string") {
    throw new AddressError(
      `Cannot parse address: expected a string, "host:port", found ${describe(endpoint)}`,
    );
  }
  if (endpoint.includes("@")) { // not shown: there may be a password in it
    throw new AddressError("Cannot use an endpoint with a user in it; give user: { name, password }");
  }
  const scheme = /^https?:\/\//i.exec(endpoint)?.[0] ?? "";
  return scheme + formatAddress(parseTarget(endpoint.slice(scheme.length), ETCD_PORT));
}
