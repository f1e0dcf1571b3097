// Calls that block their thread, of all four kinds, by the numbers of their rules (docs/decisions/0022).
import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename } from "node:path";
import process from "node:process";
import {
  Channel,
  createClient,
  createSyncClient,
  DecodeError,
  errorDetails,
  type EventEngine,
  insecure,
  type Metadata,
  type ObservedCall,
  parseProto,
  Server,
  type ServiceOf,
  Status,
  statusName,
  type Unary,
} from "pollwire";
import { test } from "../../harness.ts";
import { collect, type Note, Trial } from "../serving.ts";
import { ALL_WAYS, blocking, endSharedServer, LOCAL_WAYS, startSharedServer, thrown } from "./bench.ts";

await startSharedServer();

const numbersOf = (notes: Iterable<Note>) => [...notes].map(({ number }) => number);

blocking(ALL_WAYS, "[Q126] a unary call returns its response, with metadata both ways", ({ client }) => {
  let headers: Metadata | undefined;
  let trailers: Metadata | undefined;
  const options = {
    metadata: { "x-said": "hello" },
    onHeaders: (metadata: Metadata) => headers = metadata,
    onTrailers: (metadata: Metadata) => trailers = metadata,
  };
  assertEquals(client.one({ text: "a", number: 3 }, options).number, 3);
  assertEquals([headers?.get("x-path"), trailers?.get("x-said")], ["/trial.Trial/One", "hello"]);
  const body = new Uint8Array(300_000).fill(7);
  for (let i = 0; i < 20; i++) assertEquals(client.one({ text: `call ${i}`, body }).body, body);
});

blocking(
  ALL_WAYS,
  "[Q126] calls that are open when their channel is closed end at once",
  ({ client, channel }) => {
    const down = client.down({ number: 1_000_000 });
    assertEquals(down.next().value?.number, 1);
    const chat = client.both();
    chat.write({ number: 1 });
    assertEquals(chat.next().value?.number, 1);
    channel.close(); // and no turn of the loop before the next line
    assertEquals(chat.write({ number: 2 }), false);
    const begin = performance.now();
    for (const error of [thrown(() => [...down]), thrown(() => chat.next())]) {
      assertEquals([error.code, error.endedBy], [Status.UNAVAILABLE, "user"]);
      assertEquals(error.details, "connection lost before the call ended: channel closed by the application");
    }
    assert(performance.now() - begin < 5_000);
  },
);

blocking(
  ALL_WAYS,
  "[Q126] onHeaders may take the first responses of its own stream, or all of them, or leave it",
  ({ client }) => {
    for (const taken of [1, 2, 4]) {
      const inside: number[] = [];
      const stream: Iterator<Note> & Iterable<Note> = client.down({ number: 4, text: "slow" }, {
        onHeaders() {
          while (inside.length < taken) inside.push(stream.next().value.number);
        },
      });
      const outside = numbersOf(stream);
      assertEquals([...inside, ...outside], [1, 2, 3, 4]);
    }
    const left: Iterator<Note> & Iterable<Note> = client.down({ number: 4, text: "slow" }, {
      onHeaders: () => void left.return!(),
    });
    assertEquals(numbersOf(left), []);
  },
);

blocking(
  ALL_WAYS,
  "[Q126] what a request's getter aborts or closes is not called",
  ({ client, channel }) => {
    const abort = new AbortController();
    const aborting = {
      get text(): string {
        abort.abort();
        return "wait 5000";
      },
    };
    assertEquals(thrown(() => client.one(aborting, { signal: abort.signal })).code, Status.CANCELLED);
    const closing = {
      get text(): string {
        channel.close();
        return "wait 5000";
      },
    };
    const error = thrown(() => client.one(closing));
    assertEquals([error.code, error.details], [Status.UNAVAILABLE, "channel is closed"]);
  },
);

