// Paths that fail without a word, over real sockets and in short times: what keepalive makes of them, on both sides.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect } from "node:net";
import process from "node:process";
import { Server, type ServerCall, type ServerOptions, Status } from "pollwire";
import { type EventEngine, parseTarget, Reporter } from "../../pollers/mod.ts";
import { Backoff } from "../../surface/channel/backoff.ts";
import { CallObservers } from "../../surface/call/call_observer.ts";
import { ChannelEnd } from "../../surface/client/call_context.ts";
import { TurnFailures } from "../../surface/client/turn_failures.ts";
import { makeClient } from "../../surface/promise/client.ts";
import { STREAMS } from "../../surface/promise/streaming_calls.ts";
import { EVERY_POLICY } from "../../surface/channel/balancer/registry.ts";
import { ChannelRoute } from "../../surface/channel/channel_route.ts";
import { useEngine } from "../../surface/full/engines.ts";
import { requestTemplate } from "../../transport/mod.ts";
import { concat } from "../bytes.ts";
import { Namespace, noNamespace } from "../faults/namespace.ts";
import { startServer } from "../faults/start_server.ts";
import { StallingProxy } from "../faults/stalling_proxy.ts";
import { KeptRequests } from "../../surface/client/kept_requests.ts";
import { test } from "../harness.ts";
import { describe, frame, parse, PREFACE, setting, SETTINGS_ACK, uint32 } from "../transport/http2/wire.ts";
import { echo, failure, Trial, type TrialClient, until } from "./serving.ts";
import { ROUTE_FEATURES } from "./channel/every_feature.ts";

/** Less than a channel would allow. */
const KEEPALIVE = { timeMs: 200, timeoutMs: 500 };
const PING = frame("PING", 0, 0, uint32(0, 1));

/** A client, a server, and a proxy between them. */
interface Bench {
  readonly client: TrialClient;
  readonly route: ChannelRoute;
  readonly proxy: StallingProxy;
  readonly port: number;
  /** The server's side of calls that wait for ever. */
  readonly waiting: ServerCall[];
}

/** What a channel to `at` is made of; a channel's keepalive would be 10 s at least. */
function clientOf(engine: EventEngine, at: string): { client: TrialClient; route: ChannelRoute } {
  const target = parseTarget(at);
  const reporter = new Reporter({});
  const options = { ...ROUTE_FEATURES, keepalive: KEEPALIVE, reporter };
  const route = new ChannelRoute(
    engine,
    target,
    options,
    () => new Backoff(() => 0.5, 50),
    EVERY_POLICY.chosen("pick_first"),
    () => {},
  );
  const template = (path: string) => requestTemplate(path, "test", "http", "test");
  const context = {
    engine,
    route,
    reporter,
    target,
    channelOptions: {},
    needsLoop: false,
    end: new ChannelEnd(),
    failures: new TurnFailures(engine),
    maxReceiveElements: undefined,
    observers: new CallObservers(),
    isSecure: false,
    callCredentials: undefined,
    retries: undefined,
    streams: STREAMS,
    keptRequests: new KeptRequests(0),
    makePermission: undefined,
    template,
  };
  const client = makeClient(context, Trial);
  return { client, route };
}

async function behindProxy(server: ServerOptions, check: (bench: Bench) => Promise<void>): Promise<void> {
  const use = useEngine();
  const { engine } = use;
  const waiting: ServerCall[] = [];
  const serving = new Server({ ...server, poller: engine });
  serving.addService(Trial, {
    ...echo,
    down: (_request, call) => (waiting.push(call), new Promise(() => {})),
  });
  const port = await serving.listen("127.0.0.1:0");
  const proxy = await StallingProxy.open(port);
  const { client, route } = clientOf(engine, `127.0.0.1:${proxy.port}`);
  try {
    await check({ client, route, proxy, port, waiting });
  } finally {
    route.close();
    serving.close();
    proxy.close();
  }
  await serving.shutdown();
  await use.end();
}

/** Calls until one ends well, for 40 s at most; the statuses of the others. */
async function callsWork(client: TrialClient): Promise<number[]> {
  const statuses: number[] = [];
  for (const end = performance.now() + 40_000; performance.now() < end;) {
    try {
      await client.one({}, { deadlineMs: 300 });
      return statuses;
    } catch (error) {
      statuses.push((error as { code: number }).code);
    }
  }
  throw new Error(`No call has ended well: ${statuses}`);
}

