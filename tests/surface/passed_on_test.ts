// What is only passed on: options of channels and servers reach the engine, the connection and the peer.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import {
  callCredentials,
  type CallOptions,
  Channel,
  type ChannelOptions,
  createClient,
  type Logger,
  Metadata,
  Server,
  type ServerOptions,
  tls,
  VERSION,
} from "pollwire";
import { Authority } from "../../examples/tls/authority.ts";
import type { EndpointOptions, ListenOptions } from "../../pollers/mod.ts";
import { type SimulatedEngine, Simulation } from "../../pollers/simulated/mod.ts";
import { type LocalSettings, localSettings } from "../../transport/mod.ts";
import { test } from "../harness.ts";
import { parse, PREFACE, setting, SETTINGS_ACK } from "../transport/http2/wire.ts";
import { listenAt, RawPeer } from "../transport/raw_peer.ts";
import { failure, serving, Trial } from "./serving.ts";

const AUTHORITY = new Authority();

const ENDPOINT: Required<EndpointOptions> = { noDelay: false, keepAliveMs: 12_345, userTimeoutMs: 23_456 };

/** Other than the defaults, each of them. */
const SETTINGS: LocalSettings = {
  headerTableSize: 1_024,
  maxConcurrentStreams: 7,
  initialWindowSize: 70_000,
  maxWindowSize: 80_000,
  windowGrowthSize: 90_000,
  connectionWindowSize: 200_000,
  maxFrameSize: 20_000,
  maxHeaderListSize: 30_000,
};

/** `host`, and the options that it was asked to listen and to connect with. */
function noting(
  host: SimulatedEngine,
): { host: SimulatedEngine; asked: Array<EndpointOptions & ListenOptions> } {
  const asked: Array<EndpointOptions & ListenOptions> = [];
  const { listen, connect } = host;
  host.listen = (options, ...callbacks) => {
    const { onAcceptPaused: _, ...plain } = options;
    asked.push(plain);
    return listen.call(host, options, ...callbacks);
  };
  host.connect = (to, options, done) => (asked.push(options), connect.call(host, to, options, done));
  return { host, asked };
}

/** The SETTINGS that `peer` got, by identifier, and what the connection's window was raised by. */
function announced(received: Uint8Array): [settings: Array<[id: number, value: number]>, raised: number] {
  const frames = parse(received);
  const view = (payload: Uint8Array) => new DataView(payload.buffer, payload.byteOffset, payload.length);
  const { payload } = frames.find(({ type }) => type === "SETTINGS")!;
  const settings: Array<[number, number]> = [];
  for (let at = 0; at < payload.length; at += 6) {
    settings.push([view(payload).getUint16(at), view(payload).getUint32(at + 2)]);
  }
  const raises = frames.filter(({ type, id }) => type === "WINDOW_UPDATE" && id === 0);
  return [settings, raises.reduce((sum, { payload }) => sum + view(payload).getUint32(0), 0)];
}

/** How many milliseconds pass until `condition` holds. */
async function timeUntil(simulation: Simulation, condition: () => boolean): Promise<number> {
  const begin = simulation.now;
  while (!condition()) await simulation.run({ until: simulation.now + 10 });
  return simulation.now - begin;
}

test("options of a channel: endpoint, settings and handshakeTimeoutMs are those of its connections, each time", async () => {
  const simulation = new Simulation();
  const { host, asked } = noting(simulation.host());
  const server = simulation.host();
  const peers: RawPeer[] = [];
  await listenAt(server, (endpoint) => peers.push(new RawPeer(endpoint)));
  const channel = new Channel(`${server.hostAddress}:80`, {
    poller: host,
    endpoint: ENDPOINT,
    settings: SETTINGS,
    handshakeTimeoutMs: 400,
    initialBackoffMs: 1_000,
  });
  channel.connect();
  const took = await timeUntil(simulation, () => channel.state === "TRANSIENT_FAILURE");
  assert(took >= 400 && took < 420, `${took} ms`);
  await timeUntil(simulation, () => asked.length === 2);
  const again = await timeUntil(simulation, () => peers[1]?.ended === "end-of-stream");
  assert(again >= 380 && again < 420, `${again} ms`);
  assertEquals(asked, [ENDPOINT, ENDPOINT]);
  assertEquals(peers.length, 2);
  for (const { received } of peers) {
    const [settings, raised] = announced(received.subarray(PREFACE.length));
    assertEquals(
      new Map(settings),
      new Map([[1, 1_024], [2, 0], [4, 70_000], [5, 20_000], [6, 30_000]]),
    );
    assertEquals(raised, 200_000 - 65_535);
  }
  channel.close();
});

