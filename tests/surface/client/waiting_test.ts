// What a call lives through before it has a stream: names, connecting, backoff and full connections, each under the
// call's own deadline and signal; all in virtual time.
import { callContext } from "../../../surface/channel/channel.ts";
import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { Channel, type ChannelOptions, createClient, type RpcError, Server, Status } from "pollwire";
import { type SimulatedEngine, Simulation } from "../../../pollers/simulated/mod.ts";
import { ErrorCode } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";
import { goAway, parse, rst, setting, SETTINGS_ACK } from "../../transport/http2/wire.ts";
import { listenAt, RawPeer } from "../../transport/raw_peer.ts";
import { Trial, type TrialClient } from "../serving.ts";
import { answer } from "../channel/connecting.ts";

const NAME = "service.test";
const MAX_CONCURRENT_STREAMS = 3;

/** How a call ended, and when. */
interface End {
  readonly atMs: number;
  readonly error: RpcError | undefined;
}

/** A channel of a simulated host to a name or a server's host. */
class World {
  readonly simulation = new Simulation();
  readonly clientHost = this.simulation.host();
  readonly serverHost = this.simulation.host();
  readonly network = this.simulation.network;
  readonly channel: Channel;
  readonly client: TrialClient;
  /** Requests that handlers have seen. */
  readonly handled: string[] = [];
  /** Every state of the channel, with the time at which it began. */
  readonly states: string[] = [];
  /** When connections were begun. */
  readonly attempts: number[] = [];

  constructor(target?: string, options: ChannelOptions = {}) {
    const connect = this.clientHost.connect.bind(this.clientHost);
    this.clientHost.connect = (...parameters) => {
      this.attempts.push(this.simulation.now);
      return connect(...parameters);
    };
    this.channel = new Channel(target ?? `${this.serverHost.hostAddress}:80`, {
      ...options,
      poller: this.clientHost,
    });
    this.client = createClient(Trial, this.channel);
    void this.watch();
  }

  /** A server on `host` that answers. */
  async serve(host: SimulatedEngine = this.serverHost): Promise<Server> {
    const server = new Server({ poller: host });
    server.addService(Trial, { one: (request) => (this.handled.push(request.text!), request) });
    await server.listen("0.0.0.0:80");
    return server;
  }

  /** A host that drops what the client sends. */
  blackHole(): string {
    const { hostAddress } = this.simulation.host();
    this.network.blackHole(this.clientHost.hostAddress, hostAddress);
    return hostAddress;
  }

  /** When and how `call` ends. */
  end(call: Promise<unknown>): Promise<End> {
    const ended = (error: RpcError | undefined): End => ({ atMs: Math.round(this.simulation.now), error });
    return call.then(() => ended(undefined), ended);
  }

  run(untilMs: number): Promise<void> {
    return this.simulation.run({ until: untilMs });
  }

  /** Runs until `untilMs`, by when `call` must have ended; gives its end. */
  async ended(call: Promise<unknown>, untilMs: number): Promise<End> {
    let end: End | undefined;
    void this.end(call).then((found) => end = found);
    await this.run(untilMs);
    assert(end !== undefined, `the call has not ended after ${untilMs} ms`);
    return end;
  }

  private async watch(): Promise<void> {
    for (let state = this.channel.state;;) {
      state = await this.channel.stateChange(state);
      this.states.push(`${Math.round(this.simulation.now)} ${state}`);
      if (state === "SHUTDOWN") return;
    }
  }
}

/** Connects, and then answers HEADERS of the nth request (from 1) by what `respond` says. */
async function scripted(
  world: World,
  respond: (peer: RawPeer, id: number, nth: number) => void,
  streams = 100,
) {
  const peers: RawPeer[] = [];
  let requests = 0;
  await listenAt(world.serverHost, (endpoint) => {
    let seen = 0;
    const peer = new RawPeer(endpoint, () => {
      const ids = parse(peer.received).filter(({ type }) => type === "HEADERS").map(({ id }) => id);
      for (; seen < ids.length; seen++) respond(peer, ids[seen]!, ++requests);
    });
    peers.push(peer);
    peer.send(setting([MAX_CONCURRENT_STREAMS, streams]), SETTINGS_ACK);
  });
  return { peers, requests: () => requests };
}

