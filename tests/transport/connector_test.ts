// From several addresses to one transport: no address keeps the others waiting (RFC 8305, section 5; gRFC A61).
import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { formatAddress, type SocketAddress } from "../../pollers/mod.ts";
import { test } from "../harness.ts";
import { ConnectingWorld as World } from "./connecting_world.ts";
import { ascii, setting, SETTINGS_ACK } from "./http2/wire.ts";
import type { RawPeer } from "./raw_peer.ts";

/** `count` addresses that drop what is sent to them. */
function blackHoles(world: World, count: number): SocketAddress[] {
  return Array.from({ length: count }, () => {
    const { hostAddress } = world.simulation.host();
    world.simulation.network.blackHole(world.client.hostAddress, hostAddress);
    return { family: "ipv4", host: hostAddress, port: 80 };
  });
}

const speak = (peer: RawPeer) => peer.send(setting(), SETTINGS_ACK);
/** Connected 40 ms after the SYN: SYN, SYN-ACK, preface and SETTINGS take 10 ms each. */
const HANDSHAKE_MS = 40;
const where = (world: World) => formatAddress(world.owner.transport!.peer);

test("addresses are tried in their order, and the first that answers is taken", async () => {
  const world = new World();
  const refusing: SocketAddress = { ...world.at, port: 79 } as SocketAddress;
  const speaksHttp1 = await world.serve((peer) => peer.send(ascii("HTTP/1.1 400 Bad Request\r\n\r\n")), 81);
  const good = await world.serve(speak, 82);
  const untried = await world.serve(speak, 83);
  world.connect({}, [refusing, speaksHttp1, good, untried]);
  await world.simulation.run({ until: 1_000 });
  assertEquals([world.owner.heard.length, where(world)], [1, formatAddress(good)]);
});

test("addresses that drop packets delay the good one by 250 ms each, and are given up when it is ready", async () => {
  for (const count of [1, 2, 7]) {
    const world = new World();
    const good = await world.serve(speak);
    world.connect({}, [...blackHoles(world, count), good]);
    await world.simulation.run({ until: count * 250 + HANDSHAKE_MS + 1 });
    assertEquals(world.owner.heard, [`${count * 250 + HANDSHAKE_MS} connected`]);
    assertEquals([...world.client.opened].map((one) => one.describe()), [
      `endpoint 10.0.0.1:40000 to ${where(world)}`,
    ]);
    await world.simulation.run({ until: 100_000 });
    assertEquals(world.owner.heard.length, 1);
  }
});

test("an address that accepts and says nothing is not waited for either, and is left when another is ready", async () => {
  const world = new World();
  const silent = await world.serve(() => {}, 81);
  const good = await world.serve(speak, 82);
  world.connect({}, [silent, good]);
  await world.simulation.run({ until: 1_000 });
  assertEquals([world.owner.heard, where(world)], [["290 connected"], formatAddress(good)]);
  assertEquals(world.peers.map(({ ended }) => ended), ["end-of-stream", "open"]);
});

test("a slow first address is taken if it is ready first, and the others are cancelled", async () => {
  const world = new World();
  const slow = await world.serve((peer) => world.simulation.schedule(400, () => speak(peer)), 81);
  const [hole] = blackHoles(world, 1);
  const slower = await world.serve((peer) => world.simulation.schedule(800, () => speak(peer)), 82);
  world.connect({}, [slow, hole!, slower]);
  await world.simulation.run({ until: 1_000 });
  assertEquals([world.owner.heard, where(world)], [["410 connected"], formatAddress(slow)]);
  assertEquals(world.client.opened.size, 1);
});

test("every address has the whole timeout, the last one too", async () => {
  const world = new World();
  // 1,500 ms are over for the first five before the sixth begins.
  const patient = await world.serve((peer) => world.simulation.schedule(2_900, () => speak(peer)), 81);
  world.connect({ handshakeTimeoutMs: 1_500 }, [...blackHoles(world, 6), patient]);
  await world.simulation.run({ until: 10_000 });
  assertEquals(world.owner.heard, ["2910 connected"]);
});

