// Input of the application that is wrong: it gets a clear error, and nothing hangs or crashes.
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { Channel, createClient, type ErrorContext, Server, Status } from "pollwire";
import { test } from "../harness.ts";
import {
  assertStillServes,
  collect,
  failure,
  type Handlers,
  type Note,
  serving,
  Trial,
  working,
} from "./serving.ts";

test("malformed addresses are refused with the address in the message", async () => {
  const malformed = ["", "127.0.0.1:99999", "127.0.0.1:port", "[::1", "unix:", "ftp://a:1"];
  for (const address of malformed) {
    const thrown = assertThrows(() => new Channel(address).close(), Error);
    assert(thrown.message.includes(address), thrown.message);
  }
  for (const address of [...malformed, "nowhere", "http://a:1"]) { // a server has no default port
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

test("what is no poller is refused with what it is", () => {
  for (const given of [3, true, {}, [null], [[]], ["native", { name: "mine", create: () => {} }]]) {
    const poller = given as unknown as string;
    for (const make of [() => new Server({ poller }), () => new Channel("127.0.0.1:1", { poller })]) {
      assertThrows(make, TypeError, "Cannot select a poller: expected names");
    }
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
  class AsWritten {
    one = working.one;
    Down() {}
  }
  assertThrows(
    add(new AsWritten()),
    TypeError,
    'Cannot add handler "Down" to trial.Trial: its name here is down',
  );
  assertThrows(add(Promise.resolve(working)), TypeError, "its handlers are a Promise");
  assertThrows(add(new Map([["one", working.one]])), TypeError, "its handlers are a Map");
  // What is refused leaves nothing behind.
  assertThrows(add({ one: working.one, down: 5 }), TypeError, '"down"');
  server.addService(Trial, working);
});

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
      for (const call of [client.one(wrong), client.up([{ number: 1 }, wrong])]) {
        const error = await failure(call);
        assertEquals(error.code, Status.INTERNAL);
        assertMatch(error.message, /Cannot encode trial\.Note\.number: expected an integer/);
        assertEquals((error.cause as Error).name, "EncodeError");
      }
      await assertStillServes(client);
    },
  ));

test("after channel.close(): calls fail with UNAVAILABLE and say why", () =>
  serving(working, async ({ client, channel }) => {
    await assertStillServes(client);
    channel.close();
    const error = await failure(client.one({}, { waitForReady: true }));
    assertEquals([error.code, error.details], [Status.UNAVAILABLE, "channel is closed"]);
    const late = await failure(collect(createClient(Trial, channel).down({})));
    assertEquals([late.code, late.details], [Status.UNAVAILABLE, "channel is closed"]);
  }));

test("after shutdown: listen rejects and says why", async () => {
  const server = new Server();
  await server.shutdown();
  const error = await assertRejects(() => server.listen("127.0.0.1:0"), TypeError);
  assertMatch(error.message, /Cannot listen on 127\.0\.0\.1:0: the server was shut down/);
});
