// ring_hash: where calls go by the hash of a header, when servers are connected to, and what becomes of calls whose server
// is away (gRFC A42, A61, A76).
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Channel, createClient, insecure, Server } from "pollwire";
import type { SocketAddress } from "../../../pollers/mod.ts";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { HashRing } from "../../../surface/channel/balancer/hash_ring.ts";
import {
  readRingHashConfig,
  RingHash,
  type RingHashConfig,
} from "../../../surface/channel/balancer/ring_hash.ts";
import { Xxh64 } from "../../../surface/channel/balancer/xxh64.ts";
import type { ConfiguredPolicy } from "../../../surface/channel/balancer/balancer.ts";
import type { ConnectOptions } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";
import { Trial } from "../serving.ts";
import { BalancingWorld, HANDSHAKE_MS, speak } from "./balancing.ts";

const BY_USER = { requestHashHeader: "x-user" };

function ringHash(json: Readonly<Record<string, unknown>>): ConfiguredPolicy {
  const policy = {
    name: "ring_hash",
    readConfig: readRingHashConfig,
    make: (helper: BalancingWorld) => new RingHash(helper),
  };
  return { policy, config: readRingHashConfig(json) } as ConfiguredPolicy;
}

const makeWorld = (options: ConnectOptions = {}) => new BalancingWorld(ringHash(BY_USER), options);

/** Servers at these ports. */
const serve = (world: BalancingWorld, ...ports: number[]): Promise<SocketAddress[]> =>
  Promise.all(ports.map((port) => world.serve(speak, port)));

const pickFor = (world: BalancingWorld, user: string) =>
  world.pick({ "x-user": user }).split(":")[1] ?? "queue";

/** Which of `ports` the calls of `user` belong to, of 1,024 places or more. */
function ownerOf(world: BalancingWorld, ports: readonly number[], user: string): string {
  const members = ports.map((port) => ({ key: `${world.server.hostAddress}:${port}`, weight: 1 }));
  const ring = new HashRing(members, 1_024, 4_096);
  const hash = new Xxh64();
  hash.hashText(user);
  return String(ports[ring.memberAt(ring.placeOf(hash.high, hash.low))]);
}

/** A user whose calls belong to `port`; `others`: the ports that there are besides. */
function userOf(world: BalancingWorld, port: number, ...others: number[]): string {
  for (let i = 0;; i++) {
    const user = `user ${i}`;
    if (ownerOf(world, [port, ...others].toSorted(), user) === String(port)) return user;
  }
}

test("[C44] it connects to no server before a call, and then to the one of the call", async () => {
  const world = makeWorld();
  world.resolve(...await serve(world, 81, 82, 83));
  await world.runUntil(100);
  assertEquals([world.attempts, world.states], [[], ["0 IDLE"]]);
  const user = userOf(world, 82, 81, 83);
  assertEquals(pickFor(world, user), "queue");
  await world.runUntil(200);
  assertEquals(world.attempts.map((line) => line.split(":")[1]), ["82"]);
  assertEquals(world.states.map((line) => line.split(" ")[1]), ["IDLE", "CONNECTING", "READY"]);
  assertEquals([pickFor(world, user), pickFor(world, user)], ["82", "82"]);
});

test("[C44] each user has one server, and all servers have users", async () => {
  const world = makeWorld();
  const ports = [81, 82, 83];
  world.resolve(...await serve(world, ...ports));
  const users = Array.from({ length: 100 }, (_, i) => `user ${i}`);
  for (const user of users) pickFor(world, user);
  await world.runUntil(200);
  const first = users.map((user) => pickFor(world, user));
  assertEquals(first, users.map((user) => ownerOf(world, ports, user)));
  assertEquals(users.map((user) => pickFor(world, user)), first);
  assertEquals([...new Set(first)].toSorted(), ["81", "82", "83"]);
});

test("[C44] a server that goes moves its own users, and few others", async () => {
  const world = makeWorld();
  const servers = await serve(world, 81, 82, 83);
  world.resolve(...servers);
  const users = Array.from({ length: 100 }, (_, i) => `user ${i}`);
  for (const user of users) pickFor(world, user);
  await world.runUntil(200);
  const before = users.map((user) => pickFor(world, user));
  world.resolve(servers[0]!, servers[2]!);
  const after = users.map((user) => pickFor(world, user));
  assert(after.every((port) => port === "81" || port === "83"));
  const others = before.flatMap((port, i) => port === "82" ? [] : [port === after[i]]);
  const moved = others.filter((stayed) => !stayed).length / others.length; // to places that fill the ring again
  assert(moved < 0.3, `${moved}`);
});

