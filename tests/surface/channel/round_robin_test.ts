// round_robin: calls go to all servers in turn, and what happens while some or all of them are away (gRFC A61).
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Channel, createClient, insecure, Server } from "pollwire";
import { formatAddress, type SocketAddress } from "../../../pollers/mod.ts";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { EVERY_POLICY } from "../../../surface/channel/balancer/registry.ts";
import type { ConnectOptions } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";
import { Trial } from "../serving.ts";
import { BalancingWorld, HANDSHAKE_MS, speak } from "./balancing.ts";

const makeWorld = (options: ConnectOptions = {}) =>
  new BalancingWorld(EVERY_POLICY.chosen("round_robin"), options);

/** The ports of the next `count` picks. */
const picks = (world: BalancingWorld, count: number): string[] =>
  Array.from({ length: count }, () => world.pick().split(":")[1] ?? world.pick());

/** Servers at these ports. */
const serve = (world: BalancingWorld, ...ports: number[]): Promise<SocketAddress[]> =>
  Promise.all(ports.map((port) => world.serve(speak, port)));

test("[C39] it connects to all servers at once, and picks those that are READY in turn", async () => {
  const world = makeWorld();
  world.resolve(...await serve(world, 81, 82, 83));
  assertEquals(world.attempts.map((line) => line.split(":")[1]), ["81", "82", "83"]);
  await world.runUntil(100);
  const six = picks(world, 6);
  assertEquals(six.slice(0, 3).toSorted(), ["81", "82", "83"]);
  assertEquals(six.slice(3), six.slice(0, 3));
});

test("[C39] clients begin with different servers", async () => {
  const firsts = new Set<string>();
  const world = makeWorld();
  const servers = await serve(world, 81, 82, 83, 84);
  for (let i = 0; i < 40; i++) {
    world.resolve(...servers); // a new picker
    await world.runUntil(100 * (i + 1));
    firsts.add(picks(world, 1)[0]!);
  }
  assertEquals(firsts.size, 4);
});

test("[C39] a server that is there twice has one connection, and one turn", async () => {
  const world = makeWorld();
  const [a, b] = await serve(world, 81, 82);
  world.resolve(a!, b!, a!);
  await world.runUntil(100);
  assertEquals(world.attempts.length, 2);
  const four = picks(world, 4);
  assertEquals(four.filter((port) => port === "81").length, 2);
});

test("[C39] a server whose connection is lost has no calls, and is connected to again at once", async () => {
  const world = makeWorld();
  world.resolve(...await serve(world, 81, 82));
  await world.runUntil(100);
  const lost = world.peers[0]!;
  lost.close();
  await world.runUntil(111);
  assertEquals(new Set(picks(world, 4)).size, 1);
  assertEquals(world.states.at(-1)!.split(" ")[1], "READY");
  await world.runUntil(200);
  assertEquals([world.attempts.length, new Set(picks(world, 4)).size], [3, 2]);
});

test("[C39] of a long list there is not a picker for each server: those that come up together have one", async () => {
  const world = makeWorld();
  const ports = Array.from({ length: 60 }, (_, i) => 100 + i);
  world.resolve(...await serve(world, ...ports), ...ports.map((port) => world.refusing(port + 1_000)));
  await world.runUntil(100);
  const pickers = world.states.filter((line) => line.endsWith(" READY")).length;
  assertEquals(pickers >= 1 && pickers <= 10, true, `${pickers}`);
  assertEquals(new Set(picks(world, 60)).size, 60);
});

test("[C39] of a long list whose servers are lost together there is not a picker for each of them", async () => {
  const world = makeWorld();
  const ports = Array.from({ length: 60 }, (_, i) => 100 + i);
  world.resolve(...await serve(world, ...ports));
  await world.runUntil(100);
  const before = world.states.length;
  world.turn(() => {
    for (const subchannel of world.subchannels.slice(0, 50)) subchannel.giveUp();
  });
  await world.runUntil(101);
  const pickers = world.states.length - before;
  assertEquals(pickers >= 1 && pickers <= 3, true, `${pickers}`);
  assertEquals(new Set(picks(world, 60)), new Set(ports.slice(50).map(String)));
  await world.runUntil(200);
  assertEquals(
    world.peers.slice(0, 60).filter(({ ended }) => ended === "open").length,
    10,
    "connections that were given up",
  );
});

test("[C11] resetBackoff: every server that failed is tried now", async () => {
  const world = makeWorld();
  world.resolve(world.refusing(70), ...await serve(world, 81), world.refusing(71));
  await world.runUntil(500);
  const before = world.attempts.length;
  world.turn(() => world.balancer.resetBackoff());
  await world.runUntil(600);
  assertEquals(world.attempts.slice(before), ["500 10.0.0.2:70", "500 10.0.0.2:71"]);
});