for (const waitForReady of [false, true]) {
  const kind = waitForReady ? "a waitForReady call" : "a call";

  test(`${kind} ends at its deadline while the name is looked up, and says so`, async () => {
    const world = new World(`dns:///${NAME}:80`);
    world.network.lookupMs = Infinity;
    const { atMs, error } = await world.ended(world.client.one({}, { deadlineMs: 300, waitForReady }), 1_000);
    assertEquals([atMs, error?.code], [300, Status.DEADLINE_EXCEEDED]);
    assertMatch(
      error!.message,
      /deadline of 300 ms exceeded waiting for the addresses of .*service\.test:80$/,
    );
  });

  test(`${kind} ends when its signal is aborted while the name is looked up`, async () => {
    const world = new World(`dns:///${NAME}:80`);
    world.network.lookupMs = Infinity;
    const controller = new AbortController();
    world.simulation.schedule(200, () => controller.abort());
    const call = world.client.one({}, { signal: controller.signal, waitForReady });
    const { atMs, error } = await world.ended(call, 1_000);
    assertEquals([atMs, error?.code], [200, Status.CANCELLED]);
  });

  test(`${kind} ends at its deadline while connecting, and says to where and what failed before`, async () => {
    const world = new World(`dns:///${NAME}:80`);
    const holes = [world.blackHole(), world.blackHole()];
    world.network.names.set(NAME, [world.serverHost.hostAddress, ...holes]); // the first refuses
    const { atMs, error } = await world.ended(world.client.one({}, { deadlineMs: 400, waitForReady }), 1_000);
    assertEquals([atMs, error?.code], [400, Status.DEADLINE_EXCEEDED]);
    assertMatch(error!.message, /waiting for a connection to 10\.0\.0\.3:80, 10\.0\.0\.4:80;/);
    assertMatch(
      error!.message,
      /; last connection error: connect to 10\.0\.0\.2:80 failed: connection refused/,
    );
  });

  test(`${kind} ends when its signal is aborted while connecting`, async () => {
    const world = new World();
    world.network.blackHole(world.clientHost.hostAddress, world.serverHost.hostAddress);
    const controller = new AbortController();
    world.simulation.schedule(150, () => controller.abort());
    const call = world.client.one({}, { signal: controller.signal, waitForReady });
    const { atMs, error } = await world.ended(call, 1_000);
    assertEquals([atMs, error?.code], [150, Status.CANCELLED]);
  });

  test(`${kind} that waits for a stream ends at its deadline, and says who allows none`, async () => {
    const world = new World();
    const { peers } = await scripted(world, () => {}, 0);
    const { atMs, error } = await world.ended(world.client.one({}, { deadlineMs: 500, waitForReady }), 1_000);
    assertEquals([atMs, error?.code, peers.length], [500, Status.DEADLINE_EXCEEDED, 1]);
    assertMatch(error!.message, /waiting for a stream: 10\.0\.0\.2:80 allows no more at a time$/);
  });
}

test("a waitForReady call ends at its deadline in backoff, and says what failed and when it goes on", async () => {
  const world = new World();
  const call = world.client.one({}, { deadlineMs: 500, waitForReady: true });
  const { atMs, error } = await world.ended(call, 1_000);
  assertEquals([atMs, error?.code], [500, Status.DEADLINE_EXCEEDED]);
  assertMatch(error!.message, /the next attempt is due in [3-7]\d\d ms; last connection error: .*refused/);
});

test("a waitForReady call ends when its signal is aborted in backoff", async () => {
  const world = new World();
  const controller = new AbortController();
  world.simulation.schedule(400, () => controller.abort());
  const call = world.client.one({}, { signal: controller.signal, waitForReady: true });
  const { atMs, error } = await world.ended(call, 10_000);
  assertEquals([atMs, error?.code], [400, Status.CANCELLED]);
  assertEquals(world.states.filter((line) => line.endsWith("CONNECTING")).length, 1); // nobody wants another attempt
  const route = callContext("look at a channel", world.channel).route as unknown as { waiting: Set<unknown> };
  assertEquals(route.waiting.size, 0); // nor keeps the call
});

test("a call with a stream says at its deadline that it waits for the response", async () => {
  const world = new World();
  await scripted(world, () => {});
  const { error } = await world.ended(world.client.one({}, { deadlineMs: 500 }), 1_000);
  assertMatch(error!.message, /exceeded waiting for the response$/);
});

const leave: Array<[string, (world: World) => Promise<unknown>]> = [
  [
    "past its deadline",
    (world) => world.client.one({ text: "late" }, { deadlineMs: 100, waitForReady: true }),
  ],
  ["aborted", (world) => {
    const controller = new AbortController();
    world.simulation.schedule(100, () => controller.abort());
    return world.client.one({ text: "late" }, { signal: controller.signal, waitForReady: true });
  }],
];
for (const [how, call] of leave) {
  for (const target of [undefined, `dns:///${NAME}:80`]) {
    const where = target === undefined ? "while connecting" : "while its name was looked up";

    test(`a call that was ${how} ${where} does not reach the server that then appears`, async () => {
      const world = new World(target);
      world.network.names.set(NAME, [world.serverHost.hostAddress]);
      world.network.lookupMs = 250;
      if (target === undefined) {
        world.network.part(world.clientHost.hostAddress, world.serverHost.hostAddress);
      }
      await world.serve();
      const left = call(world);
      const stays = world.client.one({ text: "in time" }, { waitForReady: true });
      const { error } = await world.ended(left, 200);
      assert(error !== undefined);
      world.network.heal(world.clientHost.hostAddress, world.serverHost.hostAddress);
      await world.ended(stays, 10_000);
      assertEquals(world.handled, ["in time"]);
    });
  }
}

