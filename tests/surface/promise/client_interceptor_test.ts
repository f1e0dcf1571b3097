// Interceptors of a client: what they see and change, and that deadlines and cancellation hold around them.
import { assert, assertEquals, assertInstanceOf, assertMatch, assertThrows } from "@std/assert";
import {
  type CallOptions,
  Channel,
  type ClientInterceptor,
  clientInterceptorFor,
  createClient,
  type ErrorContext,
  genericClient,
  RpcError,
  type ServerCall,
  Status,
} from "pollwire";
import { test } from "../../harness.ts";
import {
  collect,
  echo,
  endless,
  failure,
  gate,
  type Handlers,
  neverAnswering,
  type Note,
  numbersOf,
  serving,
  sleep,
  Trial,
  type TrialClient,
  until,
} from "../serving.ts";

/** A call of each kind. */
const KINDS: Readonly<Record<string, (client: TrialClient, options?: CallOptions) => Promise<unknown>>> = {
  unary: (client, options) => client.one({ number: 1 }, options),
  serverStreaming: (client, options) => collect(client.down({ number: 2 }, options)),
  clientStreaming: (client, options) => client.up([{ number: 1 }], options),
  bidiStreaming: (client, options) => collect(client.both([{ number: 1 }], options)),
};

/** Handlers that answer with the request's metadata, in headers and in trailers. */
const mirroring: Handlers = Object.fromEntries(
  Object.entries(echo).map((
    [name, handler],
  ) => [name, (request: never, call: ServerCall) => {
    call.sendMetadata(call.metadata);
    call.trailers.set("kind", name);
    return (handler as (request: never, call: unknown) => unknown)(request, call);
  }]),
);

type Unary = (request: Note, call: ServerCall) => Note | Promise<Note>;

const passing: ClientInterceptor = (next) => (call) => next(call);

/** Calls nothing, and never answers. */
const hanging: ClientInterceptor = () => () => new Promise(() => {});

test("an interceptor adds metadata to calls of every kind, and sees what comes beside the messages", async () => {
  const seen: unknown[] = [];
  const tagging: ClientInterceptor = (next) => async (call) => {
    call.metadata.set("token", await Promise.resolve(`for ${call.method.name}`));
    const answer = await next(call);
    if ("responses" in answer) await Promise.resolve();
    seen.push([answer.kind, answer.headers.get("token"), answer.headers.get("own")]);
    return answer;
  };
  await serving(mirroring, async ({ channel }) => {
    const client = createClient(Trial, channel, { interceptors: [tagging] });
    for (const call of Object.values(KINDS)) await call(client, { metadata: { own: "x" } });
    assertEquals(seen, [
      ["unary", "for One", "x"],
      ["serverStreaming", "for Down", "x"],
      ["clientStreaming", "for Up", "x"],
      ["bidiStreaming", "for Both", "x"],
    ]);
  });
});

test("onHeaders and onTrailers of a call get what came", async () => {
  await serving(mirroring, async ({ channel }) => {
    const client = createClient(Trial, channel, {
      interceptors: [(next) => async (call) => await next(call)],
    });
    for (const [kind, call] of Object.entries(KINDS)) {
      const got: unknown[] = [];
      await call(client, {
        metadata: { own: "y" },
        onHeaders: (headers) => void got.push(headers.get("own")),
        onTrailers: (trailers) => void got.push(trailers.has("kind")),
      });
      assertEquals([kind, got], [kind, ["y", true]]);
    }
  });
});

test("interceptors of a client run in their order, the first one outermost, and are made once", async () => {
  const order: string[] = [];
  const named = (name: string): ClientInterceptor => (next) => {
    order.push(`made ${name}`);
    return async (call) => {
      order.push(`${name} before`);
      const answer = await next(call);
      order.push(`${name} after`);
      return answer;
    };
  };
  await serving(echo, async ({ channel }) => {
    const client = createClient(Trial, channel, { interceptors: [named("a"), named("b")] });
    await client.one({});
    await client.up([]);
    const call = ["a before", "b before", "b after", "a after"];
    assertEquals(order, ["made b", "made a", ...call, ...call]);
  });
});