test("options of a server: endpoint, reusePort, settings and handshakeTimeoutMs are those of its listeners and connections", async () => {
  const simulation = new Simulation();
  const { host, asked } = noting(simulation.host());
  const server = new Server({
    poller: host,
    endpoint: ENDPOINT,
    reusePort: true,
    settings: SETTINGS,
    handshakeTimeoutMs: 400,
  });
  for (const port of [80, 81]) {
    await server.listen(`${host.hostAddress}:${port}`);
    const peer = await new Promise<RawPeer>((resolve) => {
      const from = simulation.host();
      from.connect({ family: "ipv4", host: host.hostAddress, port }, {}, (result) => {
        if (result.ok) resolve(new RawPeer(result.value));
      });
      void simulation.run({ until: simulation.now + 10 });
    });
    peer.send(PREFACE); // and no SETTINGS
    const took = await timeUntil(simulation, () => peer.ended !== "open");
    assert(took >= 380 && took < 420, `${took} ms`);
    const [settings, raised] = announced(peer.received);
    assertEquals(new Map(settings), new Map([[1, 1_024], [3, 7], [4, 70_000], [5, 20_000], [6, 30_000]]));
    assertEquals(raised, 200_000 - 65_535);
  }
  assertEquals(asked, [{ ...ENDPOINT, reusePort: true }, { ...ENDPOINT, reusePort: true }]);
  server.close();
});

test("without options, nothing is asked of the engine but the timeout that goes with a server's keepalive", async () => {
  const simulation = new Simulation();
  const { host, asked } = noting(simulation.host());
  const server = new Server({ poller: host });
  const port = await server.listen(`${host.hostAddress}:0`);
  const channel = new Channel(`${host.hostAddress}:${port}`, { poller: host });
  channel.connect();
  await simulation.run({ until: 1_000 });
  assertEquals([channel.state, asked], ["READY", [{ reusePort: false, userTimeoutMs: 20_000 }, {}]]);
  channel.close();
  server.close();
});

test("authority: what the option says, else the target's host and port", async () => {
  const simulation = new Simulation();
  const [at, from] = [simulation.host(), simulation.host()];
  for (const name of ["service.test", "unix"]) simulation.network.names.set(name, [at.hostAddress]);
  const authorities: string[] = [];
  const server = new Server({ poller: at });
  server.addService(Trial, { one: (request, call) => (authorities.push(call.authority), request) });
  await server.listen(`${at.hostAddress}:80`);
  const ask = async (target: string, options: ChannelOptions = {}) => {
    using channel = new Channel(target, { ...options, poller: from });
    const call = createClient(Trial, channel).one({});
    await simulation.run({ until: simulation.now + 100 });
    await call;
    return authorities.pop();
  };
  const ip = `${at.hostAddress}:80`;
  assertEquals(await ask(ip), ip);
  assertEquals(await ask("service.test:80"), "service.test:80");
  assertEquals(await ask("dns:///unix:80"), "unix:80"); // a name that a scheme has too
  assertEquals(await ask(ip, { authority: "api.example:443" }), "api.example:443");
  server.close();
});

test("an error of a call names the address that was connected to, and the target where there was none", async () => {
  const simulation = new Simulation();
  const [at, from] = [simulation.host(), simulation.host()];
  simulation.network.names.set("service.test", [at.hostAddress]);
  const server = new Server({ poller: at });
  const channel = new Channel("service.test:80", { poller: from });
  const peerOf = async () => {
    const error = failure(createClient(Trial, channel).one({}));
    await simulation.run({ until: simulation.now + 5_000 });
    return (await error).peer;
  };
  assertEquals(await peerOf(), "service.test:80");
  await server.listen(`${at.hostAddress}:80`);
  await simulation.run({ until: simulation.now + 5_000 });
  assertEquals(await peerOf(), `${at.hostAddress}:80`);
  channel.close();
  server.close();
});

test("the header section of a request says what the call is, whose it is and who makes it", async () => {
  const heads: IncomingHttpHeaders[] = [];
  const peer = createServer();
  peer.on("stream", (stream, head) => {
    heads.push(Object.fromEntries(Object.entries(head)));
    stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": 5 }, {
      endStream: true,
    });
  });
  const port = await new Promise<number>((resolve) =>
    peer.listen(0, "127.0.0.1", () => resolve((peer.address() as AddressInfo).port))
  );
  const channel = new Channel(`127.0.0.1:${port}`);
  const client = createClient(Trial, channel);
  await failure(client.one({}, { metadata: { "x-a": ["1", "2"] }, deadlineMs: 60_000 }));
  await failure(client.up([], { deadlineMs: Infinity }));
  channel.close();
  const named = new Channel(`127.0.0.1:${port}`, { userAgent: "shop/1.2 lib/3" });
  await failure(createClient(Trial, named).one({}));
  named.close();
  peer.close();
  const common = {
    ":method": "POST",
    ":scheme": "http",
    ":authority": `127.0.0.1:${port}`,
    "content-type": "application/grpc",
    "te": "trailers",
    "grpc-accept-encoding": "identity,deflate,gzip",
    "user-agent": `grpc-typescript-pollwire/${VERSION}`,
  };
  const { "grpc-timeout": timeout, ...first } = heads[0]!;
  assertEquals(first, { ...common, ":path": "/trial.Trial/One", "x-a": "1, 2" });
  assertMatch(String(timeout), /^(?:60000|59\d\d\d)m$/);
  assertEquals(heads[1], { ...common, ":path": "/trial.Trial/Up" });
  assertEquals(heads[2]!["user-agent"], `shop/1.2 lib/3 grpc-typescript-pollwire/${VERSION}`);
  for (const userAgent of ["", " a", "é", 1 as unknown as string]) {
    assertThrows(
      () => new Channel("127.0.0.1:1", { userAgent }),
      TypeError,
      "Cannot make a channel: userAgent",
    );
  }
});