test("a resolver that never answers is given up after handshakeTimeoutMs, and asked again after the backoff", async () => {
  const world = new World(`dns:///${NAME}:80`, { handshakeTimeoutMs: 5_000 });
  world.network.lookupMs = Infinity;
  const waits = world.client.one({ text: "patient" }, { waitForReady: true });
  const { atMs, error } = await world.ended(world.client.one({}), 5_100);
  assertEquals([atMs, error?.code], [5_000, Status.UNAVAILABLE]);
  assertMatch(error!.message, /cannot resolve .*service\.test:80: no answer within 5000 ms$/);
  world.network.lookupMs = undefined;
  world.network.names.set(NAME, [world.serverHost.hostAddress]);
  await world.serve();
  assertEquals((await world.ended(waits, 20_000)).error, undefined);
});

test("a resolver that takes longer than that serves the next attempt", async () => {
  const world = new World(`dns:///${NAME}:80`, { handshakeTimeoutMs: 5_000 });
  world.network.lookupMs = 7_000;
  world.network.names.set(NAME, [world.serverHost.hostAddress]);
  await world.serve();
  const { atMs, error } = await world.ended(world.client.one({ text: "a" }, { waitForReady: true }), 30_000);
  assertEquals([error, Math.floor(atMs / 100)], [undefined, 70]);
});

test("a failure that comes after its lookup was given up says nothing of the next", async () => {
  const world = new World(`dns:///${NAME}:80`, { handshakeTimeoutMs: 5_000 });
  world.network.lookupMs = 7_000; // and then: no such name
  const call = world.client.one({ text: "a" }, { waitForReady: true });
  await world.run(7_500);
  assertEquals(world.states.map((line) => line.split(" ")[1]), ["CONNECTING", "TRANSIENT_FAILURE"]);
  world.channel.close();
  assertEquals((await world.ended(call, 8_000)).error?.code, Status.UNAVAILABLE);
});

test("a lookup that succeeds after close() connects to nobody", async () => {
  const world = new World(`dns:///${NAME}:80`);
  world.network.lookupMs = 500;
  world.network.names.set(NAME, [world.serverHost.hostAddress]);
  const { peers } = await scripted(world, () => {});
  const call = world.client.one({}, { waitForReady: true });
  world.simulation.schedule(200, () => world.channel.close());
  const { atMs, error } = await world.ended(call, 60_000);
  assertEquals([atMs, error?.code], [200, Status.UNAVAILABLE]);
  assertEquals([world.channel.state, peers.length, world.clientHost.opened.size], ["SHUTDOWN", 0, 0]);
  assertEquals(world.states, ["0 CONNECTING", "200 SHUTDOWN"]);
});

test("close() while connecting leaves no socket and no timer", async () => {
  const world = new World(`dns:///${NAME}:80`);
  world.network.names.set(NAME, [world.blackHole(), world.blackHole()]);
  const call = world.end(world.client.one({}, { waitForReady: true }));
  world.simulation.schedule(400, () => world.channel.close());
  await world.run(401);
  assertEquals([(await call).error?.code, world.clientHost.opened.size], [Status.UNAVAILABLE, 0]);
});

test("TRANSIENT_FAILURE is seen by the channel, with the reason in the calls it fails", async () => {
  const world = new World();
  const { error } = await world.ended(world.client.one({}), 100);
  assertEquals([error?.code, world.channel.state], [Status.UNAVAILABLE, "TRANSIENT_FAILURE"]);
  assertMatch(error!.message, /connect to 10\.0\.0\.2:80 failed: connection refused/);
  assertEquals(world.states.map((line) => line.split(" ")[1]), ["CONNECTING", "TRANSIENT_FAILURE"]);
});

test("initialBackoffMs is the time from the first attempt to the second, give or take a fifth", async () => {
  for (const initialBackoffMs of [undefined, 50, 7_000]) {
    const world = new World(undefined, initialBackoffMs === undefined ? {} : { initialBackoffMs });
    void world.end(world.client.one({}, { waitForReady: true }));
    await world.run(10_000);
    const [first, second] = world.attempts;
    const expected = initialBackoffMs ?? 1_000;
    const waited = second! - first!;
    assert(waited >= 0.8 * expected - 1 && waited <= 1.2 * expected + 1, `${waited} ms for ${expected}`);
    world.channel.close();
  }
});

