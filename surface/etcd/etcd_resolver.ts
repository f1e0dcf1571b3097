// The servers that etcd lists under a prefix, one a key (see `server_value.ts`).
//
// While etcd is away the last list stays in use. A value that says no server is skipped, and logged once.

import type { EventEngine, Reporter } from "../../pollers/mod.ts";
import type { EndpointAddresses } from "../channel/resolver/endpoint.ts";
import type { Resolver, ResolverBackoff, ResolverSink } from "../channel/resolver/resolver.ts";
import type { EtcdSettings } from "./etcd_options.ts";
import type { KeyValue, WatchEvent } from "./etcd_proto.ts";
import { EtcdSession } from "./etcd_session.ts";
import { keysUnder } from "./key_range.ts";
import { PrefixWatch } from "./prefix_watch.ts";
import { readServer } from "./server_value.ts";

const NO_OCTETS: Uint8Array = new Uint8Array();
const decoder = new TextDecoder();

/** A key as it was read last. */
interface Entry {
  readonly value: Uint8Array;
  /** Undefined where the value says none. */
  readonly server: EndpointAddresses | undefined;
}

/** See the head of this file. */
export class EtcdResolver implements Resolver {
  private readonly session: EtcdSession;
  private readonly watch: PrefixWatch;
  private entries = new Map<string, Entry>();
  private readonly name: string;
  private readonly defaultPort: number;

  /** The servers under `prefix`, "services/guide": keys "services/guide/...". Their addresses without a port have `defaultPort`. */
  constructor(
    engine: EventEngine,
    settings: EtcdSettings,
    { prefix, defaultPort }: { readonly prefix: string; readonly defaultPort: number },
    backoff: ResolverBackoff,
    private readonly reporter: Reporter,
    private readonly sink: ResolverSink,
  ) {
    this.session = new EtcdSession(engine, settings, reporter, backoff);
    this.watch = new PrefixWatch(engine, this.session, keysUnder(`${prefix}/`), this);
    this.defaultPort = defaultPort;
    this.name = JSON.stringify(prefix);
  }

  start(): void {
    this.watch.start();
  }

  /** What is known is what etcd knows; while that is not so, it is asked in time anyhow. */
  requestReresolution(): void {}

  resetBackoff(): void {
    this.watch.resetBackoff();
  }

  describeWait(): string {
    const { waitMs } = this.watch;
    const next = waitMs === undefined ? "" : `: the next attempt is due in ${waitMs} ms`;
    return `the servers under ${this.name} in etcd at ${this.session.endpoint}${next}`;
  }

  close(): void {
    this.watch.close();
    this.session.close();
  }

  // From the watch.

  /** All keys. */
  onKeys(keys: readonly KeyValue[]): void {
    const before = this.entries;
    this.entries = new Map();
    for (const { key, value } of keys) this.put(keyText(key), value, before);
    this.publish();
  }

  /** Some keys. */
  onChanges(events: readonly WatchEvent[]): void {
    let changed = false;
    for (const { type, kv } of events) {
      const key = keyText(kv?.key);
      const hadServer = this.entries.get(key)?.server;
      if (type === "DELETE") this.entries.delete(key);
      else this.put(key, kv?.value, this.entries);
      if (this.entries.get(key)?.server !== hadServer) changed = true;
    }
    if (changed) this.publish();
  }

  /** The list is not current any more. */
  onLost(reason: string): void {
    this.sink.onResolveFailed(`cannot find the servers under ${this.name}: ${reason}`);
  }

  private put(key: string, value = NO_OCTETS, before: ReadonlyMap<string, Entry>): void {
    const known = before.get(key);
    if (known !== undefined && sameOctets(known.value, value)) return void this.entries.set(key, known);
    const server = readServer(value, this.defaultPort);
    if (typeof server !== "string") return void this.entries.set(key, { value, server });
    this.entries.set(key, { value, server: undefined });
    this.reporter.log(
      "warn",
      `etcd key ${JSON.stringify(key)} is skipped, since its value says no server: ${server}`,
    );
  }

  /** In the order of their keys, whatever the order of their changes. */
  private publish(): void {
    const servers: EndpointAddresses[] = [];
    for (const [, { server }] of [...this.entries].sort(([a], [b]) => a < b ? -1 : 1)) {
      if (server !== undefined) servers.push(server);
    }
    this.sink.onResolved(servers);
  }
}

function keyText(key = NO_OCTETS): string {
  return decoder.decode(key);
}

function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, at) => octet === b[at]);
}

/** An EtcdResolver. */
export function resolveByEtcd(...given: ConstructorParameters<typeof EtcdResolver>): Resolver {
  return new EtcdResolver(...given);
}
