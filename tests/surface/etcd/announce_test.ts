// Servers that register themselves in etcd, in virtual time: leases and their loss, and what a shutdown does in which order.
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import {
  AddressError,
  announce,
  type Announcement,
  type AnnounceOptions,
  Channel,
  createClient,
  Health,
  healthService,
  insecure,
  type Logger,
  Server,
} from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { styledServer } from "../../../surface/server/server.ts";
import { test } from "../../harness.ts";
import { Trial } from "../serving.ts";
import { FakeEtcd } from "./fake_etcd.ts";

/** An etcd, a server that is announced with a lease of 6 s, and a client that is connected to it. */
class World {
  readonly simulation = new Simulation();
  readonly etcdHost = this.simulation.host();
  readonly etcd = new FakeEtcd(this.simulation, this.etcdHost);
  readonly serverHost = this.simulation.host();
  readonly clientHost = this.simulation.host();
  readonly warnings: string[] = [];
  readonly server: Server;
  readonly channel = new Channel(this.address, { poller: this.clientHost, credentials: insecure });
  readonly client = createClient(Trial, this.channel);
  announcement!: Announcement;

  constructor() {
    const logger: Logger = { error() {}, warn: (line) => this.warnings.push(line), info() {}, debug() {} };
    this.server = new Server({ poller: this.serverHost, credentials: insecure, logger });
    this.server.addService(Trial, { one: (note) => note });
  }

  get address(): string {
    return `${this.serverHost.hostAddress}:80`;
  }

  get key(): string {
    return `guides/${this.address}`;
  }

  static async run(body: (world: World) => Promise<void>, options: Partial<AnnounceOptions> = {}) {
    const world = new World();
    await world.etcd.start();
    await world.server.listen(world.address);
    world.announcement = announce(world.server, {
      etcd: { endpoints: [world.etcd.endpoint], credentials: insecure },
      prefix: "guides",
      ttlMs: 6_000,
      ...options,
    });
    await body(world);
    world.channel.close();
    world.server.close();
    await world.pass(10_000);
    world.etcd.stop();
    await world.pass(2_000);
    const { serverHost } = world;
    assertEquals(serverHost.opened.all().map((one) => one.describe()), [], "left open");
  }

  pass(ms: number): Promise<void> {
    return this.simulation.run({ until: this.simulation.now + ms });
  }

  /** What etcd was asked since the last time, without the time. */
  get asked(): string[] {
    return this.etcd.calls.splice(0).map((line) => line.slice(line.indexOf(" ") + 1));
  }

  silenceEtcd(): void {
    this.simulation.network.blackHole(this.serverHost.hostAddress, this.etcdHost.hostAddress);
  }
}

test("[C28] a server is registered under a lease, which is renewed three times in its life", () =>
  World.run(async (world) => {
    const { etcd, announcement } = world;
    let registered = false;
    void announcement.registered().then(() => registered = true);
    assert(!announcement.isRegistered);
    await world.pass(100);
    assert(registered && announcement.isRegistered);
    await announcement.registered();
    assertEquals(world.asked, ["leaseGrant", `put ${world.key}`]);
    assertEquals(etcd.value(world.key), { addr: world.address, metadata: { weight: 2 } });
    await world.pass(60_000);
    assertEquals(new Set(world.asked), new Set(["leaseKeepAlive 1"]));
    const { length } = etcd.calls;
    await world.pass(6_000);
    assertEquals(etcd.calls.length - length, 3);
    assertEquals(etcd.keyNames, [world.key]);
  }, { metadata: { weight: 2 } }));

for (const [when, times] of [["leaseGrant", 2], ["put", 3]] as const) {
  test(`[C28] a server that is taken out while it is registered anew (${when}) leaves no key under its lease of before`, () =>
    World.run(async (world) => {
      const { etcd } = world;
      const asked = (what: string) => etcd.calls.filter((line) => line.includes(` ${what}`)).length;
      const until = async (what: string, times: number) => {
        for (let i = 0; i < 40_000 && asked(what) < times; i++) await world.pass(0.25);
      };
      await until("put", 2);
      etcd.stop(); // with two of three keys
      await world.pass(100);
      assertEquals(etcd.keyNames, ["guides/10.9.9.8:80", "guides/10.9.9.9:80"]);
      await etcd.start();
      await until(when, times);
      let over = false;
      void world.announcement.withdraw().then(() => over = true);
      await world.pass(500);
      assertEquals([over, etcd.keyNames], [true, []]);
    }, { addresses: ["10.9.9.9:80", "10.9.9.8:80", "10.9.9.7:80"] }));
}

test("[C28] a server cannot be announced while its shutdown takes it out: nobody would take that one out", () =>
  World.run(async (world) => {
    await world.pass(100);
    const shutdown = world.server.shutdown();
    const options = { etcd: { endpoints: [world.etcd.endpoint], credentials: insecure }, prefix: "late" };
    assertThrows(() => announce(world.server, options), TypeError, "it was shut down");
    await world.pass(10_000);
    await shutdown;
    assertEquals(world.etcd.keyNames, []);
  }));

