// announce: registers a server in etcd, so that channels with etcd: targets find it, and takes it out when it shuts down.

import { AddressError, formatAddress, parseTarget, type SocketAddress } from "../../pollers/mod.ts";
import { Backoff } from "../channel/backoff.ts";
import { useEngineOf } from "../engines.ts";
import { checkOptions, describe, type OptionNames } from "../options.ts";
import { type Server, styledServer } from "../server/server.ts";
import { type EtcdOptions, type EtcdSettings, readEtcdOptions } from "./etcd_options.ts";
import { EtcdSession } from "./etcd_session.ts";
import { keyOf } from "./key_range.ts";
import { type RegisteredKeys, Registration } from "./registration.ts";
import { writeServer } from "./server_value.ts";

/** What a server is registered with. */
export interface AnnounceOptions {
  /** How etcd is reached; at least `endpoints`. */
  readonly etcd: EtcdOptions;
  /** "services/guide": channels find the server by "etcd:///services/guide". */
  readonly prefix: string;
  /** Where clients connect to. Default: where the server listens, unless that is on all addresses of the machine. */
  readonly addresses?: readonly string[];
  /** JSON that clients get with the address; in `{ weight: 2 }` the weight is the server's share of the calls. */
  readonly metadata?: unknown;
  /** Milliseconds, in whole seconds, after which etcd forgets a server that has died. Default 15,000. */
  readonly ttlMs?: number;
}

const NAMES: OptionNames<AnnounceOptions> = {
  etcd: true,
  prefix: true,
  addresses: true,
  metadata: true,
  ttlMs: true,
};

const DEFAULT_TTL_MS = 15_000;
const CANNOT = "Cannot announce the server";

/** A server's registration in etcd. */
export interface Announcement {
  /** Whether the server is in etcd, as far as is known. */
  readonly isRegistered: boolean;
  /**
   * Resolves when the server is in etcd; while etcd cannot be reached, that is tried again and again.
   *
   * @throws {Error} (by the promise) where it was taken out before
   */
  registered(): Promise<void>;
  /**
   * Takes the server out of etcd; it goes on serving. Resolves when clients can know, or when etcd has not answered for
   * 5 s: it forgets the server by itself then. Idempotent.
   */
  withdraw(): Promise<void>;
  /** The same as `withdraw`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Who waits for the registration. */
interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

class ServerAnnouncement implements Announcement {
  private readonly registration: Registration;
  private readonly waiters = new Set<Waiter>();

  constructor(server: Server, etcd: EtcdSettings, private readonly what: RegisteredKeys) {
    const { host: { reporter }, styles } = styledServer("announce", server);
    const { engine } = server;
    const session = new EtcdSession(engine, etcd, reporter, new Backoff(() => engine.random()));
    this.registration = new Registration(engine, session, reporter, what, {
      onRegistered: () => this.tell((waiter) => waiter.resolve()),
      onOver: () => {
        forget();
        void use.end();
      },
    });
    this.registration.start(); // first: where no channel to etcd can be made it throws, and nothing has begun
    const use = useEngineOf(engine, { factories: [], defaults: undefined });
    const forget = styles.beforeShutdown((done) => this.leave(done));
  }

  get isRegistered(): boolean {
    return this.registration.isRegistered;
  }

  registered(): Promise<void> {
    if (this.isRegistered) return Promise.resolve();
    if (this.registration.isLeaving) return Promise.reject(this.tooLate());
    return new Promise((resolve, reject) => this.waiters.add({ resolve, reject }));
  }

  withdraw(): Promise<void> {
    return new Promise((resolve) => this.leave(resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.withdraw();
  }

  private leave(done: () => void): void {
    this.tell((waiter) => waiter.reject(this.tooLate()));
    this.registration.withdraw(done);
  }

  private tell(how: (waiter: Waiter) => void): void {
    for (const waiter of this.waiters) how(waiter);
    this.waiters.clear();
  }

  private tooLate(): Error {
    return new Error(`${this.what.name} was taken out of etcd before it was registered`);
  }
}

/**
 * Registers `server` in etcd, for channels with the target "etcd:///<prefix>": one key "<prefix>/<address>" for each of its
 * addresses, under a lease that is renewed while the process lives. It is registered again where etcd has lost it. When the
 * server shuts down it is taken out before anything else, so that clients turn to the others while it still serves.
 *
 * @example
 * ```ts
 * import { announce, Server } from "pollwire";
 * const server = new Server();
 * await server.listen("127.0.0.1:50051");
 * const announcement = announce(server, { etcd: { endpoints: ["127.0.0.1:2379"] }, prefix: "services/guide" });
 * await announcement.registered();
 * // ...
 * await server.shutdown();
 * ```
 *
 * @throws {TypeError} for unknown options and values of a wrong type, where no address is known that clients can connect to,
 *   and after the server's shutdown
 * @throws {AddressError} for an address or an endpoint that is none
 * @throws {RangeError} for a `ttlMs` below a second
 */
export function announce(server: Server, options: AnnounceOptions): Announcement {
  const { styles, listening } = styledServer("announce", server);
  checkOptions("announce the server", options, NAMES);
  const etcd = readEtcdOptions("announce the server", options.etcd);
  const { metadata, ttlMs = DEFAULT_TTL_MS } = options;
  if (!(ttlMs >= 1_000 && ttlMs < Infinity)) {
    throw new RangeError(`${CANNOT}: ttlMs is ${describe(ttlMs)}; give 1,000 or more milliseconds`);
  }
  if (styles.isLeaving) throw new TypeError(`${CANNOT}: it was shut down`);
  const prefix = readPrefix(options.prefix);
  const addresses = options.addresses === undefined
    ? listening().map(([first]) => first!).filter(({ family }) => family !== "inprocess").map(checkReachable)
    : readAddresses(options.addresses);
  if (addresses.length === 0) {
    throw new TypeError(`${CANNOT}: it listens nowhere; listen first, or give addresses`);
  }
  return new ServerAnnouncement(server, etcd, {
    name: `the server at ${addresses.map(formatAddress).join(", ")} (${JSON.stringify(prefix)})`,
    keys: addresses.map((address) => ({
      key: keyOf(`${prefix}/${formatAddress(address)}`),
      value: writeServer(address, metadata),
    })),
    ttlMs: Math.ceil(ttlMs / 1_000) * 1_000,
  });
}

function readPrefix(prefix: unknown): string {
  if (typeof prefix === "string" && /[^/]/.test(prefix)) return prefix.replace(/\/+$/, "");
  throw new TypeError(`${CANNOT}: prefix is ${describe(prefix)}; give a text as "services/guide"`);
}

function readAddresses(addresses: unknown): SocketAddress[] {
  if (!Array.isArray(addresses)) {
    throw new TypeError(`${CANNOT}: addresses is ${describe(addresses)}, not a list of addresses`);
  }
  return addresses.map((text) => {
    const target = parseTarget(text);
    if (target.family !== "dns") return target;
    throw new AddressError(`${CANNOT}: ${JSON.stringify(text)} is a name; give its address`);
  });
}

/** Throws TypeError for the address that stands for all of a machine's. */
function checkReachable(address: SocketAddress): SocketAddress {
  const host = "host" in address ? address.host : "";
  if (host !== "0.0.0.0" && host !== "::") return address;
  throw new TypeError(
    `${CANNOT}: it listens on ${
      formatAddress(address)
    }, where clients cannot connect to; give addresses: ["10.0.0.1:50051"]`,
  );
}
