// Interceptors of a server: admission in every style, and messages of the promise style.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  Channel,
  createClient,
  type ErrorContext,
  genericClient,
  type Metadata,
  PolledMethods,
  raw,
  reactor,
  RpcError,
  Server,
  type ServerCall,
  type ServerInterceptor,
  serverInterceptorFor,
  ServerWriteReactor,
  Status,
} from "pollwire";
import { methodStyle } from "../../../surface/server/method_style.ts";
import { ServerCallCore } from "../../../surface/server/server_call_core.ts";
import { test } from "../../harness.ts";
import { logged } from "../../logged.ts";
import {
  collect,
  echo,
  failure,
  gate,
  type Handlers,
  type Note,
  numbers,
  numbersOf,
  serving,
  sleep,
  Trial,
  type TrialClient,
  until,
} from "../serving.ts";

/** A call of each kind. */
const KINDS: Readonly<
  Record<string, (client: TrialClient, metadata?: Record<string, string>) => Promise<unknown>>
> = {
  unary: (client, metadata = {}) => client.one({ number: 1 }, { metadata }),
  serverStreaming: (client, metadata = {}) => collect(client.down({ number: 2 }, { metadata })),
  clientStreaming: (client, metadata = {}) => client.up([{ number: 1 }], { metadata }),
  bidiStreaming: (client, metadata = {}) => collect(client.both([{ number: 1 }], { metadata })),
};

/** Admits calls with the password, after a while. */
const guarded: ServerInterceptor = (next) => async (call) => {
  await sleep(1);
  if (call.metadata.get("password") === "sesame") return await next(call);
  throw new RpcError("UNAUTHENTICATED", "who is there?", { metadata: { realm: "cave" } });
};

/** What a style of a test did. */
interface Done {
  readonly turns: string[];
  readonly cancelled: number[];
  core?: ServerCallCore;
}

/** A style of its own: it answers with the request, or after `answer`. */
function ownStyle(done: Done, answer?: Promise<void>) {
  class OwnCall extends ServerCallCore {
    protected override onTurn(): void {
      done.turns.push(this.path);
      done.core = this;
      const request = this.takeRequest();
      const framed = new Uint8Array(5 + request.length);
      framed.set(request, 5);
      void (answer ?? Promise.resolve()).then(() => {
        this.sendMessage(framed);
        this.sendStatus(Status.OK, "");
        this.handlerEnded();
      });
    }
    protected override onRequestBytes(): void {}
    protected override onCancelled({ code }: RpcError): void {
      done.cancelled.push(code);
    }
  }
  return methodStyle(() => (...args) => new OwnCall(...args));
}

test("an interceptor refuses calls of every kind by their metadata, before their handlers begin", async () => {
  let handled = 0;
  const counting = Object.fromEntries(
    Object.entries(echo).map(([name, handler]) => [name, (request: never, call: ServerCall) => {
      handled++;
      return (handler as (request: never, call: ServerCall) => unknown)(request, call);
    }]),
  ) as Handlers;
  await serving(counting, async ({ client }) => {
    for (const [kind, call] of Object.entries(KINDS)) {
      const error = await failure(call(client));
      assertEquals([kind, error.code, error.details], [kind, Status.UNAUTHENTICATED, "who is there?"]);
      assertEquals(error.metadata.get("realm"), "cave");
    }
    assertEquals(handled, 0);
    for (const call of Object.values(KINDS)) await call(client, { password: "sesame" });
    assertEquals(handled, 4);
  }, { server: { interceptors: [guarded] } });
});

test("interceptors run in their order, the first one outermost, and get the same call as the handler", async () => {
  const order: string[] = [];
  const calls = new Set<ServerCall>();
  const named = (name: string): ServerInterceptor => (next) => {
    order.push(`made ${name}`);
    return async (call) => {
      order.push(`${name} before`);
      calls.add(call);
      try {
        return await next(call);
      } finally {
        order.push(`${name} after`);
      }
    };
  };
  const handlers: Handlers = {
    one: (request, call) => {
      calls.add(call);
      order.push(call.path);
      return request;
    },
  };
  await serving(handlers, async ({ client, server }) => {
    server.intercept(named("c"));
    assertEquals(order.splice(0), ["made a", "made b", "made c"]);
    await client.one({});
    const inside = ["a before", "b before", "c before", "/trial.Trial/One", "c after", "b after", "a after"];
    assertEquals(order, inside);
    assertEquals(calls.size, 1);
  }, { server: { interceptors: [named("a"), named("b")] } });
});

