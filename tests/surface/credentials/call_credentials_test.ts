// Call credentials: what is sent, when, and what becomes of a call that cannot have them.
import { inspect } from "node:util";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import {
  CallCredentials,
  callCredentials,
  type CallCredentialsRequest,
  type CallCredentialsSink,
  Channel,
  type ChannelOptions,
  createClient,
  type ExpiringToken,
  insecure,
  RpcError,
  Server,
  Status,
} from "pollwire";
import { HeaderList } from "../../../transport/mod.ts";
import { ErrorCode } from "../../../transport/mod.ts";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { test } from "../../harness.ts";
import { listenAt, RawPeer } from "../../transport/raw_peer.ts";
import { rst, setting, SETTINGS_ACK } from "../../transport/http2/wire.ts";
import { failure, gate, Trial, type TrialClient } from "../serving.ts";
import { takenForSecure } from "./secured_channel.ts";

/** A server in a simulated network that notes what calls show, and a client of a channel with `options`. */
class World {
  readonly simulation = new Simulation({ seed: 1 });
  /** The values of "authorization" of each call, joined. */
  readonly seen: string[] = [];
  readonly channel: Channel;
  readonly client: TrialClient;
  server: Server;
  private readonly there = this.simulation.host();
  private readonly target: string;

  constructor(options: ChannelOptions = {}, isSecure = true) {
    const { there } = this;
    const here = this.simulation.host();
    this.server = this.serve();
    this.target = `${there.hostAddress}:80`;
    this.channel = new Channel(this.target, { poller: here, ...options });
    if (isSecure) takenForSecure(this.channel);
    this.client = createClient(Trial, this.channel);
  }

  /** Begins a server. */
  serve(): Server {
    const server = this.server = new Server({ poller: this.there });
    server.addService(Trial, {
      one: (note, call) => {
        this.seen.push(call.metadata.getAll("authorization").join(", "));
        return note;
      },
      down: () => [],
      up: () => ({}),
      both: () => [],
    });
    void server.listen("0.0.0.0:80");
    return server;
  }

  /** Lets `ms` pass. */
  async pass(ms = 100): Promise<void> {
    await this.simulation.run({ until: this.simulation.now + ms });
  }

  /** What `promise` gives, with time passing. */
  async outcome<T>(promise: PromiseLike<T>, ms = 100): Promise<T> {
    await this.pass(ms);
    return await promise;
  }

  async end(): Promise<void> {
    this.channel.close();
    this.server.close();
    await this.simulation.run();
  }
}

const bearer = callCredentials.bearer;

test("[C86] a channel's credentials are sent before a call's, each as it was given", async () => {
  const world = new World({ callCredentials: bearer("of-the-channel") });
  await world.outcome(world.client.one({}));
  await world.outcome(world.client.one({}, { callCredentials: bearer(() => "of-the-call") }));
  const parts = callCredentials.all(
    bearer(() => Promise.resolve("first")),
    bearer("second"),
    bearer(() => "third"),
  );
  await world.outcome(world.client.one({}, { callCredentials: parts }));
  assertEquals(world.seen, [
    "Bearer of-the-channel",
    "Bearer of-the-channel, Bearer of-the-call",
    "Bearer of-the-channel, Bearer first, Bearer second, Bearer third",
  ]);
  await world.end();
});

test("[C86] over plaintext a call with credentials is UNAUTHENTICATED, and nothing is sent or connected", async () => {
  for (const credentials of [undefined, insecure]) {
    const asked: unknown[] = [];
    const shown = callCredentials.from((request) => {
      asked.push(request);
      return {};
    });
    const chosen: ChannelOptions = credentials === undefined ? {} : { credentials };
    for (const ofChannel of [true, false]) {
      const world = new World({ ...chosen, ...(ofChannel ? { callCredentials: shown } : {}) }, false);
      const error = await world.outcome(
        failure(world.client.one({}, ofChannel ? {} : { callCredentials: shown })),
      );
      assertEquals(error.code, Status.UNAUTHENTICATED);
      assertStringIncludes(error.details, "call credentials are not sent over plaintext");
      assertEquals([world.seen, asked, world.channel.state], [[], [], "IDLE"]);
      await world.end();
    }
  }
});

