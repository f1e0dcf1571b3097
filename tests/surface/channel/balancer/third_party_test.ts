// Balancing policies of applications, as applications write them: all of it by what the package exports.
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  type Balancer,
  type BalancingPolicy,
  Channel,
  type ChannelOptions,
  type ChildBalancer,
  type ChildPolicy,
  type ConnectivityState,
  createClient,
  insecure,
  type JsonServiceConfig,
  parseAddress,
  type Picker,
  pickFailure,
  pickLater,
  type PickResult,
  registerBalancer,
  type ResolverFactory,
  type ResolverSink,
  RpcError,
  Server,
  ServiceConfigError,
} from "pollwire";
import { Simulation } from "../../../../pollers/simulated/mod.ts";
import { test } from "../../../harness.ts";
import { echo, failure, Trial, type TrialClient, until } from "../../serving.ts";

interface ZoneConfig {
  readonly zone: string;
  readonly child: ChildPolicy;
}

/** Calls go to the servers of one zone, and to the others while none of those is READY. A call may ask for "x-far: 1". */
class ZoneBalancer implements Balancer<ZoneConfig> {
  private readonly children: ChildBalancer[];
  private readonly states: ConnectivityState[] = ["CONNECTING", "CONNECTING"];
  private readonly pickers: Array<Picker | undefined> = [undefined, undefined];

  constructor(helper: Parameters<BalancingPolicy["make"]>[0]) {
    this.children = [0, 1].map((nth) =>
      helper.makeChild((state, picker) => {
        this.states[nth] = state;
        this.pickers[nth] = picker;
        this.publish(helper);
      })
    );
  }

  update(endpoints: Parameters<Balancer["update"]>[0], { zone, child }: ZoneConfig): void {
    this.children[0]!.update(endpoints.filter(({ metadata }) => metadata === zone), child);
    this.children[1]!.update(endpoints.filter(({ metadata }) => metadata !== zone), child);
  }
  exitIdle(): void {
    for (const child of this.children) child.exitIdle();
  }
  resetBackoff(): void {
    for (const child of this.children) child.resetBackoff();
  }
  close(): void {
    for (const child of this.children) child.close();
  }

  private publish(helper: Parameters<BalancingPolicy["make"]>[0]): void {
    const [near, far] = this.pickers;
    const best = this.states[0] === "READY" ? near : far ?? near;
    const state = this.states.includes("READY") ? "READY" : this.states[1]!;
    helper.updateState(state, {
      pick: (call) => (call.metadataValue("x-far") === "1" ? far ?? near : best)?.pick(call) ?? pickLater,
    });
  }
}

const ZONE: BalancingPolicy<ZoneConfig> = {
  name: "zone",
  readConfig(json, readChild) {
    if (typeof json.zone !== "string") throw new ServiceConfigError("zone", `is ${json.zone}; give a name`);
    return { zone: json.zone, child: readChild(json.childPolicy ?? [{ round_robin: {} }], "childPolicy") };
  },
  make: (helper) => new ZoneBalancer(helper),
};
registerBalancer(ZONE);

/** Picks what the test says. */
let picks: () => PickResult = () => pickLater;
registerBalancer({
  name: "scripted",
  readConfig: () => undefined,
  make: (helper) => ({
    update: () => helper.updateState("READY", { pick: () => picks() }),
    exitIdle() {},
    resetBackoff() {},
    close() {},
  }),
});

/** Runs `check` with servers of `zones` that answer with their numbers. */
async function zoned(
  zones: readonly string[],
  options: ChannelOptions,
  check: (client: TrialClient, servers: readonly Server[], channel: Channel) => Promise<void>,
): Promise<void> {
  const servers = zones.map(() => new Server());
  const endpoints: Array<{ addresses: ReturnType<typeof parseAddress>[]; metadata: string }> = [];
  for (const [number, server] of servers.entries()) {
    server.addService(Trial, { ...echo, one: () => ({ number }) });
    const port = await server.listen("127.0.0.1:0");
    endpoints.push({ addresses: [parseAddress(`127.0.0.1:${port}`)], metadata: zones[number]! });
  }
  const resolver: ResolverFactory = {
    make: (_context, sink) => ({
      start: () => sink.onResolved(endpoints),
      requestReresolution() {},
      resetBackoff() {},
      describeWait: () => "the test",
      close() {},
    }),
  };
  const channel = new Channel("zones:all", { ...options, resolvers: { zones: resolver } });
  try {
    await check(createClient(Trial, channel), servers, channel);
  } finally {
    channel.close();
    for (const server of servers) server.close();
  }
}

