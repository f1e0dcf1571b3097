// pick_first (gRFC A61): no address keeps the others waiting (RFC 8305, section 5), and what happens without a connection.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { formatAddress, type SocketAddress } from "../../../pollers/mod.ts";
import { SeededRandom } from "../../../pollers/simulated/mod.ts";
import { EVERY_POLICY } from "../../../surface/channel/balancer/registry.ts";
import { readConfig } from "./every_feature.ts";
import { ServiceConfigError } from "../../../surface/channel/service_config/service_config_error.ts";
import type { ConnectOptions } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";
import { ascii } from "../../transport/http2/wire.ts";
import { BalancingWorld, HANDSHAKE_MS, speak } from "./balancing.ts";

const makeWorld = (options: ConnectOptions = {}) =>
  new BalancingWorld(EVERY_POLICY.chosen("pick_first"), options);

/** pick_first with `shuffleAddressList`. */
const shuffling = readConfig({ loadBalancingConfig: [{ pick_first: { shuffleAddressList: true } }] })
  .loadBalancing!;

test("[C33] addresses are tried in their order, and the first that answers is taken", async () => {
  const world = makeWorld();
  const speaksHttp1 = await world.serve((peer) => peer.send(ascii("HTTP/1.1 400 Bad Request\r\n\r\n")), 81);
  const good = await world.serve(speak, 82);
  const untried = await world.serve(speak, 83);
  world.resolve(world.refusing(79), speaksHttp1, good, untried);
  await world.runUntil(200);
  assertEquals(world.pick(), formatAddress(good));
  assertEquals(world.attempts.map((line) => line.split(":")[1]), ["79", "81", "82"]);
  assertEquals(world.states.map((line) => line.split(" ")[1]), ["CONNECTING", "READY"]);
});

test("[C33] addresses that drop packets delay the good one by 250 ms each, and are given up when it is READY", async () => {
  for (const count of [1, 2, 7]) {
    const world = makeWorld();
    const good = await world.serve(speak);
    world.resolve(...world.blackHoles(count), good);
    const readyAt = count * 250 + HANDSHAKE_MS;
    await world.runUntil(readyAt + 1);
    assertEquals(world.states, ["0 CONNECTING", `${readyAt} READY`]);
    assertEquals([...world.client.opened].map((one) => one.describe()), [
      `endpoint 10.0.0.1:40000 to ${formatAddress(good)}`,
    ]);
    await world.runUntil(100_000);
    assertEquals([world.states.length, world.attempts.length], [2, count + 1]);
  }
});

test("[C33] an address that accepts and says nothing is not waited for either, and is left when another is READY", async () => {
  const world = makeWorld();
  const silent = await world.serve(() => {}, 81);
  const good = await world.serve(speak, 82);
  world.resolve(silent, good);
  await world.runUntil(1_000);
  assertEquals([world.states, world.pick()], [["0 CONNECTING", "290 READY"], formatAddress(good)]);
  assertEquals(world.peers.map(({ ended }) => ended), ["end-of-stream", "open"]);
});

test("[C33] a slow first address is taken if it is READY first, and the others are given up", async () => {
  const world = makeWorld();
  const slow = await world.serve((peer) => world.simulation.schedule(400, () => speak(peer)), 81);
  const slower = await world.serve((peer) => world.simulation.schedule(800, () => speak(peer)), 82);
  world.resolve(slow, ...world.blackHoles(1), slower);
  await world.runUntil(1_000);
  assertEquals([world.states, world.pick()], [["0 CONNECTING", "410 READY"], formatAddress(slow)]);
  assertEquals(world.client.opened.size, 1);
});

test("[C33] every address has the whole timeout, the last one too", async () => {
  const world = makeWorld({ handshakeTimeoutMs: 1_500 });
  // 1,500 ms are over for the first five before the sixth begins.
  const patient = await world.serve((peer) => world.simulation.schedule(2_900, () => speak(peer)), 81);
  world.resolve(...world.blackHoles(6), patient);
  await world.runUntil(2_911);
  assertEquals(world.states, ["0 CONNECTING", "2910 READY"]);
});

test("[C33] an address that fails is followed by the next at once, and the delay counts from there", async () => {
  const world = makeWorld();
  const good = await world.serve(speak);
  const [first, second, third] = [70, 71, 72].map((port) => world.refusing(port));
  world.resolve(first!, second!, ...world.blackHoles(1), third!, good);
  await world.runUntil(10_000);
  // 20 ms for each that refuses, 250 for the one that does not answer.
  assertEquals(world.states, ["0 CONNECTING", `${20 + 20 + 250 + 20 + HANDSHAKE_MS} READY`]);
});

