// Resolvers of applications, as applications write them: all of it by what the package exports.
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  callCredentials,
  Channel,
  type ChannelOptions,
  createClient,
  insecure,
  type JsonServiceConfig,
  parseAddress,
  registerResolver,
  type Resolver,
  type ResolverContext,
  type ResolverFactory,
  type ResolverSink,
  Server,
} from "pollwire";
import { Subchannel } from "../../../../surface/channel/subchannel.ts";
import { Simulation } from "../../../../pollers/simulated/mod.ts";
import { test } from "../../../harness.ts";
import { takenForSecure } from "../../credentials/secured_channel.ts";
import { echo, failure, Trial, type TrialClient, until } from "../../serving.ts";

/** A table of servers that tests change. */
class Table implements ResolverFactory {
  servers: string[] = [];
  config: JsonServiceConfig | string | Error | undefined;
  readonly made: ResolverContext[] = [];
  readonly sinks: ResolverSink[] = [];
  closed = 0;

  authorityOf({ path }: { path: string }, defaultPort: number): string {
    return `${path}.test:${defaultPort}`;
  }

  make(context: ResolverContext, sink: ResolverSink): Resolver {
    this.made.push(context);
    this.sinks.push(sink);
    return {
      start: () => this.give(),
      requestReresolution() {},
      resetBackoff() {},
      describeWait: () => "the table",
      close: () => void this.closed++,
    };
  }

  /** Gives the newest channel what the table has. */
  give(): void {
    const endpoints = this.servers.map((address) => ({ addresses: [parseAddress(address)] }));
    if (this.config === undefined) this.sinks.at(-1)!.onResolved(endpoints);
    else this.sinks.at(-1)!.onResolved(endpoints, this.config);
  }
}

const TABLE = new Table();
registerResolver("table", TABLE);

interface TableBench {
  readonly addresses: readonly string[];
  readonly client: TrialClient;
  readonly channel: Channel;
  /** The `:authority` of the last call. */
  authority(): string | undefined;
}

