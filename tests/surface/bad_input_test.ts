// Input that is wrong, from the application and from the peer: it gets a clear error, and nothing hangs or crashes.
import { assert, assertEquals, assertLess, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { Channel, type Client, type ErrorContext, parseProto, selectPoller, Server, Status } from "pollwire";
import { test } from "../harness.ts";
import { refusalMissed } from "../windows/wine.ts";
import {
  collect,
  failure,
  type Handlers,
  type Note,
  serving,
  Trial,
  TRIAL_PROTO,
  type TrialProto,
} from "./serving.ts";

/** The same messages under a name that no server here serves. */
const { Trial: Stranger } = parseProto<TrialProto>(TRIAL_PROTO.replace("package trial", "package stranger"));

/** Far below the default of 20 s, and far above what a handshake on one machine takes. */
const SHORT_MS = 300;
const PREFIX_BYTES = 5;

/** Runs `check` with a channel to a plain TCP server that does `onSocket` with whoever connects. */
async function against(
  onSocket: (socket: Socket) => void,
  check: (client: Client<typeof Trial>, port: number) => Promise<void>,
): Promise<void> {
  const sockets: Socket[] = [];
  const listener = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    onSocket(socket);
  });
  const port = await new Promise<number>((resolve) =>
    listener.listen(0, "127.0.0.1", () => resolve((listener.address() as { port: number }).port))
  );
  const channel = new Channel(`127.0.0.1:${port}`, { handshakeTimeoutMs: SHORT_MS });
  try {
    await check(channel.client(Trial), port);
  } finally {
    channel.close();
    for (const socket of sockets) socket.destroy();
    listener.close();
  }
}