test("VERSION is the package's", () => {
  for (const file of ["package.json", "deno.json"]) {
    const { version } = JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8"));
    assertEquals(VERSION, version, file);
  }
});

test("`using` closes channels and servers", async () => {
  const simulation = new Simulation();
  const host = simulation.host();
  let channel: Channel;
  {
    using server = new Server({ poller: host });
    await server.listen(`${host.hostAddress}:80`);
    using own = channel = new Channel(`${host.hostAddress}:80`, { poller: host });
    own.connect();
    await simulation.run({ until: 1_000 });
    assertEquals([channel.state, host.opened.size > 0], ["READY", true]);
  }
  await simulation.run();
  assertEquals([channel.state, host.opened.size], ["SHUTDOWN", 0]);
});

test("every option that there is may be given", () => {
  const logger: Logger = { error() {}, warn() {}, info() {}, debug() {} };
  const connection = {
    poller: "native",
    endpoint: ENDPOINT,
    settings: localSettings(SETTINGS),
    handshakeTimeoutMs: 1_000,
    keepalive: { timeMs: 60_000, timeoutMs: 10_000, permitWithoutCalls: true },
    maxReceiveElements: 1_000,
    maxReceiveMessageBytes: 1_000,
    maxSendMessageBytes: 1_000,
    compression: "gzip" as const,
    acceptCompression: ["gzip" as const],
    onError: () => {},
    logger,
  };
  const ofChannel: Required<ChannelOptions> = {
    ...connection,
    credentials: tls.client({ ca: AUTHORITY.cert, provider: "node" }),
    callCredentials: callCredentials.bearer("a"),
    proxy: "http://127.0.0.1:1",
    authority: "a",
    userAgent: "shop/1.2",
    initialBackoffMs: 1,
    idleTimeoutMs: Infinity,
    loadBalancing: "round_robin",
    resolvers: {},
    features: [],
    lookUpServiceConfig: true,
    serviceConfig: { methodConfig: [{ name: [{}], timeout: "60s" }] },
    enableRetries: false,
    maxCallAttempts: 2,
    holdsProcess: false,
    shareConnections: false,
    retryBufferBytes: 0,
  };
  const ofServer: Required<ServerOptions> = {
    ...connection,
    credentials: tls.server({ ...AUTHORITY.issue({ name: "a" }), provider: "node" }),
    authorization: { name: "all", allow_rules: [{ name: "all" }] },
    reusePort: true,
    onAcceptPaused: () => {},
    acceptConnection: () => true,
    maxConnectionsPerAddress: 1_000,
    exposeErrors: true,
    features: [],
    interceptors: [],
    keepalive: { ...connection.keepalive, permitTimeMs: 10_000 },
    maxConnectionIdleMs: 60_000,
    maxConnectionAgeMs: 60_000,
    maxConnectionAgeGraceMs: 10_000,
  };
  const ofCall: Required<Omit<CallOptions, "parent" | "callCredentials">> = {
    authority: "service.test",
    deadlineMs: 60_000,
    signal: new AbortController().signal,
    metadata: new Metadata(),
    waitForReady: true,
    compression: "deflate",
    corked: true,
    onHeaders: () => {},
    onTrailers: () => {},
  };
  new Channel("localhost:1", ofChannel).close();
  new Server(ofServer).close();
  return serving({ one: (request) => request }, async ({ client }) => {
    assertEquals((await client.one({ number: 5 }, ofCall)).number, 5);
  });
});

test("SETTINGS of the peer are the peer's, whatever our own are", async () => {
  const simulation = new Simulation();
  const [server, from] = [simulation.host(), simulation.host()];
  const peers: RawPeer[] = [];
  await listenAt(server, (endpoint) => {
    const peer = new RawPeer(endpoint);
    peers.push(peer);
    peer.send(setting([3, 1]), SETTINGS_ACK);
  });
  const channel = new Channel(`${server.hostAddress}:80`, { poller: from, settings: SETTINGS });
  const calls = [0, 1].map(() => failure(createClient(Trial, channel).one({})));
  await simulation.run({ until: 1_000 });
  const headers = parse(peers[0]!.received.subarray(PREFACE.length)).filter(({ type }) => type === "HEADERS");
  assertEquals(headers.length, 1);
  channel.close();
  await Promise.all(calls);
});