const inZone = (zone: unknown, more: object = {}): JsonServiceConfig => ({
  loadBalancingConfig: [{ zone: { zone, ...more } }],
});

/** Waits until calls with `metadata` are answered by `expected` in turn, and by no other. */
async function answering(client: TrialClient, expected: readonly number[], metadata = {}): Promise<void> {
  const newest: number[] = [];
  const window = 3 * expected.length;
  for (let calls = 0; calls < 2_000; calls++) {
    newest.push((await client.one({}, { metadata })).number ?? 0);
    const found = new Set(newest.slice(-window));
    if (
      newest.length >= window && found.size === expected.length && expected.every((one) => found.has(one))
    ) return;
  }
  throw new Error(`servers ${expected} are to answer, and ${newest.slice(-10)} do`);
}

test("[C28] a registered policy has children of other policies, and chooses among their pickers", async () => {
  await zoned(["a", "b", "a", "b"], { serviceConfig: inZone("b") }, async (client, servers) => {
    await answering(client, [1, 3]);
    await answering(client, [0, 2], { "x-far": "1" });
    servers[1]!.close();
    servers[3]!.close();
    await until0or2(client);
  });
});

/** Calls may fail while the servers of the zone end. */
async function until0or2(client: TrialClient): Promise<void> {
  for (let calls = 0; calls < 2_000; calls++) {
    try {
      await answering(client, [0, 2]);
      return;
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
    }
  }
  throw new Error("calls go on failing");
}

test("[C28] what a registered policy finds wrong with its config is named with its place", () => {
  const wrong = (config: JsonServiceConfig) =>
    assertThrows(() => new Channel("127.0.0.1:1", { serviceConfig: config }), ServiceConfigError).message;
  assertEquals(
    wrong(inZone(undefined)),
    "Cannot read the service config: loadBalancingConfig[0].zone.zone is undefined; give a name",
  );
  assertMatch(
    wrong(inZone("a", { childPolicy: [{ nowhere: {} }] })),
    /: loadBalancingConfig\[0\]\.zone\.childPolicy has no policy that is known: nowhere; there are pick_first, .*zone/,
  );
  assertThrows(
    () => new Channel("127.0.0.1:1", { loadBalancing: "zone" }),
    ServiceConfigError,
    "zone is undefined",
  );
});

test("[C19][C28] what a policy picks that is none, and what its picker throws, makes calls UNAVAILABLE and no more", async () => {
  await zoned(["a"], { loadBalancing: "scripted" }, async (client) => {
    for (
      const [pick, details] of [
        [() => undefined as never, "the balancing policy scripted failed: it picked undefined"],
        [() => ({}), "the balancing policy scripted failed: it picked an object"],
        [() => Promise.reject(new Error("no")), "the balancing policy scripted failed: it picked a Promise"],
        [() => {
          throw new RpcError("NOT_FOUND", "no server");
        }, /^the balancing policy scripted failed: .*no server/],
        [() => pickFailure("nobody is there"), "nobody is there"],
      ] as const
    ) {
      picks = pick;
      const error = await failure(client.one({}));
      assertEquals(error.code, 14);
      if (typeof details === "string") assertEquals(error.details, details);
      else assertMatch(error.details, details);
    }
    picks = () => pickFailure("nobody is there", true);
    assertEquals((await failure(client.one({}, { waitForReady: true }))).details, "nobody is there");
    picks = () => pickLater;
    assertEquals((await failure(client.one({}, { deadlineMs: 20 }))).code, 4);
  });
});