test("an address that fails is followed by the next at once, and the delay counts from there", async () => {
  const world = new World();
  const refusing = [70, 71, 72].map((port) => ({ ...world.at, port }) as SocketAddress);
  const good = await world.serve(speak);
  world.connect({}, [refusing[0]!, refusing[1]!, ...blackHoles(world, 1), refusing[2]!, good]);
  await world.simulation.run({ until: 10_000 });
  // 20 ms for each that refuses, 250 for the one that does not answer.
  assertEquals(world.owner.heard, [`${20 + 20 + 250 + 20 + HANDSHAKE_MS} connected`]);
});

test("all fail: reported once, when the last one has failed", async () => {
  const world = new World();
  world.connect({ handshakeTimeoutMs: 500 }, [...blackHoles(world, 3), world.at]);
  await world.rest();
  assertEquals(world.owner.heard, ["1000 failed"]); // the third began at 500, the last was refused at 770
});

test("a failure has a line for each address: why, and how far it came", async () => {
  const world = new World();
  const silent = await world.serve(() => {}, 81);
  const [hole] = blackHoles(world, 1);
  world.connect({ handshakeTimeoutMs: 300 }, [world.at, silent, hole!]);
  await world.rest();
  const lines = world.owner.failure.split("\n");
  assertEquals(lines.length, 3);
  assertMatch(lines[0]!, /^connect to 10\.0\.0\.2:80 failed: connection refused/);
  assertMatch(lines[1]!, /^handshake with 10\.0\.0\.2:81 timed out after 300 ms: connected, but no SETTINGS/);
  assertMatch(lines[2]!, /^handshake with 10\.0\.0\.3:80 timed out after 300 ms: not connected$/);
});

test("a failure says nothing twice and names five addresses at most", async () => {
  const world = new World();
  const refusing = Array.from({ length: 8 }, (_, i) => ({ ...world.at, port: 60 + i }) as SocketAddress);
  world.connect({}, [...refusing, ...refusing]);
  await world.rest();
  const lines = world.owner.failure.split("\n");
  assertEquals([lines.length, new Set(lines).size, lines.at(-1)], [6, 6, "and 3 more"]);
});

test("describe and failure say what is being tried, and what has failed so far", async () => {
  const world = new World();
  const connector = world.connect({}, [world.at, ...blackHoles(world, 2)]);
  assertEquals([connector.describe(), connector.failure], ["10.0.0.2:80", ""]);
  await world.simulation.run({ until: 400 });
  assertEquals(connector.describe(), "10.0.0.3:80, 10.0.0.4:80");
  assertMatch(connector.failure, /refused/);
  assertNotMatch(connector.failure, /\n/);
});

test("no address at all is a failure, and not reported on the caller's stack", async () => {
  const world = new World();
  world.connect({}, []);
  assertEquals(world.owner.heard, []);
  await world.rest();
  assertEquals([world.owner.heard, world.owner.failure], [["0 failed"], "no address"]);
});

test("cancel: nothing is reported and nothing stays open, at whichever step it comes", async () => {
  for (const cancelAt of [0, 5, 15, 25, 100, 249, 251, 270, 300, 520, 700]) {
    const world = new World();
    const silent = await world.serve(() => {}, 81);
    const late = await world.serve((peer) => world.simulation.schedule(2_000, () => speak(peer)), 82);
    const connector = world.connect({}, [silent, ...blackHoles(world, 1), world.at, late]);
    world.simulation.schedule(cancelAt, () => {
      connector.cancel();
      connector.cancel();
    });
    await world.simulation.run({ until: cancelAt + 25 });
    assertEquals([...world.client.opened].map((one) => one.describe()), [], `cancelled at ${cancelAt} ms`);
    await world.rest();
    assertEquals(world.owner.heard, [], `cancelled at ${cancelAt} ms`);
    for (const peer of world.peers) assert(peer.ended !== "open", `cancelled at ${cancelAt} ms`);
  }
});

test("cancel before an empty list was reported", async () => {
  const world = new World();
  world.connect({}, []).cancel();
  await world.rest();
  assertEquals(world.owner.heard, []);
});