test("[C86] a plugin sees the service's URL and the method", async () => {
  const asked: CallCredentialsRequest[] = [];
  const shown = callCredentials.from((request) => {
    asked.push(request);
    return { "x-shown": "yes" };
  });
  for (const authority of ["example.com", "example.com:443", "example.com:8443"]) {
    const world = new World({ callCredentials: shown, authority });
    await world.outcome(world.client.one({}));
    await world.end();
  }
  assertEquals(asked.map(({ serviceUrl, method }) => [serviceUrl, method]), [
    ["https://example.com/trial.Trial", "One"],
    ["https://example.com/trial.Trial", "One"],
    ["https://example.com:8443/trial.Trial", "One"],
  ]);
  assertEquals(asked.map(({ blocking }) => blocking), [false, false, false]);
});

test("[C86] a failure of credentials is the call's, by its status where services do not speak by it", async () => {
  const world = new World();
  const illegal = [
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "DATA_LOSS",
  ] as const;
  const cases: Array<[thrown: unknown, code: number, details: string]> = [
    [new RpcError("UNAVAILABLE", "try later"), Status.UNAVAILABLE, "call credentials failed: try later"],
    [new RpcError("PERMISSION_DENIED", "no"), Status.PERMISSION_DENIED, "call credentials failed: no"],
    [new Error("no key"), Status.UNAUTHENTICATED, "call credentials failed: no key"],
    ["a text", Status.UNAUTHENTICATED, "call credentials failed: "],
    ...illegal.map((name): [unknown, number, string] => [
      new RpcError(name, "original"),
      Status.INTERNAL,
      `call credentials failed with ${name}: original`,
    ]),
  ];
  for (const [thrown, code, details] of cases) {
    for (
      const plugin of [() => Promise.reject(thrown), () => {
        throw thrown;
      }] as Array<() => never>
    ) {
      const error = await world.outcome(
        failure(world.client.one({}, { callCredentials: callCredentials.from(plugin) })),
      );
      assertEquals([error.code, error.cause], [code, thrown]);
      assertStringIncludes(error.details, details);
    }
  }
  assertEquals(world.seen, []);
  await world.end();
});