const refusals: Array<[string, (peer: RawPeer, id: number) => void]> = [
  ["REFUSED_STREAM", (peer, id) => peer.send(rst(id, ErrorCode.REFUSED_STREAM))],
  ["GOAWAY below its stream", (peer) => peer.send(goAway(0, ErrorCode.NO_ERROR))],
];
for (const [what, refuse] of refusals) {
  test(`${what}: the call is made once more, and succeeds`, async () => {
    const world = new World();
    const { requests } = await scripted(world, (peer, id, nth) => {
      if (nth === 1) refuse(peer, id);
      else peer.send(answer(id));
    });
    const { error } = await world.ended(world.client.one({}), 5_000);
    // Answered with a status and no message: what counts is that it was the second one's.
    assertMatch(error!.message, /no response message/);
    assertEquals(requests(), 2);
  });

  test(`${what}: a call that waited is made once more with its own request`, async () => {
    const world = new World();
    const { peers } = await scripted(world, (peer, id, nth) => {
      if (nth > 1) return peer.send(answer(id));
      void world.end(world.client.one({ text: "other" })); // encoded where the first one was
      refuse(peer, id);
    });
    await world.ended(world.client.one({ text: "its own" }), 5_000);
    const data = peers.flatMap(({ received }) => parse(received)).filter(({ type }) => type === "DATA");
    const texts = data.map(({ payload }) => new TextDecoder().decode(payload));
    assertEquals(texts.filter((text) => text.includes("its own")).length, 2, texts.join());
  });

  test(`[C54] ${what} for ever: the call is made once more, then fails`, async () => {
    for (const waitForReady of [false, true]) {
      const world = new World();
      const { requests, peers } = await scripted(world, refuse);
      const { error } = await world.ended(world.client.one({}, { waitForReady }), 60_000);
      assertEquals([error?.code, requests()], [Status.UNAVAILABLE, 2]);
      assertMatch(
        error!.message,
        /REFUSED_STREAM|: connection ended before it took the call: peer sent GOAWAY/,
      );
      assert(peers.length <= 3); // and one that nobody asked for, after the backoff
    }
  });
}

/** Requests that a connection answers before it ends, as those of proxies do. */
const SERVED = 6;

for (const hedged of [false, true]) {
  test(`calls that a GOAWAY leaves out have the first streams of the next connection${hedged ? ", hedged" : ""}`, async () => {
    const methodConfig = [{ name: [{}], hedgingPolicy: { maxAttempts: 2, hedgingDelay: "100s" } }];
    const world = new World(undefined, hedged ? { serviceConfig: { methodConfig } } : {});
    const { peers, requests } = await scripted(world, (peer, id) => {
      const nth = (id + 1) / 2; // of its connection
      if (nth <= 2) peer.send(answer(id));
      // The client opens another stream as the first of these ends, behind the last that is served.
      else if (nth === SERVED) {
        peer.send(answer(5), goAway(id, ErrorCode.NO_ERROR), ...[7, 9, id].map(answer));
      }
    }, 4);
    const ends = Array.from({ length: 3 * SERVED + 2 }, () => world.end(world.client.one({})));
    await world.run(10_000);
    // Answered with a status and no message.
    for (const { error } of await Promise.all(ends)) assertMatch(error!.message, /no response message/);
    assertEquals([peers.length, requests()], [4, ends.length + 3]);
  });
}

test("a call that is to be made once more says at its deadline what it waits for, as one that never had a stream", async () => {
  const world = new World();
  let connections = 0;
  await listenAt(world.serverHost, (endpoint) => {
    const peer = new RawPeer(endpoint, () => {
      if (parse(peer.received).some(({ type }) => type === "HEADERS")) {
        peer.send(goAway(0, ErrorCode.NO_ERROR));
      }
    });
    peer.send(setting([MAX_CONCURRENT_STREAMS, ++connections === 1 ? 100 : 0]), SETTINGS_ACK);
  });
  const { atMs, error } = await world.ended(world.client.one({}, { deadlineMs: 500 }), 1_000);
  assertEquals([atMs, error?.code, connections], [500, Status.DEADLINE_EXCEEDED, 2]);
  assertMatch(error!.message, /exceeded waiting for a stream: 10\.0\.0\.2:80 allows no more at a time$/);
});

test("a failure says each thing once, on a line of its own", async () => {
  const world = new World(`dns:///${NAME}:80`);
  world.network.names.set(NAME, ["10.0.0.77", "10.0.0.78", "10.0.0.77"]);
  const { error } = await world.ended(world.client.one({}), 1_000);
  assertEquals(error!.message.split("\n").length, 2);
  assertNotMatch(error!.message, /10\.0\.0\.77.*10\.0\.0\.77/s);
});