blocking(
  ALL_WAYS,
  "observers of the channel see calls that block, whichever thread makes them",
  ({ client, channel }) => {
    const seen: string[] = [];
    const note = (name: string) => ({ attempts, peer }: ObservedCall, what?: unknown) =>
      seen.push(
        `${name} ${typeof what === "number" ? "" : attempts}${peer.startsWith("127.0.0.1:") ? "" : peer}`,
      );
    const stop = channel.observe({
      onCallBegin: note("begin"),
      onAttempt: note("attempt"),
      onInitialMetadata: note("metadata"),
      onMessageSent: note("sent"),
      onMessageReceived: note("received"),
      onCallEnd: ({ status, endedBy, bytesSent, bytesReceived, durationMs, metadata }) =>
        seen.push(
          `${status} by ${endedBy}: ${bytesSent} and ${bytesReceived}`,
          `${durationMs > 0}${metadata.get("a")}`,
        ),
    });
    client.one({ text: "abc" }, { metadata: { a: "1" } });
    const unary = [
      "begin 0",
      "attempt 1",
      "sent ",
      "metadata 1",
      "received ",
      "OK by remote: 5 and 5",
      "true1",
    ];
    assertEquals(seen.splice(0), unary);
    assertEquals(client.up([{ number: 1 }, { number: 2 }]).number, 3);
    assertEquals(seen.filter((line) => line === "sent ").length, 2);
    seen.length = 0;
    thrown(() => client.one({ text: "fail" }));
    thrown(() => client.one({}, { deadlineMs: -1 }));
    assertEquals(seen.filter((line) => line.includes(" by ")), [
      "NOT_FOUND by remote: 6 and 0",
      "DEADLINE_EXCEEDED by user: 0 and 0",
    ]);
    seen.length = 0;
    stop();
    client.one({});
    assertEquals(seen, []);
  },
);

blocking(
  ALL_WAYS,
  "[Q126] while a call blocks no timer and no promise of the thread runs",
  async ({ client }) => {
    const ran: string[] = [];
    const timer = new Promise<void>((resolve) => setTimeout(() => resolve(void ran.push("timer")), 0));
    void Promise.resolve().then(() => ran.push("promise"));
    client.one({ text: "wait 20" });
    assertEquals(ran, []);
    await timer;
    assertEquals(ran.sort(), ["promise", "timer"]);
  },
);

