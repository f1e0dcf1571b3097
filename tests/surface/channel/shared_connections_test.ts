// Channels of one engine that go to the same address with the same settings have one connection, and each ends its own calls
// only (gRPC's global subchannel pool).
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Channel, type ChannelOptions, createClient, insecure, type RpcError, Server, tls } from "pollwire";
import { Authority } from "../../../examples/tls/authority.ts";
import { type SimulatedEngine, Simulation } from "../../../pollers/simulated/mod.ts";
import { Backoff } from "../../../surface/channel/backoff.ts";
import { ConnectSettings } from "../../../surface/channel/connect_settings.ts";
import { type Connection, connectionPool } from "../../../surface/channel/connection_pool.ts";
import { shareConnections } from "../../../surface/channel/shared_connections.ts";
import { Link } from "../../../surface/channel/link.ts";
import { Subchannel } from "../../../surface/channel/subchannel.ts";
import type { PendingCall } from "../../../surface/client/call_route.ts";
import { type ClientTransport, requestTemplate } from "../../../transport/mod.ts";
import { NODE_TLS } from "../../../transport/tls/node/context.ts";
import { OPENSSL } from "../../../transport/tls/openssl/provider.ts";
import { test } from "../../harness.ts";
import { setting, SETTINGS_ACK } from "../../transport/http2/wire.ts";
import { listenAt, RawPeer } from "../../transport/raw_peer.ts";
import { Trial } from "../serving.ts";

/** A server whose calls wait until they are let go, and channels to it, in virtual time. */
class World {
  readonly simulation = new Simulation();
  readonly client = this.simulation.host();
  readonly at = this.simulation.host();
  readonly server: Server;
  /** Ends the calls that wait, by the text of their request. */
  readonly waiting = new Map<string, () => void>();
  private readonly channels: Channel[] = [];

  constructor(maxConcurrentStreams = 100) {
    this.server = new Server({ poller: this.at, credentials: insecure, settings: { maxConcurrentStreams } });
    this.server.addService(Trial, {
      one: (request) => new Promise((resolve) => this.waiting.set(request.text!, () => resolve(request))),
    });
  }

  static async run(body: (world: World) => Promise<void>, maxConcurrentStreams?: number): Promise<void> {
    const world = new World(maxConcurrentStreams);
    await world.server.listen("0.0.0.0:80");
    await body(world);
    for (const channel of world.channels) channel.close();
    world.server.close();
    await world.simulation.run();
    assertEquals(world.open, []);
  }

  channel(options: ChannelOptions = {}): Channel {
    const channel = new Channel(`${this.at.hostAddress}:80`, {
      poller: this.client,
      credentials: insecure,
      ...options,
    });
    this.channels.push(channel);
    return channel;
  }

  /** A call that waits at the server; resolves with how it ended. */
  call(channel: Channel, text: string): Promise<string> {
    return createClient(Trial, channel).one({ text }).then(
      () => "OK",
      (error: unknown) => (error as RpcError).message,
    );
  }

  /** Has the server answer. */
  answer(...texts: string[]): void {
    for (const text of texts) this.waiting.get(text)!();
  }

  pass(ms = 50): Promise<void> {
    return this.simulation.run({ until: this.simulation.now + ms });
  }

  /** The client's connections. */
  get open(): string[] {
    return [...this.client.opened].map((one) => one.describe());
  }
}

/** A call that does `attach` with its connection, and no more. */
const callThat = (attach: (transport: ClientTransport) => void): PendingCall => ({
  isOver: false,
  waitForReady: false,
  path: "/a.B/C",
  config: undefined,
  waitsIn: undefined,
  tracker: undefined,
  metadataValue: () => undefined,
  configure: () => true,
  attach,
  pickAgain() {},
  onUnavailable() {},
});

