// Keepalive and the lifetime of connections as calls meet them, in virtual time (gRFC A8, A9, A18). [C65] and so on are
// the rules.
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  Channel,
  type ChannelOptions,
  createClient,
  type Logger,
  type RpcError,
  Server,
  type ServerCall,
  type ServerOptions,
  Status,
} from "pollwire";
import type { EndpointOptions } from "../../pollers/mod.ts";
import { type Conditions, type SimulatedEngine, Simulation } from "../../pollers/simulated/mod.ts";
import { test } from "../harness.ts";
import { listenAt, RawPeer } from "../transport/raw_peer.ts";
import { goAway, setting, SETTINGS_ACK } from "../transport/http2/wire.ts";
import { answer } from "./channel/connecting.ts";
import { echo, failure, Trial, type TrialClient } from "./serving.ts";

const KEEPALIVE = { timeMs: 10_000, timeoutMs: 5_000 };
const SILENT: Logger = { error() {}, warn() {}, info() {}, debug() {} };

/** How a world differs from the usual. */
interface WorldOptions {
  readonly channel?: ChannelOptions;
  readonly server?: ServerOptions;
  readonly conditions?: Partial<Conditions>;
}

/** A server and a channel on hosts of their own. */
class World {
  readonly simulation: Simulation;
  readonly at: SimulatedEngine;
  readonly from: SimulatedEngine;
  readonly server: Server;
  readonly channel: Channel;
  readonly client: TrialClient;
  /** Connections that the server has accepted, by the time. */
  readonly accepted: number[] = [];
  /** The server's side of calls to `down`, which it answers with nothing and never ends. */
  readonly waiting: ServerCall[] = [];

  constructor({ channel, server, conditions }: WorldOptions) {
    this.simulation = new Simulation(conditions === undefined ? {} : { conditions });
    this.at = this.simulation.host();
    this.from = this.simulation.host();
    const { listen } = this.at;
    this.at.listen = (options, onAccept, onShutdown) =>
      listen.call(this.at, options, (endpoint) => {
        this.accepted.push(this.simulation.now);
        onAccept(endpoint);
      }, onShutdown);
    this.server = new Server({ poller: this.at, ...server });
    this.server.addService(Trial, {
      ...echo,
      one: async (request) => {
        if (request.number !== undefined) await this.simulation.sleep(request.number);
        return request;
      },
      down: (_request, call) => {
        this.waiting.push(call);
        return new Promise(() => {});
      },
    });
    this.channel = new Channel(`${this.at.hostAddress}:80`, {
      poller: this.from,
      idleTimeoutMs: Infinity,
      ...channel,
    });
    this.client = createClient(Trial, this.channel);
  }

  /** Runs `check` while the server listens, and closes both. */
  static async run(options: WorldOptions, check: (world: World) => Promise<void>): Promise<void> {
    const world = new World(options);
    await world.server.listen(`${world.at.hostAddress}:80`);
    try {
      await check(world);
    } finally {
      world.channel.close();
      world.server.close();
      await world.simulation.run();
    }
  }

  pass(ms: number): Promise<void> {
    return this.simulation.run({ until: this.simulation.now + ms });
  }

  /** A call, and the time for it; fails where it does not end OK. */
  async call(request: { number?: number } = {}): Promise<void> {
    const call = this.client.one(request);
    await this.pass(50 + (request.number ?? 0));
    await call;
  }

  /** What became of a call: its status, and how many milliseconds it took. */
  async outcome(start: () => PromiseLike<unknown>): Promise<[status: string, ms: number]> {
    const begin = this.simulation.now;
    let end: string | undefined;
    start().then(() => end = "OK", (error: RpcError) => end = error.code + " " + error.message);
    while (end === undefined && this.simulation.now < begin + 3_600_000) await this.pass(10);
    return [end ?? "never", this.simulation.now - begin];
  }

  /** Calls every half second, each with a deadline of 1 s: the milliseconds until one ends OK; Infinity in 10 min. */
  async recovery(): Promise<number> {
    const begin = this.simulation.now;
    let done: number | undefined;
    while (done === undefined && this.simulation.now < begin + 600_000) {
      this.client.one({}, { deadlineMs: 1_000 }).then(() => done ??= this.simulation.now - begin, () => {});
      await this.pass(500);
    }
    return done ?? Infinity;
  }

  /** The path forgets the connections that there are, and lets others be made, as a NAT that restarts. */
  async forgetConnections(): Promise<void> {
    this.simulation.network.blackHole(this.at.hostAddress, this.from.hostAddress);
    const call = failure(this.client.one({}, { deadlineMs: 40 }));
    await this.pass(50);
    await call;
    this.simulation.network.heal(this.at.hostAddress, this.from.hostAddress);
  }
}