test("interceptors are made once, whatever is put inside them later, and calls that run go on without that", async () => {
  const seen: string[] = [];
  const open = gate();
  const counting = (name: string): ServerInterceptor => (next) => {
    seen.push(`${name} is made`);
    let calls = 0;
    return async (call) => {
      seen.push(`${name} ${++calls}`);
      if (call.metadata.get("wait") === name) await open.opened;
      return await next(call);
    };
  };
  await serving(echo, async ({ client, server }) => {
    const waiting = client.one({ number: 1 }, { metadata: { wait: "outer" } });
    await until(() => seen.length === 2);
    server.intercept(counting("inner"));
    await client.one({ number: 2 });
    open.open();
    await waiting;
  }, { server: { interceptors: [counting("outer")] } });
  assertEquals(seen, ["outer is made", "outer 1", "inner is made", "outer 2", "inner 1"]);
});

test("an interceptor puts other messages in place of those of every kind", async () => {
  async function* plus(notes: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<unknown> {
    for await (const note of notes) yield { number: (note as Note).number! + 10 };
  }
  const adding: ServerInterceptor = (next) => async (call) => {
    if ("request" in call && call.kind === "unary") {
      call.request = { number: (call.request as Note).number! + 10 };
    }
    if (call.kind === "clientStreaming" || call.kind === "bidiStreaming") call.requests = plus(call.requests);
    const answer = await next(call);
    if (answer.kind === "serverStreaming" || answer.kind === "bidiStreaming") {
      answer.responses = plus(answer.responses);
    } else if (answer.kind !== "unseen") {
      answer.response = { number: (answer.response as Note).number! + 100 };
    }
    return answer;
  };
  await serving(echo, async ({ client }) => {
    assertEquals((await client.one({ number: 1 })).number, 111);
    assertEquals(numbersOf(await collect(client.down({ number: 2 }))), [11, 12]);
    assertEquals((await client.up([{ number: 1 }, { number: 2 }])).number, 123);
    assertEquals(numbersOf(await collect(client.both([{ number: 1 }]))), [32]);
  }, { server: { interceptors: [adding] } });
});

test("an interceptor for one method has the types of its messages, and no other calls", async () => {
  const seen: string[] = [];
  const shouting = serverInterceptorFor(Trial.methods.one, (next) => async (call) => {
    seen.push(call.path);
    if (call.kind === "unary") call.request.text = call.request.text!.toUpperCase();
    const answer = await next(call);
    if (answer.kind === "unary") answer.response.number = 7;
    return answer;
  });
  await serving(echo, async ({ client }) => {
    const { text, number } = await client.one({ text: "loud" });
    assertEquals([text, number], ["LOUD", 7]);
    await client.up([]);
    assertEquals(seen, ["/trial.Trial/One"]);
  }, { server: { interceptors: [shouting] } });
});

test("methods served as octets, and a generic service, are intercepted with octets", async () => {
  const seen: unknown[] = [];
  const watching: ServerInterceptor = (next) => async (call) => {
    const answer = await next(call);
    seen.push([call.path, call.kind, "response" in answer && answer.response instanceof Uint8Array]);
    return answer;
  };
  await serving({ one: raw((octets) => octets) }, async ({ client, channel, server }) => {
    server.addGenericService((requests) => requests);
    await client.one({});
    await genericClient(channel).unary("/a.B/C", new Uint8Array(1));
    assertEquals(seen, [["/trial.Trial/One", "unary", true], ["/a.B/C", "bidiStreaming", false]]);
  }, { server: { interceptors: [watching] } });
});

test("calls of other styles wait for their admission, and next resolves when they have ended", async () => {
  const open = gate(), answer = gate();
  const events: string[] = [];
  const done: Done = { turns: [], cancelled: [] };
  const slow: ServerInterceptor = (next) => async (call) => {
    events.push(`before, ${call.kind}`);
    await open.opened;
    const { kind } = await next(call);
    events.push(`after, ${kind}`);
    return { kind: "unseen" };
  };
  await serving({ one: ownStyle(done, answer.opened) }, async ({ client }) => {
    const call = client.one({ text: "x" });
    await until(() => events.length === 1);
    assertEquals(done.turns, []);
    open.open();
    await until(() => done.turns.length === 1);
    assertEquals(events, ["before, unseen"]);
    answer.open();
    assertEquals((await call).text, "x");
    await until(() => events.length === 2);
    assertEquals(events, ["before, unseen", "after, unseen"]);
  }, { server: { interceptors: [slow] } });
});

test("calls of other styles are refused, and the slot of each is free again", async () => {
  const done: Done = { turns: [], cancelled: [] };
  await serving({ one: ownStyle(done) }, async ({ client }) => {
    for (let i = 0; i < 3; i++) {
      const error = await failure(KINDS["unary"]!(client));
      assertEquals([error.code, error.metadata.get("realm")], [Status.UNAUTHENTICATED, "cave"]);
    }
    assertEquals([done.turns, done.cancelled], [[], Array(3).fill(Status.UNAUTHENTICATED)]);
    await KINDS["unary"]!(client, { password: "sesame" });
    assertEquals(done.turns.length, 1);
  }, { server: { interceptors: [guarded], settings: { maxConcurrentStreams: 1 } } });
});

test("calls of other styles go on where an interceptor has sent initial metadata, without their own", async () => {
  const seen: unknown[] = [];
  const early: ServerInterceptor = (next) => (call) => {
    call.sendMetadata({ early: call.kind });
    assertThrows(() => call.sendMetadata({ late: "1" }), TypeError, "it was sent before");
    return next(call);
  };
  await logged(async (lines) => {
    const server = new Server({ interceptors: [early] });
    const polled = new PolledMethods(server);
    server.addService(Trial, {
      one: polled.method((request, context) => {
        context.addInitialMetadata("own", "1");
        return request;
      }),
      up: polled.method(() => ({ number: 2 })),
      down: reactor((context) => {
        const made = new ServerWriteReactor<Note>(context);
        made.startWriteAndFinish({ number: 3 });
        return made;
      }),
    });
    const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
    const client = createClient(Trial, channel);
    const options = { deadlineMs: 10_000, onHeaders: (metadata: Metadata) => void seen.push([...metadata]) };
    try {
      assertEquals((await client.one({ number: 1 }, options)).number, 1);
      assertEquals((await client.up([], options)).number, 2);
      assertEquals((await collect(client.down({}, options))).map(({ number }) => number), [3]);
    } finally {
      channel.close();
      server.close();
    }
    assertEquals(lines.length, 1);
    assertMatch(lines[0]!, /initial metadata of .trial.Trial.One is left out: an interceptor has sent it/);
  });
  assertEquals(seen, Array.from({ length: 3 }, () => [["early", "unseen"]]));
});

test("a call of another style that ends while it waits for its admission never begins", async () => {
  const open = gate();
  let waiting = 0;
  const done: Done = { turns: [], cancelled: [] };
  const ends: string[] = [];
  const slow: ServerInterceptor = (next) => async (call) => {
    waiting++;
    await open.opened;
    try {
      return await next(call);
    } catch (error) {
      ends.push(`${error}`);
      throw error;
    }
  };
  await serving({ one: ownStyle(done) }, async ({ client }) => {
    const cancel = new AbortController();
    const ended = failure(client.one({}, { signal: cancel.signal }));
    await until(() => waiting === 1);
    cancel.abort();
    await ended;
    await until(() => done.cancelled.length === 1);
    open.open();
    assertEquals((await client.one({ text: "next" })).text, "next");
    assertEquals([done.turns.length, done.cancelled], [1, [Status.CANCELLED]]);
    assertEquals(ends, ["RpcError: CANCELLED: call is over"]);
  }, { server: { interceptors: [slow], settings: { maxConcurrentStreams: 1 } } });
});

test("a handler does not begin when its call is over before next", async () => {
  let begun = 0;
  const ends: string[] = [];
  const late: ServerInterceptor = (next) => (call) => {
    setTimeout(() => next(call).catch((error) => ends.push(`${error}`)), 20);
    throw new RpcError("PERMISSION_DENIED", "closed");
  };
  await serving({ one: () => ({ number: ++begun }) }, async ({ client }) => {
    assertEquals((await failure(client.one({}))).code, Status.PERMISSION_DENIED);
    await until(() => ends.length === 1);
    assertEquals([begun, ends], [0, ["RpcError: CANCELLED: call is over"]]);
  }, { server: { interceptors: [late] } });
});

test("what interceptors throw, or forget, is reported and ends the call without its words", async () => {
  const WRONG: ReadonlyArray<[ServerInterceptor, own: RegExp, promise: RegExp]> = [
    [() => () => Promise.reject(new Error("secret")), /secret/, /secret/],
    [
      () => () => {
        throw new Error("secret");
      },
      /secret/,
      /secret/,
    ],
    [
      () => () => Promise.resolve({ kind: "unseen" }),
      /did not call next/,
      /returned an object, not what next gave/,
    ],
    [() => () => Promise.resolve(undefined as never), /did not call next/, /returned undefined/],
    [(next) => () => next({} as never), /gave next an object, not its call/, /gave next an object/],
  ];
  for (const [interceptor, own, promise] of WRONG) {
    const reports: Array<[unknown, ErrorContext]> = [];
    const onError = (error: unknown, context: ErrorContext) => void reports.push([error, context]);
    const done: Done = { turns: [], cancelled: [] };
    await serving({ ...echo, one: ownStyle(done) }, async ({ client }) => {
      const errors = [await failure(client.one({})), await failure(client.up([]))];
      for (const { code, details } of errors) {
        assertEquals([code, details], [Status.UNKNOWN, "handler failed"]);
      }
      assertEquals(reports.map(([, { where, method }]) => [where, method]), [
        ["interceptor", "/trial.Trial/One"],
        ["interceptor", "/trial.Trial/Up"],
      ]);
      assertMatch(`${reports[0]![0]}`, own);
      assertMatch(`${reports[1]![0]}`, promise);
      assertEquals(done.turns, []);
    }, { server: { interceptors: [interceptor], onError } });
  }
});

test("a handler runs once, whatever an interceptor does, and what it throws afterwards is reported", async () => {
  const reports: string[] = [];
  const twice: ServerInterceptor = (next) => async (call) => {
    await next(call);
    return await next(call);
  };
  const done: Done = { turns: [], cancelled: [] };
  const onError = (error: unknown, { where }: ErrorContext) => void reports.push(`${where}: ${error}`);
  await serving({ ...echo, one: ownStyle(done) }, async ({ client }) => {
    assertEquals((await client.one({ text: "once" })).text, "once");
    await until(() => reports.length === 1);
    assertMatch(reports[0]!, /^interceptor: TypeError: Cannot serve \/trial.Trial\/One twice/);
    assertEquals((await failure(client.up([]))).code, Status.UNKNOWN);
    assertMatch(reports[1]!, /^interceptor: TypeError: Cannot serve \/trial.Trial\/Up twice/);
    assertEquals(done.turns.length, 1);
  }, { server: { interceptors: [twice], onError } });
});

test("what a handler throws is the handler's error behind interceptors that pass it on, and theirs where they throw their own", async () => {
  const reports: string[] = [];
  const boom = new Error("boom");
  const handlers: Handlers = { one: () => Promise.reject(boom), down: () => Promise.reject(boom) };
  const wrapping: ServerInterceptor = (next) => async (call) => {
    try {
      return await next(call);
    } catch (cause) {
      throw call.kind === "unary" ? cause : new Error("of the interceptor", { cause });
    }
  };
  const onError = (error: unknown, { where }: ErrorContext) => void reports.push(`${where}: ${error}`);
  await serving(handlers, async ({ client }) => {
    assertEquals((await failure(client.one({}))).code, Status.UNKNOWN);
    assertEquals((await failure(collect(client.down({})))).code, Status.UNKNOWN);
  }, { server: { interceptors: [wrapping], onError } });
  assertEquals(reports, ["handler: Error: boom", "interceptor: Error: of the interceptor"]);
});

test("the status that a call of another style ends with is what next rejects with, and nobody's error", async () => {
  const reports: unknown[] = [];
  const seen: string[] = [];
  const watching: ServerInterceptor = (next) => async (call) => {
    try {
      return await next(call);
    } catch (error) {
      seen.push(`${error}`);
      throw error;
    }
  };
  const done: Done = { turns: [], cancelled: [] };
  await serving({ one: ownStyle(done, gate().opened) }, async ({ client }) => {
    const ended = failure(client.one({}));
    await until(() => done.turns.length === 1);
    done.core!.sendStatus(Status.NOT_FOUND, "not here");
    assertEquals((await ended).code, Status.NOT_FOUND);
    await until(() => seen.length === 1);
    assertEquals([seen, reports], [["RpcError: NOT_FOUND: not here"], []]);
  }, { server: { interceptors: [watching], onError: (error) => void reports.push(error) } });
});

test("the status of a call of another style is no unhandled rejection where an interceptor waits for it later, or never", async () => {
  const done: Done = { turns: [], cancelled: [] };
  const seen: string[] = [];
  const late: ServerInterceptor = (next) => async (call) => {
    const ended = next(call);
    if (call.metadata.get("wait") === undefined) return { kind: "unseen" };
    await until(() => seen.length === 1); // its client has it
    await sleep(5);
    return await ended.finally(() => seen.push("waited"));
  };
  await serving({ one: ownStyle(done, gate().opened) }, async ({ client }) => {
    for (const metadata of [{}, { wait: "1" }] as Array<Record<string, string>>) {
      const before = done.turns.length;
      const ended = failure(client.one({}, { metadata }));
      await until(() => done.turns.length > before);
      done.core!.sendStatus(Status.NOT_FOUND, "not here");
      assertEquals((await ended).code, Status.NOT_FOUND);
      if (metadata["wait"] !== undefined) seen.push("told");
    }
    await until(() => seen.length === 2);
  }, { server: { interceptors: [late] } });
});

test("what a handler throws is no unhandled rejection where an interceptor waits for it later", async () => {
  const later: ServerInterceptor = (next) => async (call) => {
    const answer = next(call);
    await sleep(10);
    return await answer;
  };
  const inner: ServerInterceptor = (next) => async (call) => await next(call);
  const throwing = () => {
    throw new RpcError("NOT_FOUND", "not here");
  };
  await serving({ one: throwing, down: throwing }, async ({ client }) => {
    for (const kind of ["unary", "serverStreaming"]) {
      assertEquals((await failure(KINDS[kind]!(client) as Promise<unknown>)).code, Status.NOT_FOUND);
    }
  }, { server: { interceptors: [later, inner] } });
});

/** Responses of a handler, without end; tells by `onLeft` when they are left. */
function responses(onLeft: () => void): AsyncIterable<Note> {
  return {
    [Symbol.asyncIterator]() {
      return this as unknown as AsyncIterator<Note>;
    },
    next: () => Promise.resolve({ done: false, value: { number: 1 } }),
    return: () => {
      onLeft();
      return Promise.resolve({ done: true, value: undefined });
    },
  } as AsyncIterable<Note>;
}

test("the handler's responses are left where an interceptor gives others, or throws", async () => {
  const around = async function* (source: Iterable<unknown> | AsyncIterable<unknown>) {
    yield* source;
  };
  const GIVEN_UP = 1_000_000;
  const giveUp = new AbortController();
  /** What an interceptor does, the call, and its code. */
  const interceptors: Array<[ServerInterceptor, (client: TrialClient) => Promise<unknown>, number]> = [
    [
      (next) => async (call) => {
        await next(call);
        throw new RpcError("ABORTED", "after the handler");
      },
      (client) => collect(client.down({})),
      Status.ABORTED,
    ],
    [
      (next) => (call) => {
        void next(call); // whose handler returns later
        throw new RpcError("ABORTED", "before the handler");
      },
      (client) => collect(client.down({ number: 20 })),
      Status.ABORTED,
    ],
    [
      (next) => async (call) => {
        const answer = await next(call);
        return answer.kind === "serverStreaming"
          ? { ...answer, responses: around(answer.responses) }
          : answer;
      },
      (client) => collect(client.down({ number: GIVEN_UP }, { signal: giveUp.signal })),
      Status.CANCELLED,
    ],
  ];
  for (const [interceptor, call, code] of interceptors) {
    let left = 0;
    const down = async ({ number = 0 }: Note, call: ServerCall) => {
      if (number === GIVEN_UP) {
        giveUp.abort();
        await until(() => call.signal.aborted); // it is over before they are begun
      } else if (number > 0) await sleep(number);
      return responses(() => left++);
    };
    await serving({ down }, async ({ client }) => {
      assertEquals((await failure(call(client))).code, code);
      await until(() => left === 1);
    }, { server: { interceptors: [interceptor] } });
  }
});

test("a stream of the handler's that an interceptor reads is the interceptor's to leave", async () => {
  const reports: unknown[] = [];
  const reading: ServerInterceptor = (next) => async (call) => {
    const { responses } = await next(call) as unknown as { responses: ReadableStream<Note> };
    const reader = responses.getReader();
    const own = new ReadableStream<Note>({
      pull: async (to) => to.enqueue((await reader.read()).value!),
      cancel: (reason) => reader.cancel(reason),
    });
    return { kind: "serverStreaming", responses: own } as never;
  };
  let left = 0;
  let number = 0;
  const down = () =>
    new ReadableStream<Note>({ pull: (to) => to.enqueue({ number: ++number }), cancel: () => void left++ });
  await serving({ down: down as unknown as Handlers["down"] & object }, async ({ client }) => {
    for await (const note of client.down({})) if (note.number === 3) break;
    await until(() => left === 1);
    await sleep(10);
  }, { server: { interceptors: [reading], onError: (error) => void reports.push(error) } });
  assertEquals(reports, []);
});

test("an interceptor that takes the handler's responses when its own are read gets all of them", async () => {
  const lazily: ServerInterceptor = (next) => (call) => {
    const answer = next(call);
    const own = async function* () {
      const given = await answer;
      if (given.kind === "serverStreaming") yield* given.responses;
    };
    return Promise.resolve({ kind: "serverStreaming", responses: own() } as never);
  };
  await serving({
    down: async ({ number }) => {
      await sleep(5);
      return numbers(number!);
    },
  }, async ({ client }) => {
    assertEquals(numbersOf(await collect(client.down({ number: 3 }))), [1, 2, 3]);
  }, { server: { interceptors: [lazily] } });
});

test("a call that was intercepted is the parent of others as any other", async () => {
  const passing: ServerInterceptor = (next) => async (call) => await next(call);
  let remaining: number | undefined = undefined;
  await serving({
    down: (_request, call) => {
      remaining = call.timeRemainingMs;
      return [];
    },
    one: async (request, parent) => {
      await collect(createClient(Trial, channels[0]!).down({}, { parent }));
      return request;
    },
  }, async ({ client, channel }) => {
    channels.push(channel);
    await client.one({}, { deadlineMs: 10_000 });
    assert(remaining !== undefined && remaining <= 10_000, `${remaining} ms remained`);
  }, { server: { interceptors: [passing] } });
});
const channels: Parameters<typeof createClient>[1][] = [];

test("what is no interceptor is refused", async () => {
  const make = (interceptors: unknown) => () => new Server({ interceptors: interceptors as never });
  assertThrows(make({}), TypeError, "interceptors are an object, not an array of functions");
  assertThrows(make([guarded, 1]), TypeError, "interceptor 1 is the number 1");
  assertThrows(make([() => undefined]), TypeError, "interceptor 0 returned undefined");
  const server = new Server({ interceptors: [] });
  assertThrows(() => server.intercept("x" as never), TypeError, 'interceptor 0 is the string "x"');
  await server.shutdown();
});