test("[C49] two channels with the same settings have one connection, whichever came first", async () => {
  await World.run(async (world) => {
    const [a, b, late] = [world.channel(), world.channel(), world.channel()];
    const calls = [world.call(a, "a"), world.call(b, "b")]; // both while it connects
    await world.pass();
    calls.push(world.call(late, "late"));
    await world.pass();
    assertEquals([world.open.length, world.waiting.size], [1, 3]);
    assertEquals([a.state, b.state, late.state], ["READY", "READY", "READY"]);
    world.answer("a", "b", "late");
    await world.pass();
    assertEquals(await Promise.all(calls), ["OK", "OK", "OK"]);
  });
});

const differences: Array<[string, ChannelOptions]> = [
  ["opts out", { shareConnections: false }],
  ["has other settings", { settings: { initialWindowSize: 70_000 } }],
  ["has another limit", { maxReceiveMessageBytes: 1_000 }],
  ["never asks whether its server is there", { keepalive: { timeMs: 60_000 } }],
  ["reports to another function", { onError: () => {} }],
];
for (const [what, options] of differences) {
  test(`[C49] a channel that ${what} has a connection of its own`, async () => {
    await World.run(async (world) => {
      world.channel().connect();
      world.channel(options).connect();
      await world.pass();
      assertEquals(world.open.length, 2);
    });
  });
}

test("[C49] close ends the calls of its own channel, and the connection with the last one", async () => {
  await World.run(async (world) => {
    const [a, b] = [world.channel(), world.channel()];
    const calls = [world.call(a, "a"), world.call(b, "b")];
    await world.pass();
    a.close();
    await world.pass();
    assertMatch(await calls[0]!, /^UNAVAILABLE: .*channel closed by the application/);
    assertEquals([world.open.length, b.state], [1, "READY"]);
    world.answer("b");
    await world.pass();
    assertEquals(await calls[1], "OK");
    b.close();
    await world.pass();
    assertEquals(world.open, []);
  });
});

test("[C49] drain waits for the calls of its own channel", async () => {
  await World.run(async (world) => {
    const [a, b] = [world.channel(), world.channel()];
    const calls = [world.call(a, "a"), world.call(b, "b")];
    await world.pass();
    let drained = false;
    void a.drain().then(() => drained = true);
    await world.pass();
    assertEquals(drained, false);
    world.answer("a");
    await world.pass();
    assertEquals([drained, await calls[0], world.open.length], [true, "OK", 1]);
    const more = world.call(b, "more");
    await world.pass();
    assertEquals(world.open.length, 1);
    world.answer("b", "more");
    await world.pass();
    assertEquals([await calls[1], await more], ["OK", "OK"]);
  });
});

test("[C49] one that drains and then closes ends what still runs of it", async () => {
  await World.run(async (world) => {
    const [a, b] = [world.channel(), world.channel()];
    const calls = [world.call(a, "a"), world.call(b, "b")];
    await world.pass();
    void a.drain();
    await world.pass();
    a.close();
    await world.pass();
    assertMatch(await calls[0]!, /^UNAVAILABLE: /);
    world.answer("b");
    await world.pass();
    assertEquals(await calls[1], "OK");
  });
});

test("[C49] a channel that is idle leaves, and comes back to the same connection", async () => {
  await World.run(async (world) => {
    const [a, b] = [world.channel({ idleTimeoutMs: 1_000 }), world.channel()];
    a.connect();
    b.connect();
    await world.pass(2_000);
    assertEquals([a.state, b.state, world.open.length], ["IDLE", "READY", 1]);
    const before = world.open[0];
    const call = world.call(a, "a");
    await world.pass();
    assertEquals(world.open, [before!]);
    world.answer("a");
    await world.pass();
    assertEquals(await call, "OK");
  });
});

test("[C49] the connection ends when the last of its channels is idle", async () => {
  await World.run(async (world) => {
    for (const idleTimeoutMs of [1_000, 3_000]) world.channel({ idleTimeoutMs }).connect();
    await world.pass(2_000);
    assertEquals(world.open.length, 1);
    await world.pass(2_000);
    assertEquals(world.open, []);
  });
});

