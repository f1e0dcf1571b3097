// What a server says of its load: with the answers to calls and by its own stream, and a channel that balances by it.
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  Channel,
  type Client,
  createClient,
  insecure,
  type LoadReport,
  type LoadReportMethods,
  LoadReports,
  loadReportService,
  type Metadata,
  reactor,
  type ReactorContext,
  RpcError,
  Server,
  ServerWriteReactor,
  type ServiceOf,
  Status,
} from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { test } from "../../harness.ts";
import { collect, type Note, Trial } from "../serving.ts";

const { responseCodec } = loadReportService().methods.streamCoreMetrics;

/** A server that reports its load, and a client of it, in virtual time. */
class World {
  readonly simulation = new Simulation();
  private readonly at = this.simulation.host();
  readonly server = new Server({ poller: this.at, credentials: insecure });
  readonly load: LoadReports;
  readonly channel = new Channel(`${this.at.hostAddress}:80`, {
    poller: this.simulation.host(),
    credentials: insecure,
  });
  readonly client: Client<ServiceOf<LoadReportMethods>> = createClient(loadReportService(), this.channel);
  /** Reports, with the second in which they came. */
  readonly log: string[] = [];

  constructor(minIntervalMs?: number) {
    this.load = new LoadReports(this.server, minIntervalMs === undefined ? {} : { minIntervalMs });
  }

  static async run(body: (world: World) => Promise<void>, minIntervalMs?: number): Promise<void> {
    const world = new World(minIntervalMs);
    await body(world);
    world.channel.close();
    world.server.close();
    await world.simulation.run();
  }

  async listen(): Promise<void> {
    await this.server.listen("0.0.0.0:80");
  }

  /** Has reports come, once in `seconds` if that may be. */
  listenFor(seconds: number): AbortController {
    const abort = new AbortController();
    const request = { reportInterval: { seconds: BigInt(seconds), nanos: 0 } };
    void (async () => {
      try {
        for await (const report of this.client.streamCoreMetrics(request, { signal: abort.signal })) {
          this.log.push(`${this.second} ${report.cpuUtilization}`);
        }
      } catch (error) {
        const { code, details } = error as RpcError;
        this.log.push(`${this.second} ${code}: ${details}`);
      }
    })();
    return abort;
  }

  get second(): number {
    return Math.round(this.simulation.now / 1_000);
  }

  run(untilMs: number): Promise<void> {
    return this.simulation.run({ until: untilMs });
  }
}

test("[C43] a stream reports at once, and then once in the interval that was asked for, 30 s at least", async () => {
  await World.run(async (world) => {
    await world.listen();
    world.load.set({ cpuUtilization: 0.25 });
    world.listenFor(40);
    await world.run(20_000);
    world.load.set({ cpuUtilization: 0.5 });
    await world.run(85_000);
    assertEquals(world.log, ["0 0.25", "40 0.5", "80 0.5"]);
  });
  await World.run(async (world) => {
    await world.listen();
    world.listenFor(1);
    world.listenFor(0);
    await world.run(65_000);
    assertEquals(world.log, ["0 0", "0 0", "30 0", "30 0", "60 0", "60 0"]);
  });
});

test("[C43] minIntervalMs is the least interval of a stream", async () => {
  await World.run(async (world) => {
    await world.listen();
    world.listenFor(1);
    await world.run(7_000);
    assertEquals(world.log, ["0 0", "2 0", "4 0", "6 0"]);
  }, 2_000);
});

test("[C43] a client that leaves, and a server that shuts down, end the stream", async () => {
  await World.run(async (world) => {
    await world.listen();
    const abort = world.listenFor(1);
    await world.run(2_500);
    abort.abort();
    await world.run(10_000);
    assertEquals(world.log.splice(0), [
      "0 0",
      "1 0",
      "2 0",
      `3 ${Status.CANCELLED}: call aborted by its signal`,
    ]);
    world.listenFor(1);
    await world.run(11_500);
    void world.server.shutdown();
    await world.run(20_000);
    assertEquals(world.log, ["10 0", "11 0", `12 ${Status.UNAVAILABLE}: the server is shutting down`]);
  }, 1_000);
});