test("[C86] what is no token and no metadata fails the call, and no secret is in the text", async () => {
  const world = new World();
  const wrong: Array<[CallCredentials, RegExp]> = [
    [bearer(() => "Bearer s3cret"), /a scheme or a line's end/],
    [bearer(() => "s3cret\n"), /a scheme or a line's end/],
    [bearer(() => ""), /it is empty/],
    [bearer(() => 5 as unknown as string), /found the number 5/],
    [callCredentials.from(() => ({ "grpc-x": "s3cret" })), /grpc-/],
    [callCredentials.from(() => Promise.resolve("s3cret" as never)), /Cannot make metadata/],
    [
      callCredentials.refreshed(() => ({ token: "s3cret" } as ExpiringToken)),
      /give \{ token, expiresInMs \}/,
    ],
    [callCredentials.refreshed(() => ({ token: "s3cret", expiresInMs: 0 })), /had expired/],
  ];
  for (const [credentials, says] of wrong) {
    const error = await world.outcome(failure(world.client.one({}, { callCredentials: credentials })));
    assertEquals(error.code, Status.UNAUTHENTICATED);
    assertMatch(error.details, says);
  }
  assertThrows(() => bearer("a b"), TypeError, "Cannot use a bearer token");
  assertThrows(() => callCredentials.refreshed("a" as never), TypeError, "takes a function");
  assertThrows(() => callCredentials.all({} as never), TypeError, "takes call credentials");
  const client = createClient(Trial, world.channel);
  assertThrows(
    () => client.one({}, { callCredentials: "a" as never }),
    TypeError,
    "callCredentials.bearer(token)",
  );
  await world.end();
});

test("[C86] deadline, signal and close end a call that waits for its credentials", async () => {
  const never = callCredentials.from(() => new Promise<never>(() => {}));
  const world = new World({ callCredentials: never });
  const late = await world.outcome(failure(world.client.one({}, { deadlineMs: 50 })));
  assertEquals(late.code, Status.DEADLINE_EXCEEDED);
  assertStringIncludes(late.details, "exceeded waiting for its call credentials");
  const controller = new AbortController();
  const aborted = failure(world.client.one({}, { signal: controller.signal }));
  await world.pass();
  controller.abort();
  assertEquals((await aborted).code, Status.CANCELLED);
  const closed = failure(world.client.one({}));
  await world.pass();
  world.channel.close();
  assertEquals((await world.outcome(closed)).code, Status.UNAVAILABLE);
  assertEquals(world.seen, []);
  await world.end();
  const drained = new World({ callCredentials: never });
  const waiting = failure(drained.client.one({}));
  await drained.pass();
  const over = drained.channel.drain();
  assertEquals((await drained.outcome(waiting)).code, Status.UNAVAILABLE);
  await drained.outcome(over);
  await drained.end();
});

test("[C86] credentials that come after the call's end, twice, or on the spot", async () => {
  const { opened, open } = gate();
  const slow = callCredentials.from(() => opened.then(() => ({ authorization: "late" })));
  const world = new World();
  await world.outcome(failure(world.client.one({}, { callCredentials: slow, deadlineMs: 10 })));
  open();
  await world.pass();
  class Eager extends CallCredentials {
    override fetch(
      _request: CallCredentialsRequest,
      sink: { onHeaders(headers: HeaderList): void },
    ): undefined {
      for (const value of ["a", "b"]) sink.onHeaders(HeaderList.ofStrings(["authorization", value]));
    }
  }
  await world.outcome(world.client.one({}, { callCredentials: new Eager() }));
  assertEquals(world.seen, ["a"]);
  await world.end();
});

test("[C86] what is no metadata fails its call: credentials of an application may be async", async () => {
  const given: Array<readonly [unknown, RegExp]> = [
    [() => Promise.reject(new Error("late")), /they gave a Promise; give a HeaderList/],
    [() => Promise.resolve(HeaderList.ofStrings(["authorization", "a"])), /they gave a Promise/],
    [() => "secret", /they gave a text/],
    [() => null, /they gave null/],
    [(_request: unknown, sink: { onHeaders(headers: unknown): void }) => sink.onHeaders({}), /they gave /],
  ];
  for (const [fetch, message] of given) {
    const own = Object.assign(bearer("unused"), { fetch });
    for (const credentials of [own, callCredentials.all(bearer("b"), own)]) {
      const world = new World({ callCredentials: credentials });
      const error = await world.outcome(failure(world.client.one({})));
      assertEquals(error.code, Status.UNAUTHENTICATED);
      assertMatch(error.message, message);
      await world.outcome(world.client.one({}, { deadlineMs: 50 }).catch(() => {}));
      assertEquals([world.seen, world.channel.state], [[], "READY"]);
      await world.end();
    }
  }
});

test("[C86] a token that expires is fetched once for all calls, and anew in the background before it expires", async () => {
  let fetches = 0;
  let answers = gate();
  const refreshed = callCredentials.refreshed(async () => {
    const token = `t${++fetches}`;
    await answers.opened;
    return { token, expiresInMs: 3_600_000 };
  });
  const world = new World({ callCredentials: refreshed });
  const calls = Array.from({ length: 10 }, () => world.client.one({}));
  await world.pass();
  assertEquals([fetches, world.seen.length], [1, 0]);
  answers.open();
  await world.outcome(Promise.all(calls));
  assertEquals(world.seen.splice(0), Array(10).fill("Bearer t1"));
  await world.pass(3_500_000);
  await world.outcome(world.client.one({}));
  assertEquals(fetches, 1);
  // A minute before its end: calls go on with it, and one fetch runs beside them.
  answers = gate();
  await world.pass(45_000);
  for (let i = 0; i < 3; i++) await world.outcome(world.client.one({}));
  assertEquals([fetches, world.seen.splice(0)], [2, Array(4).fill("Bearer t1")]);
  answers.open();
  await world.pass();
  await world.outcome(world.client.one({}));
  assertEquals([fetches, world.seen.splice(0)], [2, ["Bearer t2"]]);
  // Nothing is fetched without a call, and one that finds no token left waits.
  await world.pass(7_200_000);
  assertEquals(fetches, 2);
  await world.outcome(world.client.one({}));
  assertEquals([fetches, world.seen], [3, ["Bearer t3"]]);
  await world.end();
});

test("[C86] credentials of the application's around those that are refreshed may throw: other calls that wait have theirs", async () => {
  const token = gate();
  const refreshed = callCredentials.refreshed(async () => {
    await token.opened;
    return { token: "t1", expiresInMs: 100_000 };
  });
  class Around extends CallCredentials {
    override fetch(request: CallCredentialsRequest, sink: CallCredentialsSink): HeaderList | undefined {
      return refreshed.fetch(request, {
        onHeaders: () => {
          throw new Error("they are not ready");
        },
        onFailed: (error) => sink.onFailed(error),
      });
    }
  }
  const world = new World();
  const thrown = failure(world.client.one({}, { callCredentials: new Around() }));
  const other = world.client.one({}, { callCredentials: refreshed });
  await world.pass();
  token.open();
  const { code, details } = await world.outcome(thrown);
  assertEquals([code, details], [Status.UNAUTHENTICATED, "call credentials failed: they are not ready"]);
  await other;
  assertEquals(world.seen, ["Bearer t1"]);
  await world.end();
});

test("[C86] a fetch that does not answer holds up calls for a while, and not for ever", async () => {
  const answers: Array<(token: string) => void> = [];
  const refreshed = callCredentials.refreshed(() =>
    new Promise<ExpiringToken>((resolve) => {
      answers.push((token) => resolve({ token, expiresInMs: 3_600_000 }));
    })
  );
  const world = new World({ callCredentials: refreshed });
  const early = world.client.one({});
  const failed = world.outcome(failure(world.client.one({}, { deadlineMs: 10_000 })), 10_000);
  assertEquals((await failed).code, Status.DEADLINE_EXCEEDED);
  assertEquals(answers.length, 1);
  await world.pass(11_000);
  const later = [world.client.one({}), world.client.one({})];
  await world.pass();
  assertEquals(answers.length, 2);
  answers[1]!("t2");
  await world.outcome(Promise.all(later));
  answers[0]!("t1"); // after all, to the call that waited for it
  await world.outcome(early);
  await world.outcome(world.client.one({}));
  assertEquals(world.seen, ["Bearer t2", "Bearer t2", "Bearer t1", "Bearer t2"]);
  assertEquals(answers.length, 2);
  await world.end();
});

test("[C86] a refresh that fails leaves the token until its end, and is tried again once a second at most", async () => {
  let fetches = 0;
  const refreshed = callCredentials.refreshed(() => {
    if (++fetches > 1) throw new RpcError("UNAVAILABLE", "no tokens today");
    return { token: "t1", expiresInMs: 100_000 };
  });
  const world = new World({ callCredentials: refreshed });
  await world.outcome(world.client.one({}));
  await world.pass(60_000);
  for (let i = 0; i < 5; i++) await world.outcome(world.client.one({}), 300);
  assertEquals(world.seen.splice(0), Array(6).fill("Bearer t1"));
  assert(fetches >= 2 && fetches <= 4, `${fetches} fetches`);
  await world.pass(40_000);
  const error = await world.outcome(failure(world.client.one({})));
  assertEquals([error.code, error.details], [Status.UNAVAILABLE, "call credentials failed: no tokens today"]);
  assertEquals(world.seen, []);
  await world.end();
});

test("[C86] a token says by a time of day when it expires", async () => {
  let fetches = 0;
  const refreshed = callCredentials.refreshed(() => ({
    token: `t${++fetches}`,
    expiresAt: new Date(Date.now() + 3_600_000),
  }));
  const world = new World({ callCredentials: refreshed });
  for (let i = 0; i < 3; i++) await world.outcome(world.client.one({}));
  await world.pass(3_600_000);
  await world.outcome(world.client.one({}));
  assertEquals(world.seen, ["Bearer t1", "Bearer t1", "Bearer t1", "Bearer t2"]);
  await world.end();
});

test("[C86] a token that expired while the machine slept, in which the engine's clock stood still, is not sent", async () => {
  let fetches = 0;
  const refreshed = callCredentials.refreshed(() => ({ token: `t${++fetches}`, expiresInMs: 3_600_000 }));
  const world = new World({ callCredentials: refreshed });
  await world.outcome(world.client.one({}));
  const { now } = Date;
  for (const sleptMs of [3_000_000, 3_600_000, 0]) { // and at last the time of day is set back
    Date.now = () => now() + sleptMs;
    try {
      await world.outcome(world.client.one({}));
    } finally {
      Date.now = now;
    }
  }
  assertEquals(world.seen, ["Bearer t1", "Bearer t1", "Bearer t2", "Bearer t2"]);
  await world.end();
});

test("[C86] a call that is made again shows fresh credentials", async () => {
  const simulation = new Simulation({ seed: 1 });
  const [there, here] = [simulation.host(), simulation.host()];
  const peers: RawPeer[] = [];
  await listenAt(there, (endpoint) => {
    const peer = new RawPeer(endpoint);
    peers.push(peer);
    peer.send(setting(), SETTINGS_ACK);
  });
  const asked: string[] = [];
  const channel = takenForSecure(
    new Channel(`${there.hostAddress}:80`, {
      poller: here,
      callCredentials: bearer(({ method }) => `${method}${asked.push(method)}`),
    }),
  );
  const call = failure(createClient(Trial, channel).one({}, { deadlineMs: 1_000 }));
  await simulation.run({ until: 100 });
  assertEquals(asked.length, 1);
  peers[0]!.send(rst(1, ErrorCode.REFUSED_STREAM));
  await simulation.run({ until: 200 });
  assertEquals([asked.length, peers[0]!.frames.filter((frame) => frame.startsWith("HEADERS")).length], [
    2,
    2,
  ]);
  channel.close();
  await simulation.run();
  await call;
});

test("[C86] credentials that came for a connection which is lost are fetched anew where the next one is long in coming", async () => {
  let fetches = 0;
  let answers = gate();
  const slow = bearer(async () => {
    const token = `t${++fetches}`;
    await answers.opened;
    return token;
  });
  for (const [awayMs, expected] of [[100, "Bearer t1"], [600_000, "Bearer t3"]] as const) {
    answers = gate();
    const world = new World({ callCredentials: slow });
    const call = world.client.one({}, { waitForReady: true });
    await world.pass();
    world.server.close();
    await world.pass();
    answers.open();
    await world.pass(awayMs);
    world.serve();
    await world.outcome(call, 200_000);
    assertEquals(world.seen, [expected]);
    await world.end();
  }
});

test("[C86] what is printed of credentials shows no token", async () => {
  const world = new World();
  for (
    const credentials of [
      bearer("s3cret"),
      callCredentials.refreshed(() => ({ token: "s3cret", expiresInMs: 5_000 })),
    ]
  ) {
    await world.outcome(world.client.one({}, { callCredentials: credentials }));
    for (const text of [inspect(credentials, { depth: 9 }), JSON.stringify(credentials)]) {
      assert(!text.includes("s3cret"), text);
    }
  }
  assertEquals(world.seen, ["Bearer s3cret", "Bearer s3cret"]);
  await world.end();
});