test("[C28] a server that dies is out of etcd when its lease has expired", () =>
  World.run(async (world) => {
    await world.pass(100);
    world.silenceEtcd();
    await world.pass(3_000);
    assertEquals(world.etcd.keyNames, [world.key]);
    await world.pass(3_500);
    assertEquals(world.etcd.keyNames, []);
  }));

test("[C28] a server whose lease is gone is registered again", () =>
  World.run(async (world) => {
    const { etcd } = world;
    await world.pass(100);
    etcd.lose();
    await world.pass(2_500);
    assertEquals(etcd.keyNames, [world.key]);
    assertEquals(world.asked, [
      "leaseGrant",
      `put ${world.key}`,
      "leaseKeepAlive 1",
      "leaseGrant",
      `put ${world.key}`,
    ]);
    assertEquals(world.warnings.length, 1);
    assertMatch(world.warnings[0]!, /the server at .*:80 \("guides"\) in etcd at .*: its lease is gone/);
    await world.pass(20_000);
    assertEquals(etcd.keyNames, [world.key]);
  }));

test("[C28] a server is found again soon after etcd was away for minutes, with its data or without", () =>
  World.run(async (world) => {
    const { etcd } = world;
    await world.pass(100);
    for (const lost of [false, true]) {
      etcd.stop();
      await world.pass(300_000);
      if (lost) etcd.lose();
      await etcd.start();
      await world.pass(2_500);
      assertEquals(etcd.keyNames, [world.key]);
    }
    assert(world.warnings.length < 8, world.warnings.join("\n"));
  }));

test("[C28] a server that begins while etcd is away is registered as soon as it is there", () =>
  World.run(async (world) => {
    world.etcd.stop();
    const { announcement } = world;
    let registered = false;
    void announcement.registered().then(() => registered = true);
    await world.pass(60_000);
    assert(!registered);
    await world.etcd.start();
    await world.pass(2_500);
    assert(registered);
    assertEquals(world.etcd.keyNames, [world.key]);
  }));

test("[C28] a shutdown takes the server out of etcd first, then it is NOT_SERVING, then clients are told to leave", () =>
  World.run(async (world) => {
    const log: string[] = [];
    new Health(world.server);
    await world.pass(100);
    void (async () => {
      const health = createClient(healthService(), world.channel);
      for await (const { status } of health.watch({ service: "" })) {
        log.push(`${status}, etcd has ${world.etcd.keyNames.length}`);
      }
    })().catch(() => {});
    void world.client.one({});
    await world.pass(100);
    let closed = false;
    world.etcd.onRevoke = () => log.push(`taken out, ${world.channel.state}`);
    void world.server.shutdown().then(() => closed = true);
    // The server takes calls until etcd has it no more.
    const late = world.client.one({ number: 7 });
    await world.pass(100);
    assertEquals((await late).number, 7);
    assertEquals(log, ["SERVING, etcd has 1", "taken out, READY", "NOT_SERVING, etcd has 0"]);
    assertEquals([world.channel.state, closed], ["IDLE", true]);
    assertEquals(world.asked.slice(2), ["leaseRevoke 1"]);
    await assertRejects(() => world.server.listen(world.address), TypeError, "was shut down");
  }));

test("[C28] a shutdown does not wait for an etcd that is silent longer than 5 s, and serves meanwhile", () =>
  World.run(async (world) => {
    await world.pass(100);
    world.silenceEtcd();
    let closed = false;
    void world.server.shutdown().then(() => closed = true);
    await world.pass(4_900);
    const late = world.client.one({ number: 7 });
    await world.pass(50);
    assertEquals([(await late).number, closed], [7, false]);
    await world.pass(200);
    assertEquals(closed, true);
    assertMatch(world.warnings.join(), /cannot take it out, and it is gone in 6 s: no answer/);
  }));

test("[C28] a server that is closed does not wait for etcd, which is told all the same", () =>
  World.run(async (world) => {
    await world.pass(100);
    let closed = false;
    void world.server[Symbol.asyncDispose]().then(() => closed = true);
    await world.pass(1);
    assert(closed);
    await world.pass(100);
    assertEquals(world.etcd.keyNames, []);
  }));

test("[C28] a server that is closed while etcd is silent is closed at once", () =>
  World.run(async (world) => {
    await world.pass(100);
    world.silenceEtcd();
    let closed = false;
    void world.server[Symbol.asyncDispose]().then(() => closed = true);
    await world.pass(10);
    assert(closed);
  }));

