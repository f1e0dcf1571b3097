// pollwire/lean: what is given is there, and what is not says so.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Channel as FullChannel, createClient as fullClient } from "pollwire";
import {
  balancer,
  callCredentials,
  callIdentities,
  callObservers,
  compression,
  inProcess,
  keepalive,
  plainWords,
  retries,
  roundRobin,
  serviceConfigs,
  sharedConnections,
  streams,
} from "pollwire/features";
import {
  Channel,
  type ChannelOptions,
  type ClientInterceptor,
  createClient,
  createInterceptedClient,
  type Feature,
  PollerError,
  RpcError,
  Server,
  ServiceConfigError,
  Status,
  tlsClient,
  tlsServer,
} from "pollwire/lean";
import { epoll } from "pollwire/pollers/epoll";
import { bunClient, denoClient, native, nativeClient, nodeClient } from "pollwire/pollers/native";
import { test } from "../harness.ts";
import { Authority } from "../../examples/tls/authority.ts";
import { Trial } from "./serving.ts";

const AUTHORITY = new Authority();

const RETRYING = {
  methodConfig: [{
    name: [{}],
    retryPolicy: {
      maxAttempts: 3,
      initialBackoff: "0.001s",
      maxBackoff: "0.001s",
      backoffMultiplier: 1,
      retryableStatusCodes: ["UNAVAILABLE" as const],
    },
  }],
};

/** How many times a handler runs that fails once, and what the call comes to. */
async function callOnceRefused(features: readonly Feature[]): Promise<[runs: number, answer: string]> {
  let runs = 0;
  await using server = new Server({ poller: native });
  server.addService(Trial, {
    one: ({ text = "" }) => {
      if (++runs === 1) throw new RpcError(Status.UNAVAILABLE, "not yet");
      return { text: `${text}, lean` };
    },
  });
  const port = await server.listen("127.0.0.1:0");
  const options = { poller: native, features, serviceConfig: RETRYING };
  await using channel = new Channel(`127.0.0.1:${port}`, options);
  const answer = await createClient(Trial, channel).one({ text: "hi" }).then(
    ({ text }) => text!,
    (error: RpcError) => error.message,
  );
  return [runs, answer];
}

test("lean: a poller is given itself, and a feature is there where it is given", async () => {
  assertEquals(await callOnceRefused([serviceConfigs, retries]), [2, "hi, lean"]);
  assertEquals(await callOnceRefused([serviceConfigs]), [1, "UNAVAILABLE: not yet"]);
});

test("lean: a list of pollers, of which the first that runs here is taken", async () => {
  await using server = new Server({ poller: [epoll, native] });
  assertEquals(server.engine.name, epoll.probe().usable ? "epoll" : "native");
  await using named = new Server({ poller: [native, epoll] });
  assertEquals(named.engine.name, "native");
});

test("lean: the poller of programs that only connect makes calls, and does not listen", async () => {
  await using server = new Server({ poller: native });
  server.addService(Trial, { one: ({ text = "" }) => ({ text }) });
  const port = await server.listen("127.0.0.1:0");
  await using channel = new Channel(`127.0.0.1:${port}`, { poller: nativeClient });
  assertEquals((await createClient(Trial, channel).one({ text: "a" })).text, "a");
  const names = [];
  for (const poller of [denoClient, bunClient, nodeClient].filter((one) => one.probe().usable)) {
    await using one = new Channel(`127.0.0.1:${port}`, { poller });
    names.push((await createClient(Trial, one).one({ text: poller.name })).text);
  }
  assertEquals(names, ["Deno" in globalThis ? "deno-client" : "bun-client", "node-client"]);
  await using other = new Server({ poller: nativeClient });
  assertEquals(other.engine.name, "native-client");
  const refused = 'poller "native-client" only connects; give "native" of "pollwire/pollers/native"';
  await assertRejects(() => other.listen("127.0.0.1:0"), PollerError, refused);
});

