// An etcd in virtual time: keys with revisions, watches, leases that expire, users. It can be compacted, stopped and
// started again, with its data or without.

import { insecure, type MessageInit, RpcError, Server, type ServerCall } from "pollwire";
import type { SimulatedEngine, Simulation } from "../../../pollers/simulated/mod.ts";
import type { EtcdUser } from "../../../surface/etcd/etcd_options.ts";
import {
  etcdServices,
  type LeaseRequest,
  type RangeRequest,
  type RangeResponse,
  type WatchEvent,
  type WatchRequest,
  type WatchResponse,
} from "../../../surface/etcd/etcd_proto.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const text = (octets: Uint8Array | undefined) => decoder.decode(octets);

/** One change of one key. */
interface Change {
  readonly revision: bigint;
  readonly key: string;
  /** Undefined: deleted. */
  readonly value: Uint8Array | undefined;
}

interface Lease {
  readonly ttlMs: number;
  expiresAt: number;
}

/** See the head of this file. Keys are text. */
export class FakeEtcd {
  /** When which call came, with the virtual time: "0 range", "12 leaseKeepAlive 1". */
  readonly calls: string[] = [];
  /** The most keys of one answer, where that is less than is asked for. */
  pageSize = Infinity;
  /** Changes go out in messages of one each. */
  fragments = false;
  /** Where it is set, calls need its token. */
  user: EtcdUser | undefined = undefined;
  /** Called when a lease is to be revoked. */
  onRevoke: () => void = () => {};
  readonly leases = new Map<bigint, Lease>();
  private keys = new Map<string, { value: Uint8Array; lease: bigint }>();
  private revision = 1n;
  private history: Change[] = [];
  private compacted = 0n;
  private nextLease = 1n;
  private tokens = new Set<string>();
  private server: Server | undefined = undefined;
  private changed: Array<() => void> = [];
  private cancelled: string | undefined = undefined;

  constructor(
    private readonly simulation: Simulation,
    private readonly engine: SimulatedEngine,
    private readonly port = 2379,
  ) {}

  /** "10.0.0.1:2379" */
  get endpoint(): string {
    return `${this.engine.hostAddress}:${this.port}`;
  }

  /** Listens. */
  async start(): Promise<void> {
    const { KV, Watch, Lease, Auth } = etcdServices;
    const server = this.server = new Server({ poller: this.engine, credentials: insecure });
    server.addService(KV, {
      range: (request, call) => this.range(request, call),
      put: ({ key, value, lease }, call) => {
        this.note("put", call, text(key));
        if (lease !== undefined && lease !== 0n && !this.leases.has(lease)) {
          throw new RpcError("NOT_FOUND", "etcdserver: requested lease not found");
        }
        this.put(text(key), value, lease);
        return {};
      },
    });
    server.addService(Watch, { watch: (requests, call) => this.watch(requests, call) });
    server.addService(Lease, {
      leaseGrant: ({ TTL }, call) => {
        this.note("leaseGrant", call);
        const ID = this.nextLease++;
        const ttlMs = Number(TTL) * 1_000;
        this.leases.set(ID, { ttlMs, expiresAt: this.simulation.now + ttlMs });
        this.awaitExpiry(ID);
        return { ID, TTL };
      },
      leaseRevoke: async ({ ID }, call) => {
        this.note(`leaseRevoke ${ID}`, call);
        await this.simulation.sleep(20); // its disk
        this.onRevoke();
        this.expire(ID);
        return {};
      },
      leaseKeepAlive: (requests, call) => this.keepAlive(requests, call),
    });
    server.addService(Auth, {
      authenticate: ({ name, password }) => {
        this.calls.push(`${Math.round(this.simulation.now)} authenticate`);
        if (name !== this.user?.name || password !== this.user.password) {
          throw new RpcError(
            "INVALID_ARGUMENT",
            "etcdserver: authentication failed, invalid user ID or password",
          );
        }
        const token = `token ${this.tokens.size + 1}`;
        this.tokens.add(token);
        return { token };
      },
    });
    await server.listen(`0.0.0.0:${this.port}`);
    // What etcd does for leases while it was away: they begin anew.
    for (const [ID, lease] of this.leases) {
      lease.expiresAt = this.simulation.now + lease.ttlMs;
      this.awaitExpiry(ID);
    }
  }

  /** Ends at once, as a crash does; the data stays. */
  stop(): void {
    this.server?.close();
    this.server = undefined;
    this.tokens.clear();
  }

  /** Forgets all keys and leases, and counts revisions from the beginning. */
  lose(): void {
    this.keys = new Map();
    this.leases.clear();
    this.history = [];
    this.revision = 1n;
    this.compacted = 0n;
  }

  /** Sets a key. */
  put(key: string, value: string | Uint8Array, lease = 0n): void {
    const octets = typeof value === "string" ? encoder.encode(value) : value;
    this.keys.set(key, { value: octets, lease });
    this.change(key, octets);
  }

  /** Deletes a key. */
  delete(key: string): void {
    if (this.keys.delete(key)) this.change(key, undefined);
  }