test("[C28] a server that was taken out serves on, and its shutdown asks etcd nothing more", () =>
  World.run(async (world) => {
    const { announcement } = world;
    await world.pass(100);
    {
      await using one = announcement;
      assert(one.isRegistered);
      setTimeout(() => void world.pass(100));
    }
    assertEquals([world.etcd.keyNames, announcement.isRegistered], [[], false]);
    const call = world.client.one({ number: 7 });
    await world.pass(100);
    assertEquals((await call).number, 7);
    const { length } = world.etcd.calls;
    void world.server.shutdown();
    await world.pass(60_000);
    assertEquals(world.etcd.calls.length, length);
    await announcement.withdraw();
    await assertRejects(
      () => announcement.registered(),
      Error,
      "was taken out of etcd before it was registered",
    );
  }));

test("[C28] who waits for the registration of a server that is taken out before hears that", () =>
  World.run(async (world) => {
    world.etcd.stop();
    const waits = assertRejects(() => world.announcement.registered(), Error, "before it was registered");
    await world.pass(3_000);
    void world.announcement.withdraw();
    await waits;
  }));

test("[C28] the next endpoint takes over the lease of one that is gone", async () => {
  const simulation = new Simulation();
  const etcds = [simulation.host(), simulation.host()].map((host) => new FakeEtcd(simulation, host));
  for (const etcd of etcds) await etcd.start();
  const host = simulation.host();
  const logger: Logger = { error() {}, warn() {}, info() {}, debug() {} };
  const server = new Server({ poller: host, credentials: insecure, logger });
  await server.listen(`${host.hostAddress}:80`);
  const endpoints = etcds.map(({ endpoint }) => endpoint);
  announce(server, { etcd: { endpoints, credentials: insecure }, prefix: "guides", ttlMs: 6_000 });
  await simulation.run({ until: 100 });
  etcds[0]!.stop();
  await simulation.run({ until: 2_500 });
  assertEquals(etcds.map(({ keyNames }) => keyNames.length), [1, 1]); // the second one did not know the lease
  void server.shutdown();
  await simulation.run({ until: 20_000 });
  assertEquals(etcds[1]!.keyNames, []);
  etcds[1]!.stop();
  await simulation.run();
});

test("[C28] what cannot be announced is said at once", async () => {
  const simulation = new Simulation();
  const host = simulation.host();
  const server = new Server({ poller: host, credentials: insecure });
  const good = { etcd: { endpoints: ["127.0.0.1"] }, prefix: "guides" };
  const refused = (options: object, kind: new () => Error, message: RegExp) =>
    assertMatch(
      assertThrows(() => announce(server, { ...good, ...options } as AnnounceOptions), kind).message,
      message,
    );
  refused({}, TypeError, /it listens nowhere; listen first, or give addresses/);
  await server.listen("inprocess:here");
  refused({}, TypeError, /it listens nowhere/);
  await server.listen("0.0.0.0:80");
  refused({}, TypeError, /it listens on 0\.0\.0\.0:80, where clients cannot connect to; give addresses/);
  const addresses = ["10.0.0.1:80"];
  refused({ addresses: ["a-name:80"] }, AddressError, /"a-name:80" is a name; give its address/);
  refused({ addresses: "10.0.0.1:80" }, TypeError, /not a list of addresses/);
  refused({ addresses, prefix: "" }, TypeError, /prefix is the string ""; give a text as "services\/guide"/);
  refused({ addresses, ttlMs: 999 }, RangeError, /ttlMs is the number 999; give 1,000 or more/);
  refused({ addresses, prefx: "a" }, TypeError, /there is no option "prefx"; did you mean prefix\?/);
  refused({ addresses, etcd: {} }, TypeError, /no endpoint of etcd is given; give endpoints/);
  refused({ addresses, etcd: { endpoints: ["a b"] } }, AddressError, /Cannot parse address "a b"/);
  refused(
    { addresses, etcd: { endpoints: ["a"], user: { name: "a" } } },
    TypeError,
    /user is an object; give \{ name, password \}/,
  );
  refused(
    { addresses, etcd: { endpoints: ["a"], user: "root:secret" } },
    TypeError,
    /user is a string; give/,
  );
  const withUser = { endpoints: ["http://root:secret@a:1"] };
  refused(
    { addresses, etcd: withUser },
    AddressError,
    /^Cannot use an endpoint with a user in it; give user/,
  );
  server.close();
  await simulation.run();
  refused({ addresses }, TypeError, /it was shut down/);
});

test("[C28] an announcement that cannot be made leaves nothing with its server", async () => {
  const server = new Server();
  await server.listen("127.0.0.1:0");
  const elsewhere = { endpoints: ["10.0.0.2"] }; // and nobody said that it may be plaintext
  const announced = () => announce(server, { etcd: elsewhere, prefix: "guides" });
  assertThrows(announced, TypeError, "Cannot make a channel to 10.0.0.2:2379");
  const { before } = styledServer("look", server).styles as unknown as { before: Set<unknown> };
  assertEquals(before.size, 0);
  await server.shutdown();
});