test("an interceptor puts other messages in place of those of every kind of call", async () => {
  async function* plus(notes: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<unknown> {
    for await (const note of notes) yield { number: (note as Note).number! + 10 };
  }
  const adding: ClientInterceptor = (next) => async (call) => {
    if (call.kind === "unary") call.request = { number: (call.request as Note).number! + 10 };
    if (call.kind === "clientStreaming" || call.kind === "bidiStreaming") call.requests = plus(call.requests);
    const answer = await next(call);
    if (answer.kind === "serverStreaming" || answer.kind === "bidiStreaming") {
      answer.responses = plus(answer.responses);
    } else answer.response = { number: (answer.response as Note).number! + 100 };
    return answer;
  };
  await serving(echo, async ({ channel }) => {
    const client = createClient(Trial, channel, { interceptors: [adding] });
    assertEquals((await client.one({ number: 1 })).number, 111);
    assertEquals(numbersOf(await collect(client.down({ number: 2 }))), [11, 12]);
    assertEquals((await client.up([{ number: 1 }, { number: 2 }])).number, 123);
    assertEquals(numbersOf(await collect(client.both([{ number: 1 }]))), [32]);
  });
});

test("an interceptor for one method has the types of its messages; generic clients have interceptors too", async () => {
  const paths: string[] = [];
  const numbered = clientInterceptorFor(Trial.methods.one, (next) => async (call) => {
    const text: string | undefined = call.request.text;
    call.request = { number: text!.length };
    const answer = await next(call);
    answer.response.text = `${answer.response.number} letters`;
    return answer;
  });
  const noting: ClientInterceptor = (next) => async (call) => {
    paths.push(`${call.path} ${call.kind}`);
    return await next(call);
  };
  await serving(echo, async ({ channel }) => {
    const client = createClient(Trial, channel, { interceptors: [numbered] });
    assertEquals((await client.one({ text: "four" })).text, "4 letters");
    assertEquals((await client.up([{ number: 2 }])).number, 2);
    const octets = await genericClient(channel, { interceptors: [noting] }).unary(
      "/trial.Trial/One",
      new Uint8Array([8, 1, 16, 5].slice(2)),
    );
    assertEquals([...octets], [16, 5]);
    assertEquals(paths, ["/trial.Trial/One unary"]);
  });
});

test("an interceptor may answer itself, and may call next again after a failure", async () => {
  let tries = 0;
  const handlers: Handlers = {
    one: (request) => {
      if (++tries < 3) throw new RpcError("UNAVAILABLE", "not yet");
      return request;
    },
    down: () => {
      if (++tries < 3) throw new RpcError("UNAVAILABLE", "not yet");
      return [{ number: 5 }];
    },
  };
  const retrying: ClientInterceptor = (next) => async (call) => {
    for (let left = 2;; left--) {
      try {
        return await next(call);
      } catch (error) {
        if (left === 0 || (error as RpcError).code !== Status.UNAVAILABLE) throw error;
      }
    }
  };
  const caching: ClientInterceptor = (next) => async (call) => {
    const kept = call.kind === "unary" && (call.request as Note).text === "kept";
    if (!kept) return await next(call);
    return {
      kind: "unary",
      response: { text: "from here" },
      headers: call.metadata,
      trailers: call.metadata,
    };
  };
  await serving(handlers, async ({ channel }) => {
    const client = createClient(Trial, channel, { interceptors: [caching, retrying] });
    assertEquals((await client.one({ text: "a" })).text, "a");
    assertEquals(tries, 3);
    tries = 0;
    assertEquals(numbersOf(await collect(client.down({}))), [5]);
    assertEquals(tries, 3);
    assertEquals((await client.one({ text: "kept" })).text, "from here");
    assertEquals(tries, 3);
  });
});

test("a call that others were made for cancels those which it does not need any more", async () => {
  const state = { started: 0, aborted: 0 };
  const { one: never } = neverAnswering(state);
  let calls = 0;
  const handlers: Handlers = {
    one: (request, call) => ++calls === 1 ? (never as Unary)(request, call) : request,
  };
  const hedging: ClientInterceptor = (next) => async (call) => {
    const first = next(call);
    await until(() => state.started === 1);
    first.catch(() => {});
    return await Promise.race([first, next(call)]);
  };
  await serving(handlers, async ({ channel }) => {
    const client = createClient(Trial, channel, { interceptors: [hedging] });
    assertEquals((await client.one({ text: "second" })).text, "second");
    await until(() => state.aborted === 1);
  });
});

test("a call ends by its deadline and its signal, whatever an interceptor waits for", async () => {
  await serving(echo, async ({ channel }) => {
    const client = createClient(Trial, channel, { interceptors: [hanging] });
    for (const [kind, call] of Object.entries(KINDS)) {
      const late = await failure(call(client, { deadlineMs: 20 }));
      assertEquals([kind, late.code, late.details], [
        kind,
        Status.DEADLINE_EXCEEDED,
        "deadline of 20 ms exceeded while an interceptor ran",
      ]);
      const cancel = new AbortController();
      const cancelled = failure(call(client, { signal: cancel.signal }));
      cancel.abort(new Error("changed my mind"));
      for (
        const { code, details } of [await cancelled, await failure(call(client, { signal: cancel.signal }))]
      ) {
        assertEquals([code, details], [Status.CANCELLED, "call aborted by its signal: changed my mind"]);
      }
      assertEquals((await failure(call(client, { deadlineMs: 0 }))).code, Status.DEADLINE_EXCEEDED);
    }
  });
});

test("a call whose signal throws ends with INTERNAL, and does not keep the process", async () => {
  const signal = {
    aborted: false,
    addEventListener() {
      throw new Error("no listeners");
    },
  } as unknown as AbortSignal;
  await serving(echo, async ({ channel }) => {
    const client = createClient(Trial, channel, { interceptors: [(next) => next] });
    for (const [kind, call] of Object.entries(KINDS)) {
      const { code, details } = await failure(call(client, { signal, deadlineMs: 60_000 }));
      assertEquals([kind, code, details], [kind, Status.INTERNAL, "cannot start the call: no listeners"]);
    }
  });
});

test("the deadline of the caller holds for what next makes, and an interceptor may set an earlier one", async () => {
  const state = { started: 0, aborted: 0 };
  let remaining: number | undefined = undefined;
  const never = neverAnswering(state).one as Unary;
  const handlers: Handlers = {
    one: (request, call) => {
      remaining = call.timeRemainingMs;
      return never(request, call);
    },
  };
  const slow: ClientInterceptor = (next) => async (call) => {
    await new Promise((resolve) => setTimeout(resolve, 60));
    return await next(call);
  };
  const sooner: ClientInterceptor = (next) => async (call) => {
    call.deadlineMs = 30;
    return await next(call);
  };
  await serving(handlers, async ({ channel }) => {
    const client = createClient(Trial, channel, { interceptors: [slow] });
    channel.connect();
    await until(() => channel.state === "READY");
    const late = await failure(client.one({}, { deadlineMs: 1_000 }));
    assertEquals(late.code, Status.DEADLINE_EXCEEDED);
    assertMatch(late.details, /^deadline of 1000 ms exceeded waiting for the response/);
    assert(remaining! <= 941, `${remaining} ms remained`);
    const early = await failure(
      createClient(Trial, channel, { interceptors: [sooner] }).one({}, { deadlineMs: 60_000 }),
    );
    assertMatch(early.details, /^deadline of 30 ms exceeded/);
  });
});

test("a call that is made for another one ends with it, through interceptors too", async () => {
  const state = { started: 0, aborted: 0 };
  const results: Promise<RpcError>[] = [];
  const inner = gate();
  await serving({
    ...neverAnswering(state),
    up: (_requests, parent) => {
      for (
        const interceptors of [[hanging], [((next) => async (call) => await next(call)) as ClientInterceptor]]
      ) {
        results.push(failure(createClient(Trial, client!.channel, { interceptors }).one({}, { parent })));
      }
      inner.open();
      return new Promise<Note>((resolve) => parent.signal.addEventListener("abort", () => resolve({})));
    },
  }, async (bench) => {
    client = bench;
    const cancel = new AbortController();
    const outer = failure(bench.client.up([], { signal: cancel.signal }));
    await inner.opened;
    await until(() => state.started === 1);
    cancel.abort();
    assertEquals((await outer).code, Status.CANCELLED);
    for (const result of results) assertEquals((await result).code, Status.CANCELLED);
    await until(() => state.aborted === 1);
  });
});
let client: { channel: Parameters<typeof genericClient>[0] } | undefined = undefined;

const PARENT_ENDS: Readonly<Record<string, (end: () => void, cancel: AbortController) => void>> = {
  "is cancelled": (_end, cancel) => cancel.abort(),
  "is done": (end) => end(),
};

for (const [how, endParent] of Object.entries(PARENT_ENDS)) {
  test(`calls that wait for a stream while the call that they are made for ${how} are not sent, through interceptors too`, async () => {
    const inner = gate();
    const done = gate();
    const state = { started: 0, aborted: 0 };
    const attempts: number[] = [];
    const results: Promise<RpcError>[] = [];
    await serving({
      ...neverAnswering(state),
      up: async (_requests, parent) => {
        for (let i = 0; i < 5; i++) {
          results.push(
            failure(createClient(Trial, crowded!, { interceptors: [passing] }).one({}, { parent })),
          );
        }
        inner.open();
        await Promise.race([done.opened, new Promise((end) => parent.signal.addEventListener("abort", end))]);
        return {};
      },
    }, async ({ channel, target, client }) => {
      crowded = new Channel(target, { shareConnections: false });
      crowded.observe({ onCallEnd: (call) => void attempts.push(call.attempts) });
      const cancel = new AbortController();
      const outer = client.up([], { signal: cancel.signal }).catch(() => {});
      await inner.opened;
      await until(() => state.started === 1);
      endParent(done.open, cancel);
      await outer;
      for (const result of results) assertEquals((await result).code, Status.CANCELLED);
      assertEquals(attempts.sort(), [0, 0, 0, 0, 1]);
      crowded.close();
      channel.close();
    }, { server: { settings: { maxConcurrentStreams: 1 } } });
  });
}
let crowded: Channel | undefined = undefined;

test("calls that wait for a stream while their signal is aborted are not sent, where an interceptor keeps it to itself", async () => {
  const state = { started: 0, aborted: 0 };
  const attempts: number[] = [];
  const unsignalled: ClientInterceptor = (next) => (call) => next({ ...call, signal: undefined });
  await serving(neverAnswering(state), async ({ channel }) => {
    channel.observe({ onCallEnd: (call) => void attempts.push(call.attempts) });
    const client = createClient(Trial, channel, { interceptors: [unsignalled] });
    const cancel = new AbortController();
    const results = Array.from({ length: 5 }, () => failure(client.one({}, { signal: cancel.signal })));
    await until(() => state.started === 1);
    cancel.abort();
    for (const result of results) assertEquals((await result).code, Status.CANCELLED);
    assertEquals(attempts.sort(), [0, 0, 0, 0, 1]);
  }, { server: { settings: { maxConcurrentStreams: 1 } } });
});

test("leaving the loop over responses cancels the call, and leaves the interceptor's own source", async () => {
  const left: string[] = [];
  const passing: ClientInterceptor = (next) => async (call) => {
    const answer = await next(call);
    if (answer.kind === "serverStreaming") answer.responses = through(answer.responses);
    return answer;
  };
  async function* through(responses: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    try {
      yield* responses;
    } finally {
      left.push("interceptor");
    }
  }
  await serving({ down: () => endless(() => left.push("handler")) }, async ({ channel }) => {
    const client = createClient(Trial, channel, { interceptors: [passing] });
    for await (const { number } of client.down({})) if (number === 3) break;
    await until(() => left.length === 2);
    assertEquals(left.sort(), ["handler", "interceptor"]);
    const unread = client.down({});
    await unread.return!();
    assertEquals(await unread.next(), { value: undefined, done: true });
  });
});

test("an interceptor's own source is left where the call is over between two reads, by its deadline or signal", async () => {
  let left = 0;
  const passing: ClientInterceptor = (next) => async (call) => {
    const answer = await next(call);
    if (answer.kind === "serverStreaming") answer.responses = through(answer.responses);
    return answer;
  };
  async function* through(responses: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    try {
      yield* responses;
    } finally {
      left++;
    }
  }
  await serving({ down: () => endless(() => {}) }, async ({ channel }) => {
    const client = createClient(Trial, channel, { interceptors: [passing] });
    const abort = new AbortController();
    for (const options of [{ signal: abort.signal }, { deadlineMs: 2_000 }]) { // it is connected before the deadline counts
      const responses = client.down({}, options);
      assertEquals((await responses.next()).value?.number, 1);
      const before = left;
      if ("signal" in options) abort.abort();
      await until(() => left === before + 1); // nobody reads meanwhile
      const { code, details } = await failure(responses.next());
      assertEquals(
        [code, details],
        "signal" in options
          ? [Status.CANCELLED, "call aborted by its signal"]
          : [Status.DEADLINE_EXCEEDED, "deadline of 2000 ms exceeded before the responses were read"],
      );
      assertEquals(await responses.next(), { value: undefined, done: true });
    }
  });
});

test("responses that nobody reads leave nothing behind once their call has ended", async () => {
  let ended = 0;
  let begun = 0;
  const open = gate();
  const passing: ClientInterceptor = (next) => async (call) => {
    const answer = await next(call);
    begun++;
    return answer;
  };
  const handlers: Handlers = {
    async *down() {
      yield { number: 1 };
      await open.opened;
    },
  };
  await serving(handlers, async ({ channel }) => {
    const client = createClient(Trial, channel, { interceptors: [passing] });
    channel.observe({ onCallEnd: () => void ended++ });
    const { signal } = new AbortController();
    let listeners = 0;
    signal.addEventListener = () => void listeners++;
    signal.removeEventListener = () => void listeners--;
    const unread = client.down({}, { signal, deadlineMs: 60_000 });
    assertEquals(listeners, 2, "one of the whole, and one of the call that was made");
    await until(() => begun === 1);
    open.open();
    await until(() => ended === 1 && listeners === 0);
    assertEquals(numbersOf(await collect(unread)), [1]);
    client.down({}, { deadlineMs: 60_000 });
    await until(() => ended === 2);
  });
});

test("an interceptor goes on with another call in the middle of a stream", async () => {
  let calls = 0;
  const handlers: Handlers = {
    *down() {
      yield { number: ++calls };
      if (calls < 3) throw new RpcError("UNAVAILABLE", "broken off");
    },
  };
  const resuming: ClientInterceptor = (next) => async (call) => {
    const answer = await next(call);
    if (answer.kind === "serverStreaming") answer.responses = resumed(answer.responses, () => next(call));
    return answer;
  };
  async function* resumed(
    first: AsyncIterable<unknown>,
    again: () => Promise<unknown>,
  ): AsyncGenerator<unknown> {
    for (let responses = first;;) {
      try {
        return yield* responses;
      } catch {
        responses = (await again() as { responses: AsyncIterable<unknown> }).responses;
      }
    }
  }
  await serving(handlers, async ({ channel }) => {
    const client = createClient(Trial, channel, { interceptors: [resuming] });
    assertEquals(numbersOf(await collect(client.down({}, { deadlineMs: 60_000 }))), [1, 2, 3]);
  });
});

test("errors pass through interceptors, with the line of the caller", async () => {
  const passing: ClientInterceptor = (next) => async (call) => await next(call);
  await serving({}, async ({ channel }) => {
    const client = createClient(Trial, channel, { interceptors: [passing] });
    for (const [kind, call] of Object.entries(KINDS)) {
      const error = await failure(call(client));
      assertEquals([kind, error.code, error.endedBy], [kind, Status.UNIMPLEMENTED, "remote"]);
      assertMatch(error.stack!, /client_interceptor_test\.ts/);
    }
  });
});

test("what an interceptor throws, or forgets, is the cause of the call's error", async () => {
  const WRONG: ReadonlyArray<[ClientInterceptor, RegExp]> = [
    [() => () => Promise.reject(new Error("no token")), /^an interceptor threw: no token$/],
    [() => () => {
      throw new Error("no token");
    }, /no token/],
    [() => () => Promise.resolve(undefined as never), /returned undefined, not what next gave/],
    [(next) => () => next({} as never), /gave next an object, not its call/],
    [(next) => (call) => {
      call.deadlineMs = "soon" as never;
      return next(call);
    }, /deadlineMs is the string "soon"/],
  ];
  for (const [interceptor, details] of WRONG) {
    const reports: ErrorContext[] = [];
    const onError = (_error: unknown, context: ErrorContext) => void reports.push(context);
    await serving(echo, async ({ channel }) => {
      const client = createClient(Trial, channel, { interceptors: [interceptor] });
      for (const call of Object.values(KINDS)) {
        const error = await failure(call(client));
        assertEquals([error.code, error.endedBy], [Status.UNKNOWN, "user"]);
        assertMatch(error.details, details);
        assertInstanceOf(error.cause, Error);
        assertMatch(error.stack!, /client_interceptor_test\.ts/);
      }
      assertEquals(reports.map(({ where, level }) => [where, level]), Array(4).fill(["interceptor", "info"]));
    }, { channel: { onError } });
  }
});

test("what a call ends with is no unhandled rejection where an interceptor waits for it later", async () => {
  const over = gate();
  const later: ClientInterceptor = (next) => async (call) => {
    const answer = next(call);
    await over.opened;
    await sleep(10);
    return await answer;
  };
  const inner: ClientInterceptor = (next) => async (call) => await next(call);
  const throwing = () => {
    throw new RpcError("NOT_FOUND", "not here");
  };
  await serving({ one: throwing, down: throwing }, async ({ channel, server }) => {
    server.observe({ onCallEnd: () => over.open() });
    const client = createClient(Trial, channel, { interceptors: [later, inner] });
    assertEquals((await failure(client.one({}))).code, Status.NOT_FOUND);
    assertEquals((await failure(collect(client.down({})))).code, Status.NOT_FOUND);
  });
});

test("misuse of a client with interceptors throws where it is", async () => {
  await serving(echo, async ({ channel }) => {
    const make = (options: unknown) => () => createClient(Trial, channel, options as never);
    assertThrows(make({ interceptor: [] }), TypeError, "interceptor");
    assertThrows(make({ interceptors: hanging }), TypeError, "not an array of functions");
    assertThrows(make({ interceptors: [1] }), TypeError, "interceptor 0 is the number 1");
    const client = createClient(Trial, channel, { interceptors: [hanging] });
    assertThrows(() => client.up("text" as never), TypeError, "it takes a stream of requests");
    assertThrows(() => client.one({}, { deadline: 1 } as never), TypeError, '"deadline"');
    await Promise.resolve();
  });
});