  /** Forgets the history; watches that are behind are cancelled. */
  compact(): void {
    this.compacted = this.revision;
    this.history = [];
    this.tellAll();
  }

  /** Cancels all watches, with a reason. */
  cancelWatches(reason: string): void {
    this.cancelled = reason;
    this.tellAll();
    this.cancelled = undefined;
  }

  /** Says to all watches that nothing has changed. */
  progress(): void {
    this.tellAll();
  }

  /** Tokens are forgotten, as after a restart. */
  forgetTokens(): void {
    this.tokens.clear();
  }

  /** Has watches cancelled as soon as they are made. */
  refuseWatches = false;

  /** Which keys there are. */
  get keyNames(): string[] {
    return [...this.keys.keys()].sort();
  }

  /** What a key holds. */
  value(key: string): unknown {
    const found = this.keys.get(key);
    return found === undefined ? undefined : JSON.parse(text(found.value));
  }

  private change(key: string, value: Uint8Array | undefined): void {
    this.history.push({ revision: ++this.revision, key, value });
    this.tellAll();
  }

  private tellAll(): void {
    for (const tell of this.changed.splice(0)) tell();
  }

  private expire(ID: bigint): void {
    this.leases.delete(ID);
    for (const [key, { lease }] of [...this.keys]) if (lease === ID) this.delete(key);
  }

  private awaitExpiry(ID: bigint): void {
    const lease = this.leases.get(ID)!;
    this.simulation.schedule(lease.expiresAt, () => {
      if (this.leases.get(ID) !== lease || this.server === undefined) return;
      if (lease.expiresAt <= this.simulation.now) this.expire(ID);
      else this.awaitExpiry(ID);
    });
  }

  private note(what: string, call: ServerCall, more = ""): void {
    this.calls.push(`${Math.round(this.simulation.now)} ${what}${more === "" ? "" : ` ${more}`}`);
    if (this.user === undefined) return;
    const token = String(call.metadata.get("token") ?? "");
    if (!this.tokens.has(token)) throw new RpcError("UNAUTHENTICATED", "etcdserver: invalid auth token");
  }

  private range({ key, rangeEnd, limit, revision = 0n }: RangeRequest, call: ServerCall): RangeResponse {
    this.note("range", call);
    if (revision !== 0n && revision < this.compacted) {
      throw new RpcError("OUT_OF_RANGE", "etcdserver: mvcc: required revision has been compacted");
    }
    const [from, to] = [text(key), text(rangeEnd)];
    const all = this.keyNames.filter((name) => name >= from && name < to);
    const most = Math.min(Number(limit), this.pageSize);
    const kvs = all.slice(0, most).map((name) => ({
      key: encoder.encode(name),
      value: this.keys.get(name)!.value,
    }));
    return { header: { revision: this.revision }, kvs, more: all.length > most };
  }

  private async *keepAlive(requests: AsyncIterable<LeaseRequest>, call: ServerCall) {
    for await (const { ID } of requests) {
      this.note(`leaseKeepAlive ${ID}`, call);
      const lease = this.leases.get(ID);
      if (lease !== undefined) lease.expiresAt = this.simulation.now + lease.ttlMs;
      yield { ID, TTL: BigInt((lease?.ttlMs ?? 0) / 1_000) };
    }
  }

  private async *watch(
    requests: AsyncIterable<WatchRequest>,
    call: ServerCall,
  ): AsyncGenerator<MessageInit<WatchResponse>> {
    const first = await requests[Symbol.asyncIterator]().next();
    const { key, rangeEnd, startRevision } = first.value.createRequest!;
    this.note(
      `watch ${startRevision}`,
      call,
      call.metadata.get("hasleader") === "true" ? "" : "without hasleader",
    );
    const [from, to] = [text(key), text(rangeEnd)];
    let next = startRevision;
    const header = () => ({ revision: this.revision });
    yield { header: header(), created: true };
    if (this.refuseWatches) return yield { header: header(), canceled: true, cancelReason: "refused" };
    while (!call.signal.aborted) {
      if (next <= this.compacted && next <= this.revision) {
        return yield { header: header(), canceled: true, compactRevision: this.compacted };
      }
      const events: WatchEvent[] = this.history
        .filter((one) => one.revision >= next && one.key >= from && one.key < to)
        .map(({ key, value }) => ({
          type: value === undefined ? "DELETE" : "PUT",
          kv: { key: encoder.encode(key), value: value ?? new Uint8Array() },
        }));
      next = this.revision + 1n;
      if (!this.fragments) yield { header: header(), events };
      else {
        for (const event of events) {
          yield { header: header(), events: [event], fragment: event !== events.at(-1) };
        }
      }
      if (next <= this.revision) continue; // it changed meanwhile
      let reason: string | undefined;
      await new Promise<void>((resolve) => {
        const tell = () => {
          reason = this.cancelled;
          resolve();
        };
        this.changed.push(tell);
        call.signal.addEventListener("abort", tell);
      });
      if (reason !== undefined) return yield { header: header(), canceled: true, cancelReason: reason };
    }
  }
}