test("[C19] a call whose picker chooses a connection that is lost waits for the next picker, and asks none meanwhile", async () => {
  let kept: PickResult = pickLater;
  let picked = 0;
  let isLost = false;
  registerBalancer<ChildPolicy>({
    name: "stubborn",
    readConfig: (_json, readChild) => readChild([{ pick_first: {} }], "childPolicy"),
    make(helper) {
      let publish = (): void => {};
      const child = helper.makeChild((state, picker) => {
        isLost = kept !== pickLater && state !== "READY";
        publish = () =>
          helper.updateState("READY", {
            pick(call) {
              picked++;
              return kept === pickLater ? kept = picker.pick(call) : kept;
            },
          });
        if (kept === pickLater) publish();
      });
      return {
        update: (endpoints, policy) => child.update(endpoints, policy),
        exitIdle: () => child.exitIdle(),
        resetBackoff() {
          kept = pickLater;
          publish();
        },
        close: () => child.close(),
      };
    },
  });
  await zoned(["a"], { loadBalancing: "stubborn" }, async (client, servers, channel) => {
    await client.one({});
    servers[0]!.close();
    await until(() => isLost);
    picked = 0;
    assertEquals((await failure(client.one({}, { deadlineMs: 50 }))).code, 4);
    assertEquals(picked <= 2, true, `${picked}`);
    const waits = failure(client.one({}));
    channel.resetConnectBackoff();
    assertEquals((await waits).code, 14);
  });
});

test("[C19] what an async method of a policy rejects with fails the calls that wait, and the channel begins anew", async () => {
  let updates = 0;
  registerBalancer<ChildPolicy>({
    name: "async",
    readConfig: (_json, readChild) => readChild([{ pick_first: {} }], "childPolicy"),
    make(helper) {
      const child = helper.makeChild((state, picker) => helper.updateState(state, picker));
      return {
        async update(endpoints, policy) {
          await Promise.resolve();
          if (++updates === 1) throw new Error("not yet");
          helper.run(() => child.update(endpoints, policy));
        },
        exitIdle: () => child.exitIdle(),
        resetBackoff: () => child.resetBackoff(),
        close: () => child.close(),
      };
    },
  });
  const reported: string[] = [];
  const onError = (error: unknown) => void reported.push((error as Error).message);
  await zoned(["a"], { loadBalancing: "async", onError }, async (client) => {
    const { code, details } = await failure(client.one({}));
    assertEquals([code, details], [14, "cannot connect to zones:all: Error: not yet"]);
    assertEquals((await client.one({})).number ?? 0, 0);
  });
  assertEquals(reported, ["not yet"]);
});

test("[C19] a policy whose make() or readConfig() is async is none, and its rejection is no matter of the process", async () => {
  const rejects = (): never => Promise.reject(new Error("rejected")) as never;
  registerBalancer({ name: "async_make", readConfig: () => ({}), make: rejects });
  registerBalancer({ name: "async_config", readConfig: rejects, make: rejects });
  const reported: string[] = [];
  const onError = (error: unknown) => void reported.push((error as Error).message);
  await zoned(["a"], { loadBalancing: "async_make", onError }, async (client) => {
    const { code, details } = await failure(client.one({}));
    const why = "make() of async_make returned a Promise; give a balancer";
    assertEquals([code, details], [14, `cannot connect to zones:all: TypeError: ${why}`]);
    assertEquals(reported, [why, "rejected"]);
  });
  assertThrows(() => new Channel("127.0.0.1:1", { loadBalancing: "async_config" }), TypeError, "is async");
  const serviceConfig: JsonServiceConfig = { loadBalancingConfig: [{ async_config: {} }] };
  assertThrows(() => new Channel("127.0.0.1:1", { serviceConfig }), ServiceConfigError, "is async");
});

