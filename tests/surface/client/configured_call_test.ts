// What a service config says of single calls: their time, whether they wait, and how large their messages may be. All in
// virtual time.
import { assertEquals, assertMatch } from "@std/assert";
import {
  Channel,
  type ChannelOptions,
  createClient,
  insecure,
  type JsonMethodConfig,
  parseAddress,
  type ResolverFactory,
  type RpcError,
  type ServedCall,
  Server,
  Status,
} from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { test } from "../../harness.ts";
import { type Handlers, type Note, numbers, Trial, type TrialClient } from "../serving.ts";

const NAME = "service.test";

/** How a call ended, and when. */
interface End {
  readonly atMs: number;
  readonly code: number;
  readonly details: string;
}

/** A channel whose service config says `method` of all calls; the network takes 1 ms each way. */
class World {
  readonly simulation = new Simulation();
  readonly clientHost = this.simulation.host();
  readonly serverHost = this.simulation.host();
  readonly channel: Channel;
  readonly client: TrialClient;
  /** Calls that handlers got. */
  readonly handled: ServedCall[] = [];

  constructor(
    method: JsonMethodConfig,
    options: ChannelOptions = {},
    target = `${this.serverHost.hostAddress}:80`,
  ) {
    const serviceConfig = { methodConfig: [{ name: [{}], ...method }] };
    this.channel = new Channel(target, {
      poller: this.clientHost,
      credentials: insecure,
      serviceConfig,
      ...options,
    });
    this.client = createClient(Trial, this.channel);
  }

  async serve(handlers: Partial<Handlers> = {}): Promise<void> {
    const server = new Server({ poller: this.serverHost, credentials: insecure });
    server.addService(Trial, {
      one: (request, call) => (this.handled.push(call), request),
      down: (request) => numbers(request.number!),
      up: () => ({}),
      both: (requests) => requests,
      ...handlers,
    } as Handlers);
    await server.listen("0.0.0.0:80");
  }

  /** How `call` ends. */
  async end(call: PromiseLike<unknown>): Promise<End> {
    let end: End | undefined = undefined;
    const keep = (code: number, details: string) =>
      void (end = { atMs: Math.round(this.simulation.now), code, details });
    call.then(() => keep(0, ""), ({ code, details }: RpcError) => keep(code, details));
    await this.simulation.run({ until: this.simulation.now + 60_000 });
    return end!;
  }
}

/** A handler that answers when the call is over. */
const never: Handlers["one"] = () => new Promise<Note>(() => {});

test("[C15] a call has the service config's timeout where it says none, and where its own is later", async () => {
  for (const options of [{}, { deadlineMs: 5_000 }]) {
    const world = new World({ timeout: "0.5s" });
    await world.serve({ one: never });
    assertEquals(await world.end(world.client.one({}, options)), {
      atMs: 500,
      code: Status.DEADLINE_EXCEEDED,
      details: "the service config's timeout of 500 ms exceeded waiting for the response",
    });
  }
});

test("[C15] a service config's timeout adds nothing to a deadline that is sooner", async () => {
  const world = new World({ timeout: "0.5s" });
  await world.serve({ one: never });
  assertEquals(await world.end(world.client.one({}, { deadlineMs: 200 })), {
    atMs: 200,
    code: Status.DEADLINE_EXCEEDED,
    details: "deadline of 200 ms exceeded waiting for the response",
  });
});