test("lean: what is not given says what to give", () => {
  const cases: [
    options: ChannelOptions,
    error: new (text: string, problem: string) => Error,
    says: string,
  ][] = [
    [{}, PollerError, 'none is given; give "native" of "pollwire/pollers/native"'],
    [{ poller: "native" }, PollerError, '"native" is unknown; no poller is known by name here'],
    [
      { loadBalancing: "round_robin" },
      TypeError,
      'loadBalancing is "round_robin"; there are pick_first; give the channel the feature that has it',
    ],
    [{ compression: "gzip" }, TypeError, 'compression has "gzip", which needs the feature'],
    [{ lookUpServiceConfig: true }, ServiceConfigError, "give the channel the feature serviceConfigs"],
    [{ serviceConfig: "{}" }, ServiceConfigError, "give the channel the feature serviceConfigs"],
    [
      { callCredentials: callCredentials.bearer("token") },
      TypeError,
      "need the feature callIdentities: give it to the channel",
    ],
    [{ shareConnections: true, poller: native }, TypeError, "give the channel the feature sharedConnections"],
    [{ proxy: "http://a:1", poller: native }, TypeError, "give the channel the feature proxies"],
    [{ keepalive: { timeMs: 60_000 }, poller: native }, TypeError, "give the channel the feature keepalive"],
    [{ keepalive: { timeMs: 0 }, features: [keepalive], poller: native }, RangeError, "keepalive.timeMs is"],
    [
      { features: ["retries"] as never, poller: native },
      TypeError,
      'features has the string "retries"; give those of',
    ],
    [{ features: retries as never, poller: native }, TypeError, "features is an object; give a list"],
  ];
  for (const [options, error, says] of cases) {
    assertThrows(() => new Channel("example.test:80", { ...options, credentials: "insecure" }), error, says);
  }
});

test("lean: a policy of the application's is a feature", () => {
  const policy = { name: "mine", readConfig: () => undefined, make: () => undefined as never };
  const options = { poller: native, features: [balancer(policy), roundRobin], loadBalancing: "mine" };
  new Channel("127.0.0.1:1", options).close();
  assertThrows(() => balancer({ name: "" } as never), TypeError, 'its name is the string ""; give a string');
});

test("lean: a channel of one entry works with the clients of the other", async () => {
  await using server = new Server({ poller: native, features: [compression] });
  server.addService(Trial, { one: ({ text = "" }) => ({ text }) });
  const port = await server.listen("127.0.0.1:0");
  await using full = new FullChannel(`127.0.0.1:${port}`, { poller: native, compression: "gzip" });
  await using lean = new Channel(`127.0.0.1:${port}`, { poller: native });
  assertEquals((await createClient(Trial, full).one({ text: "a" })).text, "a");
  assertEquals((await fullClient(Trial, lean).one({ text: "b" })).text, "b");
  assertEquals([full instanceof Channel, lean instanceof FullChannel], [true, false]);
});

test("lean: TLS by the runtime's own library; another one is given itself", async () => {
  const certificates = AUTHORITY.issue({ name: "server", dns: ["localhost"] });
  await using server = new Server({ poller: native, credentials: tlsServer(certificates) });
  server.addService(Trial, { one: ({ text = "" }) => ({ text }) });
  const port = await server.listen("127.0.0.1:0");
  const credentials = tlsClient({ ca: AUTHORITY.cert, serverName: "localhost" });
  await using channel = new Channel(`127.0.0.1:${port}`, { poller: native, credentials });
  assertEquals((await createClient(Trial, channel).one({ text: "secret" })).text, "secret");
  const unknown = 'There is no TLS provider "openssl"; there are node, and others may be given themselves';
  assertThrows(() => tlsClient({ provider: "openssl" }), Error, unknown);
  assertThrows(() => tlsClient({ provider: {} as never }), Error, "provider is an object");
});

test("lean: why TLS failed is said in words where the channel has them", async () => {
  await using server = new Server({ poller: native });
  const port = await server.listen("127.0.0.1:0");
  const words = [];
  for (const features of [[plainWords], []]) {
    const credentials = tlsClient({ ca: AUTHORITY.cert });
    await using channel = new Channel(`127.0.0.1:${port}`, { poller: native, credentials, features });
    const { message } = await assertRejects(() => createClient(Trial, channel).one({}), RpcError);
    words.push(message.includes("the server speaks HTTP/2 without TLS"));
  }
  assertEquals(words, [true, false]);
});

test("lean: calls have an authority of their own where the channel has identities", async () => {
  await using server = new Server({ poller: native });
  server.addService(Trial, { one: ({ text = "" }) => ({ text }) });
  const port = await server.listen("127.0.0.1:0");
  const authority = "other.test";
  await using without = new Channel(`127.0.0.1:${port}`, { poller: native });
  const refused = createClient(Trial, without).one({ text: "a" }, { authority });
  const error = await assertRejects(() => refused, RpcError, "need the feature callIdentities");
  assertEquals([error.code, error.endedBy], [Status.UNAUTHENTICATED, "library"]);
  await using channel = new Channel(`127.0.0.1:${port}`, { poller: native, features: [callIdentities] });
  assertEquals((await createClient(Trial, channel).one({ text: "a" }, { authority })).text, "a");
});