test("[C35] after a pass without success: TRANSIENT_FAILURE with a line for each address, and new addresses are asked for", async () => {
  const world = makeWorld({ handshakeTimeoutMs: 300 });
  const silent = await world.serve(() => {}, 81);
  const [hole] = world.blackHoles(1);
  world.resolve(world.refusing(80), silent, hole!);
  await world.runUntil(600);
  // The second began at 20, the third at 270.
  assertEquals([world.states, world.reresolutions], [["0 CONNECTING", "570 TRANSIENT_FAILURE"], [570]]);
  const lines = world.pick().split("\n");
  assertEquals(lines.length, 3);
  assertMatch(lines[0]!, /^connect to 10\.0\.0\.2:80 failed: connection refused/);
  assertMatch(lines[1]!, /^handshake with 10\.0\.0\.2:81 timed out after 300 ms: connected, but no SETTINGS/);
  assertMatch(lines[2]!, /^handshake with 10\.0\.0\.3:80 timed out after 300 ms: not connected$/);
});

test("[C35] after it each address is tried again by its own backoff, and the state stays until one is READY", async () => {
  const world = makeWorld({ handshakeTimeoutMs: 500 });
  const [hole] = world.blackHoles(1);
  world.resolve(world.refusing(80), hole!);
  await world.runUntil(6_000);
  // Each by 1 s, 1.6 s and 2.56 s from the beginning of its attempt; the second began 20 ms later.
  const at = (port: string) => world.attempts.filter((line) => line.endsWith(port)).map(parseFloat);
  assertEquals(at("10.0.0.2:80"), [0, 1_000, 2_600, 5_160]);
  assertEquals(at("10.0.0.3:80"), [20, 1_020, 2_620, 5_180]);
  assertEquals([...new Set(world.states.slice(1).map((line) => line.split(" ")[1]))], ["TRANSIENT_FAILURE"]);
  await world.serve(speak);
  await world.runUntil(9_300);
  assertEquals(world.states.at(-1), `${5_160 + 4_096 + HANDSHAKE_MS} READY`);
});

test("[C35] an address whose backoff is over when the pass fails is tried again at that moment", async () => {
  const world = makeWorld({ handshakeTimeoutMs: 2_000 });
  world.resolve(world.refusing(80), ...world.blackHoles(1));
  await world.runUntil(2_100);
  assertEquals(world.attempts, ["0 10.0.0.2:80", "20 10.0.0.3:80", "2020 10.0.0.2:80", "2020 10.0.0.3:80"]);
});

test("[C35] after as many failures as there are addresses new ones are asked for again", async () => {
  const world = makeWorld();
  world.resolve(world.refusing(80), world.refusing(81), world.refusing(82));
  await world.runUntil(3_000); // passes of 1, 1.6 and 2.56 s
  assertEquals(world.attempts.length, 9);
  assertEquals(world.reresolutions, [60, 1_060, 2_660]);
});

test("[C35] a failure says nothing twice and names five addresses at most", async () => {
  const world = makeWorld();
  const refusing = Array.from({ length: 8 }, (_, i) => world.refusing(60 + i));
  world.resolve(...refusing, ...refusing);
  await world.runUntil(500);
  const lines = world.pick().split("\n");
  assertEquals([lines.length, new Set(lines).size, lines.at(-1)], [6, 6, "and 3 more"]);
});

test("[C34] each address once, and IPv6 and IPv4 by turns, beginning with the first one's family", async () => {
  const world = makeWorld();
  const [v4a, v4b, v4c] = [1, 2, 3].map((n): SocketAddress => ({
    family: "ipv4",
    host: `10.9.0.${n}`,
    port: 80,
  }));
  const [v6a, v6b] = [1, 2].map((n): SocketAddress => ({ family: "ipv6", host: `fd00::${n}`, port: 80 }));
  world.resolve(v6a!, v4a!, v4b!, v4a!, v4c!, v6b!);
  await world.runUntil(2_000);
  const order = world.attempts.slice(0, 5).map((line) => line.split(" ")[1]);
  assertEquals(order, [v6a, v4a, v6b, v4b, v4c].map((address) => formatAddress(address!)));
});

