// Client-side health checks: which servers get calls by what they say of themselves, and the Watch call that asks them
// (gRFC A17).
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  callCredentials,
  Channel,
  type ChannelOptions,
  type Codec,
  createClient,
  Health,
  type HealthCheckResponse,
  healthService,
  insecure,
  type JsonServiceConfig,
  LoadReports,
  type ResolverSink,
  RpcError,
  Server,
  type ServerOptions,
  type ServingStatus,
} from "pollwire";
import { onNextState } from "../../../surface/channel/channel.ts";
import { parseAddress } from "../../../surface/channel/destination.ts";
import { type SimulatedEngine, Simulation } from "../../../pollers/simulated/mod.ts";
import { test } from "../../harness.ts";
import { takenForSecure } from "../credentials/secured_channel.ts";
import { Trial } from "../serving.ts";

const SERVICE = "trial.Trial";
const CHECKED: JsonServiceConfig = {
  loadBalancingConfig: [{ round_robin: {} }],
  healthCheckConfig: { serviceName: SERVICE },
};

/** Servers in virtual time, and a channel to all of them. */
class World {
  readonly simulation = new Simulation();
  readonly client = this.simulation.host();
  readonly servers: Server[] = [];
  /** Which server calls went to, by its number. */
  readonly served: number[] = [];
  /** What the channel wrote down. */
  readonly lines: string[] = [];
  channel!: Channel;
  private readonly hosts: SimulatedEngine[] = [];
  private sink: ResolverSink | undefined = undefined;

  /** Adds a server; `dress` adds services to it. */
  async serve(dress: (server: Server) => void = () => {}, options: ServerOptions = {}): Promise<Server> {
    const host = this.simulation.host();
    const server = new Server({ poller: host, credentials: insecure, ...options });
    const number = this.servers.push(server) - 1;
    server.addService(Trial, {
      one: (request) => (this.served.push(number), request),
      down: () => forEver(),
    });
    dress(server);
    await server.listen("0.0.0.0:80");
    this.hosts.push(host);
    return server;
  }

  connect(config: JsonServiceConfig = CHECKED, options: ChannelOptions = {}): Channel {
    const start = (): void => this.resolve(config);
    this.channel = new Channel("table:servers", {
      poller: this.client,
      credentials: insecure,
      logger: { error() {}, warn: (line) => void this.lines.push(line), info() {}, debug() {} },
      resolvers: {
        table: {
          make: (_context, sink) => {
            this.sink = sink;
            return {
              start,
              requestReresolution() {},
              resetBackoff() {},
              describeWait: () => "the servers",
              close() {},
            };
          },
        },
      },
      ...options,
    });
    this.channel.connect();
    return this.channel;
  }

  /** The servers that there are, and what is said of the service. */
  resolve(config: JsonServiceConfig): void {
    const endpoints = this.hosts.map(({ hostAddress }) => ({
      addresses: [parseAddress(`${hostAddress}:80`)],
    }));
    this.sink!.onResolved(endpoints, config);
  }

  pass(ms = 100): Promise<void> {
    return this.simulation.run({ until: this.simulation.now + ms });
  }

  /** Which servers `count` calls went to, or why they failed. */
  async calls(count: number): Promise<Array<number | string>> {
    const { one } = createClient(Trial, this.channel);
    const failures: string[] = [];
    const calls = Array.from(
      { length: count },
      () => one({ text: "a" }).catch((error: unknown) => failures.push((error as RpcError).message)),
    );
    await this.pass();
    await Promise.all(calls);
    return [...this.served.splice(0).toSorted(), ...failures];
  }

  async end(): Promise<void> {
    this.channel.close();
    for (const server of this.servers) server.close();
    await this.simulation.run();
    assertEquals([...this.client.opened].map((one) => one.describe()), []);
  }
}

/** A server whose health is what `watch` says, each time that it is asked. */
const watched = (watch: () => AsyncIterable<{ status: ServingStatus }>) => (server: Server): void => {
  server.addService(healthService(), {
    check: () => ({}),
    list: () => ({}),
    watch,
  });
};

/** Ends with its call. */
const forEver = (): Promise<never> => new Promise(() => {});

