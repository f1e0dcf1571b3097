// Sending a status cannot fail, whatever a handler throws: the call ends with one, and the server lives on.
import { assert, assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { createServer } from "node:http2";
import { Channel, createClient, type ErrorContext, type Handler, Metadata, RpcError, Status } from "pollwire";
import { test } from "../harness.ts";
import { logged } from "../logged.ts";
import { collect, failure, type Handlers, type Note, serving, Trial } from "./serving.ts";

const trap = (): never => {
  throw new Error("trapped");
};

/** An RpcError whose field says something else than it may. */
function forged(fields: Record<string, unknown>): RpcError {
  const error = new RpcError(Status.NOT_FOUND, "forged");
  for (const [name, value] of Object.entries(fields)) Object.defineProperty(error, name, { value });
  return error;
}

function withGetter(name: string): RpcError {
  return Object.defineProperty(new RpcError(Status.NOT_FOUND, "forged"), name, { get: trap });
}

/** An RpcError as another copy of this package makes it: nothing of it is of our classes. */
function foreign(code: unknown, details: unknown, metadata: unknown = []): Error {
  const error = Object.assign(new Error(String(details)), { code, details, metadata });
  return Object.defineProperty(error, Symbol.for("pollwire.RpcError"), { value: true });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

interface Case {
  readonly name: string;
  readonly thrown: () => unknown;
  readonly code: number;
  readonly details: string | RegExp;
  /** How often `onError` is called. Default: once, for nobody chose a status. */
  readonly reported?: 0;
}

const failed = { code: Status.UNKNOWN, details: "handler failed" };
const chosen = { code: Status.NOT_FOUND, reported: 0 } as const;
const noCode = (code: unknown) =>
  `handler threw an RpcError with code ${code}, which is none of 1 to 16: forged`;

const CASES: readonly Case[] = [
  {
    name: "an Error whose message is undefined",
    thrown: () => Object.assign(new Error(), { message: undefined }),
    ...failed,
  },
  {
    name: "an Error whose message is an object",
    thrown: () => Object.assign(new Error(), { message: {} }),
    ...failed,
  },
  {
    name: "an Error whose message throws",
    thrown: () => Object.defineProperty(new Error(), "message", { get: trap }),
    ...failed,
  },
  { name: "an object without a prototype", thrown: () => Object.create(null), ...failed },
  { name: "an object whose toString throws", thrown: () => ({ toString: trap }), ...failed },
  { name: "a symbol", thrown: () => Symbol("s"), ...failed },
  { name: "undefined", thrown: () => undefined, ...failed },
  {
    name: "a Proxy whose traps throw",
    thrown: () => new Proxy(new RpcError(5), { get: trap, getPrototypeOf: trap, has: trap }),
    ...failed,
  },
  { name: "a revoked Proxy", thrown: revoked, ...failed },
  { name: "a function", thrown: () => trap, ...failed },
  {
    name: "an error with a code and no brand",
    thrown: () => Object.assign(new Error("secret"), { code: 5, details: "secret" }),
    ...failed,
  },
  { name: "what the constructor refuses", thrown: () => new RpcError(0, "half done"), ...failed },
  {
    name: "an RpcError without details",
    thrown: () => new (RpcError as new (code: number) => RpcError)(5),
    ...chosen,
    details: "",
  },
  {
    name: "an RpcError by name",
    thrown: () => new RpcError("NOT_FOUND", "by name"),
    ...chosen,
    details: "by name",
  },
  {
    name: "details that are no string",
    thrown: () => forged({ details: { a: 1 } }),
    ...chosen,
    details: '{"a":1}',
  },
  { name: "details that throw", thrown: () => withGetter("details"), ...chosen, details: "" },
  {
    name: "half a surrogate pair",
    thrown: () => new RpcError(5, "a\ud800b"),
    ...chosen,
    details: "a\ufffdb",
  },
  { name: "metadata that is none", thrown: () => forged({ metadata: 7 }), ...chosen, details: "forged" },
  { name: "metadata that throws", thrown: () => withGetter("metadata"), ...chosen, details: "forged" },
  {
    name: "metadata whose iterator throws",
    thrown: () => forged({ metadata: { [Symbol.iterator]: trap } }),
    ...chosen,
    details: "forged",
  },
  {
    name: "metadata whose pairs are none",
    thrown: () => forged({ metadata: [undefined, 7] }),
    ...chosen,
    details: "forged",
  },
  { name: "another copy's error", thrown: () => foreign(5, "from afar"), ...chosen, details: "from afar" },
  ...[0, 17, -1, 1.5, NaN, "NOT_FOUND", undefined, null, 5n].map((code): Case => (
    {
      name: `a code of ${typeof code} ${code}`,
      thrown: () => forged({ code }),
      code: Status.UNKNOWN,
      details: noCode(code),
      reported: 0,
    }
  )),
  {
    name: "a code that throws",
    thrown: () => withGetter("code"),
    code: Status.UNKNOWN,
    details: noCode(undefined),
    reported: 0,
  },
];

const WAYS: Record<string, (thrown: unknown) => Handlers> = {
  "thrown at once": (thrown) => ({
    one: () => {
      throw thrown;
    },
  }),
  "rejected with": (thrown) => ({ one: () => Promise.reject(thrown) }),
};

for (const [way, handlers] of Object.entries(WAYS)) {
  test(
    `error path: whatever is ${way}, the call ends with a status, and the server lives on`,
    () =>
      logged(async () => {
        for (const { name, thrown, code, details, reported = 1 } of CASES) {
          const errors: Array<[error: unknown, context: ErrorContext]> = [];
          let what: unknown;
          try {
            what = thrown();
          } catch (error) {
            what = error;
          }
          const { one } = handlers(what);
          await serving(
            {
              one: (request, call) =>
                request.number === 1 ? (one as Handler<typeof Trial.methods.one>)(request, call) : request,
            },
            async ({ client, channel }) => {
              const failing = failure(client.one({ number: 1 }));
              const beside = client.one({ number: 2 });
              const error = await failing;
              assertEquals([name, error.code], [name, code]);
              if (details instanceof RegExp) assertMatch(error.details, details);
              else assertEquals([name, error.details], [name, details]);
              assertEquals([(await beside).number, (await client.one({ number: 3 })).number], [2, 3]);
              assertEquals([name, channel.state, errors.length], [name, "READY", reported]);
              for (const [error, context] of errors) {
                assert(Object.is(error, what));
                assertEquals([context.where, context.level, context.method], [
                  "handler",
                  "error",
                  "/trial.Trial/One",
                ]);
                assertMatch(context.peer!, /^127\.0\.0\.1:\d+$/);
              }
            },
            { server: { onError: (...report) => void errors.push(report) } },
          );
        }
      }),
    { timeoutMs: 60_000 },
  );
}

test("error path: streams end with the status too, after what they yielded", () =>
  logged(async () => {
    for (const { name, thrown, code } of CASES) {
      const handlers: Handlers = {
        async *down() {
          yield { number: 1 };
          throw thrown();
        },
        *both() {
          yield { number: 1 };
          throw thrown();
        },
      };
      await serving(handlers, async ({ client }) => {
        for (const responses of [client.down({}), client.both([])]) {
          let read = 0;
          const error = await failure((async () => {
            for await (const _ of responses) read++;
          })());
          assertEquals([name, error.code, read], [name, code, 1]);
        }
      }, { server: { onError: () => {} } });
    }
  }), { timeoutMs: 60_000 });

test("error path: responses that throw when they are looked at end their call, at once or later", async () => {
  const errors: unknown[] = [];
  const odd = (): Note[] => Object.defineProperty({}, Symbol.asyncIterator, { get: trap }) as Note[];
  await serving({ down: odd, both: () => Promise.resolve(odd()) }, async ({ client }) => {
    for (const responses of [client.down({}), client.both([])]) {
      const { code, details } = await failure(collect(responses));
      assertEquals([code, details], [Status.UNKNOWN, "handler failed"]);
    }
  }, { server: { onError: (error) => void errors.push(String(error)) } });
  assertEquals(errors, ["Error: trapped", "Error: trapped"]);
});

/** What an upstream server says with NOT_FOUND, as this library's client hears it. */
async function received(headers: Record<string, string>): Promise<RpcError> {
  const upstream = createServer().on(
    "stream",
    (stream) =>
      stream.respond({
        ":status": 200,
        "content-type": "application/grpc",
        "grpc-status": "5",
        "grpc-message": "gone",
        ...headers,
      }, { endStream: true }),
  );
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", () => resolve()));
  const channel = new Channel(`127.0.0.1:${(upstream.address() as { port: number }).port}`);
  try {
    return await failure(createClient(Trial, channel).one({}));
  } finally {
    channel.close();
    upstream.close();
  }
}

test("error path: what a peer sent is passed on as it came, though an application could not set it", async () => {
  const error = await received({ "x-why": "Gr\u00fc\u00dfe", "x!odd~name": "1", "x-raw-bin": "AAE" });
  assertInstanceOf(error, RpcError);
  await serving({
    one: (_request, call) => {
      call.trailers.set("x-own", "2");
      throw error;
    },
  }, async ({ client }) => {
    const { code, details, metadata } = await failure(client.one({}));
    assertEquals([code, details], [Status.NOT_FOUND, "gone"]);
    assertEquals([...metadata].filter(([name]) => name !== "date").sort(), [
      ["x!odd~name", "1"],
      ["x-own", "2"],
      ["x-raw-bin", Uint8Array.of(0, 1)],
      ["x-why", "Gr\u00fc\u00dfe"],
    ]);
  });
});

test("error path: metadata that no header section can have is left out, with a warning that names it", () =>
  logged(async (lines) => {
    const metadata = [
      ["Good", " padded\t"],
      ["snow", "\u2603"],
      ["nul", "a\0b"],
      ["line", "a\r\nb"],
      ["sp ace", "1"],
      ["", "1"],
      ["\u212aelvin", "1"],
      [":status", "500"],
      ["grpc-status", "0"],
      ["grpc-message", "no"],
      ["te", "trailers"],
      ["Transfer-Encoding", "chunked"],
      ["keep-alive", "1"],
      ["number", 7],
      ["text-bin", "text"],
      ["bytes", Uint8Array.of(1)],
      [7, "1"],
      ["good-bin", Uint8Array.of(1)],
    ];
    await serving({
      one: () => {
        throw foreign(5, "", metadata);
      },
    }, async ({ client }) => {
      const error = await failure(client.one({}));
      assertEquals([error.code, [...error.metadata]], [5, [["good", "padded"], [
        "good-bin",
        Uint8Array.of(1),
      ]]]);
    });
    assertEquals(lines.length, 1);
    assertMatch(
      lines[0]!,
      /pollwire warn: metadata of an RpcError was left out.*"snow", "nul", "line", "sp ace", ""/,
    );
    assertMatch(lines[0]!, /"transfer-encoding"|"Transfer-Encoding"/);
  }));

test("error path: trailers that a handler has set go with whatever it throws", () =>
  serving({
    one: (_request, call) => {
      call.trailers.set("x-before", "1");
      throw new Error("accident");
    },
  }, async ({ client }) => {
    const error = await failure(client.one({}));
    assertEquals([error.code, error.details, [...error.metadata]], [2, "handler failed", [[
      "x-before",
      "1",
    ]]]);
  }, { server: { onError: () => {} } }));

test("error path: metadata of an RpcError is not added to the trailers of its call twice", () =>
  serving({
    one: (_request, call) => {
      throw new RpcError(5, "", { metadata: new Metadata({ a: call.metadata.get("a") as string }) });
    },
  }, async ({ client }) => {
    for (const a of ["1", "2"]) {
      const error = await failure(client.one({}, { metadata: new Metadata({ a }) }));
      assertEquals([...error.metadata], [["a", a]]);
    }
  }));