test("[C65] behind a path that forgets connections silently, calls work again within 16 s; without keepalive never", async () => {
  for (const keepalive of [KEEPALIVE, undefined]) {
    await World.run({ channel: keepalive === undefined ? {} : { keepalive } }, async (world) => {
      await world.call();
      await world.pass(20_000);
      await world.forgetConnections();
      const ms = await world.recovery();
      if (keepalive === undefined) assertEquals(ms, Infinity);
      else assert(ms <= 16_000, `${ms} ms`);
    });
  }
});

for (const seconds of [30, 120]) {
  test(`[C65] calls work again within 2 s of the end of a partition of ${seconds} s that holds bytes back`, () =>
    World.run({ channel: { keepalive: KEEPALIVE }, conditions: { giveUpMs: 900_000 } }, async (world) => {
      await world.call();
      world.simulation.network.part(world.at.hostAddress, world.from.hostAddress);
      let statuses = 0;
      for (let ms = 0; ms < seconds * 1_000; ms += 500) {
        world.client.one({}, { deadlineMs: 1_000 }).then(() => {}, () => statuses++);
        await world.pass(500);
      }
      assert(statuses > seconds, "calls fail meanwhile");
      world.simulation.network.heal(world.at.hostAddress, world.from.hostAddress);
      const ms = await world.recovery();
      assert(ms <= 2_000, `${ms} ms`);
    }));
}

test("[C65] calls of a connection that is closed for its silence are UNAVAILABLE, and say so", () =>
  World.run({ channel: { keepalive: KEEPALIVE } }, async (world) => {
    await world.call();
    const ended = world.outcome(async () => {
      for await (const _ of world.client.down({})) { /* nothing comes */ }
    });
    world.simulation.schedule(world.simulation.now + 100, () => {
      world.simulation.network.blackHole(world.at.hostAddress, world.from.hostAddress);
    });
    const [status, ms] = await ended;
    assertMatch(status, /^14 .*keepalive: nothing came within 5000 ms after a PING/);
    assert(ms >= 14_900 && ms <= 15_100, `${ms} ms`); // from the last byte read on, which came before the call
  }));

test("[C65] a channel's time below 10 s is 10 s, a server's below 1 s is 1 s", async () => {
  const channel = { keepalive: { timeMs: 1, timeoutMs: 1_000, permitWithoutCalls: true } };
  await World.run({ channel, server: { keepalive: { permitTimeMs: 0 } } }, async (world) => {
    await world.call();
    world.simulation.network.blackHole(world.at.hostAddress, world.from.hostAddress);
    await world.pass(10_900);
    assertEquals(world.channel.state, "READY");
    await world.pass(200);
    assertEquals(world.channel.state, "IDLE");
  });
  await World.run({ server: { keepalive: { timeMs: 1, timeoutMs: 500 } } }, async (world) => {
    await world.call();
    world.simulation.network.blackHole(world.at.hostAddress, world.from.hostAddress);
    const connections = () => world.at.opened.all().length - 1; // which is the listener
    await world.pass(900);
    assertEquals(connections(), 1);
    await world.pass(1_700); // a second of which its GOAWAY has to be written
    assertEquals(connections(), 0);
  });
});

test("[C66] a call on a connection that was silent for long finds out within timeoutMs that it is dead", () =>
  World.run({ channel: { keepalive: KEEPALIVE } }, async (world) => {
    await world.call();
    await world.pass(60_000);
    world.simulation.network.blackHole(world.at.hostAddress, world.from.hostAddress);
    const [status, ms] = await world.outcome(() => world.client.one({}));
    assertMatch(status, /^14 /);
    assert(ms >= 5_000 && ms <= 5_100, `${ms} ms`);
  }));

test("[C67] a server that is sent too many PINGs says so, and the next connection waits twice as long", async () => {
  const warnings: string[] = [];
  const logger: Logger = { ...SILENT, warn: (message) => void warnings.push(message) };
  const keepalive = { ...KEEPALIVE, permitWithoutCalls: true };
  await World.run({ channel: { keepalive, logger } }, async (world) => {
    const stood: number[] = [];
    for (let round = 0; round < 2; round++) {
      world.channel.connect();
      await world.pass(100);
      assertEquals(world.channel.state, "READY");
      while (world.channel.state === "READY") await world.pass(100);
      stood.push(Math.round((world.simulation.now - world.accepted.at(-1)!) / 1_000));
    }
    assertEquals(stood, [40, 80]); // the first PING is no strike, and the fourth is the third strike
    assertEquals(warnings.length, 2);
    assertMatch(warnings[0]!, /^10\.0\.0\.1:80 was sent too many PINGs .*; the next .* waits 20000 ms/);
  });
});