test("[C19] what resolver and policies throw as the channel ends is all reported to the channel's onError", async () => {
  let closes = 0;
  for (const name of ["leaving", "leaving too"]) {
    registerBalancer({
      name,
      readConfig: () => undefined,
      make: (helper) => ({
        update: () =>
          helper.updateState(name === "leaving" ? "READY" : "CONNECTING", { pick: () => pickLater }),
        exitIdle() {},
        resetBackoff() {},
        close() {
          closes++;
          if (name === "leaving") throw new Error(`${name} threw`);
          return Promise.reject(new Error(`${name} rejected`)) as never;
        },
      }),
    });
  }
  let sink: ResolverSink | undefined;
  const resolver: ResolverFactory = {
    make: (_context, given) => ({
      start: () => (sink = given).onResolved([], { loadBalancingConfig: [{ leaving: {} }] }),
      requestReresolution() {},
      resetBackoff() {},
      describeWait: () => "the test",
      close() {
        throw new Error("the resolver threw");
      },
    }),
  };
  const reported: string[] = [];
  const channel = new Channel("leaving:all", {
    resolvers: { leaving: resolver },
    onError: (error) => void reported.push((error as Error).message),
  });
  channel.connect();
  sink!.onResolved([], { loadBalancingConfig: [{ "leaving too": {} }] });
  await channel[Symbol.asyncDispose]();
  await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals([closes, reported], [2, ["the resolver threw", "leaving threw", "leaving too rejected"]]);
});

/** Closes no child, and makes others with its own end and after it, which a timer gives servers. */
registerBalancer<{ child: ChildPolicy }>({
  name: "restless",
  readConfig: (_json, readChild) => ({ child: readChild([{ pick_first: {} }], "child") }),
  make(helper) {
    const child = helper.makeChild((state, picker) => helper.updateState(state, picker));
    let update: (child: ChildBalancer) => void;
    return {
      update(endpoints, config) {
        update = (child) => child.update(endpoints, config.child);
        update(child);
      },
      exitIdle: () => child.exitIdle(),
      resetBackoff() {},
      close() {
        const last = helper.makeChild(() => {});
        helper.engine.runAt(helper.engine.now() + 100, () => {
          for (const one of [child, last, helper.makeChild(() => {})]) {
            update(one);
            one.exitIdle();
          }
        });
      },
    };
  },
});

test("[C28] a policy's children end with it, also those that it does not close, and make no connection afterwards", async () => {
  const simulation = new Simulation();
  const [client, at] = [simulation.host(), simulation.host()];
  const server = new Server({ poller: at, credentials: insecure });
  server.addService(Trial, echo);
  await server.listen("0.0.0.0:80");
  const pass = (ms: number) => simulation.run({ until: simulation.now + ms });
  const channel = new Channel(`ipv4:${at.hostAddress}:80`, {
    poller: client,
    credentials: insecure,
    loadBalancing: "restless",
    idleTimeoutMs: 1_000,
  });
  const { one } = createClient(Trial, channel);
  const called = one({});
  await pass(100);
  await called;
  assertEquals(channel.state, "READY");
  await pass(5_000);
  assertEquals([channel.state, client.opened.all().map((open) => open.describe())], ["IDLE", []]);
  const again = one({});
  await pass(100);
  await again;
  channel.close();
  await pass(5_000);
  assertEquals(client.opened.all().map((open) => open.describe()), []);
  server.close();
  await simulation.run();
});

test("[C28] a policy is registered once, with a name and its functions", () => {
  const refused = (policy: unknown) =>
    assertThrows(() => registerBalancer(policy as typeof ZONE), TypeError).message;
  for (const name of ["zone", "pick_first", "ring_hash_experimental"]) {
    assertMatch(
      refused({ ...ZONE, name }),
      new RegExp(`the name ${name} is taken; there are pick_first, .*zone`),
    );
  }
  assertMatch(refused(undefined), /: its name is undefined; give a string$/);
  assertMatch(refused({ name: "other", make() {} }), /: readConfig of other is undefined; give a function$/);
  assertMatch(refused({ name: "other", readConfig() {} }), /: make of other is undefined; give a function$/);
});

test("[C29] a service config names a registered policy as it is written, by loadBalancingPolicy too", () => {
  registerBalancer({
    ...ZONE,
    name: "ZoneInCapitals",
    readConfig: () => ({ zone: "a", child: { policy: ZONE } }),
  });
  const named = (loadBalancingPolicy: string) =>
    new Channel("127.0.0.1:1", { serviceConfig: { loadBalancingPolicy } }).close();
  named("ZoneInCapitals");
  named("ROUND_ROBIN"); // the library's own in capitals too, as in service_config.proto
  assertMatch(assertThrows(() => named("zoneincapitals"), ServiceConfigError).message, /"zoneincapitals"/);
});