test("[C44] calls without the header go anywhere, and begin no second connection while one is on its way", async () => {
  const world = makeWorld();
  world.resolve(...await serve(world, 81, 82, 83));
  for (let i = 0; i < 5; i++) assertEquals(world.pick(), "queue");
  await world.runUntil(100);
  assertEquals(world.attempts.length, 1);
  for (const port of [81, 82, 83]) {
    pickFor(
      world,
      userOf(
        world,
        port,
        ...[81, 82, 83].filter((p) => p !== port),
      ),
    );
  }
  await world.runUntil(200);
  const picked = Array.from({ length: 60 }, () => world.pick({ "x-user": "" }));
  assertEquals(new Set(picked).size, 3);
});

test("[C44] a call whose server fails goes on along the ring, which connects to one more", async () => {
  const world = makeWorld();
  const [good] = await serve(world, 81);
  world.resolve(good!, world.refusing(82));
  const user = userOf(world, 82, 81);
  assertEquals(pickFor(world, user), "queue");
  await world.runUntil(100);
  assertEquals(pickFor(world, user), "81");
  assertEquals(world.attempts.map((line) => line.split(":")[1]), ["82", "81"]);
  assertEquals(world.states.map((line) => line.split(" ")[1]).includes("TRANSIENT_FAILURE"), false);
  await world.serve(speak, 82);
  await world.runUntil(1_000 + HANDSHAKE_MS + 1);
  assertEquals(pickFor(world, user), "82");
});

test("[C44] a call waits for its server while that connects, though others are READY", async () => {
  const world = makeWorld();
  world.resolve(...await serve(world, 81, 82));
  const first = userOf(world, 81, 82);
  const second = userOf(world, 82, 81);
  pickFor(world, first);
  await world.runUntil(100);
  assertEquals([pickFor(world, first), pickFor(world, second)], ["81", "queue"]);
  await world.runUntil(200);
  assertEquals(pickFor(world, second), "82");
});

test("[C44] calls that wait for a server pick again when it fails, though another one is READY", async () => {
  const world = makeWorld();
  const [good] = await serve(world, 81);
  world.resolve(good!, world.refusing(82));
  pickFor(world, userOf(world, 81, 82));
  await world.runUntil(100);
  const waiting = userOf(world, 82, 81);
  assertEquals(pickFor(world, waiting), "queue");
  const { length } = world.states;
  await world.runUntil(200);
  assert(world.states.length > length, "no picker that the call could ask");
  assertEquals(pickFor(world, waiting), "81");
});

test("[C44] two that fail are a failure, though a third is IDLE; it connects to that without a call", async () => {
  const world = makeWorld();
  const [good] = await serve(world, 81);
  world.resolve(good!, world.refusing(82), world.refusing(83));
  pickFor(world, userOf(world, 82, 81, 83));
  pickFor(world, userOf(world, 83, 81, 82));
  await world.runUntil(200);
  const states = world.states.map((line) => line.split(" ")[1]);
  assertEquals(states.at(-1), "READY");
  assertEquals(states.includes("TRANSIENT_FAILURE"), true);
  assertEquals(world.attempts.map((line) => line.split(":")[1]).toSorted().slice(0, 3), ["81", "82", "83"]);
});

test("[C40][C44] all fail: calls fail with the error of their server", async () => {
  const world = makeWorld();
  world.resolve(world.refusing(82), world.refusing(83));
  const user = userOf(world, 83, 82);
  pickFor(world, user);
  await world.runUntil(200);
  assertEquals(world.states.at(-1)!.split(" ")[1], "TRANSIENT_FAILURE");
  assertMatch(world.pick({ "x-user": user }), /^connect to 10\.0\.0\.2:83 failed: connection refused/);
});

test("[C44] a connection that is lost is not made again before a call wants it", async () => {
  const world = makeWorld();
  world.resolve(...await serve(world, 81, 82));
  const user = userOf(world, 81, 82);
  pickFor(world, user);
  await world.runUntil(100);
  world.peers[0]!.close();
  await world.runUntil(5_000);
  assertEquals([world.attempts.length, world.states.at(-1)!.split(" ")[1]], [1, "IDLE"]);
  assertEquals(pickFor(world, user), "queue");
  await world.runUntil(5_100);
  assertEquals([world.attempts.length, pickFor(world, user)], [2, "81"]);
});

