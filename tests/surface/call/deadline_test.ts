// The rule of surface/call/deadline.ts: which ends of a call are its deadline's, at a client and at a server.
import { assert, assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { type CallOptions, Channel, createClient, RpcError, Server, Status, statusName } from "pollwire";
import { type SimulatedEngine, Simulation } from "../../../pollers/simulated/mod.ts";
import { CLOCK_SLACK_MS, isDeadlineExceeded } from "../../../surface/call/deadline.ts";
import { ErrorCode, Http2Error } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";
import {
  Bench,
  data,
  END_STREAM,
  goAway,
  PREFACE,
  rst,
  setting,
  SETTINGS_ACK,
} from "../../transport/http2/wire.ts";
import { listenAt, RawPeer } from "../../transport/raw_peer.ts";
import { Trial } from "../serving.ts";

const DEADLINE_MS = 100;
const LATENCY_MS = 1;
/** How late the timers of these clients are. */
const TIMERS_LATE_MS = 50;
const MAX_CONCURRENT_STREAMS = 3;

/** A busy thread: `engine`'s timers fire, as the contract allows, some time after they are due. */
function slowTimers(engine: SimulatedEngine): SimulatedEngine {
  const { runAt } = engine;
  engine.runAt = (at, closure) => runAt.call(engine, at + TIMERS_LATE_MS, closure);
  return engine;
}

/** A client with late timers, on a channel that is connected to a server made of bytes. */
class World {
  readonly simulation = new Simulation({ conditions: { latencyMs: LATENCY_MS } });
  readonly peers: RawPeer[] = [];
  readonly frames = new Bench("client");
  private readonly server = this.simulation.host();
  readonly channel: Channel;

  /** `idleTimeoutMs`: when an idle channel lets its connection go, or stops to try again. */
  constructor(idleTimeoutMs = Infinity) {
    const poller = slowTimers(this.simulation.host());
    this.channel = new Channel(`${this.server.hostAddress}:80`, { poller, idleTimeoutMs });
  }

  async listen(...settings: Array<[number, number]>): Promise<void> {
    await listenAt(this.server, (endpoint) => {
      const peer = new RawPeer(endpoint);
      this.peers.push(peer);
      peer.send(setting(...settings), SETTINGS_ACK);
    });
  }

  async connected(...settings: Array<[number, number]>): Promise<this> {
    await this.listen(...settings);
    this.channel.connect();
    await this.simulation.run();
    return this;
  }

  /** Has the server do `act`, `lateMs` after a deadline that begins now, as the client sees it. */
  at(lateMs: number, act: (peer: RawPeer) => void): void {
    const when = this.simulation.now + DEADLINE_MS + lateMs - LATENCY_MS;
    this.simulation.schedule(when, () => act(this.peers[0]!));
  }

  /** The error of a call that begins now. */
  async failure(options: CallOptions = {}): Promise<RpcError> {
    const call = createClient(Trial, this.channel).one({}, { deadlineMs: DEADLINE_MS, ...options });
    const ended = call.then(() => undefined, (error: unknown) => error);
    await this.simulation.run();
    const error = await ended;
    assertInstanceOf(error, RpcError);
    assertEquals(this.simulation.pending, 0, "a timer was left behind");
    return error;
  }

  /** A trailers-only response. */
  trailers(code: number, message = "no"): Uint8Array {
    return this.frames.headers(1, [
      [":status", "200"],
      ["content-type", "application/grpc"],
      ["grpc-status", `${code}`],
      ["grpc-message", message],
      ["why", "because"],
    ], true);
  }
}

/** The code of a call to which the server does `act` so long after the deadline, in milliseconds. */
async function codeAfter(lateMs: number, act: (peer: RawPeer, world: World) => void): Promise<number> {
  const world = await new World().connected();
  world.at(lateMs, (peer) => act(peer, world));
  return (await world.failure()).code;
}

test("the rule: peers' cancels from a little before the deadline on, other losses from it on, answers never", () => {
  const by = (initiator: "remote" | "library" | "user") =>
    new Http2Error("stream", ErrorCode.INTERNAL_ERROR, initiator, "");
  const { CANCELLED, UNAVAILABLE, INTERNAL, OK } = Status;
  const early = -CLOCK_SLACK_MS;
  const ends: Array<[code: number, cause: Http2Error | undefined, lateMs: number, expected: boolean]> = [
    [CANCELLED, by("remote"), early, true],
    [CANCELLED, undefined, early, true],
    [CANCELLED, by("remote"), early - 0.1, false],
    [UNAVAILABLE, by("remote"), -0.1, false],
    [UNAVAILABLE, by("remote"), 0, true],
    [UNAVAILABLE, undefined, 0, true],
    [INTERNAL, by("remote"), 0, true],
    [INTERNAL, by("remote"), -0.1, false],
    [INTERNAL, by("library"), 5, false],
    [INTERNAL, undefined, 5, false],
    [OK, undefined, 5, false],
    [CANCELLED, by("remote"), -Infinity, false],
  ];
  for (const [code, cause, lateMs, expected] of ends) {
    const what = `${statusName(code)} by ${cause?.initiator ?? "status"} at ${lateMs} ms`;
    assertEquals(isDeadlineExceeded(code, cause, lateMs), expected, what);
  }
});

test("[C17] RST_STREAM CANCEL at the deadline, before our timer: DEADLINE_EXCEEDED that says what came", async () => {
  const world = await new World().connected();
  world.at(0.5, (peer) => peer.send(rst(1, ErrorCode.CANCEL)));
  const error = await world.failure();
  assertEquals([error.code, error.endedBy], [Status.DEADLINE_EXCEEDED, "library"]);
  assertMatch(error.details, /^deadline of 100 ms exceeded waiting for the response: .*RST_STREAM CANCEL/);
  assertInstanceOf(error.cause, Http2Error);
});

test("RST_STREAM CANCEL of a peer whose clock is a little ahead is the deadline's, one well before it is not", async () => {
  const cancel = (peer: RawPeer) => peer.send(rst(1, ErrorCode.CANCEL));
  assertEquals(await codeAfter(-CLOCK_SLACK_MS + 0.1, cancel), Status.DEADLINE_EXCEEDED);
  assertEquals(await codeAfter(-CLOCK_SLACK_MS - 0.1, cancel), Status.CANCELLED);
});

test("a response that has begun is reset at the deadline: the same", async () => {
  const begun = (peer: RawPeer, world: World) =>
    peer.send(
      world.frames.headers(1, [[":status", "200"], ["content-type", "application/grpc"]]),
      rst(1, ErrorCode.CANCEL),
    );
  assertEquals(await codeAfter(0.5, begun), Status.DEADLINE_EXCEEDED);
});

test("whatever else takes the call away past the deadline: the same, and before it what it is", async () => {
  const losses: Array<[what: string, act: (peer: RawPeer) => void, before: number]> = [
    ["INTERNAL_ERROR", (peer) => peer.send(rst(1, ErrorCode.INTERNAL_ERROR)), Status.INTERNAL],
    ["GOAWAY with an error", (peer) => peer.send(goAway(1, ErrorCode.INTERNAL_ERROR)), Status.UNAVAILABLE],
    ["lost connection", (peer) => peer.endpoint.close(), Status.UNAVAILABLE],
  ];
  for (const [what, act, before] of losses) {
    assertEquals(await codeAfter(0.5, act), Status.DEADLINE_EXCEEDED, what);
    assertEquals(await codeAfter(-20, act), before, what);
  }
});

test("[C17] the server's own status past the deadline stands, but for CANCELLED and UNAVAILABLE", async () => {
  for (const code of [Status.INVALID_ARGUMENT, Status.INTERNAL, Status.UNKNOWN, Status.ABORTED]) {
    assertEquals(await codeAfter(0.5, (peer, world) => peer.send(world.trailers(code))), code);
  }
  for (const code of [Status.CANCELLED, Status.UNAVAILABLE]) {
    const world = await new World().connected();
    world.at(0.5, (peer) => peer.send(world.trailers(code, "context canceled")));
    let trailers = "";
    const error = await world.failure({ onTrailers: (metadata) => trailers = `${metadata.get("why")}` });
    assertEquals(error.code, Status.DEADLINE_EXCEEDED, statusName(code));
    assertMatch(error.details, /context canceled/);
    assertEquals([error.metadata.get("why"), trailers], ["because", "because"]);
  }
});

test("an HTTP gateway that gave up (504) past the deadline: the same", async () => {
  const gateway = (peer: RawPeer, world: World) =>
    peer.send(world.frames.headers(1, [[":status", "504"]], true));
  assertEquals(await codeAfter(0.5, gateway), Status.DEADLINE_EXCEEDED);
  assertEquals(await codeAfter(-20, gateway), Status.UNAVAILABLE);
});

test("OK past the deadline, before our timer, is an answer", async () => {
  const world = await new World().connected();
  world.at(0.5, (peer) =>
    peer.send(
      world.frames.headers(1, [[":status", "200"], ["content-type", "application/grpc"]]),
      data(1, new Uint8Array(5)),
      world.frames.headers(1, [["grpc-status", "0"]], true),
    ));
  const call = createClient(Trial, world.channel).one({}, { deadlineMs: DEADLINE_MS });
  await world.simulation.run();
  assertEquals((await call).number ?? 0, 0);
});

test("a call that no server has seen is not made again past its deadline", async () => {
  const world = await new World().connected();
  world.at(0.5, (peer) => peer.send(rst(1, ErrorCode.REFUSED_STREAM)));
  const error = await world.failure();
  assertEquals(error.code, Status.DEADLINE_EXCEEDED);
  assertMatch(error.details, /REFUSED_STREAM/);
  assertEquals(world.peers[0]!.frames.filter((frame) => frame.startsWith("HEADERS")), ["HEADERS 1"]);
});

test("a stream that gets free past the deadline is not taken: nothing is sent", async () => {
  const world = await new World().connected([MAX_CONCURRENT_STREAMS, 1]);
  createClient(Trial, world.channel).one({}).catch(() => {}); // takes the one stream there is
  world.at(0.5, (peer) => peer.send(rst(1, ErrorCode.INTERNAL_ERROR)));
  const error = await world.failure();
  assertEquals(error.code, Status.DEADLINE_EXCEEDED);
  assertEquals(world.peers[0]!.frames.filter((frame) => frame.startsWith("HEADERS")), ["HEADERS 1"]);
});

test("an attempt to connect that fails past the deadline: DEADLINE_EXCEEDED that says why it failed", async () => {
  const world = new World(10_000);
  world.simulation.network.blackHole("10.0.0.1", "10.0.0.2");
  world.simulation.network.conditions.giveUpMs = DEADLINE_MS + 1;
  const error = await world.failure();
  assertEquals(error.code, Status.DEADLINE_EXCEEDED);
  assertMatch(error.details, /waiting for a connection: .*10\.0\.0\.1:80/);
});

test("at a server: the handler of a call that its client resets at the deadline hears of the deadline", async () => {
  for (const [lateMs, expected] of [[0.5, Status.DEADLINE_EXCEEDED], [-20, Status.CANCELLED]] as const) {
    const simulation = new Simulation({ conditions: { latencyMs: LATENCY_MS } });
    const [at, from] = [slowTimers(simulation.host()), simulation.host()];
    const reasons: number[] = [];
    const server = new Server({ poller: at });
    server.addService(Trial, {
      one: (_request, call) => {
        call.signal.addEventListener("abort", () => reasons.push((call.signal.reason as RpcError).code));
        return new Promise(() => {});
      },
    });
    await server.listen(`${at.hostAddress}:80`);
    const frames = new Bench("client");
    let client: RawPeer | undefined;
    from.connect({ family: "ipv4", host: at.hostAddress, port: 80 }, {}, (result) => {
      assert(result.ok);
      client = new RawPeer(result.value);
      const request: Array<[string, string]> = [
        [":method", "POST"],
        [":scheme", "http"],
        [":path", "/trial.Trial/One"],
        ["content-type", "application/grpc"],
        ["grpc-timeout", `${DEADLINE_MS}m`],
      ];
      client.send(PREFACE, setting(), SETTINGS_ACK, frames.headers(1, request), data(1, 5, END_STREAM));
      const when = simulation.now + LATENCY_MS + DEADLINE_MS + lateMs - LATENCY_MS;
      simulation.schedule(when, () => client!.send(rst(1, ErrorCode.CANCEL)));
    });
    await simulation.run({ until: 1_000 });
    assertEquals(reasons, [expected]);
    server.close();
    await simulation.run();
  }
});

test("a deadline goes over the wire as it was said, whatever the clock shows when the call begins", async () => {
  const simulation = new Simulation({ conditions: { latencyMs: 0.25 } });
  const [at, from] = [simulation.host(), simulation.host()];
  const left: number[] = [];
  const server = new Server({ poller: at });
  server.addService(Trial, {
    one: (_request, call) => {
      left.push(Math.round(call.timeRemainingMs!));
      return {};
    },
  });
  await server.listen(`${at.hostAddress}:80`);
  const channel = new Channel(`${at.hostAddress}:80`, { poller: from });
  const { one } = createClient(Trial, channel);
  for (let i = 1; i <= 200; i++) {
    await simulation.run({ until: i * 37.3 });
    const answer = one({}, { deadlineMs: 5_000 });
    await simulation.run({ until: i * 37.3 + 5 });
    await answer;
  }
  assertEquals([left.length, new Set(left)], [200, new Set([5_000])]);
  channel.close();
  server.close();
  await simulation.run();
});