test("[C65] a path that forgets connections: the running call is UNAVAILABLE, the next ones work again", () =>
  behindProxy({ keepalive: { permitTimeMs: 0 } }, async ({ client, proxy }) => {
    await client.one({});
    const running = failure(client.down({})[Symbol.asyncIterator]().next());
    proxy.forget();
    const { code, message } = await running;
    assertEquals(code, Status.UNAVAILABLE);
    assertMatch(message, /keepalive: nothing came within 500 ms after a PING/);
    await callsWork(client);
    assertEquals(proxy.accepted, 2);
  }));

test("[C65] a path that holds everything back for longer: calls work again when it goes on", () =>
  behindProxy({ keepalive: { permitTimeMs: 0 } }, async ({ client, route, proxy }) => {
    await client.one({});
    proxy.stall();
    const statuses: number[] = [];
    while (proxy.accepted < 2) { // the first connection was closed, and the second one waits for its SETTINGS
      await client.one({}, { deadlineMs: 50 }).catch(({ code }) => void statuses.push(code));
    }
    assert(statuses.includes(Status.DEADLINE_EXCEEDED), statuses.join(" "));
    assertEquals(route.state, "CONNECTING");
    proxy.resume();
    await callsWork(client);
    assertEquals(proxy.accepted, 2);
  }));

test("[C65] a connection that is used, or quiet and alive, is not closed", () =>
  behindProxy({ keepalive: { permitTimeMs: 0 } }, async ({ client, proxy, waiting }) => {
    const running = client.down({})[Symbol.asyncIterator]().next();
    running.catch(() => {}); // when all is closed
    await until(() => waiting.length === 1);
    const begin = performance.now();
    // Four times what a dead connection has.
    await until(() => performance.now() > begin + 4 * (KEEPALIVE.timeMs + KEEPALIVE.timeoutMs));
    await client.one({});
    assertEquals([proxy.accepted, waiting[0]!.signal.aborted], [1, false]);
  }));

test("[C65] packets that are lost, connection requests too: calls work again when they arrive", async () => {
  const use = useEngine();
  const namespace = new Namespace(50 + process.pid % 200);
  const server = await startServer(use.engine.name, namespace);
  const { client, route } = clientOf(use.engine, `${namespace.host}:${server.port}`);
  try {
    await callsWork(client);
    namespace.drop();
    await until(() => route.state === "READY");
    const running = failure(client.one({}));
    assertMatch((await running).message, /keepalive: nothing came|timed out/); // or TCP_USER_TIMEOUT was first
    const waiting = await failure(client.one({}, { deadlineMs: 300, waitForReady: true }));
    assertEquals(waiting.code, Status.DEADLINE_EXCEEDED);
    namespace.heal();
    await callsWork(client);
  } finally {
    route.close();
    await server.end();
    namespace.close();
  }
  await use.end();
}, { skip: noNamespace() });

test("[C69] a server notices that its client is gone: the call's signal is aborted", () =>
  behindProxy({ keepalive: { timeMs: 1_000, timeoutMs: 150, permitTimeMs: 0 } }, async (bench) => {
    void failure(bench.client.down({})[Symbol.asyncIterator]().next());
    await until(() => bench.waiting.length === 1);
    bench.proxy.forget();
    await until(() => bench.waiting[0]!.signal.aborted);
  }));

test("[C70] idle and old connections end, and calls go on over the next ones", () =>
  behindProxy({ maxConnectionIdleMs: 100, keepalive: { permitTimeMs: 0 } }, async (bench) => {
    const { client, route, proxy } = bench;
    await client.one({});
    await until(() => route.state === "IDLE");
    await client.one({});
    assertEquals(proxy.accepted, 2);
  }).then(() =>
    behindProxy({ maxConnectionAgeMs: 100, keepalive: { permitTimeMs: 0 } }, async ({ client, proxy }) => {
      while (proxy.accepted < 5) await client.one({});
    })
  ));

test("[C68] PINGs too many: the fourth in a row gets GOAWAY and the end, the ones before it their answers", () =>
  behindProxy({}, async ({ port }) => {
    const socket = connect(port, "127.0.0.1");
    let received: Uint8Array = new Uint8Array(0);
    let closed = false;
    socket.on("data", (bytes: Uint8Array) => received = concat(received, bytes));
    socket.on("close", () => closed = true);
    socket.on("error", () => {});
    socket.write(concat(PREFACE, setting(), SETTINGS_ACK, PING, PING, PING, PING));
    await until(() => closed);
    const frames = parse(received).map(describe).filter((line) => /^(?:PING|GOAWAY)/.test(line));
    assertEquals(frames, ["PING ack", "PING ack", "PING ack", "GOAWAY 0 ENHANCE_YOUR_CALM"]);
  }));