test("[C44] exitIdle connects to one server", async () => {
  const world = makeWorld();
  world.resolve(...await serve(world, 81, 82));
  world.exitIdle();
  world.exitIdle();
  await world.runUntil(100);
  assertEquals([world.attempts.length, world.states.at(-1)!.split(" ")[1]], [1, "READY"]);
});

test("[C36] an empty list is a failure", () => {
  const world = makeWorld();
  world.resolve();
  assertEquals([world.states, world.pick()], [["0 TRANSIENT_FAILURE"], "the name has no address"]);
});

/** How many places each of `weights` has on a ring. */
function places(weights: readonly number[], min: number, max: number): number[] {
  const ring = new HashRing(weights.map((weight, i) => ({ key: `10.0.0.${i}:80`, weight })), min, max);
  const counts = weights.map(() => 0);
  for (let place = 0; place < ring.size; place++) counts[ring.memberAt(place)]!++;
  return counts;
}

test("[C44] a ring has minRingSize places, shared by weight, and more where the least weight would have a part of one", () => {
  assertEquals(places([1, 1], 1_024, 4_096), [512, 512]);
  assertEquals(places([1, 3], 1_024, 4_096), [256, 768]);
  assertEquals(places([1, 1, 1], 1_024, 4_096), [342, 342, 342]);
  assertEquals(places([1, 2, 3], 1, 4_096), [1, 2, 3]);
  assertEquals(places([1e-310, 1e-310], 1_024, 4_096), [512, 512]);
  assertEquals(places([1, 1_000], 1, 100).reduce((a, b) => a + b), 100);
  assertEquals(places([5e-324, 4_294_967_295], 1, 100).reduce((a, b) => a + b), 100);
});

test("[C44] a ring's places are those of other gRPC clients: XXH64 of the address, _, and a number", () => {
  const ring = new HashRing([{ key: "10.0.0.1:80", weight: 1 }, { key: "10.0.0.2:80", weight: 1 }], 64, 64);
  const hash = new Xxh64();
  for (let i = 0; i < 32; i++) {
    hash.hashText(`10.0.0.2:80_${i}`);
    assertEquals(ring.memberAt(ring.placeOf(hash.high, hash.low)), 1);
  }
  assertEquals(ring.placeOf(0xffffffff, 0xffffffff), 0);
});

test("[C44] weights of servers are shares of the ring", async () => {
  const world = makeWorld();
  const [light, heavy] = await serve(world, 81, 82);
  world.resolveServers([{ addresses: [light!] }, { addresses: [heavy!], weight: 9 }]);
  const users = Array.from({ length: 200 }, (_, i) => `user ${i}`);
  for (const user of users) pickFor(world, user);
  await world.runUntil(100);
  const share = users.filter((user) => pickFor(world, user) === "82").length / users.length;
  assert(share > 0.8 && share < 1, `${share}`);
});

test("[C44] another weight of a server that stays in the list is another share", async () => {
  const world = makeWorld();
  const [one, other] = await serve(world, 81, 82);
  const users = Array.from({ length: 200 }, (_, i) => `user ${i}`);
  const share = () => users.filter((user) => pickFor(world, user) === "82").length / users.length;
  for (const [weight, least, most] of [[9, 0.8, 1], [1, 0.3, 0.7], [1 / 9, 0, 0.2]] as const) {
    world.resolveServers([{ addresses: [one!] }, { addresses: [other!], weight }]);
    share(); // connects
    await world.runUntil(world.simulation.now + 100);
    assert(share() > least && share() < most, `${share()} by ${weight}`);
  }
});

test("[C44] config: defaults, caps, and what is wrong is named", () => {
  const config = (json: object): RingHashConfig => readRingHashConfig(json as Record<string, unknown>);
  assertEquals(config({}), { minRingSize: 1_024, maxRingSize: 4_096, requestHashHeader: undefined });
  assertEquals(config({ minRingSize: "5000", maxRingSize: 8_000_000, requestHashHeader: "X-User" }), {
    minRingSize: 4_096,
    maxRingSize: 4_096,
    requestHashHeader: "x-user",
  });
  const wrong: Array<[object, RegExp]> = [
    [{ minRingSize: 0 }, /minRingSize is 0; give/],
    [{ maxRingSize: 8_388_609 }, /maxRingSize is 8388609; give/],
    [{ minRingSize: "x" }, /minRingSize is the string "x"; give/],
    [{ minRingSize: 20, maxRingSize: 10 }, /minRingSize is 20, and maxRingSize 10/],
    [{ requestHashHeader: "a b" }, /requestHashHeader is the string "a b"; give/],
    [{ requestHashHeader: "key-bin" }, /requestHashHeader is the string "key-bin"; give/],
    [{ requestHashHeader: 1 }, /requestHashHeader is 1; give/],
  ];
  for (const [json, message] of wrong) assertMatch(assertThrows(() => config(json), Error).message, message);
});