/** Connects over plain TCP, says `text` and no more, and waits until the server has closed. */
function letGo(port: number, text: string): Promise<void> {
  const socket = connectTcp(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.resume();
  if (text !== "") socket.write(text);
  return new Promise((resolve) => socket.on("close", () => resolve()));
}

const CALL_HEADERS = {
  ":method": "POST",
  ":path": "/trial.Trial/One",
  "content-type": "application/grpc",
  "te": "trailers",
};

/** A request of another HTTP/2 client, and what its answer begins with. */
async function ask(
  port: number,
  headers: Record<string, string>,
  body: Uint8Array,
): Promise<IncomingHttpHeaders> {
  const session: ClientHttp2Session = connect(`http://127.0.0.1:${port}`);
  try {
    return await new Promise((resolve, reject) => {
      session.on("error", reject);
      const stream = session.request({ ...CALL_HEADERS, ...headers });
      stream.on("error", reject);
      stream.on("response", resolve);
      stream.end(body);
    });
  } finally {
    session.destroy();
  }
}

/** `content` as one gRPC message. */
function framed(...content: number[]): Uint8Array {
  return new Uint8Array([0, 0, 0, 0, content.length, ...content]);
}

const working: Handlers = { one: (request) => request };

async function assertStillServes(client: Client<typeof Trial>): Promise<void> {
  assertEquals((await client.one({ text: "fine" })).text, "fine");
}

test("malformed addresses are refused with the address in the message", async () => {
  for (const address of ["", "nowhere", "127.0.0.1:99999", "127.0.0.1:port", "[::1", "unix:", "http://a:1"]) {
    const thrown = assertThrows(() => new Channel(address).close(), Error);
    assert(thrown.message.includes(address), thrown.message);
    const server = new Server();
    const rejected = await assertRejects(() => server.listen(address), Error);
    assert(rejected.message.includes(address), rejected.message);
    server.close();
  }
});

test("an unknown poller is refused with its name and the known ones", () => {
  for (const make of [() => new Server({ poller: "kpoll" }), () => new Channel("a:1", { poller: "kpoll" })]) {
    const error = assertThrows(make, Error);
    assertMatch(error.message, /kpoll/);
    assertMatch(error.message, /native/);
  }
});

test("a port in use: listen rejects naming address and cause, and the server may try another", () =>
  serving(working, async ({ port }) => {
    const second = new Server();
    try {
      const error = await assertRejects(() => second.listen(`127.0.0.1:${port}`), Error);
      assertMatch(
        error.message,
        new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port}: .*(in use|EADDRINUSE)`, "i"),
      );
      assert(await second.listen("127.0.0.1:0") > 0);
    } finally {
      second.close();
    }
  }));

test("connection refused: UNAVAILABLE that names address and cause", async () => {
  const port = 1; // tcpmux, which nothing serves
  const channel = new Channel(`127.0.0.1:${port}`);
  try {
    const client = channel.client(Trial);
    const error = await failure(client.one({}));
    assertEquals(error.code, Status.UNAVAILABLE);
    assertMatch(error.details, new RegExp(`127\\.0\\.0\\.1:${port}.*refused`, "i"));
    assertEquals(channel.state, "TRANSIENT_FAILURE");
    // While the channel backs off, further calls fail the same way at once.
    assertEquals((await failure(client.one({}))).details, error.details);
    assertEquals((await failure(collect(client.down({})))).code, Status.UNAVAILABLE);
  } finally {
    channel.close();
  }
}, { skip: selectPoller().name === "native" ? refusalMissed : undefined });

test("a unix socket that is not there: UNAVAILABLE that names it", async () => {
  const channel = new Channel("unix:/nonexistent/pollwire.sock");
  try {
    const error = await failure(channel.client(Trial).one({}));
    assertEquals(error.code, Status.UNAVAILABLE);
    assertMatch(error.details, /\/nonexistent\/pollwire\.sock/);
  } finally {
    channel.close();
  }
});

test("a name that does not resolve: UNAVAILABLE that names it", async () => {
  const channel = new Channel("no-such-host.invalid:50051");
  try {
    const error = await failure(channel.client(Trial).one({}, { deadlineMs: 15_000 }));
    assertEquals(error.code, Status.UNAVAILABLE);
    assertMatch(error.details, /no-such-host\.invalid/);
  } finally {
    channel.close();
  }
});

test("a peer that speaks HTTP/1.1: UNAVAILABLE that says so of its address", () =>
  against((socket) => {
    socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"));
  }, async (client, port) => {
    const startedAt = performance.now();
    const error = await failure(client.one({}));
    assertEquals(error.code, Status.UNAVAILABLE);
    assertMatch(error.details, new RegExp(`127\\.0\\.0\\.1:${port}`));
    assertMatch(error.details, /HTTP\/1/);
    assertLess(performance.now() - startedAt, SHORT_MS);
  }));

test("a peer that closes at once: UNAVAILABLE that names its address", () =>
  against((socket) => socket.end(), async (client, port) => {
    const error = await failure(client.one({}));
    assertEquals(error.code, Status.UNAVAILABLE);
    assertMatch(error.details, new RegExp(`127\\.0\\.0\\.1:${port}`));
  }));

test("a peer that sends noise: UNAVAILABLE", () =>
  against((socket) => socket.write(new Uint8Array(4096).fill(0xa5)), async (client, port) => {
    const error = await failure(client.one({}));
    assertEquals(error.code, Status.UNAVAILABLE);
    assertMatch(error.details, new RegExp(`127\\.0\\.0\\.1:${port}`));
  }));

test("a peer that accepts and says nothing: UNAVAILABLE at handshakeTimeoutMs, which the message names", () =>
  against(() => {}, async (client, port) => {
    const startedAt = performance.now();
    const error = await failure(client.one({}));
    const took = performance.now() - startedAt;
    assertEquals(error.code, Status.UNAVAILABLE);
    assertMatch(error.details, new RegExp(`127\\.0\\.0\\.1:${port}.*timed out after ${SHORT_MS} ms`));
    assert(took >= SHORT_MS - 10 && took < 5_000, `${took} ms`);
  }));

test("a client that connects and says nothing is let go at handshakeTimeoutMs", () =>
  serving(working, async ({ port, client }) => {
    const startedAt = performance.now();
    await letGo(port, "");
    const took = performance.now() - startedAt;
    assert(took >= SHORT_MS - 10 && took < 5_000, `${took} ms`);
    await assertStillServes(client);
  }, { server: { handshakeTimeoutMs: SHORT_MS } }));

test("a client that speaks HTTP/1.1 is let go, and the server lives on", () =>
  serving(working, async ({ port, client }) => {
    await letGo(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await assertStillServes(client);
  }));

test("requests that are no gRPC: wrong content type is 415, wrong method is refused", () =>
  serving(working, async ({ port, client }) => {
    for (const type of ["text/html", "application/json", "application/grpcish"]) {
      assertEquals(Number((await ask(port, { "content-type": type }, framed()))[":status"]), 415);
    }
    const put = await ask(port, { ":method": "PUT" }, framed());
    assert(Number(put[":status"]) >= 400 || Number(put["grpc-status"]) > 0, JSON.stringify(put));
    await assertStillServes(client);
  }));

test("unknown service, unknown method, odd paths: UNIMPLEMENTED with the path", () =>
  serving(working, async ({ channel, client, port }) => {
    const error = await failure(channel.client(Stranger).one({}));
    assertEquals([error.code, error.details], [Status.UNIMPLEMENTED, "unknown service /stranger.Trial/One"]);
    for (
      const path of [
        "/trial.Trial/Nothing",
        "/",
        "/trial.Trial",
        "/trial.Trial/One/",
        "/__proto__/constructor",
      ]
    ) {
      const answer = await ask(port, { ":path": path }, framed());
      assertEquals(answer["grpc-status"], String(Status.UNIMPLEMENTED), path);
      assert(String(answer["grpc-message"]).includes(path), String(answer["grpc-message"]));
    }
    await assertStillServes(client);
  }));

test("methods without a handler: UNIMPLEMENTED, of every kind", () =>
  serving({}, async ({ client }) => {
    const errors = [
      await failure(client.one({})),
      await failure(collect(client.down({}))),
      await failure(client.up([{ number: 1 }])),
      await failure(collect(client.both([{ number: 1 }]))),
    ];
    for (const error of errors) assertEquals(error.code, Status.UNIMPLEMENTED, error.details);
  }));

test("handlers that fit no method, are no functions, or are added twice are refused", async () => {
  const server = new Server();
  const add = (handlers: unknown) => () => server.addService(Trial, handlers as Handlers);
  try {
    assertMatch(assertThrows(add({ won: () => ({}) }), TypeError).message, /"won".*trial\.Trial.*one, down/);
    assertMatch(assertThrows(add({ one: 5 }), TypeError).message, /"one"/);
    assertThrows(add({ toString: () => ({}) }), TypeError);
    server.addService(Trial, working);
    assertMatch(assertThrows(add(working), TypeError).message, /\/trial\.Trial\/One.*already/);
  } finally {
    server.close();
    await server.shutdown();
  }
});

test("handlers may be an instance of a class: its methods are looked at, the rest is its own", async () => {
  class Base {
    count = 0;
    one(request: Note): Note {
      this.count++;
      return { ...request, number: this.count };
    }
  }
  class Service extends Base {
    *down(): Generator<Note> {
      yield { text: "x" };
    }
    helper() {}
  }
  await serving(new Service(), async ({ client }) => {
    assertEquals((await client.one({})).number, 1);
    assertEquals((await client.one({})).number, 2);
    assertEquals((await collect(client.down({}))).length, 1);
    assertEquals((await failure(client.up([]))).code, Status.UNIMPLEMENTED);
  });
  using server = new Server();
  const add = (handlers: unknown) => () => server.addService(Trial, handlers as Handlers);
  class Nothing {
    won() {}
  }
  assertThrows(add(new Nothing()), TypeError, "a Nothing has none of its methods; there are one, down");
  assertThrows(add(Promise.resolve(working)), TypeError, "its handlers are a Promise");
  assertThrows(add(new Map([["one", working.one]])), TypeError, "its handlers are a Map");
  // What is refused leaves nothing behind.
  assertThrows(add({ one: working.one, down: 5 }), TypeError, '"down"');
  server.addService(Trial, working);
});

test("a request that cannot be decoded: INTERNAL, and the handler is not called", () => {
  let calls = 0;
  return serving({ one: (request) => (calls++, request) }, async ({ port, client }) => {
    // A string of five octets that is cut, a varint without end, a group that is not closed, not UTF-8.
    for (const content of [[0x0a, 5, 65], Array(11).fill(0xff), [0x0b], [0x0a, 1, 0xff]]) {
      const answer = await ask(port, {}, framed(...content));
      assertEquals(answer["grpc-status"], String(Status.INTERNAL), content.join());
      assertMatch(String(answer["grpc-message"]), /cannot decode request/);
    }
    assertEquals(calls, 0);
    await assertStillServes(client);
  });
});

test("a unary request of no message, of two, or of half a message: INTERNAL", () =>
  serving(working, async ({ port, client }) => {
    const two = new Uint8Array([...framed(0x10, 1), ...framed(0x10, 2)]);
    for (const body of [new Uint8Array(0), two, framed(0x10, 1).subarray(0, PREFIX_BYTES + 1)]) {
      assertEquals((await ask(port, {}, body))["grpc-status"], String(Status.INTERNAL), `${body}`);
    }
    await assertStillServes(client);
  }));

test("compressed messages: UNIMPLEMENTED with a grpc-encoding, INTERNAL without", () =>
  serving(working, async ({ port, client }) => {
    const compressed = new Uint8Array([1, 0, 0, 0, 1, 0]);
    const gzip = await ask(port, { "grpc-encoding": "gzip" }, compressed);
    assertEquals(gzip["grpc-status"], String(Status.UNIMPLEMENTED));
    assertEquals((await ask(port, {}, compressed))["grpc-status"], String(Status.INTERNAL));
    await assertStillServes(client);
  }));

test("a request over the limit: RESOURCE_EXHAUSTED with both sizes", () =>
  serving(
    { ...working, up: async (requests) => ({ number: (await collect(requests)).length }) },
    async ({ client }) => {
      const error = await failure(client.one({ body: new Uint8Array(2000) }));
      assertEquals(error.code, Status.RESOURCE_EXHAUSTED);
      assertMatch(error.details, /2003 bytes.*limit of 1000/);
      const stream = await failure(client.up([{ number: 1 }, { body: new Uint8Array(2000) }]));
      assertEquals(stream.code, Status.RESOURCE_EXHAUSTED);
      assertEquals((await client.one({ body: new Uint8Array(997) })).body!.length, 997); // exactly 1000
      await assertStillServes(client);
    },
    { server: { maxReceiveMessageBytes: 1000 } },
  ));

test("a response over the limit: RESOURCE_EXHAUSTED with both sizes", () =>
  serving({
    one: (request) => ({ text: request.text!, body: new Uint8Array(request.number ?? 0) }),
    down: () => [{ number: 1 }, { body: new Uint8Array(2000) }],
  }, async ({ client }) => {
    const error = await failure(client.one({ number: 2000 }));
    assertEquals(error.code, Status.RESOURCE_EXHAUSTED);
    assertMatch(error.details, /2003 bytes.*limit of 1000/);
    assertEquals((await failure(collect(client.down({})))).code, Status.RESOURCE_EXHAUSTED);
    await assertStillServes(client);
  }, { channel: { maxReceiveMessageBytes: 1000 } }));

for (const exposeErrors of [false, true]) {
  const what = exposeErrors ? "its message with exposeErrors" : '"handler failed"';
  test(`a handler that throws: UNKNOWN with ${what}, whatever it throws and however`, () => {
    const thrown = [new Error("oops"), "a string", undefined, null, 42, { an: "object" }];
    const messages = ["oops", "a string", "undefined", "null", "42", '{"an":"object"}'];
    const reported: unknown[] = [];
    return serving({
      one: (request) => {
        if (request.number === undefined || request.number === 0) return request;
        const what = thrown[request.number - 1];
        if (request.text === "now") throw what;
        return Promise.reject(what);
      },
      *down() {
        yield { number: 1 };
        throw new Error("half way");
      },
      up: () => Promise.reject(new Error("no thanks")),
      both: () => {
        throw new Error("before the first");
      },
    }, async ({ client }) => {
      for (const text of ["now", "later"]) {
        for (const [i, message] of messages.entries()) {
          const { code, details } = await failure(client.one({ number: i + 1, text }));
          assertEquals([code, details], [Status.UNKNOWN, exposeErrors ? message : "handler failed"]);
        }
      }
      assertEquals(reported.splice(0), [...thrown, ...thrown]);
      const streams = [collect(client.down({})), client.up([{}]), collect(client.both([{}]))].map(failure);
      const errors = await Promise.all(streams);
      assertEquals(errors.map((error) => error.code), [Status.UNKNOWN, Status.UNKNOWN, Status.UNKNOWN]);
      const wanted = ["half way", "no thanks", "before the first"];
      assertEquals(
        errors.map((error) => error.details),
        exposeErrors ? wanted : wanted.map(() => "handler failed"),
      );
      assertEquals(reported.map((error) => (error as Error).message).sort(), wanted.sort());
      await assertStillServes(client);
    }, { server: { exposeErrors, onError: (error) => void reported.push(error) } });
  });
}

test("a handler that answers with a wrong type: INTERNAL, and onError learns the field", () => {
  const wrong: unknown[] = [{ number: "seven" }, { text: 5 }, { body: "text" }, 7, "text", undefined, null];
  const handlers: Handlers = {
    one: (request) => request.number ? wrong[request.number - 1] as Note : request,
    down: () => [{ number: 1 }, { text: Symbol("s") as unknown as string }],
  };
  const reported: string[] = [];
  const onError = (error: unknown, { where }: ErrorContext) => void reported.push(`${where}: ${error}`);
  return serving(handlers, async ({ client }) => {
    for (let number = 1; number <= wrong.length; number++) {
      const error = await failure(client.one({ number }));
      assertEquals([error.code, error.details], [Status.INTERNAL, "cannot encode response"]);
    }
    assertEquals(reported.length, wrong.length);
    assertMatch(reported[0]!, /^response: EncodeError: .*trial\.Note\.number/);
    assertEquals((await failure(collect(client.down({})))).code, Status.INTERNAL);
    await assertStillServes(client);
    await serving(handlers, async ({ client }) => {
      assertMatch((await failure(client.one({ number: 1 }))).details, /cannot encode response: .*number/);
    }, { server: { exposeErrors: true, onError } });
  }, { server: { onError } });
});

test("a streaming handler that returns no iterable fails its call, and the server lives on", () =>
  serving({ ...working, down: () => 5 as unknown as Note[] }, async ({ client }) => {
    const error = await failure(collect(client.down({})));
    assertEquals(error.code, Status.INTERNAL);
    assertMatch(error.details, /iterable/);
    await assertStillServes(client);
  }, { server: { onError: () => {} } }));

test("a request of a wrong type fails its call alone", () =>
  serving(
    { ...working, up: async (requests) => ({ number: (await collect(requests)).length }) },
    async ({ client }) => {
      const wrong = { number: "seven" } as unknown as Note;
      await assertStillServes(client);
      assertMatch((await failure(client.one(wrong))).message, /number/);
      assertMatch((await failure(client.up([{ number: 1 }, wrong]))).message, /number/);
      await assertStillServes(client);
    },
  ));

test("after channel.close(): calls fail with UNAVAILABLE and say why", () =>
  serving(working, async ({ client, channel }) => {
    await assertStillServes(client);
    channel.close();
    const error = await failure(client.one({}, { waitForReady: true }));
    assertEquals([error.code, error.details], [Status.UNAVAILABLE, "channel is closed"]);
    const late = await failure(collect(channel.client(Trial).down({})));
    assertEquals([late.code, late.details], [Status.UNAVAILABLE, "channel is closed"]);
  }));

test("after shutdown: listen rejects and says why", async () => {
  const server = new Server();
  await server.shutdown();
  const error = await assertRejects(() => server.listen("127.0.0.1:0"), TypeError);
  assertMatch(error.message, /Cannot listen on 127\.0\.0\.1:0: the server was shut down/);
});
