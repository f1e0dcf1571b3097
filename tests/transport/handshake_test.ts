// A client's way to a transport at one address: TCP, preface and SETTINGS under one deadline, reported once, whatever
// the peer does.
import { assert, assertEquals, assertMatch, fail } from "@std/assert";
import { Reporter } from "../../pollers/log/mod.ts";
import { type EndpointOptions, formatAddress } from "../../pollers/mod.ts";
import { TransportAcceptor } from "../../transport/accept.ts";
import type { ConnectOptions } from "../../transport/handshake.ts";
import { PeerSettings } from "../../transport/http2/settings.ts";
import { test } from "../harness.ts";
import { ConnectingWorld as World } from "./connecting_world.ts";
import { ascii, frame, goAway, parse, PREFACE, setting, SETTINGS_ACK } from "./http2/wire.ts";
import { listenAt, RawPeer } from "./raw_peer.ts";

test("connected: after the server's SETTINGS and not before; ours came first, behind the preface", async () => {
  const world = new World();
  await world.serve((peer) => world.simulation.schedule(100, () => peer.send(setting(), SETTINGS_ACK)));
  world.connect();
  assertEquals(world.owner.heard, []);
  await world.simulation.run({ until: 109 });
  assertEquals(world.owner.heard, []);
  await world.simulation.run({ until: 1_000 });
  assertEquals(world.owner.heard, ["110 connected"]);
  const [peer] = world.peers;
  assertEquals(peer!.received.subarray(0, PREFACE.length), PREFACE);
  assertEquals([peer!.frames[0], peer!.frames.includes("SETTINGS ack")], ["SETTINGS", true]);
  assertEquals([formatAddress(world.owner.transport!.peer), world.owner.transport!.canOpen], [
    "10.0.0.2:80",
    true,
  ]);
});

test("the server may speak first: SETTINGS that come before our preface are as good", async () => {
  const world = new World();
  await listenAt(world.server, (endpoint) => new RawPeer(endpoint).send(setting()));
  world.connect();
  await world.simulation.run({ until: 1_000 });
  assertEquals(world.owner.heard, ["20 connected"]);
});

test("a peer that accepts and never speaks: failed at the deadline, which the message names", async () => {
  const world = new World();
  await world.serve();
  world.connect({ handshakeTimeoutMs: 500 });
  await world.rest();
  assertEquals(world.owner.heard, ["500 failed"]);
  assertMatch(world.owner.failure, /10\.0\.0\.2:80.*500 ms.*SETTINGS/);
  assertEquals(world.peers.map((peer) => peer.ended), ["end-of-stream"]);
});

test("without an option the deadline is gRPC's MIN_CONNECT_TIMEOUT of 20 s", async () => {
  const world = new World();
  await world.serve();
  world.connect();
  await world.rest();
  assertEquals(world.owner.heard, ["20000 failed"]);
});

test("a peer that cannot be reached: the same deadline, and the message says it was not connected", async () => {
  const world = new World();
  await world.serve();
  world.simulation.network.blackHole(world.client.hostAddress, world.server.hostAddress);
  world.connect({ handshakeTimeoutMs: 500 });
  await world.rest();
  assertEquals(world.owner.heard, ["500 failed"]);
  assertMatch(world.owner.failure, /10\.0\.0\.2:80.*500 ms.*not connected/);
});

test("half a SETTINGS frame is none", async () => {
  const world = new World();
  await world.serve((peer) => peer.send(setting([3, 100]).subarray(0, 14)));
  world.connect({ handshakeTimeoutMs: 500 });
  await world.rest();
  assertEquals(world.owner.heard, ["500 failed"]);
});

test("a peer that speaks HTTP/1.1: failed when its first bytes come, with a message that says so", async () => {
  const world = new World();
  await world.serve((peer) => peer.send(ascii("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")));
  world.connect();
  await world.rest();
  assertEquals(world.owner.heard, ["40 failed"]); // SYN, SYN-ACK, preface, answer: 10 ms each
  assertMatch(world.owner.failure, /10\.0\.0\.2:80.*HTTP\/1/);
});