test("[C49] a connection that is lost is lost to all, and they share the next one", async () => {
  await World.run(async (world) => {
    const [a, b] = [world.channel(), world.channel()];
    const calls = [world.call(a, "a"), world.call(b, "b")];
    await world.pass();
    world.simulation.network.resetSome();
    await world.pass();
    for (const end of await Promise.all(calls)) assertMatch(end, /^UNAVAILABLE: connection lost/);
    assertEquals([a.state, b.state], ["IDLE", "IDLE"]);
    const again = [world.call(a, "a"), world.call(b, "b")];
    await world.pass();
    assertEquals(world.open.length, 1);
    world.answer("a", "b");
    await world.pass();
    assertEquals(await Promise.all(again), ["OK", "OK"]);
  });
});

test("[C49] an attempt goes on for the others when one channel gives it up", async () => {
  await World.run(async (world) => {
    const [a, b] = [world.channel(), world.channel()];
    a.connect();
    const call = world.call(b, "b");
    a.close();
    await world.pass();
    assertEquals([b.state, world.open.length], ["READY", 1]);
    world.answer("b");
    await world.pass();
    assertEquals(await call, "OK");
  });
});

test("[C49] an attempt that fails is a failure of each", async () => {
  await World.run(async (world) => {
    const target = `${world.at.hostAddress}:81`;
    const options: ChannelOptions = { poller: world.client, credentials: insecure };
    const channels = [new Channel(target, options), new Channel(target, options)];
    const ends = channels.map((channel) => world.call(channel, "a"));
    await world.pass();
    for (const end of await Promise.all(ends)) assertMatch(end, /^UNAVAILABLE: .*:81.*refused/);
    for (const channel of channels) channel.close();
  });
});

test("[C49] channels that wait for streams of one connection have them in turn", async () => {
  await World.run(async (world) => {
    const channels = [world.channel(), world.channel()];
    const calls = channels.flatMap((channel, i) => [0, 1, 2].map((n) => world.call(channel, `${i}${n}`)));
    await world.pass();
    const order: string[] = [];
    while (order.length < 6) {
      const [text] = world.waiting.keys();
      order.push(text!);
      world.answer(text!);
      world.waiting.delete(text!);
      await world.pass();
    }
    assertEquals(await Promise.all(calls), Array.from({ length: 6 }, () => "OK"));
    const firsts = order.map((text) => text[0]);
    assert(firsts.slice(0, 2).toSorted().join() === "0,1", order.join());
  }, 1);
});

/** A link joins the connection of another one, which takes no more calls before the first of them is told. */
async function joinedTooLate(before: (client: SimulatedEngine) => void = () => {}) {
  const simulation = new Simulation();
  const client = simulation.host();
  const server = simulation.host();
  await listenAt(server, (endpoint) => new RawPeer(endpoint).send(setting(), SETTINGS_ACK));
  const address = { family: "ipv4", host: server.hostAddress, port: 80 } as const;
  const failures: string[] = [];
  const owner = () => ({
    onConnected() {},
    onConnectFailed: (reason: string) => void failures.push(reason),
    onCanOpen() {},
    onDraining() {},
    onClosed() {},
  });
  const [first, second] = [new Link(owner(), {}), new Link(owner(), {})];
  const pool = connectionPool(client);
  pool.connect(first, address, {}, "equal");
  await simulation.run({ until: 50 });
  before(client);
  client.execCtx.enter(() => {
    pool.connect(second, address, {}, "equal");
    (first.connection as Connection).onDraining(undefined);
  }, undefined);
  await simulation.run({ until: 100 });
  return { first, second, failures, simulation };
}