test("[C67] several servers that are sent too many PINGs at once make it twice as long, once", async () => {
  const warnings: string[] = [];
  const simulation = new Simulation();
  const servers = [1, 2, 3, 4].map(() => {
    const poller = simulation.host();
    return { poller, server: new Server({ poller }) };
  });
  for (const { server } of servers) await server.listen("0.0.0.0:80");
  const channel = new Channel(`ipv4:${servers.map(({ poller }) => `${poller.hostAddress}:80`).join(",")}`, {
    poller: simulation.host(),
    loadBalancing: "round_robin",
    keepalive: { ...KEEPALIVE, permitWithoutCalls: true },
    logger: { ...SILENT, warn: (message) => void warnings.push(message) },
  });
  channel.connect();
  await simulation.run({ until: 60_000 });
  assertEquals(warnings.map((line) => /waits (\d+) ms/.exec(line)?.[1]), Array(4).fill("20000"));
  channel.close();
  for (const { server } of servers) server.close();
  await simulation.run();
});

test("[C68] a server that permits them takes PINGs of any number, with and without calls", async () => {
  const keepalive = { ...KEEPALIVE, permitWithoutCalls: true };
  for (const permitted of [{ permitTimeMs: 10_000, permitWithoutCalls: true }, { permitTimeMs: 0 }]) {
    await World.run({ channel: { keepalive }, server: { keepalive: permitted } }, async (world) => {
      await world.call();
      await world.pass(3_600_000);
      assertEquals([world.channel.state, world.accepted.length], ["READY", 1]);
    });
  }
});

test("[C68] by default PINGs with calls are permitted every five minutes, without calls every two hours", async () => {
  for (
    const [timeMs, calls, state] of [
      [300_100, true, "READY"],
      [290_000, true, "IDLE"],
      [7_200_100, false, "READY"],
      [7_190_000, false, "IDLE"],
    ] as const
  ) {
    const channel = { keepalive: { timeMs, permitWithoutCalls: true }, logger: SILENT };
    // The server's own PINGs would make the client's superfluous.
    await World.run({ channel, server: { keepalive: { timeMs: Infinity } } }, async (world) => {
      world.channel.connect();
      await world.pass(100);
      if (calls) void failure(world.client.down({})[Symbol.asyncIterator]().next());
      await world.pass(6 * timeMs);
      assertEquals(world.channel.state, state, `${timeMs} ms ${calls ? "with" : "without"} calls`);
    });
  }
});

test("[C69] a server closes a connection whose client is silent: its calls end, after 2 h and 20 s by default", async () => {
  for (
    const [keepalive, after] of [[undefined, 7_220_000], [
      { timeMs: 60_000, timeoutMs: 2_000 },
      62_000,
    ]] as const
  ) {
    await World.run({ server: keepalive === undefined ? {} : { keepalive } }, async (world) => {
      const call = failure(world.client.down({})[Symbol.asyncIterator]().next());
      await world.pass(50);
      world.simulation.network.blackHole(world.at.hostAddress, world.from.hostAddress);
      const { signal } = world.waiting[0]!;
      await world.pass(after - 100);
      assertEquals(signal.aborted, false);
      await world.pass(200);
      assertEquals(signal.aborted, true);
      world.channel.close();
      await call;
    });
  }
});

test("[C69] a server asks without calls too", () =>
  World.run({ server: { keepalive: { timeMs: 60_000, timeoutMs: 2_000 } } }, async (world) => {
    await world.call();
    world.simulation.network.blackHole(world.at.hostAddress, world.from.hostAddress);
    const open = () => world.at.opened.all().length;
    await world.pass(61_900);
    assertEquals(open(), 2);
    await world.pass(1_300); // a second of which its GOAWAY has to be written
    assertEquals(open(), 1, "the listener");
  }));

test("[C70] idle counts from the end of the last call, and the channel is IDLE then", () =>
  World.run({ server: { maxConnectionIdleMs: 10_000 } }, async (world) => {
    await world.call({ number: 25_000 }); // in which nothing is sent either way
    const begin = world.simulation.now;
    await world.pass(9_900);
    assertEquals(world.channel.state, "READY");
    while (world.channel.state === "READY") await world.pass(10);
    const ms = world.simulation.now - begin;
    assert(ms >= 9_900 && ms <= 10_100, `${ms} ms`);
    await world.call();
    assertEquals(world.accepted.length, 2);
  }));

