// Random worlds: servers that are announced, drained, killed; an etcd that is stopped, compacted, emptied, cut off. When all
// is calm again, every channel has exactly the servers that are there.
import { assertEquals } from "@std/assert";
import { announce, type Announcement, insecure, type Logger, Server } from "pollwire";
import { formatAddress, Reporter } from "../../../pollers/mod.ts";
import { SeededRandom } from "../../../pollers/simulated/seeded_random.ts";
import { type SimulatedEngine, Simulation } from "../../../pollers/simulated/mod.ts";
import { Backoff } from "../../../surface/channel/backoff.ts";
import { EtcdResolver } from "../../../surface/etcd/etcd_resolver.ts";
import { test } from "../../harness.ts";
import { FakeEtcd } from "./fake_etcd.ts";

const SILENT: Logger = { error() {}, warn() {}, info() {}, debug() {} };
const WORLDS = 20;
const TTL_MS = 6_000;

/** See the head of this file. */
class World {
  readonly simulation: Simulation;
  private readonly random: SeededRandom;
  private readonly etcdHost: SimulatedEngine;
  private readonly etcd: FakeEtcd;
  private isUp = true;
  private readonly alive = new Map<
    string,
    { server: Server; announcement: Announcement; host: SimulatedEngine }
  >();
  private readonly lists: string[][] = [];
  private readonly resolvers: EtcdResolver[] = [];

  constructor(seed: number) {
    this.simulation = new Simulation({ seed, traceLines: 0, conditions: { latencyMs: 3, jitterMs: 5 } });
    this.random = new SeededRandom(seed);
    this.etcdHost = this.simulation.host();
    this.etcd = new FakeEtcd(this.simulation, this.etcdHost);
    this.etcd.pageSize = 3;
  }

  async run(): Promise<void> {
    await this.etcd.start();
    for (let i = 0; i < 3; i++) this.follow(i);
    for (let step = 0; step < 40; step++) {
      await this.step();
      await this.pass(this.random.next() * 3_000);
    }
    if (!this.isUp) await this.etcd.start();
    for (const host of this.hosts()) {
      this.simulation.network.heal(host.hostAddress, this.etcdHost.hostAddress);
    }
    await this.pass(200_000); // the longest backoff of a resolver, and a lease
    const expected = [...this.alive.keys()].sort();
    assertEquals(this.etcd.keyNames.map((key) => key.slice("guides/".length)), expected);
    for (const list of this.lists) assertEquals(list, expected);
    await this.end();
  }

  private async end(): Promise<void> {
    for (const resolver of this.resolvers) resolver.close();
    for (const { server } of this.alive.values()) server.close();
    await this.pass(10_000);
    this.etcd.stop();
    await this.pass(10_000);
  }

  private hosts(): SimulatedEngine[] {
    return [...this.clients, ...[...this.alive.values()].map(({ host }) => host)];
  }

  private readonly clients: SimulatedEngine[] = [];

  private follow(i: number): void {
    const host = this.simulation.host();
    this.clients.push(host);
    this.lists.push([]);
    const settings = { endpoints: [this.etcd.endpoint], credentials: insecure, user: undefined } as const;
    const resolver = new EtcdResolver(
      host,
      settings,
      { prefix: "guides", defaultPort: 80 },
      new Backoff(() => host.random()),
      new Reporter({ logger: SILENT }),
      {
        onResolved: (servers) => {
          this.lists[i] = servers.map(({ addresses }) => formatAddress(addresses[0]!)).sort();
        },
        onResolveFailed() {},
      },
    );
    this.resolvers.push(resolver);
    host.execCtx.enter(() => resolver.start(), undefined);
  }

  private step(): Promise<void> | void {
    const { etcd } = this;
    switch (this.random.below(9)) {
      case 0:
      case 1:
      case 2:
        return this.add();
      case 3:
        return void this.take()?.server.shutdown();
      case 4:
        return void this.take()?.announcement.withdraw();
      case 5:
        return this.isUp ? etcd.compact() : undefined;
      case 6:
        this.isUp = !this.isUp;
        return this.isUp ? etcd.start() : etcd.stop();
      case 7:
        if (!this.isUp) etcd.lose();
        return;
      default:
        return this.cut();
    }
  }

  /** Somebody does not reach etcd for a while. */
  private cut(): void {
    const { hostAddress } = this.random.pick(this.hosts());
    const there = this.etcdHost.hostAddress;
    this.simulation.network.blackHole(hostAddress, there);
    const until = this.simulation.now + this.random.next() * 60_000;
    this.simulation.schedule(until, () => this.simulation.network.heal(hostAddress, there));
  }

  private async add(): Promise<void> {
    const host = this.simulation.host();
    const server = new Server({ poller: host, credentials: insecure, logger: SILENT });
    const address = `${host.hostAddress}:80`;
    await server.listen(address);
    const etcd = { endpoints: [this.etcd.endpoint], credentials: insecure };
    const announcement = announce(server, { etcd, prefix: "guides", ttlMs: TTL_MS });
    this.alive.set(address, { server, announcement, host });
  }

  private take() {
    const all = [...this.alive];
    if (all.length === 0) return undefined;
    const found = this.random.pick(all);
    this.alive.delete(found[0]);
    return found[1];
  }

  private pass(ms: number): Promise<void> {
    return this.simulation.run({ until: this.simulation.now + ms });
  }
}

for (let seed = 1; seed <= WORLDS; seed++) {
  test(`[C28] a random etcd: every channel has the servers that are there, seed ${seed}`, () =>
    new World(seed).run());
}