test("[C49] a channel that begins while the connection stops taking calls has another one", async () => {
  const { first, second, failures, simulation } = await joinedTooLate();
  assertEquals([second.isConnected, second.transport === first.transport], [true, false]);
  first.close("done");
  second.close("done");
  await simulation.run();
  assertEquals(failures, []);
});

test("[C49] where a poller throws then, that is a failure of the channel that began", async () => {
  const { first, failures, simulation } = await joinedTooLate((client) => {
    client.runAt = () => {
      throw new Error("no more timers");
    };
  });
  assertEquals(failures, ["cannot connect to 10.0.0.2:80: Error: no more timers"]);
  first.close("done");
  await simulation.run();
});

test("[C49] a connection of its own ends when its subchannel drains, with nobody to leave it to", async () => {
  const simulation = new Simulation();
  const [client, server] = [simulation.host(), simulation.host()];
  await listenAt(server, (endpoint) => new RawPeer(endpoint).send(setting(), SETTINGS_ACK));
  const watcher = { onSubchannelState() {}, onSubchannelHealth() {}, onSubchannelThrew() {} };
  const address = { family: "ipv4", host: server.hostAddress, port: 80 } as const;
  const own = new Subchannel(client, address, new ConnectSettings({}, {}), new Backoff(() => 0.5), watcher);
  client.execCtx.enter(() => own.connect(), undefined);
  await simulation.run({ until: 50 });
  assertEquals([own.state, client.opened.size], ["READY", 1]);
  client.execCtx.enter(() => own.drain("its address is not in the list any more"), undefined);
  await simulation.run({ until: 100 });
  assertEquals([own.isOver, client.opened.size], [true, 0]);
});

/** Subchannels of two channels, both READY by one connection. */
async function twoOfOne() {
  const simulation = new Simulation();
  const client = simulation.host();
  const settings = [0, 1].map(() => new ConnectSettings({ shared: shareConnections({}, undefined, "") }, {}));
  const server = simulation.host();
  await listenAt(server, (endpoint) => new RawPeer(endpoint).send(setting(), SETTINGS_ACK));
  const watcher = { onSubchannelState() {}, onSubchannelHealth() {}, onSubchannelThrew() {} };
  const address = { family: "ipv4", host: server.hostAddress, port: 80 } as const;
  const [one, other] = settings.map((own) =>
    new Subchannel(client, address, own, new Backoff(() => 0.5), watcher)
  );
  const turn = async (closure: () => void): Promise<void> => {
    client.execCtx.enter(closure, undefined);
    await simulation.run({ until: simulation.now + 50 });
  };
  await turn(() => [one!, other!].forEach((subchannel) => subchannel.connect()));
  assertEquals([one!.state, other!.state, client.opened.size], ["READY", "READY", 1]);
  return { one: one!, other: other!, client, channel: settings[0]!.channel, turn };
}

test("[C49] one that is given up while others have its connection stays IDLE, and may come back to it", async () => {
  const { one, other, client, turn } = await twoOfOne();
  await turn(() => one.giveUp());
  assertEquals([one.state, other.state, one.failure], ["IDLE", "READY", ""]);
  await turn(() => one.connect());
  assertEquals([one.state, other.state, client.opened.size], ["READY", "READY", 1]);
  await turn(() => [one, other].forEach((subchannel) => subchannel.close("done")));
  assertEquals(client.opened.size, 0);
});

test("[C49] what a channel has left to others is let go when its calls have ended", async () => {
  const { one, other, client, channel, turn } = await twoOfOne();
  const statuses: string[] = [];
  let stream: { cancel(code: 1, message: string): void } | undefined;
  const call = callThat((transport) => {
    stream = transport.open(requestTemplate("/a.B/C", "test", "http", "test/1"), undefined, undefined, {
      channel,
      onHeaders() {},
      onMessage() {},
      onWritable() {},
      onSent() {},
      onStatus: ({ message }) => void statuses.push(message),
    });
  });
  await turn(() => one.submit(call));
  await turn(() => one.drain("its address is not in the list any more"));
  one.sweep();
  assertEquals(one.isOver, false);
  await turn(() => stream!.cancel(1, "enough"));
  await turn(() => one.sweep());
  assertEquals([one.isOver, statuses, other.state], [true, ["enough"], "READY"]);
  await turn(() => other.close("done"));
  assertEquals(client.opened.size, 0);
});

