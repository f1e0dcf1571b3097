// etcd: targets in virtual time: what is read and watched, and what becomes of the list while etcd is not there.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { insecure, type Logger } from "pollwire";
import { formatAddress, Reporter } from "../../../pollers/mod.ts";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { Backoff } from "../../../surface/channel/backoff.ts";
import type { EtcdUser } from "../../../surface/etcd/etcd_options.ts";
import { EtcdResolver } from "../../../surface/etcd/etcd_resolver.ts";
import { test } from "../../harness.ts";
import { FakeEtcd } from "./fake_etcd.ts";

const at = (port: number) => JSON.stringify({ addr: `10.1.0.1:${port}` });

/** One or two etcds and a resolver of "guides"; the network takes 1 ms each way, and jitter is off. */
class World {
  readonly simulation = new Simulation();
  private readonly host = this.simulation.host();
  readonly etcd = new FakeEtcd(this.simulation, this.host);
  readonly other = new FakeEtcd(this.simulation, this.simulation.host());
  readonly client = this.simulation.host();
  /** What the resolver found, with the time. */
  readonly found: string[] = [];
  readonly metadata: unknown[] = [];
  weights: Array<number | undefined> = [];
  readonly warnings: string[] = [];
  readonly resolver: EtcdResolver;

  constructor({ both = false, more = [], user }: { both?: boolean; more?: string[]; user?: EtcdUser } = {}) {
    const logger: Logger = { error() {}, warn: (line) => this.warnings.push(line), info() {}, debug() {} };
    const endpoints = [this.etcd.endpoint, ...both ? [this.other.endpoint] : [], ...more];
    this.resolver = new EtcdResolver(
      this.client,
      { endpoints, credentials: insecure, user },
      { prefix: "guides", defaultPort: 80 },
      new Backoff(() => 0.5),
      new Reporter({ logger }),
      {
        onResolved: (servers) => {
          this.metadata.splice(0, Infinity, ...servers.map(({ metadata }) => metadata));
          this.weights = servers.map(({ weight }) => weight);
          const ports = servers.map(({ addresses }) => formatAddress(addresses[0]!).split(":")[1]);
          this.found.push(`${this.now} ${ports.join() || "none"}`);
        },
        onResolveFailed: (reason) => this.found.push(`${this.now} ${reason}`),
      },
    );
  }

  static async run(options: ConstructorParameters<typeof World>[0], body: (world: World) => Promise<void>) {
    const world = new World(options);
    await world.etcd.start();
    await world.other.start();
    await body(world);
    world.resolver.close();
    world.etcd.stop();
    world.other.stop();
    await world.pass(2_000);
    assertEquals(world.client.opened.all().map((one) => one.describe()), [], "left open");
  }

  private get now(): number {
    return Math.round(this.simulation.now);
  }

  async begin(): Promise<void> {
    this.client.execCtx.enter(() => this.resolver.start(), undefined);
    await this.pass(100);
  }

  pass(ms: number): Promise<void> {
    return this.simulation.run({ until: this.simulation.now + ms });
  }

  /** What was found since the last time, without its time. */
  get news(): string[] {
    return this.found.splice(0).map((line) => line.slice(line.indexOf(" ") + 1));
  }

  /** Times at which the keys were read from `etcd`. */
  reads(etcd = this.etcd): number[] {
    return etcd.calls.filter((line) => line.endsWith(" range")).map((line) => parseInt(line));
  }

  silence(): void {
    this.simulation.network.blackHole(this.client.hostAddress, this.host.hostAddress);
  }
}

test("[C28] each key under the prefix is a server with its metadata, and changes follow at once", () =>
  World.run({}, async (world) => {
    const { etcd } = world;
    etcd.put("guides/b", JSON.stringify({ addr: "10.1.0.1:2", metadata: { zone: "a" } }));
    etcd.put("guides/a", at(1));
    etcd.put("guidesx/a", at(8));
    etcd.put("guides", at(9));
    await world.begin();
    assertEquals(world.news, ["1,2"]);
    assertEquals(world.metadata, [undefined, { zone: "a" }]);
    etcd.put("guides/c", at(3));
    await world.pass(10);
    etcd.delete("guides/a");
    await world.pass(10);
    etcd.put("guides/b", at(4));
    await world.pass(10);
    assertEquals(world.news, ["1,2,3", "2,3", "4,3"]);
    assertEquals(world.reads().length, 1);
  }));

test("[C28] what Go's naming package writes is read too", () =>
  World.run({}, async (world) => {
    world.etcd.put("guides/a", JSON.stringify({ Op: 0, Addr: "10.1.0.1:7", Metadata: { weight: 3 } }));
    await world.begin();
    assertEquals(world.news, ["7"]);
    assertEquals(world.metadata, [{ weight: 3 }]);
  }));

test("[C28] a weight in its metadata is the server's", () =>
  World.run({}, async (world) => {
    for (const [port, weight] of [[1, "3"], [2, "0"], [3, '"4"'], [4, "1e999"]]) { // JSON has no Infinity, and yet it is read
      world.etcd.put(`guides/${port}`, `{"addr": "10.1.0.1:${port}", "metadata": {"weight": ${weight}}}`);
    }
    await world.begin();
    assertEquals(world.weights, [3, undefined, undefined, undefined]);
  }));