test("[C52] calls go to servers whose service is SERVING, as it changes", async () => {
  const world = new World();
  const healths = await Promise.all([0, 1].map(async () => {
    let health: Health;
    await world.serve((server) => health = new Health(server));
    return health!;
  }));
  healths[0]!.set(SERVICE, "SERVING");
  healths[1]!.set(SERVICE, "NOT_SERVING");
  world.connect();
  await world.pass();
  assertEquals(await world.calls(4), [0, 0, 0, 0]);
  healths[1]!.set(SERVICE, "SERVING");
  await world.pass();
  assertEquals(await world.calls(4), [0, 0, 1, 1]);
  healths[0]!.set(SERVICE, "NOT_SERVING");
  await world.pass();
  assertEquals(await world.calls(4), [1, 1, 1, 1]);
  await world.end();
});

test("[C52] an answer to the watch makes no connection a useful one: a server that hangs up after it is met by a backoff", async () => {
  const world = new World();
  let watches = 0;
  await world.serve(watched(async function* () {
    watches++;
    yield { status: "SERVING" };
    const { simulation } = world;
    simulation.schedule(simulation.now + 5, () => simulation.network.resetSome());
    await forEver();
  }));
  world.connect();
  await world.pass(10_000);
  // At 0 and at once; 1.6, 4.2 and 8.3 s after the second, or a fifth more or less.
  assert(watches >= 3 && watches <= 6, `${watches} connections in 10 s`);
  await world.end();
});

for (
  const { says, least, most } of [
    { says: "nothing", least: 6, most: 9 }, // at 0, 2 and 4 s; then 1.6, 2.6, 4.1 s and so on lie between
    { says: "SERVING", least: 29, most: 31 },
  ]
) {
  test(`[C52] a server that ends idle connections after 2 s and says ${says} of its health gets ${most} a minute at most`, async () => {
    const world = new World();
    const connect = world.client.connect.bind(world.client);
    let connections = 0;
    world.client.connect = (...parameters) => {
      connections++;
      const { simulation } = world;
      simulation.schedule(simulation.now + 2_000, () => simulation.network.resetSome());
      return connect(...parameters);
    };
    await world.serve(watched(async function* () {
      if (says === "SERVING") yield { status: says };
      await forEver();
    }));
    world.connect();
    await world.pass(60_000);
    assert(connections >= least && connections <= most, `${connections} connections in a minute`);
    await world.end();
  });
}

test("[C52] READY only after the first SERVING; what is not SERVING is a failure that says so", async () => {
  const world = new World();
  const statuses: Array<(status: ServingStatus) => void> = [];
  await world.serve(watched(async function* () {
    for (;;) yield { status: await new Promise<ServingStatus>((resolve) => statuses.push(resolve)) };
  }));
  world.connect();
  await world.pass();
  assertEquals(world.channel.state, "CONNECTING");
  for (const [i, status] of (["NOT_SERVING", "UNKNOWN", "SERVICE_UNKNOWN"] as const).entries()) {
    statuses[i]!(status);
    await world.pass();
    assertEquals(world.channel.state, "TRANSIENT_FAILURE");
    const [failure] = await world.calls(1);
    assertMatch(
      String(failure),
      new RegExp(`10\\.0\\.0\\.2:80: the health of service ${SERVICE} is ${status}`),
    );
  }
  const { one } = createClient(Trial, world.channel);
  const waits = one({ text: "a" }, { waitForReady: true });
  await world.pass();
  statuses[3]!("SERVING");
  await world.pass();
  await waits;
  assertEquals(world.channel.state, "READY");
  await world.end();
});

test("[C52] a server without the health service is healthy, and a channel says so once", async () => {
  const world = new World();
  await world.serve();
  await world.serve();
  world.connect();
  await world.pass();
  assertEquals(await world.calls(4), [0, 0, 1, 1]);
  await world.pass(300_000);
  const lines = world.lines.filter((line) => line.includes("health"));
  assertEquals(lines.length, 1);
  assertMatch(lines[0]!, /^10\.0\.0\.\d:80 has no health service, which the service config asks for/);
  await world.end();
});

test("[C52] a watch that ends is a failure, and is made again by a backoff that any answer resets", async () => {
  const world = new World();
  const asked: number[] = [];
  const answers: Array<ServingStatus | undefined> = [
    undefined,
    undefined,
    undefined,
    "NOT_SERVING",
    undefined,
    "SERVING",
  ];
  await world.serve(watched(async function* () {
    asked.push(world.simulation.now);
    const answer = answers[asked.length - 1];
    if (answer !== undefined) yield { status: answer };
    if (answer === "SERVING") await forEver();
    throw new RpcError("INTERNAL", "no idea");
  }));
  world.connect();
  await world.pass();
  assertEquals(world.channel.state, "TRANSIENT_FAILURE");
  assertMatch(String((await world.calls(1))[0]), /cannot be watched: .*INTERNAL.*no idea/);
  await world.pass(60_000);
  const gaps = asked.slice(1).map((at, i) => (at - asked[i]!) / 1_000);
  const expected = [1, 1.6, 2.56, 1, 1.6];
  assertEquals(gaps.length, expected.length);
  gaps.forEach((gap, i) => assert(Math.abs(gap / expected[i]! - 1) < 0.21, `${gap} is not ${expected[i]}`));
  assertEquals([world.channel.state, await world.calls(1)], ["READY", [0]]);
  await world.end();
});