test("a peer whose first frame is not SETTINGS, or that sends noise: failed at once", async () => {
  const ping = frame("PING", 0, 0, new Uint8Array(8));
  const noise = new Uint8Array(100).fill(0xff);
  for (const bytes of [ping, goAway(0, 0), noise, ascii("SSH-2.0-OpenSSH_9.6\r\n")]) {
    const world = new World();
    await world.serve((peer) => peer.send(bytes));
    world.connect();
    await world.rest();
    assertEquals(world.owner.heard, ["40 failed"]);
    assertMatch(world.owner.failure, /10\.0\.0\.2:80/);
  }
});

test("a peer that hangs up, or resets, before its SETTINGS: failed, with what happened", async () => {
  const gone: Array<[RegExp, (world: World, peer: RawPeer) => void]> = [
    [/closed by the peer/, (_world, peer) => peer.endpoint.close()],
    [/reset/, (world) => world.simulation.network.resetSome()],
  ];
  for (const [why, leave] of gone) {
    const world = new World();
    await world.serve((peer) => leave(world, peer));
    world.connect();
    await world.rest();
    assertEquals(world.owner.heard.length, 1);
    assertMatch(world.owner.failure, /10\.0\.0\.2:80: handshake failed/);
    assertMatch(world.owner.failure, why);
  }
});

test("cancel: the owner hears nothing, at whichever step it comes, and nothing stays open", async () => {
  for (const cancelAt of [0, 5, 10, 15, 20, 25, 35, 49]) {
    const world = new World();
    await world.serve((peer) => world.simulation.schedule(40, () => peer.send(setting())));
    const handshake = world.connect();
    world.simulation.schedule(cancelAt, () => {
      handshake.cancel();
      handshake.cancel();
    });
    await world.rest();
    assertEquals(world.owner.heard, [], `cancelled at ${cancelAt} ms`);
    for (const peer of world.peers) assert(peer.ended !== "open", `cancelled at ${cancelAt} ms`);
  }
});

test("cancel after the end of an attempt changes nothing", async () => {
  const world = new World();
  await world.serve((peer) => peer.send(setting()));
  const handshake = world.connect({ handshakeTimeoutMs: 500 });
  world.simulation.schedule(100, () => handshake.cancel());
  await world.simulation.run({ until: 10_000 });
  assertEquals([world.owner.heard, world.owner.transport!.canOpen], [["40 connected"], true]);
});

test("after it is connected the owner hears what becomes of the transport", async () => {
  const world = new World();
  await world.serve((peer) => {
    peer.send(setting(), SETTINGS_ACK);
    world.simulation.schedule(100, () => peer.send(goAway(0, 0)));
  });
  world.connect();
  await world.rest();
  assertEquals(world.owner.heard, ["40 connected", "110 draining", "110 closed ok"]);
});

test("our server sends its SETTINGS at once: connected one way after it accepted", async () => {
  const world = new World();
  await listenAt(world.server, (endpoint) => {
    new TransportAcceptor(world.server, {}).accept(endpoint, { onStream: () => fail(), onClosed: () => {} });
  });
  world.connect();
  await world.simulation.run({ until: 1_000 });
  assertEquals(world.owner.heard, ["20 connected"]); // RFC 9113, section 3.4: it need not wait
});

test("a longer deadline is one for the server's SETTINGS, too", async () => {
  const world = new World();
  await world.serve((peer) => {
    world.simulation.schedule(50_000, () => peer.send(setting(), SETTINGS_ACK));
  });
  world.connect({ handshakeTimeoutMs: 60_000 });
  await world.simulation.run({ until: 100_000 });
  assertEquals(world.owner.heard, ["50010 connected"]);
});

test("what timed out is given back at that moment, however far it came", async () => {
  for (const answers of [true, false]) {
    const world = new World();
    await world.serve();
    if (!answers) world.simulation.network.blackHole(world.client.hostAddress, world.server.hostAddress);
    world.connect({ handshakeTimeoutMs: 500 });
    await world.simulation.run({ until: 520 });
    assertEquals([world.owner.heard, world.left], [["500 failed"], []]);
    assertEquals(world.peers.map((peer) => peer.ended), answers ? ["end-of-stream"] : []);
  }
});