/** The report that came with a call's trailers. */
const reportOf = (trailers: { get(name: string): unknown }): LoadReport | undefined => {
  const bytes = trailers.get("endpoint-load-metrics-bin");
  return bytes === undefined ? undefined : responseCodec.decode(bytes as Uint8Array);
};

test("[C43] what a handler records comes with the answer, beside the server's figures", async () => {
  await World.run(async (world) => {
    const { load, server } = world;
    load.set({ cpuUtilization: 0.5, rpsFractional: 10, namedMetrics: { queue: 3, threads: 8 } });
    server.addService(Trial, {
      one: ({ text }, call) => {
        if (text === "nothing") return {};
        load.record(call, { cpuUtilization: 0.1, requestCost: { rows: 5 } });
        load.record(call, { applicationUtilization: 0.75, namedMetrics: { queue: 4 } });
        if (text === "fails") throw new RpcError("NOT_FOUND", "");
        return {};
      },
      down: reactor((context: ReactorContext, _request: Note) => {
        load.record(context, { eps: 2 });
        return new Nothing(context);
      }),
    });
    await world.listen();
    const client = createClient(Trial, world.channel);
    const reports = async (call: (onTrailers: (trailers: Metadata) => void) => Promise<unknown>) => {
      let found: LoadReport | undefined;
      const ended = call((trailers) => found = reportOf(trailers)).catch(() => {});
      await world.run(world.simulation.now + 100);
      await ended;
      return found;
    };
    const found = await reports((onTrailers) => client.one({ text: "reports" }, { onTrailers }));
    assertEquals({ ...found }, {
      cpuUtilization: 0.1,
      memUtilization: 0,
      applicationUtilization: 0.75,
      rpsFractional: 10,
      eps: 0,
      utilization: {},
      requestCost: { rows: 5 },
      namedMetrics: { queue: 4, threads: 8 },
    });
    const failed = await reports((onTrailers) => client.one({ text: "fails" }, { onTrailers }));
    assertEquals(failed?.cpuUtilization, 0.1);
    assertEquals(await reports((onTrailers) => client.one({ text: "nothing" }, { onTrailers })), undefined);
    const streamed = await reports((onTrailers) => collect(client.down({}, { onTrailers })));
    assertEquals([streamed?.eps, streamed?.cpuUtilization], [2, 0.5]);
  });
});

/** Answers with no message. */
class Nothing extends ServerWriteReactor<Note> {
  constructor(context: ReactorContext) {
    super(context);
    this.finish();
  }
}

test("[C43] with the interceptor every answer has the server's figures, and so have failures", async () => {
  await World.run(async (world) => {
    const { load, server } = world;
    server.intercept(load.interceptor);
    load.set({ cpuUtilization: 0.5 });
    server.addService(Trial, {
      one: ({ text }, call) => {
        if (text === "fails") throw new RpcError("NOT_FOUND", "");
        load.record(call, { requestCost: { rows: 5 } });
        return {};
      },
      down: reactor((context) => new Nothing(context)), // its status is sent before the interceptor goes on
    });
    await world.listen();
    const client = createClient(Trial, world.channel);
    const seen: Array<LoadReport | undefined> = [];
    const onTrailers = (trailers: Metadata) => void seen.push(reportOf(trailers));
    const calls = [
      client.one({}, { onTrailers }),
      client.one({ text: "fails" }, { onTrailers }).catch(() => {}),
      collect(client.down({}, { onTrailers })),
    ];
    await world.run(100);
    await Promise.all(calls);
    assertEquals(seen.map((report) => report?.cpuUtilization), [0.5, 0.5, 0.5]);
    assertEquals(seen.map((report) => report?.requestCost?.rows).toSorted(), [5, undefined, undefined]);
  });
});