test("[C34] shuffleAddressList: clients try servers in orders of their own, a server's addresses together", async () => {
  const firsts = new Set<string>();
  for (let seed = 0; seed < 40; seed++) {
    const world = new BalancingWorld(shuffling);
    const random = new SeededRandom(seed);
    world.engine.random = () => random.next();
    const addresses = [70, 71, 72, 73, 74, 75].map((port) => world.refusing(port));
    world.turn(() => {
      const endpoints = [0, 2, 4].map((nth) => ({ addresses: addresses.slice(nth, nth + 2) }));
      world.balancer.update(endpoints, shuffling.config);
    });
    await world.runUntil(200);
    const ports = world.attempts.slice(0, 6).map((line) => Number(line.split(":")[1]));
    assertEquals(ports.toSorted(), [70, 71, 72, 73, 74, 75]);
    for (const nth of [0, 2, 4]) assertEquals([ports[nth]! % 2, ports[nth + 1]], [0, ports[nth]! + 1]);
    firsts.add(ports.filter((port) => port % 2 === 0).join());
  }
  assertEquals(firsts.size, 6);
});

test("[C34] without shuffleAddressList the order is the list's, and what is no flag is no config", async () => {
  for (const pick_first of [{}, { shuffleAddressList: false }]) {
    const policy = readConfig({ loadBalancingConfig: [{ pick_first }] }).loadBalancing!;
    const world = new BalancingWorld(policy);
    world.resolve(...[70, 71, 72, 73].map((port) => world.refusing(port)));
    await world.runUntil(200);
    assertEquals(world.attempts.slice(0, 4).map((line) => line.split(":")[1]), ["70", "71", "72", "73"]);
  }
  assertThrows(
    () => readConfig({ loadBalancingConfig: [{ pick_first: { shuffleAddressList: 1 } }] }),
    ServiceConfigError,
    "loadBalancingConfig[0].pick_first.shuffleAddressList is 1; give true or false",
  );
});

test("[C36] a new list with the connected address in it keeps the connection without a break", async () => {
  const world = makeWorld();
  const a = await world.serve(speak, 81);
  const b = await world.serve(speak, 82);
  world.resolve(a, b);
  await world.runUntil(100);
  world.resolve(b, a);
  await world.runUntil(1_000);
  assertEquals([world.states.length, world.pick(), world.attempts.length], [2, formatAddress(a), 1]);
});

test("[C36] a new list without it begins a new pass, and the old connection drains", async () => {
  const world = makeWorld();
  const a = await world.serve(speak, 81);
  const b = await world.serve(speak, 82);
  world.resolve(a);
  await world.runUntil(100);
  world.resolve(b);
  assertEquals(world.pick(), "queue");
  await world.runUntil(1_000);
  assertEquals(world.states, ["0 CONNECTING", "40 READY", "100 CONNECTING", "140 READY"]);
  assertEquals([world.pick(), world.peers.map(({ ended }) => ended)], [
    formatAddress(b),
    ["end-of-stream", "open"],
  ]);
});

test("[C36] in a new pass addresses in backoff are skipped, and those that connect are waited for", async () => {
  const world = makeWorld();
  const slow = await world.serve((peer) =>
    world.simulation.schedule(world.simulation.now + 300, () => speak(peer))
  );
  world.resolve(world.refusing(79), slow);
  await world.runUntil(100);
  world.resolve(world.refusing(79), slow, ...world.blackHoles(1));
  await world.runUntil(340);
  // Neither was begun again; 250 ms after the pass began the third had its turn.
  assertEquals(world.attempts, ["0 10.0.0.2:79", "20 10.0.0.2:80"]);
  await world.runUntil(351);
  assertEquals(world.attempts.length, 3);
  await world.runUntil(500);
  assertEquals([world.states, world.client.opened.size], [
    ["0 CONNECTING", "100 CONNECTING", "360 READY"],
    1,
  ]);
});

test("[C36] an empty list is a failure; the next list connects", async () => {
  const world = makeWorld();
  world.resolve();
  assertEquals([world.states, world.pick()], [["0 TRANSIENT_FAILURE"], "the name has no address"]);
  world.resolve(await world.serve(speak));
  await world.runUntil(100);
  assertEquals(world.states.at(-1), "40 READY");
});

test("[C5] a connection that is lost: IDLE, new addresses are asked for, and nothing connects before a call", async () => {
  const world = makeWorld();
  world.resolve(await world.serve(speak));
  await world.runUntil(100);
  world.peers[0]!.close();
  await world.runUntil(60_000);
  assertEquals(world.states.slice(2), ["110 IDLE"]);
  assertEquals([world.reresolutions, world.attempts.length], [[110], 1]);
  assertEquals(world.pick(), "queue"); // a call: it connects
  await world.runUntil(61_000);
  assertEquals(world.states.slice(3).map((line) => line.split(" ")[1]), ["CONNECTING", "READY"]);
});