test("[C52] a watch whose answer cannot be read is a failure", async () => {
  const world = new World();
  const { methods, fullName } = healthService();
  const responseCodec: Codec<HealthCheckResponse> = {
    ...methods.watch.responseCodec,
    encodeInto: (_message, writer) => writer.uint32(7), // a tag of no field and no wire type
  };
  const unreadable = { fullName, methods: { ...methods, watch: { ...methods.watch, responseCodec } } };
  await world.serve((server) =>
    server.addService(unreadable, {
      check: () => ({}),
      list: () => ({}),
      watch: async function* () {
        yield { status: "SERVING" as const };
        await forEver();
      },
    })
  );
  world.connect();
  await world.pass();
  assertMatch(String((await world.calls(1))[0]), /cannot be watched: INTERNAL/);
  await world.end();
});

test("[C37] a lone pick_first asks for no health", async () => {
  const world = new World();
  let asked = 0;
  await world.serve(watched(async function* () {
    asked++;
    yield { status: "NOT_SERVING" };
    await forEver();
  }));
  world.connect({ ...CHECKED, loadBalancingConfig: [{ pick_first: {} }] });
  await world.pass();
  assertEquals([world.channel.state, asked, await world.calls(1)], ["READY", 0, [0]]);
  await world.end();
});

test("[C52] the service config asks for another service's health, for none, and for one again", async () => {
  const world = new World();
  let health!: Health;
  await world.serve((server) => health = new Health(server));
  health.set("a", "NOT_SERVING");
  health.set("b", "SERVING");
  const asking = (serviceName?: string): JsonServiceConfig => ({
    loadBalancingConfig: [{ round_robin: {} }],
    ...(serviceName === undefined ? {} : { healthCheckConfig: { serviceName } }),
  });
  world.connect(asking("a"));
  const states: string[] = [];
  for (const next of ["b", undefined, "a", "b"]) {
    await world.pass();
    states.push(world.channel.state);
    world.resolve(asking(next));
  }
  await world.pass();
  states.push(world.channel.state);
  assertEquals(states, ["TRANSIENT_FAILURE", "READY", "READY", "TRANSIENT_FAILURE", "READY"]);
  await world.end();
});

test("[C52] a new list with the same service's health keeps the watches of servers that stay", async () => {
  const world = new World();
  let watches = 0;
  for (let i = 0; i < 2; i++) {
    await world.serve(watched(async function* () {
      watches++;
      yield { status: "SERVING" };
      await forEver();
    }));
  }
  world.connect();
  for (let i = 0; i < 3; i++) {
    await world.pass();
    assertEquals([world.channel.state, watches], ["READY", 2]);
    world.resolve(CHECKED);
    assertEquals(world.channel.state, "READY");
  }
  await world.end();
});

test("[C53] the watch carries the channel's call credentials", async () => {
  const world = new World();
  const seen: unknown[] = [];
  await world.serve((server) =>
    server.addService(healthService(), {
      check: () => ({}),
      list: () => ({}),
      watch: async function* (_request, call) {
        seen.push(call.metadata.get("authorization"));
        yield { status: "SERVING" as const };
        await forEver();
      },
    })
  );
  const channel = world.connect(CHECKED, { callCredentials: callCredentials.bearer("token") });
  takenForSecure(channel);
  await world.pass();
  assertEquals([channel.state, seen], ["READY", ["Bearer token"]]);
  await world.end();
});

/** One server whose connections have one stream each: the library's own has one, and a call that waits for ever another. */
async function twoConnections(config: JsonServiceConfig): Promise<World> {
  const world = new World();
  await world.serve((server) => {
    new Health(server).set(SERVICE, "SERVING");
    new LoadReports(server);
  }, { settings: { maxConcurrentStreams: 1 }, maxConnectionAgeMs: 20_000 });
  world.connect({ ...config, connectionScaling: { maxConnectionsPerSubchannel: 3 } });
  await world.pass(10_000);
  void createClient(Trial, world.channel).down({})[Symbol.asyncIterator]().next().catch(() => {});
  await world.pass(100);
  assertEquals([world.client.opened.size, world.channel.state], [2, "READY"]);
  return world;
}