/** Runs `check` with a channel to "table:///greeter", whose `count` servers answer with their numbers. */
async function tabled(
  count: number,
  options: ChannelOptions,
  check: (bench: TableBench) => Promise<void>,
): Promise<void> {
  const servers = Array.from({ length: count }, () => new Server());
  const addresses: string[] = [];
  let authority: string | undefined;
  for (const [number, server] of servers.entries()) {
    server.addService(Trial, {
      ...echo,
      one: (_request, call) => {
        authority = call.authority;
        return { number };
      },
    });
    addresses.push(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  }
  TABLE.servers = addresses;
  TABLE.config = undefined;
  const channel = new Channel("table:///greeter?x=1", options);
  try {
    await check({ addresses, client: createClient(Trial, channel), channel, authority: () => authority });
  } finally {
    channel.close();
    for (const server of servers) server.close();
  }
}

/** The servers that answer calls, once those are `expected`. */
async function answering(client: TrialClient, expected: readonly number[]): Promise<void> {
  const newest: number[] = [];
  const agree = (): boolean => {
    const found = new Set(newest.slice(-3 * expected.length));
    return newest.length >= 3 * expected.length && found.size === expected.length &&
      expected.every((number) => found.has(number));
  };
  for (let calls = 0; !agree(); calls++) {
    if (calls === 2_000) throw new Error(`servers ${expected} are to answer, and ${newest.slice(-10)} do`);
    newest.push((await client.one({})).number ?? 0);
  }
}

test("[C28] a registered resolver names the servers of a target, and changes them", async () => {
  const { closed } = TABLE;
  await tabled(3, { loadBalancing: "round_robin" }, async ({ addresses, client, authority }) => {
    await answering(client, [0, 1, 2]);
    const { target, defaultPort, isSecure } = TABLE.made.at(-1)!;
    const text = "table:///greeter?x=1";
    assertEquals(target, {
      family: "uri",
      scheme: "table",
      authority: "",
      path: "greeter",
      query: "x=1",
      text,
    });
    assertEquals([defaultPort, isSecure, authority()], [80, false, "greeter.test:80"]);
    TABLE.servers = [addresses[2]!];
    TABLE.give();
    await answering(client, [2]);
  });
  await until(() => TABLE.closed === closed + 1);
});

test("[C28] a channel's own resolver of a scheme that every channel has gets what the target says", async () => {
  for (
    const [target, scheme, path] of [
      ["server.test:80", "dns", "server.test:80"],
      ["dns:server.test:80", "dns", "server.test:80"],
      ["dns:unix:80", "dns", "unix:80"], // a host of that name
      ["127.0.0.1:80", "ipv4", "127.0.0.1:80"],
      ["ipv4:127.0.0.1:80,127.0.0.2:81", "ipv4", "127.0.0.1:80,127.0.0.2:81"],
      ["[::1]:80", "ipv6", "[::1]:80"],
      ["unix:/run/app.sock", "unix", "/run/app.sock"],
    ] as const
  ) {
    const seen: ResolverContext[] = [];
    const make = (context: ResolverContext, sink: ResolverSink): Resolver => {
      seen.push(context);
      return TABLE.make(context, sink);
    };
    const channel = new Channel(target, { resolvers: { [scheme]: { make } } });
    channel.connect();
    await until(() => seen.length > 0);
    channel.close();
    const [{ target: found }] = seen as [ResolverContext];
    assertEquals([found.scheme, found.authority, found.path, found.query], [scheme, "", path, ""], target);
  }
});

test("[C23] a resolver's service config is used, and a later one changes the policy without a failed call", async () => {
  await tabled(3, {}, async ({ client, channel }) => {
    TABLE.config = { loadBalancingConfig: [{ round_robin: {} }] };
    await answering(client, [0, 1, 2]);
    TABLE.config = '{"loadBalancingConfig":[{"pick_first":{}}]}';
    TABLE.give();
    await answering(client, [0]);
    assertEquals(channel.state, "READY");
  });
});

test("[C19] what a resolver's async method rejects with fails the calls that wait, and the channel begins anew", async () => {
  const reported: string[] = [];
  const server = new Server();
  server.addService(Trial, { one: () => ({ number: 7 }) });
  const address = parseAddress(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  let starts = 0;
  const factory: ResolverFactory = {
    make: (_context, sink) => ({
      async start() {
        await Promise.resolve();
        if (++starts === 1) throw new Error("start rejected");
        sink.onResolved([{ addresses: [address] }]);
      },
      requestReresolution() {},
      resetBackoff() {},
      describeWait: () => "the test",
      close: () => starts > 1 ? Promise.reject(new Error("close rejected")) as never : undefined,
    }),
  };
  const channel = new Channel("later:all", {
    resolvers: { later: factory },
    onError: (error, { where }) => void reported.push(`${where}: ${(error as Error).message}`),
  });
  const client = createClient(Trial, channel);
  const { code, details } = await failure(client.one({}));
  assertEquals([code, details], [14, "cannot connect to later:all: Error: start rejected"]);
  assertEquals((await client.one({})).number, 7);
  channel.close();
  await until(() => reported.length === 2);
  assertEquals(reported, ["connection: start rejected", "connection: close rejected"]);
  server.close();
});

test("[C19] a factory that gives no resolver, as an async one, fails the calls that wait, and its rejection is reported", async () => {
  const rejects = () => Promise.reject(new Error("make rejected"));
  for (const [make, given] of [[rejects, "a Promise"], [() => undefined, "undefined"]] as const) {
    const reported: string[] = [];
    const channel = new Channel("nothing:all", {
      resolvers: { nothing: { make: make as unknown as ResolverFactory["make"] } },
      onError: (error) => void reported.push((error as Error).message),
    });
    const { code, details } = await failure(createClient(Trial, channel).one({}));
    const why = `make() of its resolver returned ${given}; give a resolver`;
    assertEquals([code, details], [14, `cannot connect to nothing:all: TypeError: ${why}`]);
    await until(() => reported.length === (make === rejects ? 2 : 1));
    assertEquals(reported.filter((message) => message !== why), make === rejects ? ["make rejected"] : []);
    channel.close();
  }
});

test("[C19] a factory whose authorityOf() is async is refused, and its rejection is no matter of the process", () => {
  const authorityOf = (): never => Promise.reject(new Error("rejected")) as never;
  const resolvers = { nothing: { make: authorityOf, authorityOf } as unknown as ResolverFactory };
  const why = "authority of the target is a Promise";
  assertThrows(() => new Channel("nothing:all", { resolvers }), TypeError, why);
});

test("a channel that its resolver drains while it begins is drained", async () => {
  let drained: Promise<void> | undefined = undefined;
  const factory: ResolverFactory = {
    make: () => ({
      start: () => void (drained = channel.drain()),
      requestReresolution() {},
      resetBackoff() {},
      describeWait: () => "the test",
      close() {},
    }),
  };
  const channel = new Channel("tired:all", { resolvers: { tired: factory } });
  channel.connect(); // without a call, whose end would be the drain's too
  await drained;
  assertEquals(channel.state, "SHUTDOWN");
}, { timeoutMs: 10_000 });

test(
  "connections of a channel end where it becomes idle, and calls that wait for credentials when it closes, though its resolver's close throws",
  async () => {
    const simulation = new Simulation();
    const at = simulation.host();
    const server = new Server({ poller: at });
    server.addService(Trial, { one: () => ({}) });
    await server.listen("0.0.0.0:80");
    const reported: string[] = [];
    const factory: ResolverFactory = {
      make: (_context, sink) => ({
        start: () => sink.onResolved([{ addresses: [parseAddress(`${at.hostAddress}:80`)] }]),
        requestReresolution() {},
        resetBackoff() {},
        describeWait: () => "the test",
        close() {
          throw new Error("close threw");
        },
      }),
    };
    const channel = new Channel("stubborn:all", {
      poller: simulation.host(),
      resolvers: { stubborn: factory },
      idleTimeoutMs: 1_000,
      onError: (error) => void reported.push((error as Error).message),
    });
    const client = createClient(Trial, takenForSecure(channel));
    const first = client.one({});
    await simulation.run({ until: 500 });
    await first;
    assertMatch(server.describePending(), /1 connections/);
    await simulation.run({ until: 3_000 });
    assertEquals([channel.state, server.describePending()], [
      "IDLE",
      "server: 0 connections, 0 running calls",
    ]);
    const waits = failure(
      client.one({}, { callCredentials: callCredentials.from(() => new Promise(() => {})) }),
    );
    await simulation.run({ until: 4_000 });
    channel.close();
    await simulation.run({ until: 5_000 });
    assertEquals((await waits).code, 14);
    assertEquals(reported, ["close threw", "close threw"]);
    server.close();
    await simulation.run();
  },
  { timeoutMs: 10_000 },
);

test("[C28] nothing is used that a resolver gives after its end, nor what is no list of addresses", async () => {
  await tabled(2, {}, async ({ addresses, client, channel }) => {
    await answering(client, [0]);
    const sink = TABLE.sinks.at(-1)!;
    const at = parseAddress(addresses[1]!);
    for (
      const [found, why] of [
        [undefined, /found: undefined; give a list of endpoints$/],
        [[addresses[1]], /found: addresses of an endpoint is undefined; give a list of one or more$/],
        [
          [{ addresses: [] }],
          /found: addresses of an endpoint is an empty list; give a list of one or more$/,
        ],
        [
          [{ addresses: [at], weight: 0 }],
          /found: weight of an endpoint is the number 0; give a number above 0/,
        ],
        [[{ addresses: [at], weight: Infinity }], /weight of an endpoint is the number Infinity; give/],
        [
          [{ addresses: [addresses[1]] }],
          /found: an address is the string .*; give one that parseAddress made$/,
        ],
      ] as const
    ) {
      const error = assertThrows(() => sink.onResolved(found as never), TypeError);
      assertMatch(error.message, why);
    }
    await answering(client, [0]);
    channel.close();
    sink.onResolved([{ addresses: [parseAddress(addresses[1]!)] }]);
    sink.onResolveFailed("late");
    assertEquals((await failure(client.one({}))).details, "channel is closed");
  });
});

test("[C28] what a resolver throws fails the calls that wait, and the next call has it made again", async () => {
  const broken: ResolverFactory = {
    make: () => {
      throw new Error("the table is away");
    },
  };
  const errors: unknown[] = [];
  const channel = new Channel("broken:a", { resolvers: { broken }, onError: (error) => errors.push(error) });
  const client = createClient(Trial, channel);
  for (let calls = 1; calls <= 2; calls++) {
    const { code, details } = await failure(client.one({}));
    assertEquals([code, details], [14, "cannot connect to broken:a: Error: the table is away"]);
    assertEquals(errors.splice(0).map(String), ["Error: the table is away"]);
  }
  channel.close();
});

test("[C28] nothing is used that a resolver gives whose make() threw: the next one has its place", async () => {
  await tabled(2, {}, async ({ addresses }) => {
    let lost: ResolverSink | undefined = undefined;
    const forgetful: ResolverFactory = {
      make(_context, sink) {
        if (lost !== undefined) {
          return {
            start: () => sink.onResolved([{ addresses: [parseAddress(addresses[0]!)] }]),
            requestReresolution() {},
            resetBackoff() {},
            describeWait: () => "the table",
            close() {},
          };
        }
        lost = sink;
        throw new Error("not yet");
      },
    };
    const channel = new Channel("forgetful:a", { resolvers: { forgetful }, onError() {} });
    const client = createClient(Trial, channel);
    assertEquals((await failure(client.one({}))).code, 14);
    await answering(client, [0]);
    lost!.onResolved([{ addresses: [parseAddress(addresses[1]!)] }]);
    await answering(client, [0]);
    channel.close();
  });
});

test("[C28] a channel's own resolvers come before those that are registered", async () => {
  await tabled(2, {}, async ({ addresses }) => {
    const table: ResolverFactory = {
      make: (_context, sink) => ({
        start: () => sink.onResolved([{ addresses: [parseAddress(addresses[1]!)] }]),
        requestReresolution() {},
        resetBackoff() {},
        describeWait: () => "its own table",
        close() {},
      }),
    };
    const channel = new Channel("table:///greeter", { resolvers: { table } });
    await answering(createClient(Trial, channel), [1]);
    channel.close();
  });
});

test("[C28] a resolver is registered once, for a scheme, with make()", () => {
  const refused = (scheme: unknown, factory: unknown) =>
    assertThrows(() => registerResolver(scheme as string, factory as ResolverFactory), TypeError).message;
  for (const taken of ["table", "dns", "unix", "passthrough"]) {
    assertMatch(
      refused(taken, TABLE),
      new RegExp(`^Cannot register a resolver: the scheme ${taken} is taken; there are dns, .*table`),
    );
  }
  assertMatch(refused("Table", TABLE), /"Table" is no scheme; write letters in lower case, as "table"$/);
  assertMatch(refused("other", {}), /the factory of other is an object; give an object with make\(\)$/);
  assertThrows(
    () => new Channel("other:a", { resolvers: { other: undefined as never } }),
    TypeError,
    "Cannot make a channel: resolvers: the factory of other is undefined",
  );
});

test("[C36] of a long list each server is looked at a few times, not once for each of the others", async () => {
  const { sweep } = Subchannel.prototype;
  let looks = 0;
  Subchannel.prototype.sweep = function () {
    looks++;
    sweep.call(this);
  };
  try {
    await tabled(1, {}, async ({ addresses, client }) => {
      const others = Array.from({ length: 200 }, (_, i) => `127.0.1.${i + 1}:1`);
      TABLE.servers = [...addresses, ...others];
      await answering(client, [0]);
      TABLE.servers = [...addresses, ...others.map((address) => address.replace("127.0.1", "127.0.2"))];
      TABLE.give();
      await answering(client, [0]);
      assertEquals(looks > 0 && looks <= 1_000, true, `${looks}`);
    });
  } finally {
    Subchannel.prototype.sweep = sweep;
  }
});

test("[C23] a resolver that answers at once with what is of no use is asked once a second, not without end", async () => {
  for (const policy of ["pick_first", "round_robin"]) {
    for (const answer of ["nobody", "a server that refuses", "a config that is none"] as const) {
      const simulation = new Simulation();
      const asked: number[] = [];
      const endpoints = answer === "nobody" ? [] : [{ addresses: [parseAddress("10.0.0.9:80")] }];
      const config = answer === "a config that is none" ? "{" : undefined;
      const channel = new Channel("once:more", {
        poller: simulation.host(),
        credentials: insecure,
        loadBalancing: policy,
        logger: { error() {}, warn() {}, info() {}, debug() {} },
        resolvers: {
          once: {
            make: (_context, sink) => ({
              start: () => sink.onResolved(endpoints, config),
              requestReresolution() {
                if (asked.push(Math.round(simulation.now)) < 100) sink.onResolved(endpoints, config);
              },
              resetBackoff() {},
              describeWait: () => "more",
              close() {},
            }),
          },
        },
      });
      channel.connect();
      await simulation.run({ until: 5_500 });
      const first = asked[0]!;
      assertEquals([policy, answer, asked], [
        policy,
        answer,
        [0, 1_000, 2_000, 3_000, 4_000, 5_000].map((ms) => first + ms),
      ]);
      channel.close();
      await simulation.run();
      assertEquals([asked.length, simulation.pending], [6, 0]);
    }
  }
});