test("[C70] connections end at an age that differs by up to a tenth, and no call fails for it", () =>
  World.run({ server: { maxConnectionAgeMs: 10_000 } }, async (world) => {
    for (let ms = 0; ms < 300_000; ms += 100) {
      const call = world.client.one({ number: 50 });
      await world.pass(100);
      await call;
    }
    const ages = world.accepted.slice(1).map((time, i) => time - world.accepted[i]!);
    assert(ages.length > 25, `${ages.length} connections`);
    assert(ages.every((age) => age >= 9_000 && age <= 11_200), ages.join(" "));
    assert(Math.max(...ages) - Math.min(...ages) > 1_000, ages.join(" "));
  }));

test("[C70] what still runs after the grace is UNAVAILABLE, and ends within it otherwise", () =>
  World.run({ server: { maxConnectionAgeMs: 10_000, maxConnectionAgeGraceMs: 5_000 } }, async (world) => {
    const [short, long] = [
      world.client.one({ number: 12_000 }),
      failure(world.client.one({ number: 60_000 })),
    ];
    await world.pass(17_000);
    assertEquals((await short).number, 12_000);
    const { code, message } = await long;
    assertEquals(code, Status.UNAVAILABLE);
    assertMatch(message, /max_age/);
  }));

test("[C71] with keepalive sockets have its timeout as theirs, unless another is asked for", async () => {
  const cases: Array<[Pick<ChannelOptions, "keepalive" | "endpoint">, EndpointOptions]> = [
    [{}, {}],
    [{ keepalive: KEEPALIVE }, { userTimeoutMs: 5_000 }],
    [{ keepalive: { timeMs: 60_000 } }, { userTimeoutMs: 20_000 }],
    [{ keepalive: { timeoutMs: 5_000 } }, {}],
    [{ keepalive: KEEPALIVE, endpoint: { userTimeoutMs: 9_000 } }, { userTimeoutMs: 9_000 }],
  ];
  for (const [options, expected] of cases) {
    const simulation = new Simulation();
    const host = simulation.host();
    const asked: EndpointOptions[] = [];
    const { connect, listen } = host;
    host.connect = (to, given, done) => (asked.push(given), connect.call(host, to, given, done));
    host.listen = (given, ...callbacks) => (asked.push(given), listen.call(host, given, ...callbacks));
    const channel = new Channel("10.0.0.9:80", { poller: host, ...options });
    channel.connect();
    channel.close();
    assertEquals(asked, [expected]);
    const keepalive = { timeMs: Infinity, ...options.keepalive };
    const server = new Server({ poller: host, ...options, keepalive });
    await server.listen(`${host.hostAddress}:80`);
    assertEquals(asked.at(-1)!.userTimeoutMs, expected.userTimeoutMs);
    server.close();
  }
});

test("[C72] after GOAWAY no call begins on the connection, those it took go on, those above its number are tried again", async () => {
  const simulation = new Simulation();
  const [at, from] = [simulation.host(), simulation.host()];
  const peers: RawPeer[] = [];
  await listenAt(at, (endpoint) => {
    const peer = new RawPeer(endpoint);
    peers.push(peer);
    peer.send(setting(), SETTINGS_ACK);
  });
  const channel = new Channel(`${at.hostAddress}:80`, { poller: from });
  const client = createClient(Trial, channel);
  const ended: string[] = [];
  const call = (name: string) => {
    client.one({}).then(() => {}, ({ code }: RpcError) => void ended.push(`${name} ${code}`));
  };
  const streams = (peer: RawPeer) => peer.frames.filter((frame) => frame.startsWith("HEADERS")).length;
  call("taken");
  call("not taken");
  await simulation.run({ until: 100 });
  peers[0]!.send(goAway(1, 0, "maintenance"));
  await simulation.run({ until: 200 });
  call("new");
  await simulation.run({ until: 300 });
  assertEquals(peers.map(streams), [2, 2]);
  assertEquals(ended, []);
  peers[0]!.send(answer(1));
  await simulation.run({ until: 400 });
  assertEquals(ended, [`taken ${Status.UNIMPLEMENTED}`]); // for it has no message; the others are on the second one
  peers[1]!.send(answer(1), answer(3));
  await simulation.run({ until: 500 });
  assertEquals(ended.length, 3);
  channel.close();
});