test("[C28] the watch begins right after the revision that was read, and all pages are of that revision", () =>
  World.run({}, async (world) => {
    const { etcd } = world;
    etcd.pageSize = 2;
    for (const port of [1, 2, 3, 4, 5]) etcd.put(`guides/${port}`, at(port)); // revisions 2 to 6
    await world.begin();
    assertEquals(world.news, ["1,2,3,4,5"]);
    assertEquals(etcd.calls.map((line) => line.replace(/^\d+ /, "")), ["range", "range", "range", "watch 7"]);
  }));

test("[C28] changes of one revision that come in parts are one list", () =>
  World.run({}, async (world) => {
    const { etcd } = world;
    await world.begin();
    etcd.fragments = true;
    for (const port of [1, 2, 3]) etcd.put(`guides/${port}`, at(port));
    await world.pass(10);
    assertEquals(world.news, ["none", "1,2,3"]);
  }));

test("[C28] nothing is said where nothing has changed: progress, another key, the same value again", () =>
  World.run({}, async (world) => {
    const { etcd } = world;
    etcd.put("guides/a", at(1));
    await world.begin();
    assertEquals(world.news, ["1"]);
    etcd.progress();
    etcd.put("others/a", at(2));
    etcd.put("guides/a", at(1));
    await world.pass(1_000);
    assertEquals(world.news, []);
  }));

test("[C28] a value that says no server is skipped, and logged once", () =>
  World.run({}, async (world) => {
    const { etcd } = world;
    etcd.put("guides/a", "{");
    etcd.put("guides/b", at(2));
    etcd.put("guides/c", '{"addr": 5}');
    etcd.put("guides/d", '{"addr": "host:70000"}');
    etcd.put("guides/e", '{"addr": "a-name:80"}');
    etcd.put("guides/f", Uint8Array.of(0xff, 0xfe));
    await world.begin();
    assertEquals(world.news, ["2"]);
    assertEquals(world.warnings.length, 5);
    assertMatch(world.warnings[0]!, /etcd key "guides\/a" is skipped.*it is no JSON/);
    assertMatch(world.warnings[1]!, /"guides\/c".*it has no text "addr"/);
    assertMatch(world.warnings[2]!, /"guides\/d".*port must be/);
    assertMatch(world.warnings[3]!, /"guides\/e".*is a name/);
    etcd.cancelWatches("for a reason");
    await world.pass(5_000);
    assertEquals(world.warnings.length, 5);
    etcd.put("guides/a", at(1));
    await world.pass(10);
    etcd.put("guides/b", "gone wrong");
    await world.pass(10);
    assertEquals(world.news.slice(-2), ["1,2", "1"]);
    assertEquals(world.warnings.length, 6);
  }));

test("[C28] where the changes it waits for are compacted, the keys are read again", () =>
  World.run({}, async (world) => {
    const { etcd, simulation } = world;
    etcd.put("guides/a", at(1));
    await world.begin();
    // Changes come while nothing reaches the client, and are forgotten.
    etcd.stop();
    await world.pass(10);
    etcd.put("guides/b", at(2));
    etcd.put("guides/c", at(3));
    etcd.delete("guides/a");
    etcd.compact();
    const back = simulation.now;
    await etcd.start();
    await world.pass(5_000);
    assertEquals(world.news.at(-1), "2,3");
    assert(world.reads().at(-1)! - back < 2_500);
    // The watch itself falls behind: the key that changed and the compaction come at once.
    etcd.put("guides/d", at(4));
    etcd.compact();
    await world.pass(5_000);
    const news = world.news;
    assertMatch(
      news[0]!,
      /cannot find the servers under "guides": etcd cancelled the watch: changes before \d+ are compacted/,
    );
    assertEquals(news.at(-1), "2,3,4");
  }));

test("[C28] where every watch is cancelled at once, reads follow by the backoff and not in a loop", () =>
  World.run({}, async (world) => {
    const { etcd } = world;
    etcd.refuseWatches = true;
    await world.begin();
    await world.pass(60_000);
    assertEquals(world.reads().slice(1), [1_001, 2_601, 5_161, 9_257, 15_811, 26_296, 43_074]);
    assertMatch(world.news.at(-1)!, /etcd cancelled the watch: refused/);
  }));

test("[C28] while etcd is away for minutes the last list stays; then it is read again, once", () =>
  World.run({}, async (world) => {
    const { etcd } = world;
    etcd.put("guides/a", at(1));
    await world.begin();
    assertEquals(world.news, ["1"]);
    etcd.stop();
    await world.pass(300_000);
    const news = world.news;
    assert(news.length > 3 && news.length < 20, news.join("\n"));
    for (const line of news) assertMatch(line, /^cannot find the servers under "guides": /);
    assertMatch(news[0]!, /lost the watch of etcd at 10\.0\.0\.1:2379: UNAVAILABLE/);
    assertMatch(news[1]!, /cannot read from etcd at 10\.0\.0\.1:2379: UNAVAILABLE/);
    assertMatch(
      world.resolver.describeWait(),
      /under "guides" in etcd at 10\.0\.0\.1:2379: the next attempt is due in \d+ ms/,
    );
    etcd.put("guides/b", at(2));
    await etcd.start();
    world.resolver.resetBackoff();
    await world.pass(1_000);
    assertEquals(world.news, ["1,2"]);
    assertEquals(world.reads().length, 2);
  }));