test("a connection that is made, refused or cancelled leaves no timer", async () => {
  const made = new World();
  await made.serve((peer) => peer.send(setting(), SETTINGS_ACK));
  made.connect();
  await made.simulation.run({ until: 1_000 });
  assertMatch(made.left.join(), /^endpoint [^,]*$/);
  const refused = new World();
  refused.connect();
  await refused.simulation.run({ until: 1_000 });
  const cancelled = new World();
  cancelled.connect().cancel();
  assertEquals([refused.owner.heard, refused.left, cancelled.left], [["20 failed"], [], []]);
});

test("what throws on the way is a failure that is reported, and nothing stays open", async () => {
  const error = new RangeError("from the engine");
  const throwing: Array<[RegExp, ConnectOptions, (world: World) => void]> = [
    [/maxFrameSize/, { settings: { maxFrameSize: 1 } }, () => {}],
    [/RangeError: from the engine/, {}, (world) =>
      world.client.connect = () => {
        throw error;
      }],
  ];
  for (const [why, options, prepare] of throwing) {
    const world = new World();
    await world.serve();
    prepare(world);
    const reported: unknown[] = [];
    const reporter = new Reporter({ onError: (_error, context) => void reported.push(context) });
    world.connect({ ...options, reporter });
    assertEquals(world.owner.heard, [], "reported on the caller's stack");
    await world.simulation.run({ until: 1_000 });
    assertMatch(world.owner.heard.join(), /^[0-9]+ failed$/);
    assertMatch(world.owner.failure, why);
    assertMatch(world.owner.failure, /^10\.0\.0\.2:80: /);
    assertEquals(reported, [{ where: "connection", level: "error", peer: "10.0.0.2:80" }]);
    assertEquals([...world.client.opened].map((one) => one.describe()), []);
    assertEquals(world.peers.filter(({ ended }) => ended === "open"), []);
  }
});

test("the options reach the socket and the SETTINGS, on both sides", async () => {
  const world = new World();
  const asked: EndpointOptions[] = [];
  const connect = world.client.connect.bind(world.client);
  world.client.connect = (to, options, done) => {
    asked.push(options);
    return connect(to, options, done);
  };
  await world.serve((peer) => peer.send(setting(), SETTINGS_ACK));
  const endpoint = { noDelay: false, keepAliveMs: 7_000 };
  world.connect({ endpoint, settings: { initialWindowSize: 100_000 } });
  await world.simulation.run({ until: 1_000 });
  assertEquals(asked, [endpoint]);
  assertEquals(announced(world.peers[0]!), 100_000);
  const [ours, theirs] = await world.server.pair();
  const client = new RawPeer(theirs);
  const options = { settings: { initialWindowSize: 200_000 } };
  new TransportAcceptor(world.server, options).accept(ours, { onStream: () => fail(), onClosed: () => {} });
  await world.simulation.run({ until: 2_000 });
  assertEquals(announced(client), 200_000);
});

test("after it is connected the owner hears when streams can be opened again", async () => {
  const world = new World();
  await world.serve((peer) => {
    peer.send(setting([3, 0]), SETTINGS_ACK);
    for (const [i, most] of [1, 0, 1].entries()) {
      world.simulation.schedule(100 * (i + 1), () => peer.send(setting([3, most])));
    }
  });
  world.connect();
  await world.simulation.run({ until: 1_000 });
  assertEquals(world.owner.heard, ["40 connected", "110 canOpen", "310 canOpen"]);
});

/** The stream window that the first SETTINGS of a peer announce. */
function announced(peer: RawPeer): number {
  const settings = new PeerSettings();
  const { payload } = parse(peer.received)[0]!;
  settings.apply(payload, 0, payload.length, false);
  return settings.initialWindowSize;
}