test("[C43] figures that are none are refused by their names", () => {
  const poller = new Simulation().host();
  const load = new LoadReports(new Server({ poller, credentials: insecure }));
  const wrong: ReadonlyArray<[figures: object, error: typeof RangeError | typeof TypeError, text: string]> = [
    [{ cpu: 1 }, TypeError, '"cpu"'],
    [{ cpuUtilization: "1" }, TypeError, "cpuUtilization is the string"],
    [{ cpuUtilization: -0.1 }, RangeError, "cpuUtilization is -0.1; give 0 or more"],
    [{ memUtilization: 1.1 }, RangeError, "memUtilization is 1.1; give 0 to 1"],
    [{ rpsFractional: Infinity }, RangeError, "rpsFractional is Infinity; give 0 or more"],
    [{ eps: NaN }, RangeError, "eps is NaN"],
    [{ utilization: { gpu: 2 } }, RangeError, 'utilization["gpu"] is 2; give 0 to 1'],
    [{ requestCost: 3 }, TypeError, "requestCost is the number 3"],
    [{ namedMetrics: { a: Infinity } }, RangeError, 'namedMetrics["a"] is Infinity'],
  ];
  for (const [figures, error, text] of wrong) assertThrows(() => load.set(figures), error, text);
  assertEquals(load.figures, {});
  for (const minIntervalMs of [0, -1, NaN, Infinity]) {
    const make = () => new LoadReports(new Server({ poller, credentials: insecure }), { minIntervalMs });
    assertThrows(make, RangeError, "minIntervalMs");
  }
});

test("[C43] figures by name may be a Map, and absent ones are undefined", () => {
  const load = new LoadReports(new Server({ poller: new Simulation().host(), credentials: insecure }));
  load.set({ cpuUtilization: undefined, eps: 2, namedMetrics: new Map([["queue", 3]]) });
  assertEquals(load.figures, { eps: 2, namedMetrics: { queue: 3 } });
  const wrong = () => load.set({ utilization: new Map([["gpu", 2]]) });
  assertThrows(wrong, RangeError, 'utilization["gpu"] is 2');
});

/** Two servers of which the second can do three times as much, and a channel that balances by what they report. */
async function balanced(config: object, perCall: boolean, then: (world: BalancedWorld) => Promise<void>) {
  const simulation = new Simulation();
  const hosts = [simulation.host(), simulation.host()];
  const handled = [0, 0];
  const servers = await Promise.all(hosts.map(async (poller, i) => {
    const server = new Server({ poller, credentials: insecure });
    const load = new LoadReports(server, { minIntervalMs: 500 });
    load.set({ cpuUtilization: 0.5, rpsFractional: 100 + 200 * i });
    if (perCall) server.intercept(load.interceptor);
    server.addService(Trial, { one: (note) => (handled[i]!++, note) });
    await server.listen("0.0.0.0:80");
    return server;
  }));
  const channel = new Channel(`ipv4:${hosts.map(({ hostAddress }) => `${hostAddress}:80`).join(",")}`, {
    poller: simulation.host(),
    credentials: insecure,
    serviceConfig: { loadBalancingConfig: [{ weighted_round_robin: { blackoutPeriod: "0s", ...config } }] },
  });
  const client = createClient(Trial, channel);
  await then({
    shares: async (calls) => {
      handled.fill(0);
      for (let i = 0; i < calls; i++) {
        const call = client.one({});
        await simulation.run({ until: simulation.now + 5 });
        await call;
      }
      return [...handled];
    },
    pass: (ms) => simulation.run({ until: simulation.now + ms }),
  });
  channel.close();
  for (const server of servers) server.close();
  await simulation.run();
}

interface BalancedWorld {
  /** How many of so many calls each server handles. */
  shares(calls: number): Promise<number[]>;
  pass(ms: number): Promise<void>;
}

test("[C42][C43] a channel balances by what comes with the answers", async () => {
  await balanced({}, true, async ({ shares, pass }) => {
    await shares(4);
    await pass(1_100);
    const [first, second] = await shares(100);
    assert(Math.abs(first! - 25) <= 2 && Math.abs(second! - 75) <= 2, `${first}, ${second}`);
  });
});

test("[C42][C43] a channel balances by what streams report, without any in the answers", async () => {
  await balanced({ enableOobLoadReport: true, oobReportingPeriod: "1s" }, false, async ({ shares, pass }) => {
    await shares(4);
    await pass(1_100);
    const [first, second] = await shares(100);
    assert(Math.abs(first! - 25) <= 2 && Math.abs(second! - 75) <= 2, `${first}, ${second}`);
  });
  await balanced({}, false, async ({ shares, pass }) => {
    await shares(4);
    await pass(1_100);
    assertEquals(await shares(100), [50, 50]);
  });
});