/** Three servers behind a name, and which texts each was sent. */
async function namedServers() {
  const simulation = new Simulation();
  const client = simulation.host();
  const served = [new Set<string>(), new Set<string>(), new Set<string>()];
  const servers = await Promise.all(served.map(async (texts) => {
    const host = simulation.host();
    const server = new Server({ poller: host, credentials: insecure });
    server.addService(Trial, { one: (request) => (texts.add(request.text!), request) });
    await server.listen("0.0.0.0:80");
    return { server, host };
  }));
  simulation.network.names.set("service.test", servers.map(({ host }) => host.hostAddress));
  const close = (): Promise<void> => {
    for (const { server } of servers) server.close();
    return simulation.run();
  };
  return { simulation, client, served, close };
}

for (const times of [1, 2]) {
  test(`[C44] a channel that is to connect does so without a call, to one server: told ${times} times`, async () => {
    const { simulation, client, close } = await namedServers();
    const channel = new Channel("dns:///service.test:80", {
      poller: client,
      credentials: insecure,
      loadBalancing: "ring_hash",
    });
    for (let i = 0; i < times; i++) channel.connect(); // while the name is looked up
    await simulation.run({ until: simulation.now + 100 });
    assertEquals(channel.state, "READY");
    channel.close();
    await close();
  });
}

test("[C44] a channel that is to connect does so where a call that came before it is gone by then", async () => {
  const { simulation, client, close } = await namedServers();
  const channel = new Channel("dns:///service.test:80", {
    poller: client,
    credentials: insecure,
    loadBalancing: "ring_hash",
  });
  const abort = new AbortController();
  const outcome = createClient(Trial, channel).one({}, { signal: abort.signal }).then(() => 0, () => 1);
  channel.connect();
  abort.abort();
  await simulation.run({ until: simulation.now + 100 });
  assertEquals([await outcome, channel.state], [1, "READY"]);
  channel.close();
  await close();
});

test("[C44] calls with the same metadata have the same server, several values with a comma between them", async () => {
  const { simulation, client, served, close } = await namedServers();
  const loadBalancingConfig = [{ ring_hash_experimental: BY_USER }];
  const channel = new Channel("dns:///service.test:80", {
    poller: client,
    credentials: insecure,
    serviceConfig: { loadBalancingConfig },
  });
  const { one } = createClient(Trial, channel);
  const users: string[][] = Array.from({ length: 30 }, (_, i) => i % 2 === 0 ? [`${i}`] : [`${i}`, "b"]);
  for (let round = 0; round < 3; round++) {
    const calls = users.map((values) =>
      one({ text: values.join() }, { metadata: values.map((value) => ["X-User", value] as const) })
    );
    await simulation.run({ until: simulation.now + 500 });
    await Promise.all(calls);
  }
  const all = served.flatMap((texts) => [...texts]);
  assertEquals([all.length, served.every(({ size }) => size > 0)], [30, true]);
  const ofTwo = served.filter((texts) => [...texts].some((text) => text.endsWith(",b")));
  assertEquals(ofTwo.length > 1, true);
  channel.close();
  await close();
});

test("[C44] the place of a hash is the first at or after it, on rings of every size", () => {
  const hash = new Xxh64();
  for (const size of [1, 2, 3, 100, 1_024, 1_025, 4_096]) {
    const members = Array.from(
      { length: size },
      (_, i) => ({ key: `10.0.${i >> 8}.${i & 255}:80`, weight: 1 }),
    );
    const ring = new HashRing(members, size, size);
    const places = members.map(({ key }) => {
      hash.hashText(`${key}_0`);
      return hash.high * 2 ** 32 + hash.low;
    }).toSorted((a, b) => a - b);
    for (let i = 0; i < 300; i++) {
      hash.hashText(`call ${i}`);
      const at = hash.high * 2 ** 32 + hash.low;
      const expected = places.findIndex((place) => place >= at);
      assertEquals(ring.placeOf(hash.high, hash.low), Math.max(0, expected), `${size} ${i}`);
    }
  }
});