test("[C48][C49] a channel that needs another connection does not get the one that it has", async () => {
  await World.run(async (world) => {
    const serviceConfig = { connectionScaling: { maxConnectionsPerSubchannel: 2 } };
    const channels = [world.channel({ serviceConfig }), world.channel({ serviceConfig })];
    const calls = channels.flatMap((channel, i) => [0, 1].map((n) => world.call(channel, `${i}${n}`)));
    await world.pass();
    assertEquals([world.open.length, world.waiting.size], [2, 2]);
    for (let left = 4; left > 0; left--) {
      const [text] = world.waiting.keys();
      world.answer(text!);
      world.waiting.delete(text!);
      await world.pass();
    }
    assertEquals(await Promise.all(calls), ["OK", "OK", "OK", "OK"]);
  }, 1);
});

test("[C49] keys of connections that are gone are not kept", async () => {
  await World.run(async (world) => {
    const pool = connectionPool(world.client) as unknown as {
      readonly connections: ReadonlyMap<string, unknown>;
    };
    for (let i = 0; i < 5; i++) {
      const channel = world.channel({ maxReceiveMessageBytes: 1_000 + i });
      channel.connect();
      await world.pass();
      channel.close();
      await world.pass();
    }
    assertEquals(pool.connections.size, 1);
  });
});

const provider = [OPENSSL, NODE_TLS].find((one) => one.probe().usable)!.name;

test(
  "[C49] over TLS channels with the same credentials and host share a handshake, and others do not",
  async () => {
    const authority = new Authority();
    const shown = authority.issue({ name: "server", dns: ["localhost", "service.test"], ip: ["127.0.0.1"] });
    let accepted = 0;
    const server = new Server({
      credentials: tls.server({ ...shown, provider }),
      acceptConnection: () => ++accepted > 0,
    });
    server.addService(Trial, { one: (request) => request });
    const target = `127.0.0.1:${await server.listen("127.0.0.1:0")}`;
    const credentials = tls.client({ ca: authority.cert, provider });
    const channels: Channel[] = [];
    const connect = async (options: ChannelOptions): Promise<number> => {
      const channel = new Channel(target, options);
      channels.push(channel);
      assertEquals((await createClient(Trial, channel).one({ text: "a" })).text, "a");
      return accepted;
    };
    assertEquals(await connect({ credentials }), 1);
    assertEquals(await connect({ credentials }), 1);
    assertEquals(await connect({ credentials: tls.client({ ca: authority.cert, provider }) }), 2);
    assertEquals(await connect({ credentials, authority: "service.test" }), 3);
    channels.shift()!.close();
    assertEquals((await createClient(Trial, channels[0]!).one({ text: "b" })).text, "b");
    for (const channel of channels) await channel[Symbol.asyncDispose]();
    server.close();
    await server.shutdown();
  },
  { leaves: "a runtime's TLS sockets have timers that end after them" },
);

test("[C48] channels to https: have the same credentials, where they are given none, and so one connection", async () => {
  const simulation = new Simulation();
  const [at, client] = [simulation.host(), simulation.host()];
  let accepted = 0;
  await listenAt(at, () => void accepted++, 443);
  const channels = [{}, {}, { credentials: tls.client({}) }].map((options) =>
    new Channel(`https://${at.hostAddress}`, { poller: client, ...options })
  );
  for (const channel of channels) channel.connect();
  await simulation.run({ until: 100 });
  assertEquals(accepted, 2);
  for (const channel of channels) channel.close();
  await simulation.run();
});