test("[C28] an etcd that comes back without its data, and counts from the beginning, is believed", () =>
  World.run({}, async (world) => {
    const { etcd } = world;
    for (const port of [1, 2, 3, 4, 5]) etcd.put(`guides/${port}`, at(port));
    await world.begin();
    etcd.stop();
    etcd.lose();
    etcd.put("guides/6", at(6));
    await etcd.start();
    await world.pass(5_000);
    assertEquals(world.news.at(-1), "6");
    etcd.put("guides/7", at(7)); // a revision that was long over
    await world.pass(10);
    assertEquals(world.news, ["6,7"]);
  }));

test("[C28] the next endpoint takes over at once where one is gone, and the one after it is the first again", () =>
  World.run({ both: true }, async (world) => {
    const { etcd, other } = world;
    for (const one of [etcd, other]) one.put("guides/a", at(1));
    await world.begin();
    etcd.stop();
    await world.pass(50);
    assertEquals(world.reads(other).length, 1);
    assertEquals(world.news.at(-1), "1");
    await etcd.start();
    await world.pass(10_000);
    other.stop();
    await world.pass(50);
    assertEquals(world.reads(etcd).length, 2);
  }));

test("[C28] an endpoint to which there can be no channel is left for the next one, as one that is gone", async () => {
  for (const user of [undefined, USER]) {
    await World.run({ more: ["https://10.9.9.9:2379"], ...user && { user } }, async (world) => {
      const { etcd } = world;
      etcd.user = user;
      etcd.put("guides/a", at(1));
      await world.begin();
      etcd.stop();
      await world.pass(1_500); // the credentials are those of plaintext
      assert(world.news.some((line) => /cannot read from etcd at \S*10.9.9.9:2379: UNAVAILABLE/.test(line)));
      etcd.put("guides/b", at(2));
      await etcd.start();
      await world.pass(30_000);
      assertEquals(world.news.at(-1), "1,2");
    });
  }
});

test("[C28] an etcd that is silent is left within the time of keepalive", () =>
  World.run({ both: true }, async (world) => {
    world.other.put("guides/a", at(1));
    await world.begin();
    assertEquals(world.news, ["none"]);
    world.silence();
    await world.pass(41_000);
    assertEquals(world.news.at(-1), "1");
  }));

test("[C28] a member that has no leader ends watches instead of being silent: it is asked to", () =>
  World.run({}, async (world) => {
    await world.begin();
    assertEquals(world.etcd.calls.filter((line) => line.includes("without hasleader")), []);
    assert(world.etcd.calls.some((line) => / watch \d+$/.test(line)));
  }));

const USER = { name: "reader", password: "secret" };

test("[C28] a user of etcd's: one token for all calls, and another where etcd has forgotten it", () =>
  World.run({ user: USER }, async (world) => {
    const { etcd } = world;
    etcd.user = USER;
    etcd.put("guides/a", at(1));
    await world.begin();
    assertEquals(world.news, ["1"]);
    etcd.put("guides/b", at(2));
    await world.pass(10);
    etcd.forgetTokens();
    etcd.cancelWatches("permission denied");
    await world.pass(3_000);
    assertEquals(world.news.at(-1), "1,2");
    const kinds = etcd.calls.map((line) => line.split(" ")[1]);
    assertEquals(kinds, ["authenticate", "range", "watch", "range", "authenticate", "range", "watch"]);
  }));

test("[C28] a user that etcd refuses: the list is not found, and nobody reads the password", () =>
  World.run({ user: { name: "reader", password: "wr0ng" } }, async (world) => {
    world.etcd.user = USER;
    await world.begin();
    await world.pass(30_000);
    const tries = world.etcd.calls.length;
    assert(tries > 3 && tries < 8, String(tries));
    const news = world.news;
    assertMatch(news[0]!, /cannot read from etcd at .*: INVALID_ARGUMENT: etcdserver: authentication failed/);
    assert(!news.some((line) => line.includes("wr0ng")));
  }));

test("[C28] resetBackoff reads at once, and close ends the wait", () =>
  World.run({}, async (world) => {
    const { etcd } = world;
    etcd.stop();
    await world.begin();
    await world.pass(30_000);
    etcd.put("guides/a", at(1));
    await etcd.start();
    world.resolver.resetBackoff();
    await world.pass(10);
    assertEquals(world.news.at(-1), "1");
    etcd.stop();
    await world.pass(10);
    world.resolver.close();
    const before = world.news.length;
    await etcd.start();
    await world.pass(200_000);
    assertEquals([before > 0, world.news.length], [true, 0]);
  }));
