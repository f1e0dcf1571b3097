// A client's way to a transport: TCP, preface and SETTINGS under one deadline, told once, whatever the peer does.
import { assert, assertEquals, assertMatch, fail } from "@std/assert";
import { formatAddress, type SocketAddress } from "../../pollers/mod.ts";
import { type SimulatedEngine, Simulation } from "../../pollers/simulated/mod.ts";
import {
  acceptTransport,
  type ConnectOptions,
  Connector,
  type ConnectSink,
} from "../../transport/handshake.ts";
import type { Http2Error } from "../../transport/http2/error.ts";
import type { ClientTransport } from "../../transport/transport.ts";
import { test } from "../harness.ts";
import { ascii, frame, goAway, PREFACE, setting, SETTINGS_ACK } from "./http2/wire.ts";
import { brief } from "./pair.ts";
import { listenAt, RawPeer } from "./raw_peer.ts";

/** Writes down what an attempt's owner hears, with the time. */
class Owner implements ConnectSink {
  readonly heard: string[] = [];
  failure = "";
  transport: ClientTransport | undefined;

  constructor(private readonly engine: SimulatedEngine) {}

  onConnected(transport: ClientTransport): void {
    this.transport = transport;
    this.note("connected");
  }
  onConnectFailed(reason: string): void {
    this.failure = reason;
    this.note("failed");
  }
  onCanOpen(): void {
    this.note("canOpen");
  }
  onDraining(): void {
    this.note("draining");
  }
  onClosed(error: Http2Error | undefined): void {
    this.note(`closed ${brief(error)}`);
  }

  private note(what: string): void {
    this.heard.push(`${Math.round(this.engine.now())} ${what}`);
  }
}

/** A client's host, a server's host, and a network between them that takes 10 ms each way. */
class World {
  readonly simulation = new Simulation({ conditions: { latencyMs: 10 } });
  readonly client = this.simulation.host();
  readonly server = this.simulation.host();
  readonly owner = new Owner(this.client);
  readonly peers: RawPeer[] = [];
  at: SocketAddress = { family: "ipv4", host: this.server.hostAddress, port: 80 };

  /** A server that does `answer` at the first bytes of each client, or nothing. */
  async serve(answer: (peer: RawPeer) => void = () => {}, port = 80): Promise<SocketAddress> {
    const { at } = await listenAt(this.server, (endpoint) => {
      let answered = false;
      this.peers.push(
        new RawPeer(endpoint, (peer) => {
          if (!answered) answer(peer);
          answered = true;
        }),
      );
    }, port);
    return at;
  }

  connect(options: ConnectOptions = {}, addresses: SocketAddress[] = [this.at]): Connector {
    return new Connector(this.client, addresses, options, this.owner);
  }

  /** Lets everything happen, and looks whether anything was left behind. */
  async rest(): Promise<void> {
    await this.simulation.run({ until: 200_000 });
    assertEquals([...this.client.opened].map((one) => one.describe()), [], "something is left open");
  }
}

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
    const connector = world.connect();
    world.simulation.schedule(cancelAt, () => {
      connector.cancel();
      connector.cancel();
    });
    await world.rest();
    assertEquals(world.owner.heard, [], `cancelled at ${cancelAt} ms`);
    for (const peer of world.peers) assert(peer.ended !== "open", `cancelled at ${cancelAt} ms`);
  }
});

test("cancel after the end of an attempt changes nothing", async () => {
  const world = new World();
  await world.serve((peer) => peer.send(setting()));
  const connector = world.connect({ handshakeTimeoutMs: 500 });
  world.simulation.schedule(100, () => connector.cancel());
  await world.simulation.run({ until: 10_000 });
  assertEquals([world.owner.heard, world.owner.transport!.canOpen], [["40 connected"], true]);
});

test("addresses are tried in their order, and the first that answers is taken", async () => {
  const world = new World();
  const refusing: SocketAddress = { ...world.at, port: 79 } as SocketAddress;
  const speaksHttp1 = await world.serve((peer) => peer.send(ascii("HTTP/1.1 400 Bad Request\r\n\r\n")), 81);
  const good = await world.serve((peer) => peer.send(setting()), 82);
  const untried = await world.serve((peer) => peer.send(setting()), 83);
  world.connect({}, [refusing, speaksHttp1, good, untried]);
  await world.simulation.run({ until: 1_000 });
  assertEquals([world.owner.heard.length, formatAddress(world.owner.transport!.peer)], [
    1,
    formatAddress(good),
  ]);
});

test("a failure names every address that was tried, and why", async () => {
  const world = new World();
  const silent = await world.serve(() => {}, 81);
  world.connect({ handshakeTimeoutMs: 300 }, [world.at, silent]);
  await world.rest();
  assertEquals(world.owner.heard, ["300 failed"]);
  assertMatch(world.owner.failure, /10\.0\.0\.2:80.*refused.*; .*10\.0\.0\.2:81.*300 ms/);
});

test("no address at all is a failure, and not told on the caller's stack", async () => {
  const world = new World();
  world.connect({}, []);
  assertEquals(world.owner.heard, []);
  await world.rest();
  assertEquals([world.owner.heard, world.owner.failure], [["0 failed"], "no address"]);
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
    acceptTransport(world.server, endpoint, {}, { onStream: () => fail(), onClosed: () => {} });
  });
  world.connect();
  await world.simulation.run({ until: 1_000 });
  assertEquals(world.owner.heard, ["20 connected"]); // RFC 9113, section 3.4: it need not wait
});