test("[C15] the service config's timeout counts from the call's start, also where the name took its time", async () => {
  for (const [lookupMs, serves] of [[300, true], [600, false]] as const) {
    const world = new World({ timeout: "0.5s" }, {}, `${NAME}:80`);
    await world.serve({ one: never });
    world.simulation.network.names.set(NAME, [world.serverHost.hostAddress]);
    const resolver = world.clientHost.resolver();
    world.clientHost.resolver = () => ({
      lookup: (host, port, done) =>
        void world.clientHost.runAt(lookupMs, () => resolver.lookup(host, port, done)),
    });
    const { atMs, code, details } = await world.end(world.client.one({}));
    assertEquals(code, Status.DEADLINE_EXCEEDED);
    assertMatch(details, /^the service config's timeout of 500 ms exceeded waiting for /);
    // The channel knows nothing of the timeout before it knows the name: a call that is over then ends then.
    if (serves) assertEquals(atMs, 500);
    else assertEquals(Math.abs(atMs - 602) <= 2, true, `${atMs}`);
  }
});

test("[C15] a corked call's timeout counts from its start, not from its first request", async () => {
  const world = new World({ timeout: "0.5s" });
  await world.serve({ up: never as never });
  world.channel.connect();
  await world.simulation.run({ until: 100 });
  let first: (note: Note) => void = () => {};
  const requests = async function* () {
    yield await new Promise<Note>((resolve) => first = resolve);
    await new Promise(() => {});
  };
  const call = world.client.up(requests(), { corked: true });
  world.clientHost.runAt(400, () => first({ number: 1 }));
  const { atMs, code } = await world.end(call);
  assertEquals([atMs, code], [600, Status.DEADLINE_EXCEEDED]);
});

test("[C15] the server is told of the service config's timeout", async () => {
  const world = new World({ timeout: "0.5s" });
  const left: unknown[] = [];
  await world.serve({
    one: (request, { timeRemainingMs }) => {
      left.push(Math.round(timeRemainingMs!));
      return request;
    },
  });
  assertEquals((await world.end(world.client.one({}))).code, Status.OK);
  assertEquals(left, [498]);
});

test("[C15] a call that is made in the channel's own work, before the service config is known, tells the server what is left of its timeout", async () => {
  const simulation = new Simulation();
  const [clientHost, serverHost] = [simulation.host(), simulation.host()];
  const left: number[] = [];
  const server = new Server({
    poller: serverHost,
    credentials: insecure,
    settings: { maxConcurrentStreams: 1 },
  });
  server.addService(Trial, {
    one: (request, { timeRemainingMs }) => {
      left.push(Math.round(timeRemainingMs!));
      return new Promise((resolve) => void serverHost.runAt(serverHost.now() + 300, () => resolve(request)));
    },
  });
  await server.listen("0.0.0.0:80");
  let first: Promise<void> | undefined;
  let later: Promise<number> | undefined;
  const addresses = [parseAddress(`${serverHost.hostAddress}:80`)];
  const resolver: ResolverFactory = {
    make: (_context, sink) => ({
      start() {
        sink.onResolved([{ addresses }]);
        first = client.one({}).then(() => {});
        later = client.one({}).then(() => Status.OK, ({ code }) => code);
      },
      requestReresolution() {},
      resetBackoff() {},
      describeWait: () => "the test",
      close() {},
    }),
  };
  const channel = new Channel("here:all", {
    poller: clientHost,
    credentials: insecure,
    resolvers: { here: resolver },
    serviceConfig: { methodConfig: [{ name: [{}], timeout: "0.5s" }] },
  });
  const client = createClient(Trial, channel);
  channel.connect();
  await simulation.run({ until: 2_000 });
  await first;
  assertEquals([await later, left.length], [Status.DEADLINE_EXCEEDED, 2]);
  assertEquals(left[0]! > 490, true, `${left}`);
  assertEquals(left[1]! < 200, true, `${left}`); // it waited for the end of the first one
  channel.close();
  server.close();
  await simulation.run();
});

test("[C16] a timeout of nothing ends the call before anything is sent", async () => {
  const world = new World({ timeout: "0s" });
  await world.serve();
  const { atMs, code } = await world.end(world.client.one({}));
  assertEquals([atMs, code, world.handled.length], [0, Status.DEADLINE_EXCEEDED, 0]);
});

test("[C14] waitForReady: the call's own word counts, then the service config's, then no", async () => {
  for (
    const [configured, own, code, atMs] of [
      [undefined, undefined, Status.UNAVAILABLE, undefined],
      [true, undefined, Status.DEADLINE_EXCEEDED, 10_000],
      [false, undefined, Status.UNAVAILABLE, undefined],
      [true, false, Status.UNAVAILABLE, undefined],
      [false, true, Status.DEADLINE_EXCEEDED, 10_000],
    ] as const
  ) {
    const world = new World(configured === undefined ? {} : { waitForReady: configured });
    const call = world.client.one({}, {
      deadlineMs: 10_000,
      ...(own === undefined ? {} : { waitForReady: own }),
    });
    const end = await world.end(call);
    assertEquals([end.code, atMs === undefined || end.atMs === atMs], [code, true]);
  }
});

const body = (bytes: number): Note => ({ body: new Uint8Array(bytes) });

test("[C31] a request above the service config's limit fails with RESOURCE_EXHAUSTED, in every kind of call", async () => {
  const world = new World({ maxRequestMessageBytes: 50 });
  await world.serve({ up: () => ({}) });
  assertEquals((await world.end(world.client.one(body(40)))).code, Status.OK);
  const details =
    "message of 53 bytes to be sent is above the limit of 50 (maxSendMessageBytes); the service config limits the method's messages";
  for (const call of [() => world.client.one(body(51)), () => world.client.up([body(10), body(51)])]) {
    const end = await world.end(call());
    assertEquals([end.code, end.details], [Status.RESOURCE_EXHAUSTED, details]);
  }
});

test("[C31] a response above the service config's limit fails with RESOURCE_EXHAUSTED", async () => {
  const world = new World({ maxResponseMessageBytes: 50 });
  await world.serve();
  assertEquals((await world.end(world.client.one(body(40)))).code, Status.OK);
  const end = await world.end(world.client.one(body(51)));
  assertEquals([end.code, end.details], [
    Status.RESOURCE_EXHAUSTED,
    "received message of 53 bytes is above the limit of 50 (maxReceiveMessageBytes); the service config limits the method's messages",
  ]);
});

test("[C31] of the service config's limit and the channel's own the smaller one counts, and 0 is one", async () => {
  for (
    const [configured, own, fits, tooMuch] of [[100, 50, 40, 51], [50, 100, 40, 51], [0, 100, 0, 1]] as const
  ) {
    const limits: Array<[JsonMethodConfig, ChannelOptions]> = [
      [{ maxRequestMessageBytes: configured }, { maxSendMessageBytes: own }],
      [{ maxResponseMessageBytes: configured }, { maxReceiveMessageBytes: own }],
    ];
    for (const [method, options] of limits) {
      const world = new World(method, options);
      await world.serve();
      const codes = [(await world.end(world.client.one(fits === 0 ? {} : body(fits)))).code];
      codes.push((await world.end(world.client.one(body(tooMuch)))).code);
      assertEquals(codes, [Status.OK, Status.RESOURCE_EXHAUSTED], JSON.stringify([method, options]));
    }
  }
});

test("[C31] the size is that of the message without compression", async () => {
  const world = new World({ maxRequestMessageBytes: 50 }, { compression: "gzip" });
  await world.serve();
  assertEquals((await world.end(world.client.one(body(10_000)))).code, Status.RESOURCE_EXHAUSTED);
});

test("[C31] calls with a retry policy, or a hedging policy, have the same limits, and are not made again for them", async () => {
  const codes = ["RESOURCE_EXHAUSTED", "UNAVAILABLE"] as const;
  const waits = { initialBackoff: "0.1s", maxBackoff: "1s", backoffMultiplier: 2 };
  for (
    const policy of [
      { retryPolicy: { maxAttempts: 3, ...waits, retryableStatusCodes: codes } },
      { hedgingPolicy: { maxAttempts: 3, hedgingDelay: "10s", nonFatalStatusCodes: codes } },
    ]
  ) {
    const world = new World({ maxResponseMessageBytes: 50, ...policy });
    await world.serve();
    assertEquals((await world.end(world.client.one(body(51)))).code, Status.RESOURCE_EXHAUSTED);
    assertEquals(world.handled.length, 1);
  }
});