for (
  const [what, config] of [
    ["the watch", CHECKED],
    ["the stream of load reports", {
      loadBalancingConfig: [{
        outlier_detection: { childPolicy: [{ weighted_round_robin: { enableOobLoadReport: true } }] },
      }],
    }],
  ] as const
) {
  test(`[C48][C53] ${what} goes to another connection of its server where its own takes no more calls`, async () => {
    const world = await twoConnections(config);
    const [first] = world.client.opened;
    const states: string[] = [];
    const takeBack = onNextState("look at", world.channel, () => void states.push(world.channel.state));
    await world.pass(14_000);
    assertEquals([world.client.opened.has(first!), world.client.opened.size], [false, 2]);
    assertEquals(states, [], "what was known of the server stays until it has said it anew");
    assertEquals(world.channel.state, "READY");
    takeBack();
    await world.end();
  });
}

test("[C53] it is cancelled on GOAWAY, so that the connection ends", async () => {
  const world = new World();
  let over = 0;
  const server = await world.serve((server) =>
    server.addService(healthService(), {
      check: () => ({}),
      list: () => ({}),
      watch: async function* (_request, call) {
        call.signal.addEventListener("abort", () => over++);
        yield { status: "SERVING" as const };
        await forEver();
      },
    })
  );
  world.connect();
  await world.pass();
  const drained = server.shutdown();
  await world.pass();
  await drained;
  assertEquals(over, 1);
  await world.end();
});

test("[C53] it does not keep the channel from draining, nor from being IDLE, nor the process", async () => {
  const world = new World();
  let health!: Health;
  await world.serve((server) => health = new Health(server));
  health.set(SERVICE, "SERVING");
  const channel = world.connect(CHECKED, { idleTimeoutMs: 5_000 });
  await world.pass();
  assertEquals([channel.state, world.client.holds], ["READY", 0]);
  await world.pass(6_000);
  assertEquals([channel.state, [...world.client.opened].length], ["IDLE", 0]);
  channel.connect();
  await world.pass();
  assertEquals(channel.state, "READY");
  const drained = channel.drain();
  await world.pass();
  await drained;
  await world.end();
});

test("[C53] a connection that is lost is asked anew when it is there again", async () => {
  const world = new World();
  let asked = 0;
  await world.serve(watched(async function* () {
    asked++;
    yield { status: "SERVING" };
    await forEver();
  }));
  world.connect();
  await world.pass();
  world.simulation.network.resetSome();
  await world.pass(3_000);
  assertEquals([world.channel.state, asked], ["READY", 2]);
  await world.end();
});

test("no watch is an observed call", async () => {
  const world = new World();
  await world.serve((server) => new Health(server).set(SERVICE, "SERVING"));
  const seen: string[] = [];
  world.connect().observe({ onCallBegin: ({ method }) => void seen.push(method) });
  await world.pass();
  await world.calls(1);
  assertEquals(seen.map((method) => method.split("/").at(-1)), ["One"]);
  await world.end();
});

test("[C52][C53] over sockets: calls follow the health of two servers, and a channel that drains is not kept by its watches", async () => {
  const served: number[] = [];
  const servers = await Promise.all([0, 1].map(async (number) => {
    const server = new Server();
    server.addService(Trial, { one: (request) => (served.push(number), request) });
    const health = new Health(server);
    health.set(SERVICE, number === 0 ? "SERVING" : "NOT_SERVING");
    return { server, health, port: await server.listen("127.0.0.1:0") };
  }));
  const target = `ipv4:${servers.map(({ port }) => `127.0.0.1:${port}`).join(",")}`;
  const channel = new Channel(target, { serviceConfig: CHECKED });
  const { one } = createClient(Trial, channel);
  const which = async (count: number): Promise<number[]> => {
    for (let i = 0; i < count; i++) await one({ text: "a" });
    return [...new Set(served.splice(0))].toSorted();
  };
  assertEquals(await which(4), [0]);
  servers[1]!.health.set(SERVICE, "SERVING");
  while ((await which(4)).length < 2); // the test's own limit ends it
  servers[0]!.health.set(SERVICE, "NOT_SERVING");
  while ((await which(4)).includes(0));
  await channel.drain();
  for (const { server } of servers) await server.shutdown();
});