test("lean: servers of the thread are reached where channel and server have that", async () => {
  await using plain = new Server({ poller: native });
  await assertRejects(
    () => plain.listen("inprocess:lean"),
    TypeError,
    "give the server the feature inProcess",
  );
  await using server = new Server({ poller: native, features: [inProcess] });
  server.addService(Trial, { one: ({ text = "" }) => ({ text }) });
  await server.listen("inprocess:lean");
  const refused = "give the channel the feature inProcess";
  assertThrows(() => new Channel("inprocess:lean", { poller: native }), TypeError, refused);
  await using channel = new Channel("inprocess:lean", { poller: native, features: [inProcess] });
  const marked: ClientInterceptor = (next) => (call) =>
    next({ ...call, request: { text: "marked" } } as typeof call);
  const client = createInterceptedClient(Trial, channel, { interceptors: [marked] });
  assertEquals((await client.one({ text: "a" })).text, "marked");
  const options = { interceptors: [marked] } as unknown as undefined; // as a program without types has it of "pollwire"
  assertThrows(
    () => createClient(Trial, channel, options),
    TypeError,
    "createInterceptedClient takes options",
  );
});

test("lean: calls are observed where the channel has that", async () => {
  await using server = new Server({ poller: native });
  server.addService(Trial, { one: ({ text = "" }) => ({ text }) });
  const port = await server.listen("127.0.0.1:0");
  await using without = new Channel(`127.0.0.1:${port}`, { poller: native });
  assertThrows(() => without.observe({}), TypeError, "give the channel the feature callObservers");
  await using channel = new Channel(`127.0.0.1:${port}`, { poller: native, features: [callObservers] });
  const ended: string[] = [];
  channel.observe({ onCallEnd: ({ status, attempts }) => void ended.push(`${status} ${attempts}`) });
  await createClient(Trial, channel).one({ text: "a" });
  assertEquals(ended, ["OK 1"]);
});

test("lean: methods that stream are there where the channel has that", async () => {
  await using server = new Server({ poller: native });
  server.addService(Trial, {
    one: ({ text = "" }) => ({ text }),
    *down({ text = "" }) {
      yield { text };
      yield { text };
    },
    async *both(requests) {
      for await (const { text = "" } of requests) yield { text };
    },
  });
  const port = await server.listen("127.0.0.1:0");
  const textsOf = async (responses: AsyncIterable<{ text?: string }>): Promise<string> => {
    let texts = "";
    for await (const { text } of responses) texts += text;
    return texts;
  };
  await using without = new Channel(`127.0.0.1:${port}`, { poller: native });
  const unary = createClient(Trial, without);
  assertEquals((await unary.one({ text: "a" })).text, "a");
  assertThrows(() => unary.down({}), TypeError, "give the channel the feature streams");
  assertThrows(() => unary.both([]), TypeError, "give the channel the feature streams");
  assertEquals(await textsOf(createInterceptedClient(Trial, without).down({ text: "b" })), "bb");
  assertEquals(await textsOf(fullClient(Trial, without).both([{ text: "c" }, { text: "d" }])), "cd");
  await using channel = new Channel(`127.0.0.1:${port}`, { poller: native, features: [streams] });
  assertEquals(await textsOf(createClient(Trial, channel).both([{ text: "e" }, { text: "f" }])), "ef");
});

test("lean: connections are shared by channels that have that", async () => {
  await using server = new Server({ poller: native });
  server.addService(Trial, { one: ({ text = "" }, { peer }) => ({ text: text + JSON.stringify(peer) }) });
  const port = await server.listen("127.0.0.1:0");
  const peersOf = async (features: readonly Feature[]): Promise<number> => {
    const channels = [1, 2].map(() => new Channel(`127.0.0.1:${port}`, { poller: native, features }));
    const answers = [];
    for (const channel of channels) {
      answers.push((await createClient(Trial, channel).one({ text: "a" })).text);
    }
    await Promise.all(channels.map((channel) => channel.drain()));
    return new Set(answers).size;
  };
  assertEquals([await peersOf([]), await peersOf([sharedConnections])], [2, 1]);
});