blocking(
  ALL_WAYS,
  "an error of the server is thrown, with its metadata, its details and the line of the caller",
  ({ client }) => {
    const error = thrown(function whoCalls() {
      const note = client.one({ text: "fail" });
      return note;
    });
    assertEquals([error.code, error.details, error.endedBy], [Status.NOT_FOUND, "no such note", "remote"]);
    assertEquals([error.method, error.metadata.get("x-why")], ["/trial.Trial/One", "absent"]);
    assertEquals(error.detail(errorDetails.ErrorInfo)?.reason, "ABSENT");
    assert(error.peer!.startsWith("127.0.0.1:"));
    assert(/One \(.*\n.*(bench|sync_client_test)\.ts/.test(error.stack!), error.stack);
  },
);

blocking(
  ALL_WAYS,
  "[Q128] a deadline ends the call in time, and the next one is made on the same connection",
  ({ client, engine }) => {
    client.one({});
    let least = Infinity; // the machine may be busy, but not every time
    for (let i = 0; i < 5 || (i < 50 && least >= 15); i++) {
      const begin = engine.now();
      const error = thrown(() => client.one({ text: "wait 2000" }, { deadlineMs: 25 }));
      assertEquals(error.code, Status.DEADLINE_EXCEEDED);
      const late = engine.now() - begin - 25;
      assert(late >= 0, `${late}`);
      least = Math.min(least, late);
    }
    assert(least < 15, `${least} ms late`);
    assertEquals(client.one({ number: 1 }).number, 1);
    assertEquals(thrown(() => client.one({}, { deadlineMs: 0 })).code, Status.DEADLINE_EXCEEDED);
  },
);

blocking(
  ALL_WAYS,
  "responses come by an iterator, as many as there are; an error comes after them",
  ({ client }) => {
    assertEquals(numbersOf(client.down({ number: 5 })), [1, 2, 3, 4, 5]);
    assertEquals(numbersOf(client.down({ number: 3, text: "slow" })), [1, 2, 3]);
    assertEquals(numbersOf(client.down({ number: 0 })), []);
    const got: unknown[] = [];
    const stream = client.down({ number: 2, text: "fail" });
    const error = thrown(() => {
      for (const { number } of stream) got.push(number);
    });
    assertEquals([got, error.code, error.details], [[1, 2], Status.ABORTED, "enough"]);
    assertEquals(stream.next(), { value: undefined, done: true });
  },
);

blocking(ALL_WAYS, "a large download is read whole, its windows given back as it is read", ({ client }) => {
  const body = new Uint8Array(64 * 1024).fill(1);
  let octets = 0;
  for (const note of client.down({ number: 300, body })) octets += note.body!.length;
  assertEquals(octets, 300 * body.length);
});

blocking(ALL_WAYS, "a loop that is left cancels the call, and others go on", ({ client }) => {
  for (const { number } of client.down({ number: 1_000_000 })) if (number === 3) break;
  {
    using stream = client.down({ number: 1_000_000 });
    assertEquals(stream.next().value?.number, 1);
  }
  assertEquals(client.one({ number: 4 }).number, 4);
});

blocking(
  ALL_WAYS,
  "requests come from an iterable; one that throws ends the call, one that is not needed is left",
  ({ client }) => {
    assertEquals(client.up([{ number: 1 }, { number: 2 }]).number, 3);
    assertEquals(client.up([]).number ?? 0, 0);
    const body = new Uint8Array(64 * 1024);
    let made = 0;
    let left = false;
    function* many(count: number, text = ""): Generator<Note> {
      try {
        for (; made < count; made++) yield { number: 1, body, text };
      } finally {
        left = true;
      }
    }
    assertEquals(client.up(many(200)).number, 200);
    made = 0;
    left = false;
    assertEquals(client.up(many(1e6, "stop")).number, 1);
    assert(left && made < 1e6);
    const error = thrown(() =>
      client.up((function* () {
        yield {};
        throw new Error("no more");
      })())
    );
    assertEquals([error.code, error.details, error.endedBy], [
      Status.CANCELLED,
      "request stream failed: no more",
      "user",
    ]);
    assertEquals(thrown(() => client.up([{ number: "x" } as never])).code, Status.INTERNAL);
  },
);

blocking(
  ALL_WAYS,
  "both streams: requests from an iterable, as many as the server needs for a response",
  ({ client }) => {
    const numbers = (count: number) => Array.from({ length: count }, (_, i) => ({ number: i }));
    assertEquals(numbersOf(client.both(numbers(4))), [0, 1, 2, 3]);
    const pairs = numbers(6).map((note) => ({ ...note, text: "pair" }));
    assertEquals(numbersOf(client.both(pairs)), [1, 3, 5]);
    // An endless source: no more of it is taken once there is a response, however slow the server is.
    const word = new Int32Array(new SharedArrayBuffer(4));
    let made = 0;
    const endless = client.both((function* () {
      for (; made < 500; Atomics.wait(word, 0, 0, 20)) yield { number: made++ };
    })());
    assertEquals(endless.next().value?.number ?? 0, 0);
    endless.return();
    assert(made < 500, "all requests were taken for one response");
  },
);

blocking(ALL_WAYS, "both streams: requests are written, and each answer read", ({ client }) => {
  const stream = client.both();
  for (let number = 1; number <= 30; number++) {
    assert(stream.write({ number }));
    assertEquals(stream.next().value?.number, number);
  }
  stream.writesDone();
  assertThrows(() => stream.write({}), TypeError, "writesDone was called");
  assertEquals(stream.next(), { value: undefined, done: true });
  const given = client.both([{}]);
  assertThrows(() => given.write({}), TypeError, "the call was given its requests");
  given.return();
  const gone = client.both();
  gone.return();
  assertEquals(gone.write({}), false);
});

blocking(
  LOCAL_WAYS,
  "[Q128] mixed with asynchronous calls of the same channel nothing is lost",
  async ({ client, channel }) => {
    const promised = createClient(Trial, channel);
    let answered = 0;
    for (let round = 0; round < 60; round++) {
      const pending = [
        promised.one({ number: round }),
        promised.one({ number: round, text: round % 10 === 0 ? "wait 3" : "" }),
        collect(promised.down({ number: 3 })),
      ];
      assertEquals(client.one({ number: 100 + round }).number, 100 + round);
      if (round % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
      assertEquals(numbersOf(client.down({ number: 2 })), [1, 2]);
      const [one, two, three] = await Promise.all(pending) as [Note, Note, Note[]];
      assertEquals([one.number ?? 0, two.number ?? 0, three.length], [round, round, 3]);
      answered++;
    }
    assertEquals(answered, 60);
  },
);

blocking(
  LOCAL_WAYS,
  "[Q128] a call that blocks before there is a connection makes it, and the channel keeps it",
  async ({ client, channel }) => {
    assertEquals(channel.state, "IDLE");
    assertEquals(client.one({ number: 1 }).number, 1);
    assertEquals(channel.state, "READY");
    assertEquals((await createClient(Trial, channel).one({ number: 2 })).number, 2);
  },
);

blocking(
  ALL_WAYS,
  "[Q127] a name is looked up while its thread blocks, begun before or then; one that is not there says so",
  async ({ engine, port }) => {
    const lookups = watchLookups();
    const begun = new Channel(`localhost:${port}`, { poller: engine });
    begun.connect(); // the runtime's resolver would report by the loop that stands still
    const channels = [begun, new Channel(`localhost:${port}`, { poller: engine })];
    for (const [number, channel] of channels.entries()) {
      const client = createSyncClient(Trial, channel);
      assertEquals(client.one({ number: number + 1 }, { deadlineMs: 10_000 }).number, number + 1);
    }
    const nowhere = new Channel("no-such-host.invalid:1", { poller: engine });
    const error = thrown(() => createSyncClient(Trial, nowhere).one({}, { deadlineMs: 10_000 }));
    assertEquals(error.code, Status.UNAVAILABLE);
    assert(error.details.includes("no-such-host.invalid"), error.details);
    for (const channel of [...channels, nowhere]) await channel[Symbol.asyncDispose]();
    await lookups.end();
  },
);

/** Knows what the runtime looks up: it goes on where the helper was faster and the channel is closed. */
function watchLookups(): { end(): Promise<void> } {
  const dns = process.getBuiltinModule("node:dns") as { lookup: (...args: unknown[]) => unknown };
  const original = dns.lookup;
  const ended: Promise<void>[] = [];
  dns.lookup = (...args) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    ended.push(promise);
    const finish = args.pop() as (...results: unknown[]) => void;
    return original(...args, (...results: unknown[]) => {
      resolve();
      finish(...results);
    });
  };
  return {
    end: async () => {
      dns.lookup = original;
      await Promise.all(ended);
    },
  };
}

blocking(ALL_WAYS, "client.sync has the same methods, and is made once", ({ channel }) => {
  const client = createClient(Trial, channel);
  assertEquals(client.sync.one({ number: 3 }).number, 3);
  assertStrictEquals(client.sync, client.sync);
  assertEquals(Object.keys(client).sort(), ["both", "down", "one", "up"]);
});

blocking(LOCAL_WAYS, "a client that spins makes the same calls", ({ channel }) => {
  const client = createSyncClient(Trial, channel, { spinMs: 0.2 });
  for (let number = 1; number < 50; number++) assertEquals(client.one({ number }).number, number);
  assertThrows(() => createSyncClient(Trial, channel, { spinMs: -1 }), RangeError, "spinMs");
});

blocking(ALL_WAYS, "[Q127] a call in a callback of the engine is refused", async ({ client, engine }) => {
  const error = await new Promise((resolve) =>
    engine.run(() => {
      try {
        resolve(client.one({}));
      } catch (error) {
        resolve(error);
      }
    })
  );
  assert(error instanceof TypeError);
  assert(
    error.message.startsWith("Cannot call /trial.Trial/One and block: this is a callback of the engine"),
  );
});

blocking(
  ALL_WAYS,
  "[Q127] a call to a server of the same thread is refused, whatever it is called",
  async ({ engine }) => {
    const server = new Server({ poller: engine, credentials: insecure });
    server.addService(Trial, { one: (note) => note, down: () => [], up: () => ({}), both: () => [] });
    for (
      const [bound, named] of [["127.0.0.1", "127.0.0.1"], ["0.0.0.0", "127.0.0.1"], [
        "127.0.0.1",
        "localhost",
      ]]
    ) {
      const port = await server.listen(`${bound}:0`);
      const channel = new Channel(`${named}:${port}`, { poller: engine });
      const client = createSyncClient(Trial, channel);
      assertThrows(
        () => client.one({}),
        TypeError,
        `Cannot call /trial.Trial/One and block: the server at ${bound}:${port} is one of this very thread`,
      );
      assertThrows(() => client.down({}), TypeError, "this very thread");
      // Asynchronously it is served.
      assertEquals((await createClient(Trial, channel).one({ number: 1 })).number, 1);
      channel.close();
      await server.unbind(port);
      const after = new Channel(`${named}:${port}`, { poller: engine });
      assertEquals(
        thrown(() => createSyncClient(Trial, after).one({}, { deadlineMs: 5_000 })).code,
        Status.UNAVAILABLE,
      );
      await after[Symbol.asyncDispose]();
    }
    await server.shutdown();
  },
);

blocking(
  ALL_WAYS,
  "[Q127] however the address of a server of the same thread is written, a call to it is refused",
  async ({ engine }) => {
    const server = new Server({ poller: engine, credentials: insecure });
    const [any, any6, own] = [
      await server.listen("0.0.0.0:0"),
      await server.listen("[::]:0"),
      await server.listen("127.0.0.1:0"),
    ];
    for (
      const target of [
        `127.1.2.3:${any}`,
        `[::ffff:127.0.0.1]:${any}`,
        `LocalHost:${any}`,
        `0.0.0.0:${own}`,
        `[0:0:0:0:0:0:0:1]:${any6}`,
      ]
    ) isRefused(target, engine);
    await server.shutdown();
  },
);

const BY_PATH = "[Q127] however the path of a server of the same thread is written, a call to it is refused";

if (process.platform === "win32") {
  test(BY_PATH, () => {}, { skip: "Wine and the runtimes on Windows have no unix sockets" });
} else {
  blocking(ALL_WAYS, BY_PATH, async ({ engine }) => {
    const folder = mkdtempSync(`${tmpdir()}/pollwire-`);
    const server = new Server({ poller: engine, credentials: insecure });
    await server.listen(`unix:${folder}/socket`);
    isRefused(`unix:${folder}/../${basename(folder)}/socket`, engine);
    await server.shutdown();
    rmSync(folder, { recursive: true });
  });
}

/** A call to `target` that blocks throws, since a server of this thread is there. */
function isRefused(target: string, engine: EventEngine): void {
  const channel = new Channel(target, { poller: engine, credentials: insecure });
  assertThrows(() => createSyncClient(Trial, channel).one({}), TypeError, "this very thread", target);
  channel.close();
}

blocking(
  ALL_WAYS,
  "[Q127] an async iterable of requests is refused, and what is no iterable",
  ({ client }) => {
    const notes = (async function* () {
      yield {};
    })() as never;
    assertThrows(() => client.up(notes), TypeError, "an async iterable, whose promises nobody continues");
    assertThrows(() => client.both(notes), TypeError, "an async iterable");
    assertThrows(() => client.up("text" as never), TypeError, 'found the string "text"');
    assertThrows(() => client.one({}, { deadline: 3 } as never), TypeError, "deadlineMs");
  },
);

blocking(
  ALL_WAYS,
  "a closed channel, a signal that was aborted or throws, and a server that is not there end calls",
  async ({ client, channel, engine }) => {
    const controller = new AbortController();
    controller.abort(new Error("not now"));
    const error = thrown(() => client.one({}, { signal: controller.signal }));
    assertEquals([error.code, error.details], [Status.CANCELLED, "call aborted by its signal: not now"]);
    const wrong = {
      aborted: false,
      addEventListener() {
        throw new Error("no listeners");
      },
    } as unknown as AbortSignal;
    const { code, details: why } = thrown(() => client.one({}, { signal: wrong }));
    assertEquals([code, why], [Status.INTERNAL, "cannot start the call: no listeners"]);
    channel.close();
    assertEquals([thrown(() => client.one({})).code, thrown(() => client.one({})).details], [
      Status.UNAVAILABLE,
      "channel is closed",
    ]);
    const nobody = new Channel("127.0.0.1:1", { poller: engine });
    const none = createSyncClient(Trial, nobody);
    assertEquals(thrown(() => none.one({})).code, Status.UNAVAILABLE);
    let details = ""; // a helper that is late on a busy machine cannot say what the call waited for
    for (let i = 0; i < 20 && !details.includes("last connection error"); i++) {
      const waiting = thrown(() => none.one({}, { waitForReady: true, deadlineMs: 100 }));
      assertEquals(waiting.code, Status.DEADLINE_EXCEEDED);
      details = waiting.details;
    }
    assertMatch(details, /last connection error: .*127\.0\.0\.1:1/);
    await nobody[Symbol.asyncDispose]();
  },
);

test("[Q127] client.sync is refused where interceptors would have to run, and is a method where there is one of the name", () => {
  using channel = new Channel("127.0.0.1:1");
  const client = createClient(Trial, channel, { interceptors: [(next) => (call) => next(call)] });
  assertThrows(
    () => client.sync.one({}),
    TypeError,
    "Cannot call trial.Trial and block: the client has interceptors, which nobody continues",
  );
  const { Named } = parseProto<{ Named: ServiceOf<{ sync: Unary<Note, Note> }> }>(`
    syntax = "proto3";
    message Note { string text = 1; }
    service Named { rpc Sync(Note) returns (Note); }
  `);
  assertEquals(typeof createClient(Named, channel).sync, "function");
  assertEquals(typeof createSyncClient(Named, channel).sync, "function");
});

test("[Q127] what is no service, channel or option is refused", () => {
  using channel = new Channel("127.0.0.1:1");
  assertThrows(() => createSyncClient({} as never, channel), TypeError, "Cannot make a client");
  assertThrows(() => createSyncClient(Trial, {} as never), TypeError, "Channel");
  assertThrows(() => createSyncClient(Trial, channel, { spin: 1 } as never), TypeError, "spinMs");
  assertStrictEquals(typeof createSyncClient(Trial, channel).one, "function");
});

blocking(
  ALL_WAYS,
  "[Q126] both ways, with messages beyond every window: what waits to be sent waits for responses to be taken",
  ({ client }) => {
    const body = new Uint8Array(300_000);
    const numbers = Array.from({ length: 40 }, (_, i) => i + 1);
    function* many(): Generator<Note> {
      for (const number of numbers) yield { number, body };
    }
    assertEquals(numbersOf(client.both(many(), { deadlineMs: 30_000 })), numbers);
  },
  { settings: { maxWindowSize: 65_535 } },
);

blocking(
  ALL_WAYS,
  "[Q126] between two responses a signal can end the call, and nothing listens to it afterwards",
  ({ client }) => {
    const abort = new AbortController();
    const options = { signal: abort.signal, deadlineMs: 10_000 };
    const added: unknown[] = [];
    const { addEventListener, removeEventListener } = abort.signal;
    abort.signal.addEventListener = (...args: [string, never]) => {
      added.push(args[1]);
      addEventListener.apply(abort.signal, args);
    };
    abort.signal.removeEventListener = (...args: [string, never]) => {
      added.splice(added.indexOf(args[1]), 1);
      removeEventListener.apply(abort.signal, args);
    };
    assertEquals(client.one({ number: 7 }, options).number, 7);
    assertEquals(added, []);
    const responses = client.down({ number: 1_000_000, text: "slow" }, options);
    assertEquals(responses.next().value?.number, 1);
    assertEquals(added.length, 1);
    abort.abort();
    const error = thrown(() => {
      for (const _ of responses);
    });
    assertEquals([error.code, error.details], [Status.CANCELLED, "call aborted by its signal"]);
  },
);

blocking(
  ALL_WAYS,
  "[Q126] a second response ends a call that has one, and so does one that cannot be decoded, before the server ends it",
  ({ channel }) => {
    const { one, down } = Trial.methods;
    const decode = (): never => {
      throw new DecodeError("never heard of it", 0);
    };
    const called = (responseCodec: typeof one.responseCodec) => {
      const methods = { one: { ...one, path: down.path, responseCodec } };
      return createSyncClient({ ...Trial, methods }, channel).one;
    };
    const ended: string[] = [];
    channel.observe({ onCallEnd: ({ status, endedBy }) => ended.push(`${status} by ${endedBy}`) });
    const onTrailers = () => ended.push("trailers");
    const options = { deadlineMs: 30_000, onTrailers };
    const number = 1_000_000;
    const many = thrown(() => called(one.responseCodec)({ number }, options));
    assertEquals([many.code, many.endedBy], [Status.UNIMPLEMENTED, "library"]);
    assertEquals(many.details, "server sent more than one response message");
    const strange = called({ ...one.responseCodec, decode });
    const alone = thrown(() => strange({ number, text: "held" }, options));
    assertEquals([alone.code, alone.endedBy], [Status.INTERNAL, "library"]);
    assertEquals(ended, ["UNIMPLEMENTED by library", "trailers", "INTERNAL by library", "trailers"]);
    // The server's OK, which comes with the response, changes nothing.
    ended.length = 0;
    const whole = { ...Trial, methods: { one: { ...one, responseCodec: { ...one.responseCodec, decode } } } };
    const late = thrown(() => createSyncClient(whole, channel).one({ number }, options));
    assertEquals([late.code, late.endedBy], [Status.INTERNAL, "library"]);
    assert(late.cause instanceof DecodeError);
    assertEquals(ended.splice(0), ["INTERNAL by library", "trailers"]);
    // Whichever of both faults ends the call is what its caller and its observers see.
    for (let i = 0; i < 20; i++) {
      const { code } = thrown(() => strange({ number }, { deadlineMs: 20_000 }));
      assertEquals(ended.pop(), `${statusName(code)} by library`);
    }
  },
);

blocking(
  ALL_WAYS,
  "[Q126] whoever leaves the responses leaves the requests as well",
  ({ client }) => {
    let left = 0;
    function* endless(): Generator<Note> {
      try {
        for (let number = 1;; number++) yield { number };
      } finally {
        left++;
      }
    }
    let told = 0;
    const stream = client.both(endless(), { onTrailers: () => told++ });
    for (const { number } of stream) if (number === 3) break;
    stream.return();
    assertEquals([left, told], [1, 1]);
    const onHeaders = () => {
      throw new Error("boom");
    };
    const refused = thrown(() => client.both(endless(), { onHeaders, onTrailers: () => told++ }).next());
    assertEquals([refused.code, left, told], [Status.CANCELLED, 2, 2]);
    thrown(() => client.one({}, { onHeaders, onTrailers: () => told++ }));
    assertEquals(told, 3);
  },
  { onError: () => {} },
);

endSharedServer();