test("[C5] a new list while it is IDLE connects to nobody before a call either", async () => {
  const world = makeWorld();
  const [a, b] = [await world.serve(speak, 81), await world.serve(speak, 82)];
  world.resolve(a);
  await world.runUntil(100);
  world.peers[0]!.close();
  await world.runUntil(200);
  world.resolve(b, a);
  await world.runUntil(60_000);
  assertEquals([world.states.slice(2), world.attempts.length], [["110 IDLE"], 1]);
  assertEquals(world.pick(), "queue");
  await world.runUntil(61_000);
  assertEquals([world.pick(), world.attempts.length], [formatAddress(b), 2]);
});

test("[C36] a pass that another address won leaves one that has failed in its backoff", async () => {
  const world = makeWorld();
  const [refusing, good] = [world.refusing(79), await world.serve(speak)];
  world.resolve(refusing, good);
  await world.runUntil(100);
  world.peers[0]!.close();
  await world.runUntil(200);
  world.exitIdle();
  await world.runUntil(300);
  assertEquals(world.attempts, ["0 10.0.0.2:79", "20 10.0.0.2:80", "200 10.0.0.2:80"]);
  world.peers[1]!.close();
  await world.runUntil(1_100); // its backoff was a second
  world.exitIdle();
  assertEquals(world.attempts.slice(3), ["1100 10.0.0.2:79"]);
});

test("[C33] of two connections that came up together the second is given up, and its address is as good as before", async () => {
  const world = makeWorld();
  const slow = await world.serve((peer) => world.simulation.schedule(285, () => speak(peer)), 81);
  const good = await world.serve(speak, 82);
  world.resolve(slow, good);
  await world.runUntil(280);
  const held: Array<() => void> = [];
  world.run = (closure) => void held.push(closure); // the channel is at work
  await world.runUntil(310);
  assertEquals(world.subchannels.map(({ state }) => state), ["READY", "READY"]);
  Reflect.deleteProperty(world, "run");
  world.turn(() => held.forEach((closure) => closure()));
  await world.runUntil(350);
  assertEquals([world.pick(), world.peers.map(({ ended }) => ended)], [
    formatAddress(good),
    ["end-of-stream", "open"],
  ]);
  assertEquals(world.subchannels.map(({ state }) => state), ["IDLE", "READY"]);
  world.peers[1]!.close();
  await world.runUntil(400);
  world.exitIdle();
  await world.runUntil(800);
  assertEquals([world.attempts.length, world.attempts[2]], [3, "400 10.0.0.2:81"]);
});

test("[C11] resetBackoff: every address is tried now", async () => {
  const world = makeWorld();
  world.resolve(world.refusing(80), world.refusing(81));
  await world.runUntil(500);
  world.turn(() => world.balancer.resetBackoff());
  await world.runUntil(1_600);
  // The backoff after it is the first one again.
  assertEquals(world.attempts.map(parseFloat), [0, 20, 500, 500, 1_500, 1_500]);
});

test("close: nothing is published and nothing stays open, at whichever step it comes", async () => {
  for (const closeAt of [0, 5, 15, 25, 100, 249, 251, 270, 300, 520, 700]) {
    const world = makeWorld();
    const silent = await world.serve(() => {}, 81);
    const late = await world.serve((peer) => world.simulation.schedule(2_000, () => speak(peer)), 82);
    world.resolve(silent, ...world.blackHoles(1), world.refusing(80), late);
    await world.runUntil(closeAt);
    const { length } = world.states;
    world.turn(() => world.balancer.close());
    await world.runUntil(closeAt + 25);
    assertEquals([...world.client.opened].map((one) => one.describe()), [], `closed at ${closeAt} ms`);
    await world.rest();
    assertEquals(world.states.length, length, `closed at ${closeAt} ms`);
    for (const peer of world.peers) assert(peer.ended !== "open", `closed at ${closeAt} ms`);
  }
});

test("[C35] of a long list that nobody answers, why is put into words where a call fails, not for each address", async () => {
  const world = makeWorld();
  const { createSubchannel } = world;
  let reads = 0;
  world.createSubchannel = (address, watcher) => {
    const made = createSubchannel.call(world, address, watcher);
    let failure = "";
    return Object.defineProperty(made, "failure", {
      get: () => (reads++, failure),
      set: (now: string) => void (failure = now),
    });
  };
  world.resolve(...Array.from({ length: 100 }, (_, i) => world.refusing(1_000 + i)));
  await world.runUntil(10_000);
  assert(world.states.length > 200, `${world.states.length} states`);
  assertEquals(reads, 0);
  assertMatch(String(world.pick()), /and 95 more$/);
  world.pick();
  assertEquals(reads, 100);
});
