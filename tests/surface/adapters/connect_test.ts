// Clients of connect-es over our transport; the same tests hold connect's own transport for Node, whose behaviour it is.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { create, isMessage } from "@bufbuild/protobuf";
import { BoolValueSchema, StringValueSchema } from "@bufbuild/protobuf/wkt";
import {
  type Client,
  Code,
  ConnectError,
  createClient,
  createContextKey,
  createContextValues,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { createGrpcTransport as createNodeTransport, Http2SessionManager } from "@connectrpc/connect-node";
import {
  Channel,
  RpcError,
  Server,
  type ServerCall,
  type ServiceHandlers,
  statusDetail,
  tls,
} from "pollwire";
import { createGrpcTransport, type GrpcTransport } from "pollwire/connect";
import { fromGenService, protobufEsCodec } from "pollwire/protobuf-es";
import { Authority } from "../../../examples/tls/authority.ts";
import { test } from "../../harness.ts";
import "../../shared_engines.ts";
import { collect, gate, sleep, until } from "../serving.ts";
import { timeoutField } from "../../../surface/adapters/connect/headers.ts";
import { Kind, Places, PlaceSchema } from "./gen/places_pb.ts";

const Served = fromGenService(Places);
type Handlers = ServiceHandlers<typeof Served>;
type Options = Partial<Pick<Parameters<typeof createNodeTransport>[0], "interceptors" | "readMaxBytes">> & {
  writeMaxBytes?: number;
  defaultTimeoutMs?: number;
};

interface Bench {
  readonly client: Client<typeof Places>;
  readonly transport: Transport;
  readonly baseUrl: string;
}

/** What makes a transport, and what ends it. */
type Make = (baseUrl: string, options: Options) => [transport: Transport, end: () => Promise<void>];

const ours: Make = (baseUrl, options) => {
  const transport = createGrpcTransport({ baseUrl, ...options });
  return [transport, () => transport.channel[Symbol.asyncDispose]()];
};

const theirs: Make = (baseUrl, options) => {
  const sessionManager = new Http2SessionManager(baseUrl);
  const end = () => Promise.resolve(sessionManager.abort());
  return [createNodeTransport({ baseUrl, sessionManager, ...options }), end];
};

/** Declares a test for our transport, and where connect's own is to pass it too, for that. */
function calling(
  name: string,
  handlers: Handlers,
  check: (bench: Bench) => Promise<void>,
  options: Options = {},
  makers: ReadonlyArray<readonly [string, Make]> = [["connect", ours], ["connect-node", theirs]],
): void {
  for (const [title, make] of makers) {
    const leaves = title === "connect" ? {} : { leaves: "Node's http2 closes its sockets some time later" };
    test(`${title}: ${name}`, async () => {
      const server = new Server();
      server.addService(Served, handlers);
      const baseUrl = `http://127.0.0.1:${await server.listen("127.0.0.1:0")}`;
      const [transport, end] = make(baseUrl, options);
      try {
        await check({ client: createClient(Places, transport), transport, baseUrl });
      } finally {
        await end();
        server.close();
        await server.shutdown();
      }
    }, leaves);
  }
}

async function failure(call: Promise<unknown> | AsyncIterable<unknown>): Promise<ConnectError> {
  return await assertRejects(async () => {
    if (call instanceof Promise) await call;
    else for await (const _ of call);
  }, ConnectError);
}

async function* names(...all: string[]): AsyncGenerator<{ name: string }> {
  for (const name of all) yield await Promise.resolve({ name });
}

// deno-lint-ignore require-yield
async function* throwing(error: Error): AsyncGenerator<{ name: string }> {
  await Promise.resolve();
  throw error;
}

const echo: Handlers = {
  find: ({ name }) => ({ name, kind: Kind.TOWN }),
  *list({ name }) {
    for (const letter of name) yield { name: letter };
  },
  async record(places) {
    let count = 0;
    for await (const _ of places) count++;
    return { count };
  },
  async *chat(notes) {
    for await (const { text } of notes) yield { text: `${text}!` };
  },
};

calling("all four kinds", echo, async ({ client }) => {
  const place = await client.find({ name: "here" });
  assert(isMessage(place, PlaceSchema) && place.kind === Kind.TOWN);
  const listed = [];
  for await (const { name } of client.list({ name: "abc" })) listed.push(name);
  assertEquals(listed, ["a", "b", "c"]);
  assertEquals((await client.record(names("a", "b"))).count, 2);
  const asked = gate();
  const heard: string[] = [];
  async function* notes() {
    yield { text: "first" };
    await asked.opened;
    yield { text: "second" };
  }
  for await (const { text } of client.chat(notes())) {
    heard.push(text);
    asked.open();
  }
  assertEquals(heard, ["first!", "second!"]);
});

const metadata: Handlers = {
  find: ({ name }, call) => answer(name, call),
  *list({ name }, call) {
    yield answer(name, call);
  },
};

function answer(name: string, call: ServerCall): { name: string } {
  call.sendMetadata({ "came-bin": new Uint8Array([1, 2]), several: ["a", "b"] });
  call.trailers.set("last-bin", new Uint8Array([255]));
  if (name === "fail") throw new RpcError("ABORTED", "of no use", { metadata: { why: "because" } });
  const bin = call.metadata.getAll("sent-bin").map((octets) => [...octets as Uint8Array].join());
  return { name: [call.metadata.get("text"), ...bin].join(" ") };
}

calling("metadata of both directions, binary as base64", metadata, async ({ client }) => {
  let header = new Headers();
  let trailer = new Headers();
  const options = {
    headers: { text: "some", "sent-bin": "AQI,/w" },
    onHeader: (got: Headers) => void (header = got),
    onTrailer: (got: Headers) => void (trailer = got),
  };
  const check = () => {
    assertEquals([header.get("came-bin"), header.get("several")], ["AQI", "a, b"]);
    assertEquals([trailer.get("last-bin"), trailer.get("grpc-status")], ["/w", "0"]);
  };
  assertEquals((await client.find({}, options)).name, "some 1,2 255");
  check();
  [header, trailer] = [new Headers(), new Headers()];
  for await (const { name } of client.list({}, options)) assertEquals(name, "some 1,2 255");
  check();
});

calling("errors have code, message, metadata and details", {
  find({ name }, call) {
    call.sendMetadata({ early: "yes" });
    const detail = statusDetail(protobufEsCodec(StringValueSchema), { value: name } as never);
    throw new RpcError("FAILED_PRECONDITION", "not today: ü", {
      metadata: { late: "too" },
      statusDetails: [detail],
    });
  },
  // deno-lint-ignore require-yield
  *list() {
    throw new RpcError("OUT_OF_RANGE", "at once", { metadata: { late: "only" } });
  },
}, async ({ client }) => {
  const error = await failure(client.find({ name: "detail" }));
  assertEquals([error.code, error.rawMessage], [Code.FailedPrecondition, "not today: ü"]);
  assertEquals([error.metadata.get("early"), error.metadata.get("late")], ["yes", "too"]);
  assertEquals(error.findDetails(StringValueSchema), [create(StringValueSchema, { value: "detail" })]);
  assertEquals(error.findDetails(BoolValueSchema), []);
  const listed = await failure(client.list({}));
  assertEquals([listed.code, listed.rawMessage], [Code.OutOfRange, "at once"]);
  assertEquals(listed.metadata.get("late"), "only");
});

let early = 0;

calling("a stream that fails before its responses does so before an interceptor has them", {
  list: () => {
    throw new RpcError("ABORTED", "none");
  },
  chat: () => [],
}, async ({ client }) => {
  early = 0;
  assertEquals((await failure(client.list({}))).code, Code.Aborted);
  for await (const _ of client.chat((async function* () {})())) throw new Error("there is no response");
  assertEquals(early, 1);
}, {
  interceptors: [(next) => async (request) => {
    try {
      return await next(request);
    } catch (error) {
      early++;
      throw error;
    }
  }],
});

calling(
  "a stream may fail before its responses are read",
  {
    chat: () => {
      throw new RpcError("ABORTED", "none");
    },
  },
  async ({ client }) => {
    const ended = gate();
    async function* notes() {
      try {
        yield { text: "one" };
        await new Promise(() => {});
      } finally {
        ended.open();
      }
    }
    const writing = Object.assign(notes(), {
      return: () => {
        ended.open();
        return Promise.resolve({ value: undefined, done: true as const });
      },
    });
    const responses = client.chat(writing);
    await ended.opened;
    await sleep(1); // a turn of the loop: so that nobody waits when the runtime looks for rejections
    assertEquals((await failure(responses)).code, Code.Aborted);
  },
  {},
  [["connect", ours]],
);

calling("a stream that fails after a response", {
  *list() {
    yield { name: "one" };
    throw new RpcError("DATA_LOSS", "then nothing", { metadata: { late: "x" } });
  },
}, async ({ client }) => {
  const got: string[] = [];
  const error = await assertRejects(async () => {
    for await (const { name } of client.list({})) got.push(name);
  }, ConnectError);
  assertEquals([got, error.code, error.metadata.get("late")], [["one"], Code.DataLoss, "x"]);
});

/** Handlers that never answer, and what became of their calls. */
function silent(): {
  handlers: Handlers;
  begun: number;
  cancelled: number;
  timeouts: Array<number | undefined>;
} {
  const seen = {
    begun: 0,
    cancelled: 0,
    timeouts: [] as Array<number | undefined>,
    handlers: {
      find: (_, call) =>
        new Promise((_, reject) => {
          seen.begun++;
          seen.timeouts.push(call.timeRemainingMs);
          call.signal.addEventListener("abort", () => {
            seen.cancelled++;
            reject(call.signal.reason);
          });
        }),
      async record(places) {
        for await (const _ of places);
        return {};
      },
      async *chat(notes) {
        try {
          yield* notes;
        } catch {
          seen.cancelled++;
        }
      },
      async *list(_, call) {
        seen.begun++;
        try {
          yield { name: "first" };
          await new Promise<void>((resolve) => {
            if (call.signal.aborted) resolve();
            else call.signal.addEventListener("abort", () => resolve());
          });
        } finally {
          seen.cancelled++;
        }
      },
    } as Handlers,
  };
  return seen;
}

calling("a default timeout that is not above 0 has passed", echo, async ({ client }) => {
  for (const call of [client.find({}), client.list({})]) {
    const { code, rawMessage } = await failure(call);
    assertEquals([code, rawMessage], [Code.DeadlineExceeded, "the operation timed out"]);
  }
}, { defaultTimeoutMs: -1 });

test("connect: a timeout that is not above 0, and one of a part of a millisecond, have the form of a grpc-timeout", () => {
  const fields = [-1, -0.5, 0, 0.5, 99_999_999, 1e8, 1e12].map(timeoutField);
  assertEquals(fields, ["0m", "0m", "0m", "1m", "99999999m", "100000S", "99999999S"]);
});

calling("a default timeout of 0 has passed, and is none where a call says so", echo, async ({ client }) => {
  const { code, rawMessage } = await failure(client.find({}));
  assertEquals([code, rawMessage], [Code.DeadlineExceeded, "the operation timed out"]);
  assertEquals((await client.find({ name: "now" }, { timeoutMs: 0 })).name, "now");
}, { defaultTimeoutMs: 0 });

const thrower: Interceptor = () => (request) => {
  if (request.method.name === "Chat") throw new TypeError("thrown by an interceptor");
  return Promise.reject(new Error("this is for chat"));
};

calling(
  "what is wrong with a stream before its call is thrown where its responses are read",
  echo,
  async ({ client }) => {
    const ofNames = client.list({}, { headers: { "no name": "" } });
    await assertRejects(() => collect(ofNames), TypeError);
    const ofInterceptor = client.chat((async function* () {})());
    await assertRejects(() => collect(ofInterceptor), TypeError, "thrown by an interceptor");
  },
  { interceptors: [thrower] },
);

test("connect: a stream that is not read, and whose headers cannot be, ends no process", async () => {
  const transport = createGrpcTransport({ baseUrl: "http://127.0.0.1:1" });
  const client = createClient(Places, transport);
  client.list({}, { headers: { "no name": "" } });
  client.chat((async function* () {})(), { headers: { "no name": "" } });
  await sleep(10); // a rejection that nobody handles fails a test
  await transport.channel[Symbol.asyncDispose]();
});

test("connect: observers see the deadline of a call that its timeout ended", async () => {
  const server = new Server();
  server.addService(Served, silent().handlers);
  const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  const seen: string[] = [];
  channel.observe({ onCallEnd: ({ status, endedBy }) => void seen.push(`${status} ${endedBy}`) });
  const client = createClient(Places, createGrpcTransport({ channel }));
  const calls = [client.find({}, { timeoutMs: 60 }), client.list({}, { timeoutMs: 60 })];
  for (const { code, rawMessage, cause } of await Promise.all(calls.map(failure))) {
    assertEquals([code, rawMessage], [Code.DeadlineExceeded, "the operation timed out"]);
    assert(cause instanceof RpcError && cause.details.startsWith("deadline of 60 ms"));
  }
  assertEquals(seen, ["DEADLINE_EXCEEDED library", "DEADLINE_EXCEEDED library"]);
  await channel[Symbol.asyncDispose]();
  server.close();
  await server.shutdown();
});

for (const [how, makers] of [["connect", ours], ["connect-node", theirs]] as const) {
  const seen = silent();
  calling(
    "timeouts",
    seen.handlers,
    async ({ client }) => {
      const error = await failure(client.find({}, { timeoutMs: 60 }));
      assertEquals(error.code, Code.DeadlineExceeded);
      assertEquals((await failure(client.find({}))).code, Code.DeadlineExceeded);
      assertEquals((await failure(client.list({}, { timeoutMs: 60 }))).code, Code.DeadlineExceeded);
      await until(() => seen.cancelled === 3);
      const [given, byDefault] = seen.timeouts;
      assert(given! <= 60 && byDefault! > 0 && byDefault! <= 120, `${given} ${byDefault}`);
    },
    { defaultTimeoutMs: 120 },
    [[how, makers]],
  );

  const cancelled = silent();
  calling(
    "a timeout of 0 is none, and signals cancel",
    cancelled.handlers,
    async ({ client }) => {
      const controller = new AbortController();
      const call = client.find({}, { timeoutMs: 0, signal: controller.signal });
      await Promise.race([until(() => cancelled.timeouts.length === 1), call]);
      assertEquals(cancelled.timeouts, [undefined]);
      controller.abort();
      assertEquals((await failure(call)).code, Code.Canceled);
      await until(() => cancelled.cancelled === 1);
      const aborted = await failure(client.find({}, { signal: AbortSignal.abort(new Error("of mine")) }));
      assertEquals([aborted.code, aborted.rawMessage], [Code.Canceled, "of mine"]);
    },
    { defaultTimeoutMs: 50 },
    [[how, makers]],
  );

  const left = silent();
  calling(
    "leaving a loop over responses ends no call, its signal does",
    left.handlers,
    async ({ client }) => {
      const controller = new AbortController();
      for await (const _ of client.list({}, { signal: controller.signal })) break;
      assertEquals((await client.record(names())).count, 0);
      assertEquals(left.cancelled, 0);
      controller.abort();
      await until(() => left.cancelled === 1);
    },
    {},
    [[how, makers]],
  );

  const requests = silent();
  calling(
    "requests that throw fail their call",
    requests.handlers,
    async ({ client }) => {
      const thrown = new Error("no more");
      const answered = gate();
      async function* broken() {
        yield { text: "one" };
        await answered.opened;
        throw thrown;
      }
      const error = await assertRejects(async () => {
        for await (const _ of client.chat(broken())) answered.open();
      }, ConnectError);
      assertEquals([error.code, error.rawMessage, error.cause], [Code.Internal, "no more", thrown]);
      if (how === "connect") await until(() => requests.cancelled === 1); // Node's http2 as these runtimes have it resets nothing
      const before = await failure(client.record(throwing(thrown)));
      assertEquals([before.code, before.cause], [Code.Internal, thrown]);
    },
    {},
    [[how, makers]],
  );

  const returned = { times: 0 };
  calling(
    "requests are left when the call is over",
    {
      record: () => ({ count: 1 }),
      chat: () => {
        throw new RpcError("INTERNAL", "no chat");
      },
    },
    async ({ client }) => {
      const endless = (): AsyncGenerator<{ name: string }> => {
        const generator = names();
        return Object.assign(generator, {
          next: () => Promise.resolve({ value: { name: "again" }, done: false }),
          return: () => {
            returned.times++;
            return Promise.resolve({ value: undefined, done: true });
          },
        });
      };
      assertEquals((await client.record(endless())).count, 1);
      await until(() => returned.times > 0);
    },
    {},
    [[how, makers]],
  );
}

const kUser = createContextKey("nobody");

calling(
  "interceptors see, change and replace what passes",
  metadata,
  async ({ baseUrl, transport: _ }) => {
    const log: string[] = [];
    const logging = (name: string): Interceptor => (next) => async (request) => {
      log.push(`${name} ${request.stream} ${request.method.name} ${request.header.get("grpc-timeout")}`);
      request.header.set("text", `${name} ${request.contextValues.get(kUser)}`);
      const response = await next(request);
      log.push(`${name} ${response.header.get("came-bin")}`);
      if (!response.stream) {
        return {
          ...response,
          message: { ...response.message, $typeName: "places.v1.Place" },
        };
      }
      return {
        ...response,
        message: (async function* () {
          for await (const message of response.message) yield Object.assign(message, { number: 5n });
        })(),
      };
    };
    for (const [make, url] of [[ours, baseUrl], [theirs, baseUrl]] as const) {
      log.length = 0;
      const [transport, end] = make(url, { interceptors: [logging("outer"), logging("inner")] });
      const client = createClient(Places, transport);
      const contextValues = createContextValues().set(kUser, "alice");
      assertEquals((await client.find({}, { contextValues, timeoutMs: 5_000 })).name, "inner alice");
      assertEquals(log, ["outer false Find 5000m", "inner false Find 5000m", "inner AQI", "outer AQI"]);
      for await (const { name, number } of client.list({})) {
        assertEquals([name, number], ["inner nobody", 5n]);
      }
      await end();
    }
  },
  {},
  [["connect", ours]],
);

calling("an interceptor's deadline and headers are those of the call", {
  find: (_, call) => ({ name: `${call.timeRemainingMs! <= 700} ${call.metadata.has("host")}` }),
}, async ({ client }) => {
  assertEquals((await client.find({})).name, "true false");
}, {
  interceptors: [(next) => (request) => {
    request.header.set("grpc-timeout", "700m");
    request.header.set("connection", "close");
    return next(request);
  }],
}, [["connect", ours]]);

calling("limits of messages", echo, async ({ client }) => {
  const name = "x".repeat(200);
  const long = await failure(client.find({ name }));
  assertEquals([long.code, long.rawMessage], [
    Code.ResourceExhausted,
    "message size 203 is larger than configured writeMaxBytes 200",
  ]);
  const streamed = await failure(client.chat((async function* () {
    yield await Promise.resolve({ text: name });
  })()));
  assertEquals(streamed.code, Code.ResourceExhausted);
  assertEquals((await failure(client.find({ name: "x".repeat(100) }))).code, Code.ResourceExhausted);
  assertEquals((await client.find({ name: "x" })).name, "x");
}, { readMaxBytes: 50, writeMaxBytes: 200 });

calling("messages that do not fit", echo, async ({ client }) => {
  const fail = () => {
    throw new Error("no text");
  };
  const error = await failure(client.find({ name: { toString: fail } } as never));
  assertEquals(error.code, Code.Internal);
  assertEquals(
    error.rawMessage,
    "serialize binary: cannot encode field places.v1.FindRequest.name to binary: no text",
  );
});

calling("a method that is not served", {}, async ({ client }) => {
  assertEquals((await failure(client.find({}))).code, Code.Unimplemented);
  assertEquals((await failure(client.list({}))).code, Code.Unimplemented);
});

test("connect: where nobody listens, calls are UNAVAILABLE", async () => {
  const server = new Server();
  const port = await server.listen("127.0.0.1:0");
  server.close();
  await server.shutdown();
  const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` });
  assertEquals((await failure(createClient(Places, transport).find({}))).code, Code.Unavailable);
  await transport.channel[Symbol.asyncDispose]();
});

calling(
  "timeouts of parts of milliseconds, and of more than a timer takes, are the server's too",
  {
    find: ({ name }, call) => ({ name, number: BigInt(Math.ceil(call.timeRemainingMs ?? 0)) }),
  },
  async ({ client }) => {
    for (const [timeoutMs, most] of [[20_000.5, 20_100], [2e8, 2e8], [2 ** 31, 2 ** 31 + 1_000]] as const) {
      const { number } = await client.find({}, { timeoutMs });
      assert(number > most - 20_000 && number <= most, `${timeoutMs}: ${number}`);
    }
  },
  {},
  [["connect", ours]],
);

calling(
  "calls over a channel that the application closes are UNAVAILABLE",
  {
    find: () => new Promise(() => {}),
    async *list() {
      yield await new Promise<{ name: string }>(() => {});
    },
    record: () => new Promise(() => {}),
  },
  async ({ client, transport }) => {
    const calls = [client.find({}), client.list({}), client.record(names("a"))].map(failure);
    await sleep(50);
    (transport as GrpcTransport).channel.close();
    for (const { code } of await Promise.all(calls)) assertEquals(code, Code.Unavailable);
  },
  {},
  [["connect", ours]],
);

test("connect: a channel of the application's, and the path of a base URL before those of methods", async () => {
  const server = new Server();
  const path = "/api/v2/places.v1.Places/Find";
  const { find } = Served.methods;
  server.addService({ fullName: "any", methods: { find: { ...find, path } } }, {
    find: () => ({ name: "there" }),
  });
  const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  const urls: string[] = [];
  const watch: Interceptor = (next) => (request) => {
    urls.push(request.url);
    return next(request);
  };
  const at = (baseUrl?: string) =>
    createClient(
      Places,
      createGrpcTransport({ channel, interceptors: [watch], ...(baseUrl === undefined ? {} : { baseUrl }) }),
    );
  assertEquals((await at("http://example.com/api/v2/").find({})).name, "there");
  assertEquals((await failure(at().find({}))).code, Code.Unimplemented);
  assertEquals(urls[0], `http://example.com${path}`);
  assert(/^http:\/\/127\.0\.0\.1:\d+\/places\.v1\.Places\/Find$/.test(urls[1]!), urls[1]);
  await channel[Symbol.asyncDispose]();
  await server.shutdown();
});

test("connect: TLS in Node's words, and what connections of a base URL are asked", async () => {
  const authority = new Authority();
  const { cert, key } = authority.issue({ name: "localhost", dns: ["localhost"] });
  const server = new Server({ credentials: tls.server({ cert, key }) });
  server.addService(Served, { find: (_, call) => ({ name: String(call.security !== undefined) }) });
  const baseUrl = `https://localhost:${await server.listen("127.0.0.1:0")}`;
  const at = (options: object) => {
    const transport = createGrpcTransport({ baseUrl, ...options });
    return { client: createClient(Places, transport), end: () => transport.channel[Symbol.asyncDispose]() };
  };
  const known = at({
    nodeOptions: { ca: authority.cert },
    ...{
      pingIntervalMs: 60_000,
      pingTimeoutMs: 1_000,
      pingIdleConnection: true,
      idleConnectionTimeoutMs: 60_000,
      connectTimeoutMs: 20_000,
    },
  });
  assertEquals((await known.client.find({}, { timeoutMs: 20_000 })).name, "true");
  const stranger = at({ nodeOptions: { ca: new Authority("Other").cert } });
  const error = await failure(stranger.client.find({}, { timeoutMs: 20_000 }));
  assertEquals(error.code, Code.Unavailable);
  assert(error.rawMessage.includes("TLS handshake failed"), error.rawMessage);
  const byChannel = at({ channelOptions: { credentials: tls.client({ ca: authority.cert }) } });
  assertEquals((await byChannel.client.find({}, { timeoutMs: 20_000 })).name, "true");
  for (const { end } of [known, stranger, byChannel]) await end();
  await server.shutdown();
  assertThrows(() => at({ nodeOptions: { ciphers: "all" } }), TypeError, "nodeOptions: there is no option");
  assertThrows(() => at({ pingIntervalMs: -1 }), RangeError, "timeMs");
  assertThrows(() => at({ connectTimeoutMs: 0 }), RangeError, "handshakeTimeoutMs");
}, { leaves: "OpenSSL is loaded once, and stays" });

test("connect: requests are compressed from compressMinBytes on, and responses where that is taken", async () => {
  const seen: string[] = [];
  const server = new Server({ compression: "gzip" });
  server.addService(Served, { find: ({ name }) => ({ name }) });
  server.observe({
    onMessageReceived: (_, bytes, wireBytes) => void seen.push(wireBytes < bytes ? "compressed" : "plain"),
  });
  const transport = createGrpcTransport({
    baseUrl: `http://127.0.0.1:${await server.listen("127.0.0.1:0")}`,
    sendCompression: { name: "gzip" },
    acceptCompression: [{ name: "gzip" }, { name: "br" }],
    compressMinBytes: 500,
  });
  const client = createClient(Places, transport);
  const long = "a".repeat(600);
  assertEquals((await client.find({ name: long.slice(200) })).name.length, 400);
  assertEquals((await client.find({ name: long })).name, long);
  await transport.channel[Symbol.asyncDispose]();
  await server.shutdown();
  assertEquals(seen, ["plain", "compressed"]);
});

test("connect: options that cannot be followed are refused", () => {
  const refused = (options: Record<string, unknown>, says: string) =>
    assertThrows(
      () => createGrpcTransport({ baseUrl: "http://127.0.0.1:1", ...options } as never),
      Error,
      `Cannot make a transport: ${says}`,
    );
  refused({ sessionManager: {} }, "sessionManager is of Node's http2");
  refused({ baseUrl: "127.0.0.1:80" }, 'baseUrl is the string "127.0.0.1:80"');
  refused({ useBinaryFormat: false }, "useBinaryFormat is false");
  refused({ sendCompression: { name: "br" } }, 'sendCompression is the string "br"');
  refused({ readMaxBytes: 0 }, "readMaxBytes is the number 0");
  refused({ interceptor: [] }, 'there is no option "interceptor"; did you mean interceptors?');
  refused({ interceptors: {} }, "interceptors is an object, not an array");
  refused({ interceptors: [5] }, "interceptors[0] is the number 5; give a function");
  refused({ defaultTimeoutMs: "5" }, 'defaultTimeoutMs is the string "5"; give a number of milliseconds');
  refused({ baseUrl: undefined }, "baseUrl is undefined; give one as");
});