test("[C38] READY while any is, though others fail", async () => {
  const world = makeWorld();
  const [good] = await serve(world, 81);
  world.resolve(world.refusing(70), good!, world.refusing(71));
  await world.runUntil(5_000);
  assertEquals(picks(world, 3), ["81", "81", "81"]);
  assertEquals(new Set(world.states.map((line) => line.split(" ")[1])), new Set(["CONNECTING", "READY"]));
});

test("[C38][C40] CONNECTING while one of them may still come up: calls wait", async () => {
  const world = makeWorld({ handshakeTimeoutMs: 500 });
  world.resolve(world.refusing(70), ...world.blackHoles(1));
  await world.runUntil(400);
  assertEquals([world.states.at(-1)!.split(" ")[1], world.pick()], ["CONNECTING", "queue"]);
});

test("[C38][C40] all fail: TRANSIENT_FAILURE until one is READY, and calls fail with the error of a server", async () => {
  const world = makeWorld();
  world.resolve(world.refusing(70), world.refusing(71));
  await world.runUntil(1_500); // each has begun again at 1 s
  assertEquals(world.attempts.length, 4);
  const [, ...after] = [...new Set(world.states.map((line) => line.split(" ")[1]))];
  assertEquals(after, ["TRANSIENT_FAILURE"]);
  assertMatch(world.pick(), /^connect to 10\.0\.0\.2:7[01] failed: connection refused/);
  assert(world.reresolutions.length > 0);
  await world.serve(speak, 70);
  await world.runUntil(2_600 + HANDSHAKE_MS + 1);
  assertEquals(picks(world, 2), ["70", "70"]);
});

test("[C23] a new list: those that stay keep their connections, those that are gone drain, new ones are connected to", async () => {
  const world = makeWorld();
  const [a, b, c] = await serve(world, 81, 82, 83);
  world.resolve(a!, b!);
  await world.runUntil(100);
  world.resolve(b!, c!);
  assertEquals(new Set(picks(world, 2)), new Set(["82"]));
  await world.runUntil(200);
  assertEquals(world.attempts.map((line) => line.split(" ")[1]), [a, b, c].map((one) => formatAddress(one!)));
  assertEquals(picks(world, 2).toSorted(), ["82", "83"]);
  assertEquals(world.peers.map(({ ended }) => ended), ["end-of-stream", "open", "open"]);
});

test("[C36] an empty list is a failure, and new addresses are asked for", () => {
  const world = makeWorld();
  world.resolve();
  assertEquals([world.states, world.reresolutions.length], [["0 TRANSIENT_FAILURE"], 1]);
  assertEquals(world.pick(), "the name has no address");
});

test("[C40] a list without servers says so, whatever those of the list before had failed of", async () => {
  const world = makeWorld();
  world.resolve(world.refusing(81), world.refusing(82));
  await world.runUntil(100);
  assertMatch(world.pick(), /refused/);
  world.resolve();
  assertEquals(world.pick(), "the name has no address");
});

test("close: nothing stays open, and nothing is published", async () => {
  const world = makeWorld();
  world.resolve(...await serve(world, 81), world.refusing(70), ...world.blackHoles(1));
  await world.runUntil(300);
  const { length } = world.states;
  world.turn(() => world.balancer.close());
  await world.rest();
  assertEquals(world.states.length, length);
});

test("loadBalancing: a channel's calls go to all servers of its name, and one that is lost has none", async () => {
  const simulation = new Simulation();
  const client = simulation.host();
  const served: number[] = [0, 0, 0];
  const servers = await Promise.all(served.map(async (_, i) => {
    const host = simulation.host();
    const server = new Server({ poller: host, credentials: insecure });
    server.addService(Trial, { one: (request) => (served[i]!++, request) });
    await server.listen("0.0.0.0:80");
    return { server, host };
  }));
  simulation.network.names.set("service.test", servers.map(({ host }) => host.hostAddress));
  const channel = new Channel("dns:///service.test:80", {
    poller: client,
    credentials: insecure,
    loadBalancing: "round_robin",
  });
  const { one } = createClient(Trial, channel);
  const call = async (count: number): Promise<void> => {
    const calls = Array.from({ length: count }, () => one({ text: "a" }, { waitForReady: true }));
    await simulation.run({ until: simulation.now + 500 });
    await Promise.all(calls);
  };
  await call(1);
  await call(9);
  assertEquals(served.toSorted(), [3, 3, 4]);
  servers[0]!.server.close();
  await simulation.run({ until: simulation.now + 100 });
  const [before] = served;
  await call(6);
  assertEquals([served[0], served[1]! + served[2]! + before!], [before, 16]);
  channel.close();
  for (const { server } of servers) server.close();
  await simulation.run();
});

test("loadBalancing: a policy that does not exist is an error that names those that do", () => {
  const error = assertThrows(
    () => new Channel("a:1", { loadBalancing: "robin" as "round_robin" }),
    TypeError,
  );
  assertMatch(
    error.message,
    /^Cannot make a channel: loadBalancing is "robin"; there are pick_first, round_robin/,
  );
});
